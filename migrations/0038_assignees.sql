-- To whom an issue is assigned: a name as the audit trail has it; NULL: to nobody. It says who wants to decide, and keeps nobody
-- else from it. A column, not a table beside: the issues of large jobs move between tables, and are deleted by other programs.
ALTER TABLE issues ADD COLUMN issue_assignee varchar;
-- A large job's table that is being filled does not inherit yet, and must be like its parent when it is to do so.
DO $$
DECLARE found record;
BEGIN
    FOR found IN
        SELECT oid::regclass AS name FROM pg_class
        WHERE relname ~ '^issues_job_[0-9]+$' AND relkind = 'r'
          AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'issues'::regclass)
          AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = 'issue_assignee')
    LOOP
        EXECUTE format('ALTER TABLE %s ADD COLUMN issue_assignee varchar', found.name);
    END LOOP;
END $$;
