-- Rows move from a large job's own tables to the shared ones, a few at a time, while others read and write them. A partition
-- contains one range of ids, so nothing can move between partitions. Between tables that inherit, it can: `staging` becomes
-- the table of the rows that were in staging_shared, as `issues` and `issue_items` already are, and own tables inherit from it.
--
-- No row is rewritten or read. Transactions that lock the tables of many large jobs need room for locks: if the server says
-- "out of shared memory", raise max_locks_per_transaction and migrate again; nothing has changed until then.

-- A merge: NULL, or where it has got to, and since when. See store/merge.rs.
ALTER TABLE jobs
    ADD COLUMN job_merge varchar CHECK (job_merge IN ('announced', 'moving', 'emptied')),
    ADD COLUMN job_merge_at timestamptz,
    ADD CONSTRAINT jobs_merge_has_tables CHECK (job_merge IS NULL OR job_partitioned);
CREATE INDEX jobs_own_tables ON jobs (job_process_end) WHERE job_partitioned;

DO $$
DECLARE
    old oid := 'staging'::regclass;
    next_id bigint;
    found record;
    granted record;
    recreate text[] := '{}';
    own text[] := '{}';
    statement text;
    sequence text := pg_get_serial_sequence('staging', 'staging_id');
BEGIN
    EXECUTE format('SELECT CASE WHEN is_called THEN last_value + 1 ELSE last_value END FROM %s', sequence) INTO next_id;

    -- Views over staging, and views over those, are dropped and created again with their owners, privileges, options and
    -- comments. The last ones come first.
    FOR found IN
        WITH RECURSIVE views AS (
            SELECT r.ev_class AS oid, 1 AS depth
            FROM pg_depend d JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
            WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = old AND r.ev_class <> old
            UNION
            SELECT r.ev_class, depth + 1
            FROM views JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = views.oid
            JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid AND r.ev_class <> views.oid)
        SELECT c.oid, c.oid::regclass::text AS name, c.relkind, c.relacl, pg_get_viewdef(c.oid) AS definition, owner.rolname AS owner,
               coalesce('WITH (' || array_to_string(c.reloptions, ', ') || ')', '') AS options,
               obj_description(c.oid, 'pg_class') AS comment
        FROM (SELECT oid, max(depth) AS depth FROM views GROUP BY oid) AS named
        JOIN pg_class c ON c.oid = named.oid JOIN pg_roles owner ON owner.oid = c.relowner
        ORDER BY named.depth DESC, c.oid DESC
    LOOP
        IF found.relkind <> 'v' THEN
            RAISE EXCEPTION '% reads staging, which this migration replaces', found.name
                USING HINT = 'Drop it, migrate, and create it again.';
        END IF;
        IF found.relacl IS NOT NULL THEN
            FOR granted IN
                SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END AS role,
                       privilege_type, is_grantable
                FROM aclexplode(found.relacl)
            LOOP
                recreate := recreate || format('GRANT %s ON %s TO %s%s', granted.privilege_type, found.name, granted.role,
                    CASE WHEN granted.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
            END LOOP;
            recreate := recreate || format('REVOKE ALL ON %s FROM PUBLIC, %I', found.name, found.owner);
        END IF;
        IF found.comment IS NOT NULL THEN
            recreate := recreate || format('COMMENT ON VIEW %s IS %L', found.name, found.comment);
        END IF;
        recreate := recreate || format('ALTER VIEW %s OWNER TO %I', found.name, found.owner)
            || format('CREATE VIEW %s %s AS %s', found.name, found.options, found.definition);
        EXECUTE format('DROP VIEW %s', found.name);
    END LOOP;
    -- Triggers and publications of other programs.
    FOR found IN SELECT pg_get_triggerdef(oid) AS definition FROM pg_trigger WHERE tgrelid = old AND NOT tgisinternal LOOP
        recreate := found.definition || recreate;
    END LOOP;
    FOR found IN SELECT pubname FROM pg_publication_rel JOIN pg_publication p ON p.oid = prpubid WHERE prrelid = old LOOP
        recreate := format('ALTER PUBLICATION %I ADD TABLE staging', found.pubname) || recreate;
    END LOOP;
    -- Privileges of other programs' roles.
    FOR granted IN
        SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END AS role, privilege_type, is_grantable
        FROM pg_class, aclexplode(relacl) WHERE pg_class.oid = old
    LOOP
        recreate := format('GRANT %s ON staging TO %s%s', granted.privilege_type, granted.role,
            CASE WHEN granted.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) || recreate;
    END LOOP;

    -- References to the old table. Those of other programs cannot go on: no key covers the rows of all tables.
    FOR found IN
        SELECT conname, conrelid::regclass AS referring FROM pg_constraint
        WHERE contype = 'f' AND confrelid = old AND conparentid = 0
    LOOP
        IF found.referring <> 'issue_items'::regclass THEN
            RAISE WARNING '% no longer has the foreign key % to staging', found.referring, found.conname;
        END IF;
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', found.referring, found.conname);
    END LOOP;
    FOR found IN SELECT inhrelid::regclass::text AS partition FROM pg_inherits WHERE inhparent = old LOOP
        EXECUTE format('ALTER TABLE staging DETACH PARTITION %s', found.partition);
        IF found.partition <> 'staging_shared' THEN
            own := own || found.partition;
        END IF;
    END LOOP;
    DROP TABLE staging;
    ALTER TABLE staging_shared RENAME TO staging;
    ALTER INDEX staging_shared_pkey RENAME TO staging_pkey;
    ALTER INDEX staging_shared_job_row_hash RENAME TO staging_job_row_hash;
    -- Ids: runs reserve blocks from 1 up, and for large jobs from a million million up; other programs' rows have ids between.
    EXECUTE format('ALTER TABLE staging ALTER staging_id ADD GENERATED BY DEFAULT AS IDENTITY
        (START WITH %s MINVALUE 900000000000 MAXVALUE 999999999999)', next_id);
    -- Valid: the links here had a foreign key until now, and they are those of rows in this table.
    ALTER TABLE issue_items ADD CONSTRAINT issue_items_staging_fkey
        FOREIGN KEY (item_staging_id) REFERENCES staging (staging_id) ON DELETE CASCADE NOT VALID;
    -- Own tables inherit from these empty ones: attaching a table waits for a VACUUM of its parent, which is long for a large one.
    -- With keys: if a publication contains a table without one, the server refuses to update the tables above it.
    CREATE TABLE staging_own (PRIMARY KEY (staging_id)) INHERITS (staging);
    CREATE TABLE issues_own (PRIMARY KEY (issue_id)) INHERITS (issues);
    CREATE TABLE issue_items_own (PRIMARY KEY (issue_item_id)) INHERITS (issue_items);
    FOREACH statement IN ARRAY own LOOP
        EXECUTE format('ALTER TABLE %s INHERIT staging_own', statement);
    END LOOP;
    FOREACH statement IN ARRAY (SELECT coalesce(array_agg(s ORDER BY n DESC), '{}') FROM unnest(recreate) WITH ORDINALITY AS u (s, n))
    LOOP
        EXECUTE statement;
    END LOOP;
END $$;
ANALYZE staging;
