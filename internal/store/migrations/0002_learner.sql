-- Estimates know what was expected before any evidence, how long they may hold, and what
-- the school's grading rule says. They are a cache, so they are made anew.
DROP TABLE mastery;
CREATE TABLE mastery (
	district TEXT NOT NULL, student TEXT NOT NULL, competency TEXT NOT NULL,
	mean DOUBLE PRECISION NOT NULL, variance DOUBLE PRECISION NOT NULL, prior DOUBLE PRECISION NOT NULL, prior_variance DOUBLE PRECISION NOT NULL,
	pieces BIGINT NOT NULL, recent DOUBLE PRECISION NOT NULL, first_at BIGINT NOT NULL, last_at BIGINT NOT NULL, seen_at BIGINT NOT NULL,
	stability DOUBLE PRECISION NOT NULL, difficulty DOUBLE PRECISION NOT NULL, practised_at BIGINT NOT NULL,
	grade DOUBLE PRECISION NOT NULL, verdict BIGINT NOT NULL, model TEXT NOT NULL,
	PRIMARY KEY (district, student, competency)
);
DROP TABLE mastery_week;
CREATE TABLE mastery_week (
	district TEXT NOT NULL, student TEXT NOT NULL, competency TEXT NOT NULL, week BIGINT NOT NULL,
	mean DOUBLE PRECISION NOT NULL, variance DOUBLE PRECISION NOT NULL, prior DOUBLE PRECISION NOT NULL, prior_variance DOUBLE PRECISION NOT NULL,
	pieces BIGINT NOT NULL, last_at BIGINT NOT NULL, grade DOUBLE PRECISION NOT NULL, verdict BIGINT NOT NULL,
	PRIMARY KEY (district, student, competency, week)
);
-- What a student's evidence tells across competencies.
CREATE TABLE ability (
	district TEXT NOT NULL, student TEXT NOT NULL,
	precision_sum DOUBLE PRECISION NOT NULL, weighted_sum DOUBLE PRECISION NOT NULL, pieces BIGINT NOT NULL, last_at BIGINT NOT NULL,
	PRIMARY KEY (district, student)
);

-- Versions of the learner model that were fitted, and which one was adopted, by whom and
-- why. The latest choice holds; before the first one, the built-in model does.
CREATE TABLE learner_version (
	district TEXT NOT NULL, id TEXT NOT NULL, made_at BIGINT NOT NULL, made_by TEXT NOT NULL,
	seed BIGINT NOT NULL, students BIGINT NOT NULL, pieces BIGINT NOT NULL,
	model TEXT NOT NULL, forecast TEXT NOT NULL, report TEXT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE TABLE learner_choice (
	district TEXT NOT NULL, number BIGINT NOT NULL, version TEXT NOT NULL, criterion TEXT NOT NULL,
	actor TEXT NOT NULL, because TEXT NOT NULL, at BIGINT NOT NULL,
	PRIMARY KEY (district, number)
);
-- The model that a district's estimates were last made with as a whole.
CREATE TABLE learner_fold (
	district TEXT NOT NULL, model TEXT NOT NULL,
	PRIMARY KEY (district)
);
