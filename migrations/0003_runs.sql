-- What this program adds to the upstream tables. Every added column has a default, so that a program
-- which inserts only what stands in 0001 keeps working.

-- jobs: the queue, the lease, the checkpoint ------------------------------------------------------

ALTER TABLE jobs
    -- Work is wanted from then on; NULL: nothing is wanted. This is the queue where there is no SQS.
    ADD COLUMN job_available_at   timestamptz,
    ADD COLUMN job_delivery_count integer NOT NULL DEFAULT 0,
    -- Who may write: every write of a run names the token.
    ADD COLUMN job_lease_token    uuid,
    ADD COLUMN job_lease_until    timestamptz,
    -- Transient failures since the last settled run.
    ADD COLUMN job_attempts       integer NOT NULL DEFAULT 0,
    -- Why the last run ended FAILED, in words for the owner.
    ADD COLUMN job_failure        varchar,
    -- The object's version (ETag) that the staged rows were read from.
    ADD COLUMN job_object_version varchar,
    -- staging_id of data row n of the file is job_staging_base + n; NULL until a run has reserved the block.
    ADD COLUMN job_staging_base   bigint,
    -- Data rows of the file that are staged (or counted as repeats) for good.
    ADD COLUMN job_checkpoint     integer NOT NULL DEFAULT 0,
    ADD COLUMN job_repeated_rows  integer NOT NULL DEFAULT 0,
    -- All rows are staged: from here on a run reprocesses.
    ADD COLUMN job_staged_at      timestamptz,
    ADD CONSTRAINT jobs_lease_whole CHECK ((job_lease_token IS NULL) = (job_lease_until IS NULL)),
    ADD CONSTRAINT jobs_counts_positive CHECK (
        job_total_rows >= 0 AND job_processed_rows >= 0 AND job_issue_count >= 0
        AND job_checkpoint >= 0 AND job_repeated_rows >= 0 AND job_attempts >= 0);

-- Only now, so that jobs which were here before are not all wanted again.
ALTER TABLE jobs ALTER COLUMN job_available_at SET DEFAULT now();
UPDATE jobs SET job_available_at = now() WHERE job_status IN ('PENDING', 'PROCESSING');
-- A file that was staged before is never read again: a person may have edited its rows.
UPDATE jobs SET job_staged_at = now()
WHERE job_status IN ('NEEDS_REVIEW', 'COMPLETED')
   OR EXISTS (SELECT FROM staging WHERE staging_job_id = job_id AND staging_status IN ('SUCCESS', 'DISCARD'));

CREATE INDEX jobs_available ON jobs (job_available_at) WHERE job_available_at IS NOT NULL;
CREATE INDEX jobs_owner ON jobs (job_user_id, job_id);

-- staging: from a table to a partitioned table ----------------------------------------------------

-- The keys that stand in the way go first; what a program of upstream's called them does not matter.
DO $$
DECLARE found record;
BEGIN
    FOR found IN
        SELECT conname, conrelid::regclass AS on_table FROM pg_constraint
        WHERE contype = 'f' AND confrelid = 'staging'::regclass
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', found.on_table, found.conname);
    END LOOP;
    FOR found IN
        SELECT conname FROM pg_constraint
        WHERE contype = 'f' AND conrelid = 'staging'::regclass
    LOOP
        EXECUTE format('ALTER TABLE staging DROP CONSTRAINT %I', found.conname);
    END LOOP;
    -- A partition has exactly its parent's types.
    FOR found IN
        SELECT attname FROM pg_attribute
        WHERE attrelid = 'staging'::regclass AND attnum > 0 AND NOT attisdropped
          AND attname IN ('staging_email', 'staging_first_name', 'staging_last_name', 'staging_company', 'staging_row_hash')
          AND (atttypid <> 'varchar'::regtype OR atttypmod <> -1)
    LOOP
        EXECUTE format('ALTER TABLE staging ALTER COLUMN %I TYPE varchar', found.attname);
    END LOOP;
    FOR found IN
        SELECT indexrelid::regclass::text AS name FROM pg_index
        WHERE indrelid = 'staging'::regclass AND indisprimary AND indexrelid::regclass::text <> 'staging_pkey'
    LOOP
        EXECUTE format('ALTER INDEX %s RENAME TO staging_pkey', found.name);
    END LOOP;
    -- A serial key of an older schema becomes a plain column; the parent is the one that counts.
    IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'staging'::regclass AND attname = 'staging_id' AND attidentity <> '') THEN
        ALTER TABLE staging ALTER COLUMN staging_id DROP IDENTITY;
    ELSE
        ALTER TABLE staging ALTER COLUMN staging_id DROP DEFAULT;
        DROP SEQUENCE IF EXISTS staging_staging_id_seq;
    END IF;
END $$;

