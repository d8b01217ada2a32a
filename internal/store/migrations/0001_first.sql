-- Types are TEXT, BIGINT, DOUBLE PRECISION and BOOLEAN only. Times are
-- microseconds since 1970 UTC, days are TEXT 2006-01-02, lists are joined by
-- U+001F. Every key begins with the district.

CREATE TABLE district (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	created BIGINT NOT NULL
);

-- One load of a file: staged, then applied in one transaction, perhaps undone.
CREATE TABLE intake_run (
	district TEXT NOT NULL,
	id TEXT NOT NULL,
	kind TEXT NOT NULL,
	file TEXT NOT NULL,
	actor TEXT NOT NULL,
	started BIGINT NOT NULL,
	finished BIGINT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('staging', 'staged', 'applied', 'undone', 'refused')),
	scope TEXT NOT NULL,
	summary TEXT NOT NULL,
	PRIMARY KEY (district, id)
);

-- What files say of the school. Each table T has a twin T_intake, which holds the
-- rows of a run that is being checked (side 'new') and, for ever, what rows were
-- before an applied run changed them (side 'old').
CREATE TABLE org (
	district TEXT NOT NULL, id TEXT NOT NULL,
	name TEXT NOT NULL, kind TEXT NOT NULL, identifier TEXT NOT NULL, parent TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE TABLE org_intake (
	district TEXT NOT NULL, run TEXT NOT NULL, side TEXT NOT NULL, id TEXT NOT NULL, line BIGINT NOT NULL,
	name TEXT NOT NULL, kind TEXT NOT NULL, identifier TEXT NOT NULL, parent TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, run, side, id)
);

CREATE TABLE term (
	district TEXT NOT NULL, id TEXT NOT NULL,
	title TEXT NOT NULL, kind TEXT NOT NULL, starts TEXT NOT NULL, ends TEXT NOT NULL, parent TEXT NOT NULL, school_year TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE TABLE term_intake (
	district TEXT NOT NULL, run TEXT NOT NULL, side TEXT NOT NULL, id TEXT NOT NULL, line BIGINT NOT NULL,
	title TEXT NOT NULL, kind TEXT NOT NULL, starts TEXT NOT NULL, ends TEXT NOT NULL, parent TEXT NOT NULL, school_year TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, run, side, id)
);

CREATE TABLE course (
	district TEXT NOT NULL, id TEXT NOT NULL,
	title TEXT NOT NULL, code TEXT NOT NULL, year TEXT NOT NULL, grades TEXT NOT NULL, org TEXT NOT NULL, subjects TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE TABLE course_intake (
	district TEXT NOT NULL, run TEXT NOT NULL, side TEXT NOT NULL, id TEXT NOT NULL, line BIGINT NOT NULL,
	title TEXT NOT NULL, code TEXT NOT NULL, year TEXT NOT NULL, grades TEXT NOT NULL, org TEXT NOT NULL, subjects TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, run, side, id)
);

CREATE TABLE class (
	district TEXT NOT NULL, id TEXT NOT NULL,
	title TEXT NOT NULL, code TEXT NOT NULL, kind TEXT NOT NULL, course TEXT NOT NULL, school TEXT NOT NULL,
	terms TEXT NOT NULL, grades TEXT NOT NULL, subjects TEXT NOT NULL, periods TEXT NOT NULL, location TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE INDEX class_school ON class (district, school);
CREATE TABLE class_intake (
	district TEXT NOT NULL, run TEXT NOT NULL, side TEXT NOT NULL, id TEXT NOT NULL, line BIGINT NOT NULL,
	title TEXT NOT NULL, code TEXT NOT NULL, kind TEXT NOT NULL, course TEXT NOT NULL, school TEXT NOT NULL,
	terms TEXT NOT NULL, grades TEXT NOT NULL, subjects TEXT NOT NULL, periods TEXT NOT NULL, location TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, run, side, id)
);

