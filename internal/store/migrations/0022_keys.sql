-- With which key a person's rows are sealed in backups. Erasing the person takes it away, and with it
-- what older backups hold of them.
CREATE TABLE person_key (
	district TEXT NOT NULL, person TEXT NOT NULL, secret TEXT NOT NULL,
	PRIMARY KEY (district, person)
)
