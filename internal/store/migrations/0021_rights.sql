-- What a family or a grown student allows, by purpose. The one that holds has not ended.
CREATE TABLE consent (
	district TEXT NOT NULL, student TEXT NOT NULL, id TEXT NOT NULL, purpose TEXT NOT NULL CHECK (purpose IN ('estimates', 'studies')),
	given BOOLEAN NOT NULL, author TEXT NOT NULL, party TEXT NOT NULL, note TEXT NOT NULL, at BIGINT NOT NULL, ended BIGINT NOT NULL,
	PRIMARY KEY (district, student, id)
);
CREATE INDEX consent_refused ON consent (district, purpose, student) WHERE NOT given AND ended = 0;
-- What somebody says is not right in a record, and what came of it.
CREATE TABLE correction (
	district TEXT NOT NULL, student TEXT NOT NULL, id TEXT NOT NULL, what TEXT NOT NULL, body TEXT NOT NULL, author TEXT NOT NULL, party TEXT NOT NULL, at BIGINT NOT NULL,
	answer TEXT NOT NULL CHECK (answer IN ('', 'corrected', 'kept', 'withdrawn')), reply TEXT NOT NULL, answered_by TEXT NOT NULL, answered_at BIGINT NOT NULL, statement TEXT NOT NULL,
	PRIMARY KEY (district, student, id)
);
-- A record that was opened in an emergency by somebody who may not read it otherwise.
CREATE TABLE break_glass (
	district TEXT NOT NULL, student TEXT NOT NULL, id TEXT NOT NULL, actor TEXT NOT NULL, because TEXT NOT NULL, at BIGINT NOT NULL, until BIGINT NOT NULL,
	PRIMARY KEY (district, student, id)
);
-- Who looks over the school's shoulder, or helps with accounts, and is named by an administrator.
CREATE TABLE appointment (
	district TEXT NOT NULL, person TEXT NOT NULL, id TEXT NOT NULL, role TEXT NOT NULL CHECK (role IN ('auditor', 'support')),
	author TEXT NOT NULL, at BIGINT NOT NULL, ended BIGINT NOT NULL,
	PRIMARY KEY (district, person, id)
);
-- A district taken away as a file: one asks, another agrees.
CREATE TABLE export_request (
	district TEXT NOT NULL, id TEXT NOT NULL, author TEXT NOT NULL, because TEXT NOT NULL, at BIGINT NOT NULL,
	agreed_by TEXT NOT NULL, agreed_at BIGINT NOT NULL, closed BIGINT NOT NULL,
	PRIMARY KEY (district, id)
);
-- How many years after a student has left the record is kept; 0 for always.
ALTER TABLE district ADD COLUMN keep_years BIGINT NOT NULL DEFAULT 0
