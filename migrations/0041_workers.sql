-- Workers that run. Each renews its entry every ten seconds, and deletes it when it stops.
CREATE TABLE workers (
    worker_id         uuid PRIMARY KEY,
    -- Host and process.
    worker_name       varchar NOT NULL,
    worker_version    varchar NOT NULL,
    -- The URL of the SQS queue, or `database`.
    worker_queue      varchar COLLATE "C" NOT NULL,
    worker_places     integer NOT NULL,
    worker_running    integer NOT NULL,
    worker_state      varchar COLLATE "C" NOT NULL CHECK (worker_state IN ('WORKING', 'PAUSED', 'QUIET', 'STOPPING')),
    worker_started_at timestamptz NOT NULL,
    worker_seen_at    timestamptz NOT NULL DEFAULT now()
);

-- While there is an entry for its queue, a worker takes no new jobs.
CREATE TABLE pauses (
    -- Like worker_queue; empty for all queues.
    pause_queue  varchar COLLATE "C" PRIMARY KEY,
    pause_reason varchar NOT NULL CHECK (pause_reason <> ''),
    pause_actor  varchar NOT NULL,
    pause_at     timestamptz NOT NULL DEFAULT now()
);