CREATE TABLE person (
	district TEXT NOT NULL, id TEXT NOT NULL,
	source TEXT NOT NULL, given TEXT NOT NULL, middle TEXT NOT NULL, family TEXT NOT NULL,
	preferred_given TEXT NOT NULL, preferred_family TEXT NOT NULL, pronouns TEXT NOT NULL,
	username TEXT NOT NULL, email TEXT NOT NULL, identifier TEXT NOT NULL, master_identifier TEXT NOT NULL,
	user_ids TEXT NOT NULL, grade TEXT NOT NULL, school TEXT NOT NULL, enabled BOOLEAN NOT NULL,
	name_fold TEXT NOT NULL, username_fold TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE INDEX person_identifier ON person (district, identifier, id);
CREATE INDEX person_master ON person (district, master_identifier, id);
CREATE INDEX person_username ON person (district, username_fold, id);
CREATE INDEX person_name ON person (district, name_fold, id);
CREATE INDEX person_source ON person (district, source, id);
CREATE TABLE person_intake (
	district TEXT NOT NULL, run TEXT NOT NULL, side TEXT NOT NULL, id TEXT NOT NULL, line BIGINT NOT NULL,
	source TEXT NOT NULL, given TEXT NOT NULL, middle TEXT NOT NULL, family TEXT NOT NULL,
	preferred_given TEXT NOT NULL, preferred_family TEXT NOT NULL, pronouns TEXT NOT NULL,
	username TEXT NOT NULL, email TEXT NOT NULL, identifier TEXT NOT NULL, master_identifier TEXT NOT NULL,
	user_ids TEXT NOT NULL, grade TEXT NOT NULL, school TEXT NOT NULL, enabled BOOLEAN NOT NULL,
	name_fold TEXT NOT NULL, username_fold TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, run, side, id)
);
CREATE INDEX person_intake_identifier ON person_intake (district, run, identifier);

-- A roster id that belongs to a person whose own id was made from another one.
CREATE TABLE person_alias (
	district TEXT NOT NULL, id TEXT NOT NULL,
	person TEXT NOT NULL, because TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE TABLE person_alias_intake (
	district TEXT NOT NULL, run TEXT NOT NULL, side TEXT NOT NULL, id TEXT NOT NULL, line BIGINT NOT NULL,
	person TEXT NOT NULL, because TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, run, side, id)
);

CREATE TABLE role (
	district TEXT NOT NULL, id TEXT NOT NULL,
	person TEXT NOT NULL, org TEXT NOT NULL, role TEXT NOT NULL, is_primary BOOLEAN NOT NULL, begins TEXT NOT NULL, ends TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE INDEX role_person ON role (district, person);
CREATE TABLE role_intake (
	district TEXT NOT NULL, run TEXT NOT NULL, side TEXT NOT NULL, id TEXT NOT NULL, line BIGINT NOT NULL,
	person TEXT NOT NULL, org TEXT NOT NULL, role TEXT NOT NULL, is_primary BOOLEAN NOT NULL, begins TEXT NOT NULL, ends TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, run, side, id)
);

CREATE INDEX role_intake_person ON role_intake (district, run, person);

CREATE TABLE guardian (
	district TEXT NOT NULL, id TEXT NOT NULL,
	student TEXT NOT NULL, guardian TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE INDEX guardian_guardian ON guardian (district, guardian);
CREATE INDEX guardian_student ON guardian (district, student);
CREATE TABLE guardian_intake (
	district TEXT NOT NULL, run TEXT NOT NULL, side TEXT NOT NULL, id TEXT NOT NULL, line BIGINT NOT NULL,
	student TEXT NOT NULL, guardian TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, run, side, id)
);

CREATE TABLE enrollment (
	district TEXT NOT NULL, id TEXT NOT NULL,
	class TEXT NOT NULL, school TEXT NOT NULL, person TEXT NOT NULL, role TEXT NOT NULL, is_primary BOOLEAN NOT NULL,
	begins TEXT NOT NULL, ends TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE INDEX enrollment_class ON enrollment (district, class);
CREATE INDEX enrollment_person ON enrollment (district, person);
CREATE TABLE enrollment_intake (
	district TEXT NOT NULL, run TEXT NOT NULL, side TEXT NOT NULL, id TEXT NOT NULL, line BIGINT NOT NULL,
	class TEXT NOT NULL, school TEXT NOT NULL, person TEXT NOT NULL, role TEXT NOT NULL, is_primary BOOLEAN NOT NULL,
	begins TEXT NOT NULL, ends TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, run, side, id)
);

CREATE TABLE demographics (
	district TEXT NOT NULL, id TEXT NOT NULL,
	birth_date TEXT NOT NULL, sex TEXT NOT NULL, race TEXT NOT NULL, hispanic TEXT NOT NULL, country TEXT NOT NULL, extra TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE TABLE demographics_intake (
	district TEXT NOT NULL, run TEXT NOT NULL, side TEXT NOT NULL, id TEXT NOT NULL, line BIGINT NOT NULL,
	birth_date TEXT NOT NULL, sex TEXT NOT NULL, race TEXT NOT NULL, hispanic TEXT NOT NULL, country TEXT NOT NULL, extra TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, run, side, id)
);

