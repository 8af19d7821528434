-- That the data of a person was erased: by whom, when, and how much of each kind. Never whose.
CREATE TABLE erasures (
    erasure_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    erasure_owner      varchar COLLATE "C" NOT NULL,
    erasure_actor      varchar NOT NULL,
    erasure_started_at timestamptz NOT NULL DEFAULT now(),
    erasure_ended_at   timestamptz,                    -- NULL: in progress or cut off; erasing the person again finishes it
    erasure_counts     jsonb NOT NULL DEFAULT '{}'     -- how much of each kind, so far
);
CREATE INDEX erasures_owner ON erasures (erasure_owner, erasure_id);

-- What retention has removed of a job.
ALTER TABLE jobs
    ADD COLUMN job_rows_removed_at timestamptz,
    ADD COLUMN job_rows_left       boolean NOT NULL DEFAULT false,
    ADD COLUMN job_file_removed_at timestamptz;
-- Old actions are deleted in the order of their numbers; each deletion looks for what refers to it.
CREATE INDEX actions_undone_by ON actions (action_undone_by) WHERE action_undone_by IS NOT NULL;
CREATE INDEX contact_changes_action ON contact_changes (change_action_id) WHERE change_action_id IS NOT NULL;
CREATE INDEX contact_changes_undone_by ON contact_changes (change_undone_by) WHERE change_undone_by IS NOT NULL;
