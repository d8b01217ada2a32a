-- Whose records must not be erased.
CREATE TABLE legal_hold (
	district TEXT NOT NULL, person TEXT NOT NULL, id TEXT NOT NULL, because TEXT NOT NULL, author TEXT NOT NULL, at BIGINT NOT NULL, lifted BIGINT NOT NULL,
	PRIMARY KEY (district, person, id)
);
