-- The collation of searches, so that they ignore the case of all letters. A database of the locale C knows the case of A to Z
-- alone: it gets a collation of ICU or, on a server without ICU, one that knows Unicode, if there is any.
DO $$
DECLARE
    language record;
    unicode text;
BEGIN
    SELECT datcollate AS sorting, datctype AS letters INTO language FROM pg_database WHERE datname = current_database();
    IF language.letters NOT IN ('C', 'POSIX') THEN
        EXECUTE format('CREATE COLLATION ingest_search (LC_COLLATE = %L, LC_CTYPE = %L)', language.sorting, language.letters);
        RETURN;
    END IF;
    SELECT collname INTO unicode FROM pg_collation
    WHERE collnamespace = 'pg_catalog'::regnamespace AND collencoding IN (-1, 6)
      AND collname IN ('und-x-icu', 'pg_c_utf8', 'C.utf8', 'C.UTF-8', 'en_US.utf8')
    ORDER BY array_position(ARRAY['und-x-icu', 'pg_c_utf8', 'C.utf8', 'C.UTF-8', 'en_US.utf8'], collname::text) LIMIT 1;
    EXECUTE format('CREATE COLLATION ingest_search FROM pg_catalog.%I', coalesce(unicode, 'C'));
END $$;