CREATE TABLE profile_account (
	district TEXT NOT NULL, id TEXT NOT NULL,
	person TEXT NOT NULL, kind TEXT NOT NULL, vendor TEXT NOT NULL, username TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE TABLE profile_account_intake (
	district TEXT NOT NULL, run TEXT NOT NULL, side TEXT NOT NULL, id TEXT NOT NULL, line BIGINT NOT NULL,
	person TEXT NOT NULL, kind TEXT NOT NULL, vendor TEXT NOT NULL, username TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, run, side, id)
);

CREATE TABLE category (
	district TEXT NOT NULL, id TEXT NOT NULL,
	title TEXT NOT NULL, weight TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE TABLE category_intake (
	district TEXT NOT NULL, run TEXT NOT NULL, side TEXT NOT NULL, id TEXT NOT NULL, line BIGINT NOT NULL,
	title TEXT NOT NULL, weight TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, run, side, id)
);

CREATE TABLE line_item (
	district TEXT NOT NULL, id TEXT NOT NULL,
	title TEXT NOT NULL, class TEXT NOT NULL, category TEXT NOT NULL, term TEXT NOT NULL, assigned TEXT NOT NULL, due TEXT NOT NULL,
	least DOUBLE PRECISION NOT NULL, most DOUBLE PRECISION NOT NULL, competencies TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE TABLE line_item_intake (
	district TEXT NOT NULL, run TEXT NOT NULL, side TEXT NOT NULL, id TEXT NOT NULL, line BIGINT NOT NULL,
	title TEXT NOT NULL, class TEXT NOT NULL, category TEXT NOT NULL, term TEXT NOT NULL, assigned TEXT NOT NULL, due TEXT NOT NULL,
	least DOUBLE PRECISION NOT NULL, most DOUBLE PRECISION NOT NULL, competencies TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, run, side, id)
);

CREATE TABLE result (
	district TEXT NOT NULL, id TEXT NOT NULL,
	line_item TEXT NOT NULL, person TEXT NOT NULL, status TEXT NOT NULL, score TEXT NOT NULL, words TEXT NOT NULL, day TEXT NOT NULL, competencies TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE INDEX result_person ON result (district, person);
CREATE TABLE result_intake (
	district TEXT NOT NULL, run TEXT NOT NULL, side TEXT NOT NULL, id TEXT NOT NULL, line BIGINT NOT NULL,
	line_item TEXT NOT NULL, person TEXT NOT NULL, status TEXT NOT NULL, score TEXT NOT NULL, words TEXT NOT NULL, day TEXT NOT NULL, competencies TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, run, side, id)
);

CREATE TABLE framework (
	district TEXT NOT NULL, id TEXT NOT NULL,
	title TEXT NOT NULL, creator TEXT NOT NULL, subject TEXT NOT NULL, language TEXT NOT NULL, version TEXT NOT NULL, licence TEXT NOT NULL, status TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE TABLE framework_intake (
	district TEXT NOT NULL, run TEXT NOT NULL, side TEXT NOT NULL, id TEXT NOT NULL, line BIGINT NOT NULL,
	title TEXT NOT NULL, creator TEXT NOT NULL, subject TEXT NOT NULL, language TEXT NOT NULL, version TEXT NOT NULL, licence TEXT NOT NULL, status TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, run, side, id)
);

CREATE TABLE competency (
	district TEXT NOT NULL, id TEXT NOT NULL,
	framework TEXT NOT NULL, code TEXT NOT NULL, statement TEXT NOT NULL, short TEXT NOT NULL, student TEXT NOT NULL, kind TEXT NOT NULL,
	grades TEXT NOT NULL, subject TEXT NOT NULL, parent TEXT NOT NULL, position BIGINT NOT NULL, assessable BOOLEAN NOT NULL, code_fold TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE INDEX competency_framework ON competency (district, framework);
CREATE INDEX competency_code ON competency (district, code_fold);
CREATE TABLE competency_intake (
	district TEXT NOT NULL, run TEXT NOT NULL, side TEXT NOT NULL, id TEXT NOT NULL, line BIGINT NOT NULL,
	framework TEXT NOT NULL, code TEXT NOT NULL, statement TEXT NOT NULL, short TEXT NOT NULL, student TEXT NOT NULL, kind TEXT NOT NULL,
	grades TEXT NOT NULL, subject TEXT NOT NULL, parent TEXT NOT NULL, position BIGINT NOT NULL, assessable BOOLEAN NOT NULL, code_fold TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, run, side, id)
);

