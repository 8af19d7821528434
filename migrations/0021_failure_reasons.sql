-- Why a job is FAILED, as a kind with its arguments, so that pages can say it in the viewer's language. NULL: only job_failure
-- says it.
ALTER TABLE jobs ADD COLUMN job_failure_reason jsonb;
