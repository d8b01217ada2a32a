-- Practices, how much of a product students used, what stood in their way, lots of pilots, and how
-- courses ended.
CREATE TABLE practice (
	district TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, author TEXT NOT NULL, at BIGINT NOT NULL, stopped BIGINT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE TABLE dose_reason (
	district TEXT NOT NULL, student TEXT NOT NULL, id TEXT NOT NULL, practice TEXT NOT NULL, why TEXT NOT NULL, since TEXT NOT NULL, until TEXT NOT NULL,
	author TEXT NOT NULL, at BIGINT NOT NULL,
	PRIMARY KEY (district, student, id)
);
CREATE TABLE study_lot (
	district TEXT NOT NULL, study TEXT NOT NULL, unit TEXT NOT NULL, block TEXT NOT NULL, treated BOOLEAN NOT NULL, wave BIGINT NOT NULL,
	PRIMARY KEY (district, study, unit)
);
CREATE TABLE product_use (
	district TEXT NOT NULL, id TEXT NOT NULL,
	person TEXT NOT NULL, product TEXT NOT NULL, day TEXT NOT NULL, minutes DOUBLE PRECISION NOT NULL, lessons DOUBLE PRECISION NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE INDEX product_use_person ON product_use (district, person, day);
CREATE TABLE product_use_intake (
	district TEXT NOT NULL, run TEXT NOT NULL, side TEXT NOT NULL, id TEXT NOT NULL, line BIGINT NOT NULL,
	person TEXT NOT NULL, product TEXT NOT NULL, day TEXT NOT NULL, minutes DOUBLE PRECISION NOT NULL, lessons DOUBLE PRECISION NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, run, side, id)
);
CREATE TABLE course_result (
	district TEXT NOT NULL, id TEXT NOT NULL,
	person TEXT NOT NULL, course TEXT NOT NULL, subject TEXT NOT NULL, term TEXT NOT NULL, virtual BOOLEAN NOT NULL, provider TEXT NOT NULL, load TEXT NOT NULL, status TEXT NOT NULL, points TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE INDEX course_result_person ON course_result (district, person);
CREATE TABLE course_result_intake (
	district TEXT NOT NULL, run TEXT NOT NULL, side TEXT NOT NULL, id TEXT NOT NULL, line BIGINT NOT NULL,
	person TEXT NOT NULL, course TEXT NOT NULL, subject TEXT NOT NULL, term TEXT NOT NULL, virtual BOOLEAN NOT NULL, provider TEXT NOT NULL, load TEXT NOT NULL, status TEXT NOT NULL, points TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, run, side, id)
);
