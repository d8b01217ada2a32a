-- Groups of several classes, with what they do; and teams of teachers who share students.
ALTER TABLE group_set ADD COLUMN plan TEXT NOT NULL DEFAULT '';
CREATE TABLE group_class (
	district TEXT NOT NULL, group_set TEXT NOT NULL, class TEXT NOT NULL,
	PRIMARY KEY (district, group_set, class)
);
CREATE INDEX group_class_class ON group_class (district, class);
INSERT INTO group_class (district, group_set, class) SELECT district, id, class FROM group_set;
-- What a team is by word: space and planning say where and when, lead is who is there for it alone.
CREATE TABLE team (
	district TEXT NOT NULL, id TEXT NOT NULL, school TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, grade TEXT NOT NULL,
	space TEXT NOT NULL, lead TEXT NOT NULL, planning TEXT NOT NULL, author TEXT NOT NULL, at BIGINT NOT NULL, ended BIGINT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE INDEX team_school ON team (district, school) WHERE ended = 0;
CREATE TABLE team_member (
	district TEXT NOT NULL, team TEXT NOT NULL, person TEXT NOT NULL,
	PRIMARY KEY (district, team, person)
);
CREATE INDEX team_member_person ON team_member (district, person);
-- What a team talks about when it meets next, and what somebody does about it until a day.
CREATE TABLE team_item (
	district TEXT NOT NULL, team TEXT NOT NULL, id TEXT NOT NULL, words TEXT NOT NULL, student TEXT NOT NULL,
	owner TEXT NOT NULL, due TEXT NOT NULL, author TEXT NOT NULL, at BIGINT NOT NULL, done BIGINT NOT NULL, outcome TEXT NOT NULL,
	PRIMARY KEY (district, team, id)
)
