-- Who was there on which day, or in which period of it.
CREATE TABLE attendance (
	district TEXT NOT NULL, id TEXT NOT NULL,
	person TEXT NOT NULL, day TEXT NOT NULL, period TEXT NOT NULL, missed DOUBLE PRECISION NOT NULL, suspended BOOLEAN NOT NULL, word TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, id)
);
CREATE INDEX attendance_person ON attendance (district, person, day);
CREATE TABLE attendance_intake (
	district TEXT NOT NULL, run TEXT NOT NULL, side TEXT NOT NULL, id TEXT NOT NULL, line BIGINT NOT NULL,
	person TEXT NOT NULL, day TEXT NOT NULL, period TEXT NOT NULL, missed DOUBLE PRECISION NOT NULL, suspended BOOLEAN NOT NULL, word TEXT NOT NULL,
	active BOOLEAN NOT NULL, ended BIGINT NOT NULL, run_created TEXT NOT NULL, run_changed TEXT NOT NULL,
	PRIMARY KEY (district, run, side, id)
);
