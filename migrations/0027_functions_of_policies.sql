-- Functions that row-level security calls for a row of another job or action than the transaction's current one. In a policy
-- itself, the subquery would be planned for each statement, also where no row needs it.
CREATE FUNCTION ingest_sees_job(job integer) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (SELECT true FROM jobs WHERE job_id = job);
END $$;

CREATE FUNCTION ingest_sees_action(action bigint) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (SELECT true FROM actions WHERE action_id = action);
END $$;
