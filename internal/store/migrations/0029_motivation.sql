-- What a class is designed for, by its teachers' word; and what its students say, without names: an
-- answer is not linked to whoever gave it.
CREATE TABLE course_design (
	district TEXT NOT NULL, class TEXT NOT NULL, item TEXT NOT NULL, author TEXT NOT NULL, at BIGINT NOT NULL,
	PRIMARY KEY (district, class, item)
);
CREATE TABLE class_ask (
	district TEXT NOT NULL, class TEXT NOT NULL, id TEXT NOT NULL, author TEXT NOT NULL, at BIGINT NOT NULL, until BIGINT NOT NULL,
	PRIMARY KEY (district, class, id)
);
CREATE TABLE class_said (
	district TEXT NOT NULL, student TEXT NOT NULL, class TEXT NOT NULL, ask TEXT NOT NULL,
	PRIMARY KEY (district, student, class, ask)
);
CREATE TABLE class_answer (
	district TEXT NOT NULL, class TEXT NOT NULL, ask TEXT NOT NULL, id TEXT NOT NULL,
	autonomy BIGINT NOT NULL, competence BIGINT NOT NULL, relatedness BIGINT NOT NULL, relevance BIGINT NOT NULL, belongs TEXT NOT NULL,
	PRIMARY KEY (district, class, ask, id)
)
