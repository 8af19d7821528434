-- A receive compares the owners who have jobs waiting: see store/wanted.rs.
CREATE INDEX jobs_wanted ON jobs (job_user_id, job_available_at, job_id) WHERE job_available_at IS NOT NULL;
CREATE INDEX jobs_started ON jobs (job_user_id, job_process_start);
