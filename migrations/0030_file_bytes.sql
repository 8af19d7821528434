-- A worker looks up whether a job is small: small jobs overtake large ones.
ALTER TABLE jobs ADD COLUMN job_file_bytes bigint CONSTRAINT jobs_file_bytes_positive CHECK (job_file_bytes >= 0);
