-- How a job's file is read, as far as a person has set it: the name of its encoding, and the line of its header, from 1.
-- NULL: detected.
ALTER TABLE jobs ADD COLUMN job_encoding varchar;
ALTER TABLE jobs ADD COLUMN job_header_line integer CONSTRAINT jobs_header_line_positive CHECK (job_header_line > 0);
