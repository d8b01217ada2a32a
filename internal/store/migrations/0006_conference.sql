-- Talks between a student and staff: what was held, written down and agreed, and what is
-- asked for.
CREATE TABLE conference (
	district TEXT NOT NULL, student TEXT NOT NULL, id TEXT NOT NULL,
	held_with TEXT NOT NULL, kind TEXT NOT NULL, at BIGINT NOT NULL, minutes BIGINT NOT NULL,
	PRIMARY KEY (district, student, id)
);
CREATE TABLE conference_note (
	district TEXT NOT NULL, student TEXT NOT NULL, conference TEXT NOT NULL, number BIGINT NOT NULL,
	body TEXT NOT NULL, visibility TEXT NOT NULL, author TEXT NOT NULL, at BIGINT NOT NULL,
	PRIMARY KEY (district, student, conference, number)
);
CREATE TABLE commitment (
	district TEXT NOT NULL, student TEXT NOT NULL, id TEXT NOT NULL, conference TEXT NOT NULL,
	who TEXT NOT NULL, person TEXT NOT NULL, what TEXT NOT NULL, by_day TEXT NOT NULL, made_at BIGINT NOT NULL, author TEXT NOT NULL,
	done_at BIGINT NOT NULL, dropped BOOLEAN NOT NULL,
	PRIMARY KEY (district, student, id)
);
CREATE INDEX commitment_person ON commitment (district, person);
CREATE TABLE conference_request (
	district TEXT NOT NULL, student TEXT NOT NULL, id TEXT NOT NULL,
	author TEXT NOT NULL, voice TEXT NOT NULL, body TEXT NOT NULL, wanted BIGINT NOT NULL, at BIGINT NOT NULL,
	agreed BIGINT NOT NULL, agreed_with TEXT NOT NULL, closed BIGINT NOT NULL,
	PRIMARY KEY (district, student, id)
);
-- Where a teacher put a student in the queue, beside what the queue itself said.
CREATE TABLE queue_move (
	district TEXT NOT NULL, class TEXT NOT NULL, id TEXT NOT NULL,
	student TEXT NOT NULL, place TEXT NOT NULL, rule TEXT NOT NULL, because TEXT NOT NULL, actor TEXT NOT NULL, at BIGINT NOT NULL, until BIGINT NOT NULL,
	PRIMARY KEY (district, class, id)
);
-- The one member of staff who knows a student best.
CREATE TABLE mentor (
	district TEXT NOT NULL, student TEXT NOT NULL, person TEXT NOT NULL, author TEXT NOT NULL, at BIGINT NOT NULL,
	PRIMARY KEY (district, student)
);
