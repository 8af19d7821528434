-- Contacts that a person has deleted, until the deletion is undone. Retention and erasure remove the values and keep the
-- entry, so that no run creates the contact of the row again.
CREATE TABLE deleted_contacts (
    deleted_contact_id bigint PRIMARY KEY,
    deleted_staging_id bigint NOT NULL,
    deleted_owner      varchar COLLATE "C" NOT NULL,
    deleted_email      varchar,
    deleted_first_name varchar,
    deleted_last_name  varchar,
    deleted_company    varchar,
    deleted_created_at timestamptz NOT NULL,
    deleted_key        uuid,
    deleted_extra      jsonb,
    deleted_action_id  bigint REFERENCES actions ON DELETE SET NULL,
    CHECK (num_nulls(deleted_email, deleted_first_name, deleted_last_name, deleted_company) IN (0, 4)),
    CHECK (deleted_email IS NOT NULL OR num_nonnulls(deleted_key, deleted_extra) = 0)
);
CREATE INDEX deleted_contacts_action ON deleted_contacts (deleted_action_id, deleted_contact_id) WHERE deleted_action_id IS NOT NULL;
CREATE INDEX deleted_contacts_staging ON deleted_contacts (deleted_staging_id);
CREATE INDEX deleted_contacts_owner ON deleted_contacts (deleted_owner, deleted_key);
