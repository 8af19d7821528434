-- Runs that began and have not come to an end, the present one included, since one of them got further: what a
-- job has cost in killed workers. A job that kills its worker each time ends FAILED.
ALTER TABLE jobs
    ADD COLUMN job_unfinished_runs integer NOT NULL DEFAULT 0,
    ADD CONSTRAINT jobs_unfinished_runs_positive CHECK (job_unfinished_runs >= 0);