ALTER TABLE staging
    ALTER COLUMN staging_id SET NOT NULL,
    ALTER COLUMN staging_job_id SET NOT NULL,
    ALTER COLUMN staging_created_at SET NOT NULL,
    ALTER COLUMN staging_row_hash SET NOT NULL,
    -- The line of the file where the row starts, counted from 1; NULL where it is not known.
    ADD COLUMN staging_line    bigint,
    -- A malformed row: what did not fit, and the bytes that had no character, in words.
    ADD COLUMN staging_residue varchar;
ALTER TABLE staging RENAME TO staging_shared;
ALTER INDEX staging_pkey RENAME TO staging_shared_pkey;
DO $$
DECLARE unique_key text;
BEGIN
    SELECT indexrelid::regclass::text INTO unique_key FROM pg_index
    WHERE indrelid = 'staging_shared'::regclass AND indisunique AND NOT indisprimary AND indnkeyatts = 2 AND indpred IS NULL
      AND (SELECT array_agg(attname::text ORDER BY attname) FROM pg_attribute
           WHERE attrelid = indrelid AND attnum = ANY (indkey::smallint[])) = ARRAY['staging_job_id', 'staging_row_hash']
    LIMIT 1;
    IF unique_key IS NULL THEN
        CREATE UNIQUE INDEX staging_shared_job_row_hash ON staging_shared (staging_job_id, staging_row_hash);
    ELSE
        EXECUTE format('ALTER INDEX %s RENAME TO staging_shared_job_row_hash', unique_key);
    END IF;
END $$;

-- Ranges of staging_id. Shared partition: blocks reserved by runs from 1 up, and from 900 thousand
-- million up what other programs insert. From a million million up: partitions of single large jobs.
CREATE TABLE staging (
    staging_id         bigint GENERATED BY DEFAULT AS IDENTITY (START WITH 900000000000 MAXVALUE 999999999999) PRIMARY KEY,
    staging_job_id     integer NOT NULL REFERENCES jobs (job_id) ON DELETE CASCADE,
    staging_email      varchar,
    staging_first_name varchar,
    staging_last_name  varchar,
    staging_company    varchar,
    staging_created_at timestamptz NOT NULL DEFAULT now(),
    staging_status     staging_status_enum,
    staging_row_hash   varchar NOT NULL,
    staging_line       bigint,
    staging_residue    varchar
) PARTITION BY RANGE (staging_id);
ALTER TABLE staging ATTACH PARTITION staging_shared FOR VALUES FROM (MINVALUE) TO (1000000000000);

CREATE TABLE staging_id_blocks (
    block_kind    varchar PRIMARY KEY CHECK (block_kind IN ('shared', 'partition')),
    block_next_id bigint NOT NULL
);
INSERT INTO staging_id_blocks
SELECT 'shared', coalesce(max(staging_id), 0) + 1 FROM staging
UNION ALL
SELECT 'partition', 1000000000000;

-- issues and their items --------------------------------------------------------------------------

ALTER TABLE issue_items
    ADD CONSTRAINT issue_items_staging_fkey FOREIGN KEY (item_staging_id) REFERENCES staging (staging_id) ON DELETE CASCADE;
DELETE FROM issue_items one USING issue_items other
WHERE one.item_issue_id = other.item_issue_id AND one.item_staging_id = other.item_staging_id
  AND one.issue_item_id > other.issue_item_id;
CREATE UNIQUE INDEX issue_items_issue_staging ON issue_items (item_issue_id, item_staging_id);
CREATE INDEX issue_items_staging ON issue_items (item_staging_id);

-- contacts ----------------------------------------------------------------------------------------

-- The address as it is compared (lower case, NFC, trimmed). NULL: not worked out yet, since another
-- program inserted the contact. A second contact of one owner and address, which only older programs
-- made, has the address followed by a space and its contact_id, which equals no address.
ALTER TABLE contacts ADD COLUMN contact_email_key varchar;
DO $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = 'contacts'::regclass AND i.indisunique AND i.indnkeyatts = 1 AND a.attname = 'staging_id')
    THEN
        CREATE UNIQUE INDEX contacts_staging_id ON contacts (staging_id);
    END IF;
END $$;
CREATE UNIQUE INDEX contacts_owner_email_key ON contacts (contacts_user_id, contact_email_key);
CREATE INDEX contacts_without_key ON contacts (contacts_user_id, contact_id) WHERE contact_email_key IS NULL;

-- Messages that could not be understood, where the queue has no dead-letter queue to keep them ------

CREATE TABLE unreadable_messages (
    unreadable_id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    unreadable_message_id  varchar NOT NULL UNIQUE,
    unreadable_body        varchar NOT NULL,
    unreadable_reason      varchar NOT NULL,
    unreadable_received_at timestamptz NOT NULL DEFAULT now()
);
