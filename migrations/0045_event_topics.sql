-- SNS topics that receive the changes of the jobs of all owners. A worker that is configured with a topic renews its entry; a day
-- after the last worker did, events are no longer recorded for it.
CREATE TABLE event_topics (
    topic_arn      varchar COLLATE "C" PRIMARY KEY,
    topic_used_at  timestamptz NOT NULL DEFAULT now(),
    -- When the next batch is due. While a worker publishes one, the end of its lease.
    topic_due_at   timestamptz NOT NULL DEFAULT now(),
    -- Failed attempts since the last batch that was published.
    topic_failures integer NOT NULL DEFAULT 0,
    topic_error    text
);

-- Events to publish, in this order. They contain counts and no values of rows.
CREATE TABLE topic_events (
    event_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_topic      varchar COLLATE "C" NOT NULL REFERENCES event_topics ON DELETE CASCADE,
    -- The same for each attempt, so that a subscriber recognises an event that it has already received.
    event_message    uuid NOT NULL DEFAULT gen_random_uuid(),
    event_name       text NOT NULL,
    event_owner      varchar COLLATE "C" NOT NULL,
    -- The job as it was after the change.
    event_job_id     bigint NOT NULL,
    event_job        jsonb NOT NULL,
    event_created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX topic_events_topic ON topic_events (event_topic, event_id);

DO $migration$ BEGIN
    EXECUTE format($functions$
CREATE OR REPLACE FUNCTION ingest_note_job_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = %1$I, pg_temp AS $$
DECLARE
    event text := 'job.' || lower(NEW.job_status::text COLLATE "C");
    job jsonb := jsonb_build_object(
        'status', NEW.job_status, 'total_rows', NEW.job_total_rows, 'open_issues', NEW.job_issue_count);
BEGIN
    INSERT INTO webhook_deliveries (delivery_owner, delivery_webhook_id, delivery_event, delivery_job_id, delivery_job)
    SELECT webhook_owner, webhook_id, event, NEW.job_id, job
    FROM webhooks
    WHERE webhook_owner = NEW.job_user_id AND webhook_disabled_at IS NULL AND event = ANY (webhook_events);
    INSERT INTO topic_events (event_topic, event_name, event_owner, event_job_id, event_job)
    SELECT topic_arn, event, NEW.job_user_id, NEW.job_id, job
    FROM event_topics WHERE topic_used_at > now() - interval '1 day';
    RETURN NULL;
END $$
    $functions$, current_schema());
END $migration$;
