-- How much credit a course brought: who is on track needs it.
ALTER TABLE course_result ADD COLUMN credits TEXT NOT NULL DEFAULT '';
ALTER TABLE course_result_intake ADD COLUMN credits TEXT NOT NULL DEFAULT ''
