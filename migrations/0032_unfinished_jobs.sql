-- Counts of jobs by status for monitoring, without reading years of completed ones.
CREATE INDEX jobs_unfinished ON jobs (job_status) WHERE job_status <> 'COMPLETED';
