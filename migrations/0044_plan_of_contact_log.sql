-- A session keeps the plan of this function's statement. If its first update changed one contact, the plan would compare every
-- contact of a later one with every other.
DO $migration$ BEGIN
    EXECUTE format('ALTER FUNCTION %I.ingest_log_changed_contacts() SET enable_nestloop = off', current_schema());
END $migration$;
