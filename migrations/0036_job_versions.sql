-- The transaction that last changed what a job's owner follows: its status, its open issues and whether it is cancelled.
-- The progress of a run does not count: these updates stay cheap. Streams of events find changed jobs by it.
ALTER TABLE jobs ADD COLUMN job_changed xid8;
ALTER TABLE jobs ALTER COLUMN job_changed SET DEFAULT pg_current_xact_id();
CREATE INDEX jobs_changed ON jobs (job_user_id, job_changed) WHERE job_changed IS NOT NULL;

CREATE FUNCTION ingest_version_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.job_changed := pg_current_xact_id();
    RETURN NEW;
END $$;

CREATE TRIGGER jobs_version BEFORE UPDATE OF job_status, job_cancelled_at, job_issue_count ON jobs FOR EACH ROW
    WHEN (OLD.job_status IS DISTINCT FROM NEW.job_status OR OLD.job_cancelled_at IS DISTINCT FROM NEW.job_cancelled_at
          OR OLD.job_issue_count IS DISTINCT FROM NEW.job_issue_count AND NEW.job_lease_token IS NULL)
    EXECUTE FUNCTION ingest_version_job();
