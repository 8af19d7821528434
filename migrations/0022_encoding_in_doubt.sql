-- Whether the residue of a malformed row is about nothing but the encoding of its file. Until now only the beginning of the
-- residue said so.
ALTER TABLE staging ADD COLUMN staging_encoding_in_doubt boolean NOT NULL DEFAULT false;
UPDATE staging SET staging_encoding_in_doubt = true
WHERE starts_with(staging_residue, 'the encoding of the file is in doubt: ');
-- A large job's table that is being filled is no partition yet, and must be like its parent when it is to be one.
DO $$
DECLARE found record;
BEGIN
    FOR found IN
        SELECT oid::regclass AS name FROM pg_class
        WHERE relname ~ '^staging_job_[0-9]+$' AND relkind = 'r' AND NOT relispartition
          AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'staging'::regclass)
    LOOP
        EXECUTE format('ALTER TABLE %s ADD COLUMN staging_encoding_in_doubt boolean NOT NULL DEFAULT false', found.name);
        EXECUTE format('UPDATE %s SET staging_encoding_in_doubt = true
                        WHERE starts_with(staging_residue, ''the encoding of the file is in doubt: '')', found.name);
    END LOOP;
END $$;
