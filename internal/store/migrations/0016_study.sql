-- Studies: what was declared, and what was found from which extract.
CREATE TABLE study (
	district TEXT NOT NULL, id TEXT NOT NULL, plan TEXT NOT NULL, author TEXT NOT NULL, at BIGINT NOT NULL,
	extract TEXT NOT NULL, result TEXT NOT NULL, ran_at BIGINT NOT NULL,
	PRIMARY KEY (district, id)
);
