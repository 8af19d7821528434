-- The jobs that an owner can run again.
CREATE INDEX jobs_failed ON jobs (job_user_id, job_id) WHERE job_status = 'FAILED';
