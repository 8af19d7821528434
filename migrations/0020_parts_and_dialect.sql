-- What a person or a producer has set about a job's file: the sheet of a workbook or the file of an archive, the character
-- between two cells, and the quote around them. NULL: detected.
ALTER TABLE jobs ADD COLUMN job_part varchar;
ALTER TABLE jobs ADD COLUMN job_delimiter varchar CONSTRAINT jobs_delimiter_one CHECK (length(job_delimiter) = 1);
ALTER TABLE jobs ADD COLUMN job_quote varchar CONSTRAINT jobs_quote_known CHECK (job_quote IN ('double', 'single', 'none'));
