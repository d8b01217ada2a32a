-- What is proposed to teachers, by which version of the school's rules; flags that somebody
-- owns; and classes without proposals.
CREATE TABLE rule_book (
	district TEXT NOT NULL, version BIGINT NOT NULL, body TEXT NOT NULL, note TEXT NOT NULL, author TEXT NOT NULL, at BIGINT NOT NULL,
	PRIMARY KEY (district, version)
);
CREATE TABLE proposal (
	district TEXT NOT NULL, id TEXT NOT NULL, class TEXT NOT NULL, step TEXT NOT NULL, kind TEXT NOT NULL, rule TEXT NOT NULL,
	because TEXT NOT NULL, students TEXT NOT NULL, detail TEXT NOT NULL, weight DOUBLE PRECISION NOT NULL, at BIGINT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE INDEX proposal_class ON proposal (district, class, step);
CREATE TABLE proposals_off (
	district TEXT NOT NULL, class TEXT NOT NULL, author TEXT NOT NULL, at BIGINT NOT NULL,
	PRIMARY KEY (district, class)
);
CREATE TABLE flag (
	district TEXT NOT NULL, student TEXT NOT NULL, id TEXT NOT NULL, proposal TEXT NOT NULL, because TEXT NOT NULL, rule TEXT NOT NULL,
	owner TEXT NOT NULL, doing TEXT NOT NULL, review TEXT NOT NULL, expires TEXT NOT NULL, author TEXT NOT NULL, at BIGINT NOT NULL,
	outcome TEXT NOT NULL, outcome_note TEXT NOT NULL, closed_by TEXT NOT NULL, closed_at BIGINT NOT NULL,
	contest TEXT NOT NULL, contested_by TEXT NOT NULL, contested_at BIGINT NOT NULL,
	PRIMARY KEY (district, student, id)
);
CREATE INDEX flag_owner ON flag (district, owner);
