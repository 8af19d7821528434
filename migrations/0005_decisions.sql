-- What people decide about rows, jobs and contacts, on record and able to be taken back.

-- staging: decisions that stand beside a row's values ---------------------------------------------

CREATE TYPE staging_on_existing_enum AS ENUM ('OVERWRITE', 'FILL');
ALTER TABLE staging
    -- A person has said yes to a malformed row, or edited it.
    ADD COLUMN staging_accepted    boolean NOT NULL DEFAULT false,
    -- What becomes of the owner's contact that has the e-mail already; NULL: nobody has decided.
    ADD COLUMN staging_on_existing staging_on_existing_enum;
-- A large job's table that is being filled is no partition yet, and must be like its parent when it is to be one.
DO $$
DECLARE found record;
BEGIN
    FOR found IN
        SELECT oid::regclass AS name FROM pg_class
        WHERE relname ~ '^staging_job_[0-9]+$' AND relkind = 'r' AND NOT relispartition
          AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'staging'::regclass)
    LOOP
        EXECUTE format('ALTER TABLE %s ADD COLUMN staging_accepted boolean NOT NULL DEFAULT false,
                        ADD COLUMN staging_on_existing staging_on_existing_enum', found.name);
    END LOOP;
END $$;

-- jobs ---------------------------------------------------------------------------------------------

ALTER TABLE jobs
    -- HOLD: no contact before the review is done. AT_ONCE: valid rows become contacts meanwhile.
    ADD COLUMN job_import_policy varchar NOT NULL DEFAULT 'HOLD' CHECK (job_import_policy IN ('HOLD', 'AT_ONCE')),
    -- A person has called it off: messages that ask for it are answered and change nothing.
    ADD COLUMN job_cancelled_at  timestamptz,
    -- Rows by what becomes of them, as of the last run and what people have decided since.
    ADD COLUMN job_ready_rows     integer NOT NULL DEFAULT 0,
    ADD COLUMN job_issue_rows     integer NOT NULL DEFAULT 0,
    ADD COLUMN job_discarded_rows integer NOT NULL DEFAULT 0,
    ADD COLUMN job_success_rows   integer NOT NULL DEFAULT 0,
    -- Of the file's bytes, where this program took them in: the same file again is the same job.
    ADD COLUMN job_content_hash  varchar;
CREATE INDEX jobs_content ON jobs (job_user_id, job_content_hash) WHERE job_content_hash IS NOT NULL;

-- The audit trail ----------------------------------------------------------------------------------

-- One entry an action. It outlives the job that it was about, less what it tells of people.
CREATE TABLE actions (
    action_id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    action_owner           varchar NOT NULL,
    action_actor           varchar NOT NULL,
    action_at              timestamptz NOT NULL DEFAULT now(),
    action_kind            varchar NOT NULL,
    action_job_id          integer,
    action_request         jsonb NOT NULL DEFAULT '{}',
    action_result          jsonb NOT NULL DEFAULT '{}',
    action_undone_by       bigint REFERENCES actions,
    -- Who sends the same request with the same key again gets the first answer.
    action_idempotency_key varchar,
    action_fingerprint     varchar,
    UNIQUE (action_owner, action_idempotency_key)
);
CREATE INDEX actions_owner ON actions (action_owner, action_id);
CREATE INDEX actions_job ON actions (action_job_id, action_id);

-- The rows that an action changed, as they were before and after.
CREATE TABLE action_rows (
    row_action_id      bigint NOT NULL REFERENCES actions ON DELETE CASCADE,
    row_staging_id     bigint NOT NULL,
    before_email       varchar,
    before_first_name  varchar,
    before_last_name   varchar,
    before_company     varchar,
    before_status      staging_status_enum,
    before_accepted    boolean NOT NULL,
    before_on_existing staging_on_existing_enum,
    after_email        varchar,
    after_first_name   varchar,
    after_last_name    varchar,
    after_company      varchar,
    after_status       staging_status_enum,
    after_accepted     boolean NOT NULL,
    after_on_existing  staging_on_existing_enum,
    PRIMARY KEY (row_action_id, row_staging_id)
);
CREATE INDEX action_rows_row ON action_rows (row_staging_id, row_action_id);

-- Changes of contacts, by rows of a job or by a person, as they were before and after.
CREATE TABLE contact_changes (
    change_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    change_contact_id bigint NOT NULL,
    change_owner      varchar NOT NULL,
    change_at         timestamptz NOT NULL DEFAULT now(),
    -- By a row of a job, or by an action of a person.
    change_job_id     integer,
    change_staging_id bigint,
    change_action_id  bigint REFERENCES actions,
    -- The action that took it back.
    change_undone_by  bigint REFERENCES actions,
    before_email      varchar NOT NULL,
    before_first_name varchar NOT NULL,
    before_last_name  varchar NOT NULL,
    before_company    varchar NOT NULL,
    after_email       varchar NOT NULL,
    after_first_name  varchar NOT NULL,
    after_last_name   varchar NOT NULL,
    after_company     varchar NOT NULL,
    CHECK ((change_job_id IS NULL) = (change_staging_id IS NULL) AND (change_job_id IS NULL) <> (change_action_id IS NULL))
);
CREATE INDEX contact_changes_contact ON contact_changes (change_contact_id, change_id);
CREATE INDEX contact_changes_staging ON contact_changes (change_staging_id) WHERE change_staging_id IS NOT NULL;
CREATE INDEX contact_changes_job ON contact_changes (change_job_id) WHERE change_job_id IS NOT NULL;
