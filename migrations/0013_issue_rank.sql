-- The issue type as a number, in the order of the enum. Under row-level security an index answers only conditions whose
-- operators are leakproof; those of enums are not, those of numbers are.
ALTER TABLE issues ADD COLUMN issue_rank smallint GENERATED ALWAYS AS (CASE issue_type
    WHEN 'DUPLICATE_EMAIL' THEN 1 WHEN 'INVALID_EMAIL' THEN 2 WHEN 'EXISTING_EMAIL' THEN 3
    WHEN 'MISSING_REQUIRED_FIELD' THEN 4 WHEN 'MALFORMED_ROW' THEN 5 END) STORED;
DROP INDEX issues_review;
CREATE INDEX issues_review ON issues (issues_job_id, issue_resolved, issue_rank, issue_id);

-- The tables of large jobs. One that is still being filled inherits nothing yet and may lack its indexes.
DO $$
DECLARE found record;
BEGIN
    FOR found IN
        SELECT c.oid, c.oid::regclass AS name, c.relname, to_regclass(c.oid::regclass || '_review') IS NOT NULL AS has_index
        FROM pg_class c
        WHERE c.relname ~ '^issues_job_[0-9]+$' AND c.relkind = 'r'
          AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'issues'::regclass)
    LOOP
        IF NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = found.oid) THEN
            EXECUTE format('ALTER TABLE %s ADD COLUMN issue_rank smallint GENERATED ALWAYS AS (CASE issue_type
                WHEN ''DUPLICATE_EMAIL'' THEN 1 WHEN ''INVALID_EMAIL'' THEN 2 WHEN ''EXISTING_EMAIL'' THEN 3
                WHEN ''MISSING_REQUIRED_FIELD'' THEN 4 WHEN ''MALFORMED_ROW'' THEN 5 END) STORED', found.name);
        END IF;
        IF found.has_index THEN
            EXECUTE format('DROP INDEX %s_review', found.name);
            EXECUTE format('CREATE INDEX %I ON %s (issue_rank, issue_id, issue_resolved, issues_job_id)',
                found.relname || '_review', found.name);
        END IF;
    END LOOP;
END $$;
