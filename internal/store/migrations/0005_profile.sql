-- The living profile: what was said of a student, confirmed, disputed and ended. Events are
-- never changed.
CREATE TABLE profile_event (
	district TEXT NOT NULL, student TEXT NOT NULL, id TEXT NOT NULL, entry TEXT NOT NULL,
	doing TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL, code TEXT NOT NULL, visibility TEXT NOT NULL, evidence TEXT NOT NULL,
	author TEXT NOT NULL, voice TEXT NOT NULL, at BIGINT NOT NULL,
	PRIMARY KEY (district, student, id)
);
