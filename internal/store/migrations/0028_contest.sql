-- What the school answers to somebody who says that a flag is not right.
ALTER TABLE flag ADD COLUMN reply TEXT NOT NULL DEFAULT '';
ALTER TABLE flag ADD COLUMN replied_by TEXT NOT NULL DEFAULT '';
ALTER TABLE flag ADD COLUMN replied_at BIGINT NOT NULL DEFAULT 0
