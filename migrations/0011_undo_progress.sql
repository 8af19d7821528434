-- How far the undo of an import has come. The undo is one transaction, of which nobody else sees anything before its end, and
-- which holds the row of its job: its progress is written beside it, without a reference to the job. It counts for a few
-- seconds only: a program that was killed leaves its last entry here.
CREATE TABLE undo_progress (
    undo_job_id integer PRIMARY KEY,
    undo_done   bigint NOT NULL,
    undo_total  bigint NOT NULL,
    undo_until  timestamptz NOT NULL
);
