-- Remembered mappings of columns get a number, the names in the header, and the values that are the same in every row.
ALTER TABLE column_mappings ADD COLUMN mapping_id integer GENERATED ALWAYS AS IDENTITY UNIQUE;
ALTER TABLE column_mappings ADD COLUMN mapping_names varchar[];
ALTER TABLE column_mappings ADD COLUMN mapping_values jsonb;

-- The fields of a job that have the same value in every row: {"company": "Acme"}.
ALTER TABLE jobs ADD COLUMN job_values jsonb;

-- A mapping can be forgotten.
DO $grant$ DECLARE requests text := 'ingest_requests_' || (SELECT oid FROM pg_database WHERE datname = current_database());
BEGIN
    IF to_regrole(requests) IS NOT NULL THEN
        EXECUTE format('GRANT DELETE ON column_mappings TO %I', requests);
    END IF;
END $grant$;
