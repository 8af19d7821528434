-- A contact's key is 128 bits in place of owner and address: a third of the index to fill and to
-- compare, which is what loading contacts costs most. NULL: not worked out yet; the owner's next import
-- does it, for contacts that are here already as for those that another program inserts.
DROP INDEX contacts_without_key;
DROP INDEX contacts_owner_email_key;
ALTER TABLE contacts DROP COLUMN contact_email_key, ADD COLUMN contact_key uuid;
CREATE UNIQUE INDEX contacts_key ON contacts (contact_key);
CREATE INDEX contacts_without_key ON contacts (contacts_user_id, contact_id) WHERE contact_key IS NULL;
-- An owner's contacts, page by page or from end to end.
CREATE INDEX contacts_owner ON contacts (contacts_user_id, contact_id);

-- Where a contact came from is asked for a job at a time. A job's contacts lie together, so that the
-- summary of each stretch of the table answers, and costs nothing to keep; one unique entry a contact was a
-- quarter of what loading contacts cost. That a row makes one contact is ensured by the key.
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT i.indexrelid::regclass AS index, c.conname FROM pg_index i
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.conrelid = i.indrelid
        WHERE i.indrelid = 'contacts'::regclass AND i.indnkeyatts = 1 AND a.attname = 'staging_id'
    LOOP
        IF found.conname IS NULL THEN
            EXECUTE format('DROP INDEX %s', found.index);
        ELSE
            EXECUTE format('ALTER TABLE contacts DROP CONSTRAINT %I', found.conname);
        END IF;
    END LOOP;
END $$;
CREATE INDEX contacts_staging ON contacts USING brin (staging_id) WITH (autosummarize = on);

-- A large job has three tables of its own, filled and indexed in bulk, which join the others when all of its
-- rows are in them: staging_job_<job_id>, a partition of staging, and issues_job_<job_id> and
-- issue_items_job_<job_id>, which inherit from issues and issue_items. (Partitions could not keep the primary
-- keys that these two have.) Foreign keys between them are kept within the job's tables.
ALTER TABLE jobs ADD COLUMN job_partitioned boolean NOT NULL DEFAULT false;

-- A job's issues are looked at one kind at a time, the open ones apart.
CREATE INDEX issues_review ON issues (issues_job_id, issue_resolved, issue_type, issue_id);
