-- Goals get steps, a proof and a cycle; the plan gets its pathway, remarks and signatures.
ALTER TABLE goal ADD COLUMN proof TEXT NOT NULL DEFAULT '';
ALTER TABLE goal ADD COLUMN area TEXT NOT NULL DEFAULT '';
ALTER TABLE goal ADD COLUMN term TEXT NOT NULL DEFAULT '';
CREATE TABLE goal_step (
	district TEXT NOT NULL, student TEXT NOT NULL, goal TEXT NOT NULL, id TEXT NOT NULL,
	what TEXT NOT NULL, author TEXT NOT NULL, at BIGINT NOT NULL, done_at BIGINT NOT NULL,
	PRIMARY KEY (district, student, goal, id)
);
CREATE TABLE goal_stage (
	district TEXT NOT NULL, student TEXT NOT NULL, goal TEXT NOT NULL, id TEXT NOT NULL,
	stage TEXT NOT NULL, note TEXT NOT NULL, author TEXT NOT NULL, at BIGINT NOT NULL,
	PRIMARY KEY (district, student, goal, id)
);
CREATE TABLE pathway_item (
	district TEXT NOT NULL, student TEXT NOT NULL, id TEXT NOT NULL,
	kind TEXT NOT NULL, title TEXT NOT NULL, place TEXT NOT NULL, begins TEXT NOT NULL, ends TEXT NOT NULL, state TEXT NOT NULL,
	author TEXT NOT NULL, at BIGINT NOT NULL, changed_at BIGINT NOT NULL,
	PRIMARY KEY (district, student, id)
);
CREATE TABLE plan_remark (
	district TEXT NOT NULL, student TEXT NOT NULL, id TEXT NOT NULL,
	kind TEXT NOT NULL, body TEXT NOT NULL, author TEXT NOT NULL, party TEXT NOT NULL, at BIGINT NOT NULL,
	PRIMARY KEY (district, student, id)
);
CREATE TABLE plan_participant (
	district TEXT NOT NULL, student TEXT NOT NULL, id TEXT NOT NULL,
	name TEXT NOT NULL, part TEXT NOT NULL, author TEXT NOT NULL, at BIGINT NOT NULL, ended_at BIGINT NOT NULL,
	PRIMARY KEY (district, student, id)
);
-- What was signed stays as it was signed. Signatures are never changed.
CREATE TABLE plan_version (
	district TEXT NOT NULL, student TEXT NOT NULL, version TEXT NOT NULL,
	body TEXT NOT NULL, at BIGINT NOT NULL,
	PRIMARY KEY (district, student, version)
);
CREATE TABLE plan_signature (
	district TEXT NOT NULL, student TEXT NOT NULL, id TEXT NOT NULL,
	version TEXT NOT NULL, signer TEXT NOT NULL, party TEXT NOT NULL, name TEXT NOT NULL, at BIGINT NOT NULL,
	PRIMARY KEY (district, student, id)
);
-- In which language a person reads.
CREATE TABLE person_language (
	district TEXT NOT NULL, person TEXT NOT NULL, language TEXT NOT NULL, at BIGINT NOT NULL,
	PRIMARY KEY (district, person)
);
