-- What a school's teachers found to help when a rule proposes something, beside what the rule says.
CREATE TABLE playbook_line (
	district TEXT NOT NULL, id TEXT NOT NULL, school TEXT NOT NULL, kind TEXT NOT NULL, words TEXT NOT NULL,
	author TEXT NOT NULL, at BIGINT NOT NULL, ended BIGINT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE INDEX playbook_line_school ON playbook_line (district, school) WHERE ended = 0
