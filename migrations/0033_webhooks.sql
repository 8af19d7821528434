-- URLs of an owner that receive the changes of jobs.
CREATE TABLE webhooks (
    webhook_id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    webhook_owner       varchar COLLATE "C" NOT NULL,
    webhook_url         varchar NOT NULL,
    -- Signs the requests, so it cannot be stored as a hash.
    webhook_secret      varchar NOT NULL,
    webhook_events      text[] NOT NULL,
    webhook_created_at  timestamptz NOT NULL DEFAULT now(),
    -- Set when the receiver says that the URL is gone.
    webhook_disabled_at timestamptz
);
CREATE INDEX webhooks_owner ON webhooks (webhook_owner);

-- Events to send, and those sent: one entry for each event and webhook. They contain counts and no values of rows.
CREATE TABLE webhook_deliveries (
    delivery_id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery_owner        varchar COLLATE "C" NOT NULL,
    delivery_webhook_id   bigint NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    -- The same for each attempt, so that a receiver recognises an event that it has already received.
    delivery_message      uuid NOT NULL DEFAULT gen_random_uuid(),
    delivery_event        text NOT NULL,
    -- The job as it was after the change; NULL for a test.
    delivery_job_id       bigint,
    delivery_job          jsonb,
    delivery_created_at   timestamptz NOT NULL DEFAULT now(),
    -- When the next attempt is due; NULL if there is none. While an attempt is in progress, the end of its lease.
    delivery_due_at       timestamptz DEFAULT now(),
    delivery_attempts     integer NOT NULL DEFAULT 0,
    delivery_delivered_at timestamptz,
    -- Of the last attempt: the status of the response, or what else went wrong.
    delivery_status       smallint,
    delivery_error        text
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (delivery_due_at) WHERE delivery_due_at IS NOT NULL;
CREATE INDEX webhook_deliveries_webhook ON webhook_deliveries (delivery_webhook_id, delivery_id);
CREATE INDEX webhook_deliveries_created ON webhook_deliveries (delivery_created_at);

-- Whoever changes a job, whatever its rights, the event is recorded in the same transaction. So it runs as the owner of the
-- tables.
DO $migration$ BEGIN
    EXECUTE format($functions$
CREATE FUNCTION ingest_note_job_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $$
BEGIN
    INSERT INTO webhook_deliveries (delivery_owner, delivery_webhook_id, delivery_event, delivery_job_id, delivery_job)
    SELECT webhook_owner, webhook_id, 'job.' || lower(NEW.job_status::text COLLATE "C"), NEW.job_id,
           jsonb_build_object('status', NEW.job_status, 'total_rows', NEW.job_total_rows, 'open_issues', NEW.job_issue_count)
    FROM webhooks
    WHERE webhook_owner = NEW.job_user_id AND webhook_disabled_at IS NULL
      AND 'job.' || lower(NEW.job_status::text COLLATE "C") = ANY (webhook_events);
    RETURN NULL;
END $$
    $functions$, current_schema());
    REVOKE EXECUTE ON FUNCTION ingest_note_job_change() FROM PUBLIC;
END $migration$;

CREATE TRIGGER jobs_note_creation AFTER INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION ingest_note_job_change();
CREATE TRIGGER jobs_note_change AFTER UPDATE OF job_status ON jobs FOR EACH ROW
    WHEN (OLD.job_status IS DISTINCT FROM NEW.job_status) EXECUTE FUNCTION ingest_note_job_change();
