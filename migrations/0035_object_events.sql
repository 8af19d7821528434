-- The latest event of S3 that became a job, for each object: an event that arrives twice or late makes no second job.
CREATE TABLE object_events (
    -- 128 bits of BLAKE3 of bucket and key, since a key may name a person.
    event_object    bytea PRIMARY KEY,
    -- Normalised, so that its bytes are in the order of the events; NULL if the event has none.
    event_sequencer varchar COLLATE "C",
    event_version   varchar COLLATE "C" NOT NULL,
    event_noted_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX object_events_noted ON object_events (event_noted_at);
