-- The audit log: each entry holds the digest of the one before.
CREATE TABLE audit (
	district TEXT NOT NULL, number BIGINT NOT NULL, at BIGINT NOT NULL, actor TEXT NOT NULL, what TEXT NOT NULL, on_whom TEXT NOT NULL, detail TEXT NOT NULL,
	previous TEXT NOT NULL, digest TEXT NOT NULL,
	PRIMARY KEY (district, number)
);
CREATE TABLE audit_checkpoint (
	district TEXT NOT NULL, number BIGINT NOT NULL, digest TEXT NOT NULL, at BIGINT NOT NULL, key TEXT NOT NULL, signature TEXT NOT NULL,
	PRIMARY KEY (district, number, key)
);
-- By which entry of the audit log a look at a record is sealed; 0 for none yet.
ALTER TABLE access_log ADD COLUMN sealed BIGINT NOT NULL DEFAULT 0;
CREATE INDEX access_log_sealed ON access_log (district, sealed, at, id);
