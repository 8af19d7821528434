-- How the last reading of a job's file went, for people: encoding, delimiter, header, columns, and the lines that are not contacts.
ALTER TABLE jobs ADD COLUMN job_interpretation jsonb;
