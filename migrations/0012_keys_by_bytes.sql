-- Text that is a key is sorted byte by byte, whatever the locale of the database: building the index over a million row
-- hashes takes three times as long by the rules of en_US, and nobody reads hashes, owners or keys in a person's order.
--
-- What it costs: no table is rewritten, but the indexes over these columns are built anew, a second or two for each million
-- rows, while the table is locked. A transaction that locks the tables of many large jobs needs room for locks: if the server
-- says "out of shared memory", raise max_locks_per_transaction and migrate again; nothing has changed until then.
--
-- A view that uses one of the columns stands in the way of a change. A plain view is dropped and made again with its owner,
-- privileges, options and comment. Where something else depends on a column (a materialized view, a view with triggers,
-- rules or privileges of its own columns, a policy, a function), the columns of that table stay as they are: everything
-- works, in the time that it took before, and `ingest migrate` says which columns these are.
DO $$
DECLARE
    target record;
    dependent record;
    recreate text[];
    statement text;
    granted record;
BEGIN
    FOR target IN
        WITH wanted (name, columns) AS (VALUES
            ('jobs', ARRAY['job_user_id', 'job_content_hash']),
            ('staging', ARRAY['staging_row_hash']),
            ('issues', ARRAY['issue_key']),
            ('contacts', ARRAY['contacts_user_id']),
            ('actions', ARRAY['action_owner', 'action_idempotency_key']),
            ('column_mappings', ARRAY['mapping_owner', 'mapping_shape']),
            ('unreadable_messages', ARRAY['unreadable_message_id']),
            ('api_tokens', ARRAY['token_owner']),
            ('browser_sessions', ARRAY['session_owner']),
            ('provider_roles', ARRAY['provider_owner']))
        SELECT name::regclass AS oid, columns,
               string_agg(format('ALTER COLUMN %I TYPE %s COLLATE "C"', attname, format_type(atttypid, atttypmod)), ', ') AS changes
        FROM wanted JOIN pg_attribute ON attrelid = name::regclass AND attname = ANY (columns)
        -- A collation that somebody has chosen for a column stays.
        WHERE atttypid IN ('varchar'::regtype, 'text'::regtype) AND attcollation = 'pg_catalog."default"'::regcollation
        GROUP BY name, columns
    LOOP
        BEGIN
            recreate := '{}';
            -- The views, and the views over them, those that nothing else uses first.
            FOR dependent IN
                WITH RECURSIVE tables AS (
                    SELECT target.oid::oid AS oid
                    UNION SELECT inhrelid FROM pg_inherits JOIN tables ON inhparent = tables.oid),
                views AS (
                    SELECT r.ev_class AS oid, 1 AS depth
                    FROM tables JOIN pg_attribute a ON a.attrelid = tables.oid AND a.attname = ANY (target.columns)
                    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum
                    JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
                    UNION
                    SELECT r.ev_class, depth + 1
                    FROM views JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = views.oid
                    JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid AND r.ev_class <> views.oid)
                SELECT c.oid, c.oid::regclass::text AS name, c.relacl, pg_get_viewdef(c.oid) AS definition, owner.rolname AS owner,
                       coalesce('WITH (' || array_to_string(c.reloptions, ', ') || ')', '') AS options,
                       obj_description(c.oid, 'pg_class') AS comment,
                       c.relkind = 'v' AND pg_has_role(c.relowner, 'USAGE')
                       AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid)
                       AND NOT EXISTS (SELECT FROM pg_rewrite WHERE ev_class = c.oid AND rulename <> '_RETURN')
                       AND NOT EXISTS (SELECT FROM pg_attrdef WHERE adrelid = c.oid)
                       AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attacl IS NOT NULL)
                       AND NOT EXISTS (SELECT FROM pg_description WHERE classoid = 'pg_class'::regclass AND objoid = c.oid AND objsubid > 0)
                       AS is_plain
                FROM (SELECT oid, max(depth) AS depth FROM views GROUP BY oid) AS found
                JOIN pg_class c ON c.oid = found.oid JOIN pg_roles owner ON owner.oid = c.relowner
                ORDER BY found.depth DESC, c.oid DESC
            LOOP
                IF NOT dependent.is_plain THEN
                    RAISE feature_not_supported;
                END IF;
                -- Run from the last to the first: the view before its owner, what others use before them.
                IF dependent.relacl IS NOT NULL THEN
                    FOR granted IN
                        SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END AS role,
                               privilege_type, is_grantable
                        FROM aclexplode(dependent.relacl) WITH ORDINALITY AS a (grantor, grantee, privilege_type, is_grantable, n)
                        ORDER BY n DESC
                    LOOP
                        recreate := recreate || format('GRANT %s ON %s TO %s%s', granted.privilege_type, dependent.name, granted.role,
                            CASE WHEN granted.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
                    END LOOP;
                    recreate := recreate || format('REVOKE ALL ON %s FROM PUBLIC, %I', dependent.name, dependent.owner);
                END IF;
                IF dependent.comment IS NOT NULL THEN
                    recreate := recreate || format('COMMENT ON VIEW %s IS %L', dependent.name, dependent.comment);
                END IF;
                recreate := recreate || format('ALTER VIEW %s OWNER TO %I', dependent.name, dependent.owner)
                    || format('CREATE VIEW %s %s AS %s', dependent.name, dependent.options, dependent.definition);
                EXECUTE format('DROP VIEW %s', dependent.name);
            END LOOP;
            EXECUTE format('ALTER TABLE %s %s', target.oid, target.changes);
            FOREACH statement IN ARRAY (SELECT coalesce(array_agg(s ORDER BY n DESC), '{}') FROM unnest(recreate) WITH ORDINALITY AS u (s, n))
            LOOP
                EXECUTE statement;
            END LOOP;
        EXCEPTION WHEN feature_not_supported OR dependent_objects_still_exist THEN
            NULL;
        END;
    END LOOP;
    -- A large job's tables that are being filled belong to no other yet, and must be like the others when they do.
    FOR target IN
        SELECT own.oid::regclass AS oid, attname
        FROM pg_class parent
        JOIN pg_attribute ON attrelid = parent.oid AND attname IN ('staging_row_hash', 'issue_key')
                         AND attcollation = 'pg_catalog."C"'::regcollation
        JOIN pg_class own ON own.relnamespace = parent.relnamespace AND own.relkind = 'r'
                         AND own.relname ~ ('^' || parent.relname || '_job_[0-9]+$')
        WHERE parent.oid IN ('staging'::regclass, 'issues'::regclass)
          AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = own.oid)
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I TYPE varchar COLLATE "C"', target.oid, target.attname);
    END LOOP;
END $$;
-- What was known of the columns is gone with their old order.
ANALYZE jobs, staging_shared, issues, contacts, actions, column_mappings, api_tokens;
