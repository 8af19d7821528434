-- A receive looks up the owners who have jobs waiting, one after another.
CREATE INDEX jobs_wanted ON jobs (job_user_id, job_available_at) WHERE job_available_at IS NOT NULL;
