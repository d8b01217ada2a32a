-- A school may have rules of its own instead of the district's; an empty body takes them back.
ALTER TABLE rule_book ADD COLUMN school TEXT NOT NULL DEFAULT ''