CREATE TABLE competency_edge (
	district TEXT NOT NULL, id TEXT NOT NULL,
	framework TEXT NOT NULL, origin TEXT NOT NULL, destination TEXT NOT NULL, kind TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE TABLE competency_edge_intake (
	district TEXT NOT NULL, run TEXT NOT NULL, side TEXT NOT NULL, id TEXT NOT NULL, line BIGINT NOT NULL,
	framework TEXT NOT NULL, origin TEXT NOT NULL, destination TEXT NOT NULL, kind TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, run, side, id)
);

CREATE TABLE material (
	district TEXT NOT NULL, id TEXT NOT NULL,
	title TEXT NOT NULL, link TEXT NOT NULL, location TEXT NOT NULL, kind TEXT NOT NULL, minutes BIGINT NOT NULL, language TEXT NOT NULL,
	reading_level TEXT NOT NULL, topics TEXT NOT NULL, competencies TEXT NOT NULL, tier TEXT NOT NULL, licence TEXT NOT NULL, accessibility TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE TABLE material_intake (
	district TEXT NOT NULL, run TEXT NOT NULL, side TEXT NOT NULL, id TEXT NOT NULL, line BIGINT NOT NULL,
	title TEXT NOT NULL, link TEXT NOT NULL, location TEXT NOT NULL, kind TEXT NOT NULL, minutes BIGINT NOT NULL, language TEXT NOT NULL,
	reading_level TEXT NOT NULL, topics TEXT NOT NULL, competencies TEXT NOT NULL, tier TEXT NOT NULL, licence TEXT NOT NULL, accessibility TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, run, side, id)
);

-- The evidence log. Rows are never changed; what is replaced or undone is named in
-- evidence_void. root is the idempotency key, hashed: the same fact has the same
-- root, and a corrected fact the next revision of it.
CREATE TABLE evidence (
	district TEXT NOT NULL, student TEXT NOT NULL, competency TEXT NOT NULL, at BIGINT NOT NULL, id TEXT NOT NULL,
	root TEXT NOT NULL, revision BIGINT NOT NULL,
	kind TEXT NOT NULL, score DOUBLE PRECISION NOT NULL, most DOUBLE PRECISION NOT NULL, se DOUBLE PRECISION NOT NULL,
	scale TEXT NOT NULL, percentile DOUBLE PRECISION NOT NULL, label TEXT NOT NULL, item TEXT NOT NULL,
	attempt BIGINT NOT NULL, hints BIGINT NOT NULL, seconds DOUBLE PRECISION NOT NULL,
	recorded BIGINT NOT NULL, source TEXT NOT NULL, actor TEXT NOT NULL, class TEXT NOT NULL, note TEXT NOT NULL, run TEXT NOT NULL,
	PRIMARY KEY (district, student, competency, at, id)
);
CREATE INDEX person_email ON person (district, email, id);
CREATE UNIQUE INDEX evidence_root ON evidence (district, root, revision);
CREATE INDEX evidence_run ON evidence (district, run, student, competency) WHERE run <> '';
CREATE TABLE evidence_void (
	district TEXT NOT NULL, root TEXT NOT NULL, revision BIGINT NOT NULL, run TEXT NOT NULL,
	reason TEXT NOT NULL, actor TEXT NOT NULL, at BIGINT NOT NULL,
	PRIMARY KEY (district, root, revision, run)
);
CREATE INDEX evidence_void_run ON evidence_void (district, run);
CREATE TABLE evidence_intake (
	district TEXT NOT NULL, run TEXT NOT NULL, line BIGINT NOT NULL,
	student TEXT NOT NULL, competency TEXT NOT NULL, at BIGINT NOT NULL, root TEXT NOT NULL,
	kind TEXT NOT NULL, score DOUBLE PRECISION NOT NULL, most DOUBLE PRECISION NOT NULL, se DOUBLE PRECISION NOT NULL,
	scale TEXT NOT NULL, percentile DOUBLE PRECISION NOT NULL, label TEXT NOT NULL, item TEXT NOT NULL,
	attempt BIGINT NOT NULL, hints BIGINT NOT NULL, seconds DOUBLE PRECISION NOT NULL,
	source TEXT NOT NULL, class TEXT NOT NULL, note TEXT NOT NULL,
	PRIMARY KEY (district, run, root)
);
CREATE INDEX evidence_intake_pair ON evidence_intake (district, run, student, competency);

