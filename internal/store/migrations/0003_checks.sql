-- Of an answer to an item from a calibrated bank: by how many log-odds the item is easier
-- than a typical task, and the chance of a right answer without knowing.
ALTER TABLE evidence ADD COLUMN easier DOUBLE PRECISION NOT NULL DEFAULT 0;
ALTER TABLE evidence ADD COLUMN guess DOUBLE PRECISION NOT NULL DEFAULT 0;
ALTER TABLE evidence_intake ADD COLUMN easier DOUBLE PRECISION NOT NULL DEFAULT 0;
ALTER TABLE evidence_intake ADD COLUMN guess DOUBLE PRECISION NOT NULL DEFAULT 0;

-- The bank of items.
CREATE TABLE item (
	district TEXT NOT NULL, id TEXT NOT NULL,
	competency TEXT NOT NULL, question TEXT NOT NULL, choices TEXT NOT NULL, right_answers TEXT NOT NULL,
	slope DOUBLE PRECISION NOT NULL, difficulty DOUBLE PRECISION NOT NULL, guess DOUBLE PRECISION NOT NULL, calibrated BOOLEAN NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE INDEX item_competency ON item (district, competency, id);
CREATE TABLE item_intake (
	district TEXT NOT NULL, run TEXT NOT NULL, side TEXT NOT NULL, id TEXT NOT NULL, line BIGINT NOT NULL,
	competency TEXT NOT NULL, question TEXT NOT NULL, choices TEXT NOT NULL, right_answers TEXT NOT NULL,
	slope DOUBLE PRECISION NOT NULL, difficulty DOUBLE PRECISION NOT NULL, guess DOUBLE PRECISION NOT NULL, calibrated BOOLEAN NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, run, side, id)
);

-- Checks that were given, who sits them, and their answers. A sitting keeps what its
-- choice of items follows from, so that it goes on the same anywhere.
CREATE TABLE check_given (
	district TEXT NOT NULL, id TEXT NOT NULL, class TEXT NOT NULL, purpose TEXT NOT NULL, competencies TEXT NOT NULL, students TEXT NOT NULL,
	most BIGINT NOT NULL, actor TEXT NOT NULL, at BIGINT NOT NULL, closed_at BIGINT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE INDEX check_given_class ON check_given (district, class);
CREATE TABLE sitting (
	district TEXT NOT NULL, id TEXT NOT NULL, student TEXT NOT NULL, given TEXT NOT NULL, class TEXT NOT NULL, purpose TEXT NOT NULL,
	form TEXT NOT NULL, started_at BIGINT NOT NULL, finished_at BIGINT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE INDEX sitting_student ON sitting (district, student);
CREATE INDEX sitting_given ON sitting (district, given);
CREATE TABLE sitting_answer (
	district TEXT NOT NULL, sitting TEXT NOT NULL, number BIGINT NOT NULL, item TEXT NOT NULL, answer TEXT NOT NULL, category BIGINT NOT NULL, at BIGINT NOT NULL,
	PRIMARY KEY (district, sitting, number)
);
CREATE INDEX sitting_answer_item ON sitting_answer (district, item);
