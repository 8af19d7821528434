//! The end state of every job, compared with what its file says.

use std::collections::HashMap;

use super::super::server::Server;
use super::load::{Job, Load};

/// The end state of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
struct EndState {
    job_id: i32,
    status: String,
    total_rows: i64,
    processed_rows: i64,
    open_issues: i64,
    staged_rows: i64,
    contacts: i64,
}

/// Fails unless every job has its expected end state.
pub(super) async fn end_states(server: &Server, load: &Load, jobs: &[i32]) -> anyhow::Result<()> {
    let query = "WITH rows AS (
             SELECT staging_job_id AS job_id, count(*) AS staged, count(contact_id) AS contacts
             FROM staging LEFT JOIN contacts USING (staging_id) GROUP BY 1)
         SELECT job_id, job_status::text AS status, job_total_rows::bigint AS total_rows,
                job_processed_rows::bigint AS processed_rows, job_issue_count::bigint AS open_issues,
                coalesce(staged, 0) AS staged_rows, coalesce(contacts, 0) AS contacts
         FROM jobs LEFT JOIN rows USING (job_id) WHERE job_id = ANY ($1)";
    let states: Vec<(i32, String, i64, i64, i64, i64, i64)> =
        sqlx::query_as(query).bind(jobs).fetch_all(&server.pool).await?;
    let state = |(job_id, status, total_rows, processed_rows, open_issues, staged_rows, contacts)| {
        let state =
            EndState { job_id, status, total_rows, processed_rows, open_issues, staged_rows, contacts };
        (job_id, state)
    };
    let mut states: HashMap<i32, EndState> = states.into_iter().map(state).collect();
    for (job, id) in load.jobs.iter().zip(jobs) {
        let (found, expected) = (states.remove(id), expected(job, *id));
        anyhow::ensure!(found.as_ref() == Some(&expected), "{}: {found:?}, not {expected:?}", job.key);
    }
    let contacts: i64 =
        sqlx::query_scalar("SELECT count(*) FROM contacts WHERE contacts_user_id LIKE 'owner-%'")
            .fetch_one(&server.pool)
            .await?;
    let expected: u64 = load.jobs.iter().filter(|job| job.issues == 0).map(|job| job.rows).sum();
    anyhow::ensure!(contacts == expected as i64, "{contacts} contacts, not {expected}");
    Ok(())
}

fn expected(job: &Job, job_id: i32) -> EndState {
    let rows = job.rows as i64;
    let (status, contacts) = match job.issues {
        0 => ("COMPLETED", rows),
        _ => ("NEEDS_REVIEW", 0),
    };
    EndState {
        job_id,
        status: status.to_owned(),
        total_rows: rows,
        processed_rows: rows,
        open_issues: job.issues as i64,
        staged_rows: rows,
        contacts,
    }
}
