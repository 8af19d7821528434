-- The fields that a job's contacts must have, by their names; without one, what the worker that runs the job requires
-- (REQUIRED_FIELDS), which the first run writes down, so that decisions ask for what the run asked for.
ALTER TABLE jobs ADD COLUMN job_required_fields varchar[]
    CHECK (job_required_fields IS NULL OR 'email' = ANY (job_required_fields));
