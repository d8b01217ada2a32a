-- Own ideas, what was declined and how it went stand beside what was taken; materials say how
-- one works, what comes of it, and its checkpoints.
ALTER TABLE choice ADD COLUMN own TEXT NOT NULL DEFAULT '';
ALTER TABLE choice ADD COLUMN why TEXT NOT NULL DEFAULT '';
ALTER TABLE choice ADD COLUMN answer TEXT NOT NULL DEFAULT '';
ALTER TABLE choice ADD COLUMN reply TEXT NOT NULL DEFAULT '';
ALTER TABLE choice ADD COLUMN answered_by TEXT NOT NULL DEFAULT '';
ALTER TABLE choice ADD COLUMN answered_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE choice ADD COLUMN outcome TEXT NOT NULL DEFAULT '';
CREATE TABLE choice_checkpoint (
	district TEXT NOT NULL, student TEXT NOT NULL, choice TEXT NOT NULL, number BIGINT NOT NULL, at BIGINT NOT NULL,
	PRIMARY KEY (district, student, choice, number)
);
ALTER TABLE material ADD COLUMN social TEXT NOT NULL DEFAULT '';
ALTER TABLE material ADD COLUMN product TEXT NOT NULL DEFAULT '';
ALTER TABLE material ADD COLUMN checkpoints TEXT NOT NULL DEFAULT '';
ALTER TABLE material_intake ADD COLUMN social TEXT NOT NULL DEFAULT '';
ALTER TABLE material_intake ADD COLUMN product TEXT NOT NULL DEFAULT '';
ALTER TABLE material_intake ADD COLUMN checkpoints TEXT NOT NULL DEFAULT '';
-- What was learned outside of school, and who saw it.
CREATE TABLE outside (
	district TEXT NOT NULL, student TEXT NOT NULL, id TEXT NOT NULL,
	what TEXT NOT NULL, place TEXT NOT NULL, kind TEXT NOT NULL, day TEXT NOT NULL, hours BIGINT NOT NULL, competencies TEXT NOT NULL,
	author TEXT NOT NULL, at BIGINT NOT NULL,
	link TEXT NOT NULL, asked_by TEXT NOT NULL, asked_at BIGINT NOT NULL, expires BIGINT NOT NULL,
	seen TEXT NOT NULL, verifier TEXT NOT NULL, remark TEXT NOT NULL, seen_at BIGINT NOT NULL,
	counted_by TEXT NOT NULL, counted_at BIGINT NOT NULL,
	PRIMARY KEY (district, student, id)
);
CREATE INDEX outside_link ON outside (link);
