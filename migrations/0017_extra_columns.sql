-- The values of columns that belong to no field travel with the row and its contact, as a JSON object; NULL: there are none.
ALTER TABLE staging ADD COLUMN staging_extra jsonb;
-- A large job's table that is being filled is no partition yet, and must be like its parent when it is to be one.
DO $$
DECLARE found record;
BEGIN
    FOR found IN
        SELECT oid::regclass AS name FROM pg_class
        WHERE relname ~ '^staging_job_[0-9]+$' AND relkind = 'r' AND NOT relispartition
          AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'staging'::regclass)
    LOOP
        EXECUTE format('ALTER TABLE %s ADD COLUMN staging_extra jsonb', found.name);
    END LOOP;
END $$;
ALTER TABLE contacts ADD COLUMN contact_extra jsonb;
ALTER TABLE contact_changes
    ADD COLUMN before_extra jsonb,
    ADD COLUMN after_extra  jsonb;
-- NULL: the action did not change these values.
ALTER TABLE action_rows
    ADD COLUMN before_extra jsonb,
    ADD COLUMN after_extra  jsonb;

-- JSON objects do not preserve the order of their members. The names of a job's columns, in the order of its file.
ALTER TABLE jobs ADD COLUMN job_extra_columns varchar[] NOT NULL DEFAULT '{}';
-- The columns of all files of an owner, for contacts that have values from several files.
CREATE TABLE contact_columns (
    column_owner varchar COLLATE "C" NOT NULL,
    column_name  varchar COLLATE "C" NOT NULL,
    -- The job in whose file it first appeared, and its position there.
    column_rank  bigint NOT NULL,
    PRIMARY KEY (column_owner, column_name)
);

-- The members of all objects; of several with one name, the last.
CREATE AGGREGATE ingest_merged (jsonb) (SFUNC = jsonb_concat, STYPE = jsonb);
