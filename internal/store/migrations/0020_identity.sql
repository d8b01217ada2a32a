-- A session may wait for a second proof, and is told to its owner by its device.
ALTER TABLE session ADD COLUMN device TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN waits BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE session ADD COLUMN proved BIGINT NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN challenge TEXT NOT NULL DEFAULT '';
-- Second proofs of who somebody is.
CREATE TABLE second_factor (
	district TEXT NOT NULL, person TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('totp', 'passkey', 'recovery')),
	name TEXT NOT NULL, secret TEXT NOT NULL, made BIGINT NOT NULL, used BIGINT NOT NULL, step BIGINT NOT NULL,
	PRIMARY KEY (district, person, id)
);
-- Of whom a second proof is asked.
ALTER TABLE district ADD COLUMN second_factor TEXT NOT NULL DEFAULT '';
-- Who a person is to another service that signs people in.
CREATE TABLE outside_identity (
	district TEXT NOT NULL, person TEXT NOT NULL, issuer TEXT NOT NULL, subject TEXT NOT NULL, linked BIGINT NOT NULL, used BIGINT NOT NULL,
	PRIMARY KEY (district, issuer, subject)
);
CREATE INDEX outside_identity_person ON outside_identity (district, person)