-- What the learner model makes of the log. A cache: replay gives the same numbers.
CREATE TABLE mastery (
	district TEXT NOT NULL, student TEXT NOT NULL, competency TEXT NOT NULL,
	mean DOUBLE PRECISION NOT NULL, variance DOUBLE PRECISION NOT NULL, pieces BIGINT NOT NULL,
	first_at BIGINT NOT NULL, last_at BIGINT NOT NULL, seen_at BIGINT NOT NULL, model TEXT NOT NULL,
	PRIMARY KEY (district, student, competency)
);
CREATE TABLE mastery_week (
	district TEXT NOT NULL, student TEXT NOT NULL, competency TEXT NOT NULL, week BIGINT NOT NULL,
	mean DOUBLE PRECISION NOT NULL, variance DOUBLE PRECISION NOT NULL, pieces BIGINT NOT NULL, last_at BIGINT NOT NULL,
	PRIMARY KEY (district, student, competency, week)
);

CREATE TABLE goal (
	district TEXT NOT NULL, id TEXT NOT NULL, student TEXT NOT NULL,
	what TEXT NOT NULL, why TEXT NOT NULL, competency TEXT NOT NULL, by_day TEXT NOT NULL,
	set_at BIGINT NOT NULL, author TEXT NOT NULL, done_at BIGINT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE INDEX goal_student ON goal (district, student);
CREATE TABLE choice (
	district TEXT NOT NULL, id TEXT NOT NULL, student TEXT NOT NULL,
	competency TEXT NOT NULL, material TEXT NOT NULL, because TEXT NOT NULL, rule TEXT NOT NULL, offered TEXT NOT NULL,
	at BIGINT NOT NULL, done_at BIGINT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE INDEX choice_student ON choice (district, student);
CREATE TABLE step_decision (
	district TEXT NOT NULL, id TEXT NOT NULL, class TEXT NOT NULL, step TEXT NOT NULL,
	rule TEXT NOT NULL, because TEXT NOT NULL, students TEXT NOT NULL,
	decision TEXT NOT NULL CHECK (decision IN ('done', 'declined', 'later')), reason TEXT NOT NULL,
	actor TEXT NOT NULL, at BIGINT NOT NULL, until BIGINT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE INDEX step_decision_class ON step_decision (district, class);

-- Sign-in.
CREATE TABLE credential (
	district TEXT NOT NULL, person TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('password', 'word', 'picture')),
	hash TEXT NOT NULL, set_at BIGINT NOT NULL, author TEXT NOT NULL,
	PRIMARY KEY (district, person, kind)
);
CREATE TABLE class_code (
	district TEXT NOT NULL, class TEXT NOT NULL, code TEXT NOT NULL UNIQUE,
	PRIMARY KEY (district, class)
);
CREATE TABLE class_token (
	district TEXT NOT NULL, class TEXT NOT NULL, person TEXT NOT NULL, token TEXT NOT NULL,
	PRIMARY KEY (district, class, person)
);
CREATE TABLE signin_link (
	hash TEXT PRIMARY KEY, district TEXT NOT NULL, person TEXT NOT NULL, expires BIGINT NOT NULL, used_at BIGINT NOT NULL
);
CREATE TABLE session (
	hash TEXT PRIMARY KEY, district TEXT NOT NULL, person TEXT NOT NULL,
	created BIGINT NOT NULL, seen BIGINT NOT NULL, expires BIGINT NOT NULL
);
CREATE INDEX session_person ON session (district, person);
CREATE TABLE signin_failure (
	subject TEXT NOT NULL, at BIGINT NOT NULL, id TEXT NOT NULL,
	PRIMARY KEY (subject, at, id)
);

-- Who looked at whose record.
CREATE TABLE access_log (
	district TEXT NOT NULL, student TEXT NOT NULL, at BIGINT NOT NULL, id TEXT NOT NULL,
	actor TEXT NOT NULL, relation TEXT NOT NULL, what TEXT NOT NULL,
	PRIMARY KEY (district, student, at, id)
);
