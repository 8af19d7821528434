-- Which contacts have changed, and in which transaction: ids without values, of deleted contacts too. Whoever follows the
-- contacts of an owner reads them as they are.
CREATE TABLE contact_log (
    log_owner       varchar COLLATE "C" NOT NULL,
    log_transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
    log_id          bigint GENERATED ALWAYS AS IDENTITY,
    -- One contact, or all contacts of the owner from the first to the last id: those of an import.
    log_first       bigint NOT NULL,
    log_last        bigint NOT NULL,
    PRIMARY KEY (log_owner, log_transaction, log_id),
    CHECK (log_first <= log_last)
);

-- Whoever changes contacts, whatever its rights, the change is noted in the same transaction. So these run as the owner of the
-- tables.
DO $migration$ BEGIN
    EXECUTE format($functions$
-- An import gets consecutive ids, except for those that others get at the same time, and notes them as a whole.
CREATE FUNCTION ingest_log_new_contacts() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $$
DECLARE
    added record;
BEGIN
    FOR added IN SELECT contacts_user_id AS owner, min(contact_id) AS first, max(contact_id) AS last, count(*) AS contacts
                 FROM new_contacts GROUP BY contacts_user_id
    LOOP
        IF added.last - added.first < 4 * added.contacts THEN
            INSERT INTO contact_log (log_owner, log_first, log_last) VALUES (added.owner, added.first, added.last);
        ELSE
            INSERT INTO contact_log (log_owner, log_first, log_last)
            SELECT contacts_user_id, contact_id, contact_id FROM new_contacts WHERE contacts_user_id = added.owner;
        END IF;
    END LOOP;
    RETURN NULL;
END $$;

-- The key is no value of a contact: that of another program's contact is filled in later. The join has no index, and undoing an
-- import disables hash joins.
CREATE FUNCTION ingest_log_changed_contacts() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = %1$I, pg_temp SET enable_hashjoin = on AS $$
BEGIN
    INSERT INTO contact_log (log_owner, log_first, log_last)
    SELECT after.contacts_user_id, contact_id, contact_id
    FROM new_contacts AS after JOIN old_contacts AS before USING (contact_id)
    WHERE before.contact_key IS NOT NULL OR after.contact_key IS NULL
       OR to_jsonb(before) - 'contact_key' IS DISTINCT FROM to_jsonb(after) - 'contact_key';
    RETURN NULL;
END $$;

CREATE FUNCTION ingest_log_deleted_contacts() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $$
BEGIN
    INSERT INTO contact_log (log_owner, log_first, log_last)
    SELECT contacts_user_id, contact_id, contact_id FROM old_contacts;
    RETURN NULL;
END $$;
    $functions$, current_schema());
    REVOKE EXECUTE ON FUNCTION ingest_log_new_contacts(), ingest_log_changed_contacts(), ingest_log_deleted_contacts() FROM PUBLIC;
END $migration$;

CREATE TRIGGER contacts_log_new AFTER INSERT ON contacts REFERENCING NEW TABLE AS new_contacts
    FOR EACH STATEMENT EXECUTE FUNCTION ingest_log_new_contacts();
CREATE TRIGGER contacts_log_changed AFTER UPDATE ON contacts REFERENCING NEW TABLE AS new_contacts OLD TABLE AS old_contacts
    FOR EACH STATEMENT EXECUTE FUNCTION ingest_log_changed_contacts();
CREATE TRIGGER contacts_log_deleted AFTER DELETE ON contacts REFERENCING OLD TABLE AS old_contacts
    FOR EACH STATEMENT EXECUTE FUNCTION ingest_log_deleted_contacts();
