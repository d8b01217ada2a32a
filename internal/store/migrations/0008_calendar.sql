-- The secret address of a person's calendar of talks; the newest one replaces the one before.
CREATE TABLE calendar_link (
	district TEXT NOT NULL, person TEXT NOT NULL, hash TEXT NOT NULL, made_at BIGINT NOT NULL,
	PRIMARY KEY (district, person)
);
CREATE INDEX calendar_link_hash ON calendar_link (hash);
