-- Flex time: a school's calendar and rooms, what is offered, who asked and who must come, and
-- what is published for whom.
CREATE TABLE flex_calendar (
	district TEXT NOT NULL, school TEXT NOT NULL, body TEXT NOT NULL, author TEXT NOT NULL, at BIGINT NOT NULL,
	PRIMARY KEY (district, school)
);
CREATE TABLE flex_room (
	district TEXT NOT NULL, school TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, seats BIGINT NOT NULL, tags TEXT NOT NULL,
	PRIMARY KEY (district, school, id)
);
CREATE TABLE flex_offer (
	district TEXT NOT NULL, school TEXT NOT NULL, id TEXT NOT NULL, title TEXT NOT NULL, purpose TEXT NOT NULL, competencies TEXT NOT NULL,
	seats BIGINT NOT NULL, least BIGINT NOT NULL, door TEXT NOT NULL, grades TEXT NOT NULL, leader TEXT NOT NULL, room TEXT NOT NULL,
	equipment TEXT NOT NULL, materials TEXT NOT NULL, slots TEXT NOT NULL, state TEXT NOT NULL, author TEXT NOT NULL, at BIGINT NOT NULL, ended BIGINT NOT NULL,
	PRIMARY KEY (district, school, id)
);
CREATE TABLE flex_request (
	district TEXT NOT NULL, student TEXT NOT NULL, id TEXT NOT NULL, school TEXT NOT NULL, offer TEXT NOT NULL, week TEXT NOT NULL, rank BIGINT NOT NULL, at BIGINT NOT NULL,
	answer TEXT NOT NULL, why TEXT NOT NULL, answered_by TEXT NOT NULL,
	PRIMARY KEY (district, student, id)
);
CREATE INDEX flex_request_week ON flex_request (district, school, week);
CREATE TABLE flex_required (
	district TEXT NOT NULL, student TEXT NOT NULL, id TEXT NOT NULL, school TEXT NOT NULL, offer TEXT NOT NULL, week TEXT NOT NULL, why TEXT NOT NULL, author TEXT NOT NULL, at BIGINT NOT NULL,
	PRIMARY KEY (district, student, id)
);
CREATE INDEX flex_required_week ON flex_required (district, school, week);
CREATE TABLE flex_away (
	district TEXT NOT NULL, school TEXT NOT NULL, person TEXT NOT NULL, slot TEXT NOT NULL, author TEXT NOT NULL, at BIGINT NOT NULL,
	PRIMARY KEY (district, school, person, slot)
);
CREATE TABLE flex_instead (
	district TEXT NOT NULL, school TEXT NOT NULL, offer TEXT NOT NULL, slot TEXT NOT NULL, person TEXT NOT NULL, author TEXT NOT NULL, at BIGINT NOT NULL,
	PRIMARY KEY (district, school, offer, slot, person)
);
-- The latest solution of a week, whether it is published or not; what was refused is read from it.
CREATE TABLE flex_week (
	district TEXT NOT NULL, school TEXT NOT NULL, week TEXT NOT NULL, seed BIGINT NOT NULL, solution TEXT NOT NULL, solved_at BIGINT NOT NULL, solved_by TEXT NOT NULL,
	published TEXT NOT NULL, published_at BIGINT NOT NULL, published_by TEXT NOT NULL,
	PRIMARY KEY (district, school, week)
);
CREATE TABLE flex_held (
	district TEXT NOT NULL, school TEXT NOT NULL, slot TEXT NOT NULL, offer TEXT NOT NULL, room TEXT NOT NULL, leader TEXT NOT NULL,
	PRIMARY KEY (district, school, slot, offer)
);
CREATE INDEX flex_held_leader ON flex_held (district, leader, slot);
CREATE TABLE flex_place (
	district TEXT NOT NULL, student TEXT NOT NULL, slot TEXT NOT NULL, school TEXT NOT NULL, offer TEXT NOT NULL, how TEXT NOT NULL,
	attended TEXT NOT NULL, marked_by TEXT NOT NULL, marked_at BIGINT NOT NULL,
	PRIMARY KEY (district, student, slot)
);
CREATE INDEX flex_place_session ON flex_place (district, school, slot, offer);
