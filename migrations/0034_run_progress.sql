-- The progress of runs. The last transactions of a run lock its job, so progress is written on another connection, without a
-- reference to the job. An entry counts until `run_until`: a worker that was killed leaves its last one here.
CREATE TABLE run_progress (
    run_job_id     integer PRIMARY KEY,
    run_token      uuid NOT NULL,
    run_phase      text NOT NULL,
    run_rows       bigint NOT NULL,
    run_total_rows bigint,
    run_until      timestamptz NOT NULL
);
