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
