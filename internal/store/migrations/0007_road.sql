-- What people want of the roads to a student's goals, whatever the rule says. Rows are never
-- changed: the latest one for a competency holds.
CREATE TABLE road_wish (
	district TEXT NOT NULL, student TEXT NOT NULL, id TEXT NOT NULL,
	competency TEXT NOT NULL, want TEXT NOT NULL, author TEXT NOT NULL, at BIGINT NOT NULL,
	PRIMARY KEY (district, student, id)
);
