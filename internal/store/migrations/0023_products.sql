-- A purpose more that a family may refuse. Which there are, the program knows.
DROP INDEX consent_refused;
ALTER TABLE consent RENAME TO consent_before;
CREATE TABLE consent (
	district TEXT NOT NULL, student TEXT NOT NULL, id TEXT NOT NULL, purpose TEXT NOT NULL,
	given BOOLEAN NOT NULL, author TEXT NOT NULL, party TEXT NOT NULL, note TEXT NOT NULL, at BIGINT NOT NULL, ended BIGINT NOT NULL,
	PRIMARY KEY (district, student, id)
);
INSERT INTO consent (district, student, id, purpose, given, author, party, note, at, ended)
	SELECT district, student, id, purpose, given, author, party, note, at, ended FROM consent_before;
DROP TABLE consent_before;
CREATE INDEX consent_refused ON consent (district, purpose, student) WHERE NOT given AND ended = 0
