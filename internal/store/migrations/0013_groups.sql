-- Groups of a class: proposed, arranged, used until a day; and what members say of them, without
-- names: a pulse is not linked to whoever gave it.
CREATE TABLE group_set (
	district TEXT NOT NULL, class TEXT NOT NULL, id TEXT NOT NULL, title TEXT NOT NULL, until TEXT NOT NULL, instance TEXT NOT NULL, solution TEXT NOT NULL,
	author TEXT NOT NULL, at BIGINT NOT NULL, used BIGINT NOT NULL, ended BIGINT NOT NULL,
	PRIMARY KEY (district, class, id)
);
CREATE TABLE group_member (
	district TEXT NOT NULL, student TEXT NOT NULL, class TEXT NOT NULL, group_set TEXT NOT NULL, place TEXT NOT NULL, because TEXT NOT NULL, role TEXT NOT NULL, answered BOOLEAN NOT NULL,
	PRIMARY KEY (district, student, class, group_set)
);
CREATE INDEX group_member_set ON group_member (district, class, group_set);
CREATE TABLE group_pulse (
	district TEXT NOT NULL, class TEXT NOT NULL, group_set TEXT NOT NULL, id TEXT NOT NULL, relevance BIGINT NOT NULL, inclusion BIGINT NOT NULL, support BIGINT NOT NULL, belongs TEXT NOT NULL,
	PRIMARY KEY (district, class, group_set, id)
);
-- Who can help whom with what, by the students' own word.
CREATE TABLE tutoring (
	district TEXT NOT NULL, student TEXT NOT NULL, competency TEXT NOT NULL, side TEXT NOT NULL, class TEXT NOT NULL, at BIGINT NOT NULL,
	PRIMARY KEY (district, student, competency)
);
CREATE INDEX tutoring_class ON tutoring (district, class);
