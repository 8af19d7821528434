//! What must be true after every fault: the end state of an undisturbed run, one contact for each valid row, counters
//! that match the tables, and no leftovers.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::PgPool;

/// The comparison of a disturbed job with an undisturbed one.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// Contacts of the undisturbed run that are missing.
    pub lost: usize,
    /// Contacts that the undisturbed run did not create, or created less often.
    pub doubled: usize,
    /// All other differences and violated invariants, in words.
    pub wrong: Vec<String>,
}

impl Verdict {
    /// Whether nothing is wrong.
    pub(super) fn passed(&self) -> bool {
        self.lost == 0 && self.doubled == 0 && self.wrong.is_empty()
    }
}

/// Returns everything that the jobs of a database leave, without ids and times, sorted.
pub(super) async fn end_state(pool: &PgPool) -> Vec<String> {
    analyze(pool).await;
    let query = "
        SELECT 'row ' || concat_ws('|', staging_line, staging_status, staging_row_hash, staging_email, staging_first_name,
                                   staging_last_name, staging_company, staging_accepted, staging_extra)
        FROM staging
        UNION ALL
        SELECT 'item ' || concat_ws('|', issue_type, issue_key, issue_description, issue_resolved, staging_line)
        FROM issues JOIN issue_items ON item_issue_id = issue_id JOIN staging ON staging_id = item_staging_id
        UNION ALL
        SELECT 'contact ' || concat_ws('|', contacts_user_id, contact_email, contact_first_name,
            contact_last_name, contact_company, contact_extra,
                                       coalesce(staging_line::text, 'of no row'))
        FROM contacts LEFT JOIN staging USING (staging_id)
        UNION ALL
        SELECT 'action ' || concat_ws('|', action_kind, action_undone_by IS NOT NULL,
                                      (SELECT count(*) FROM action_rows WHERE row_action_id = action_id))
        FROM actions
        UNION ALL
        SELECT 'job ' || concat_ws('|', job_status, job_total_rows, job_processed_rows, job_issue_count, job_repeated_rows,
                                   job_ready_rows, job_issue_rows, job_discarded_rows, job_success_rows, job_failure)
        FROM jobs
        ORDER BY 1";
    sqlx::query_scalar(query).fetch_all(pool).await.unwrap()
}

/// Compares two end states, each sorted.
pub(super) fn compare(expected: &[String], actual: &[String]) -> Verdict {
    let mut counts: HashMap<&str, i64> = HashMap::new();
    for fact in expected {
        *counts.entry(fact).or_default() += 1;
    }
    for fact in actual {
        *counts.entry(fact).or_default() -= 1;
    }
    let mut verdict = Verdict::default();
    let mut differences: Vec<(&str, i64)> = counts.into_iter().filter(|(_, count)| *count != 0).collect();
    differences.sort_unstable();
    for (fact, count) in &differences {
        let is_contact = fact.starts_with("contact ");
        match (is_contact, *count > 0) {
            (true, true) => verdict.lost += count.unsigned_abs() as usize,
            (true, false) => verdict.doubled += count.unsigned_abs() as usize,
            (false, _) => {}
        }
    }
    verdict.wrong = differences
        .iter()
        .filter(|(fact, _)| !fact.starts_with("contact "))
        .map(|(fact, count)| match *count > 0 {
            true => format!("missing: {fact}"),
            false => format!("not expected: {fact}"),
        })
        .collect();
    verdict
}

/// Invariants of every database in which nothing runs, each with a query for violations.
const INVARIANTS: &[(&str, &str)] = &[
    (
        "a SUCCESS row has made or changed a contact",
        "SELECT staging_id FROM staging WHERE staging_status = 'SUCCESS'
           AND NOT EXISTS (SELECT FROM contacts c WHERE c.staging_id = staging.staging_id)
           AND NOT EXISTS (SELECT FROM contact_changes WHERE change_staging_id = staging.staging_id)",
    ),
    (
        "a contact's row is a SUCCESS row with the same values",
        "SELECT contact_id FROM contacts JOIN staging USING (staging_id)
         WHERE staging_status IS DISTINCT FROM 'SUCCESS'
            OR (contact_email, contact_first_name, contact_last_name, contact_company, contact_extra)
               IS DISTINCT FROM (staging_email, staging_first_name, staging_last_name, staging_company, staging_extra)",
    ),
    (
        "an owner has one contact of an address",
        "SELECT min(contact_id) FROM contacts GROUP BY contacts_user_id, lower(contact_email) HAVING count(*) > 1",
    ),
    (
        "a row makes one contact",
        "SELECT min(contact_id) FROM contacts WHERE staging_id > 0 GROUP BY staging_id HAVING count(*) > 1",
    ),
    (
        "a job has a row once",
        "SELECT min(staging_id) FROM staging GROUP BY staging_job_id, staging_row_hash HAVING count(*) > 1",
    ),
    (
        "an open issue is about a row",
        "SELECT issue_id::bigint FROM issues WHERE NOT issue_resolved
           AND NOT EXISTS (SELECT FROM issue_items JOIN staging ON staging_id = item_staging_id
               WHERE item_issue_id = issue_id)",
    ),
    (
        "an ISSUE row of a finished job has an open issue",
        "SELECT staging_id FROM staging JOIN jobs ON job_id = staging_job_id
             WHERE staging_status = 'ISSUE' AND job_status = 'NEEDS_REVIEW'
           AND NOT EXISTS (SELECT FROM issue_items JOIN issues ON issue_id = item_issue_id
                           WHERE item_staging_id = staging_id AND NOT issue_resolved)",
    ),
    (
        "a finished job's counters are those of the tables",
        "SELECT job_id::bigint FROM jobs, LATERAL (
             SELECT count(*) FILTER (WHERE staging_status = 'READY') AS ready,
                    count(*) FILTER (WHERE staging_status = 'ISSUE') AS issue,
                    count(*) FILTER (WHERE staging_status = 'SUCCESS') AS success,
                    (SELECT count(*) FROM issues WHERE issues_job_id = job_id AND NOT issue_resolved) AS open_issues
             FROM staging WHERE staging_job_id = job_id) AS counted
         WHERE job_status IN ('NEEDS_REVIEW', 'COMPLETED')
           AND (job_issue_count, job_processed_rows, job_ready_rows, job_issue_rows, job_success_rows, job_discarded_rows)
               IS DISTINCT FROM (open_issues, job_total_rows, ready, issue, success,
                                 job_total_rows - job_repeated_rows - ready - issue - success)",
    ),
    ("a lease ends with its run", "SELECT job_id::bigint FROM jobs WHERE job_lease_token IS NOT NULL"),
    (
        "a job's own tables are attached",
        "SELECT oid::bigint FROM pg_class WHERE relname ~ '^(staging|issues|issue_items)_job_[0-9]+$' AND relkind = 'r'
           AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = pg_class.oid)",
    ),
    (
        "no session of the program has an open transaction or a lock",
        "SELECT pid::bigint FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'ingest' AND xact_start IS NOT NULL
         UNION ALL
         SELECT pid::bigint FROM pg_locks JOIN pg_database ON pg_database.oid = database
         WHERE locktype = 'advisory' AND datname = current_database()",
    ),
];

/// Returns the violated invariants, in words.
pub(super) async fn broken(pool: &PgPool) -> Vec<String> {
    analyze(pool).await;
    let mut violations = broken_now(pool).await;
    // The server notices the end of a killed process only after its current statement.
    for _ in 0..100 {
        if violations.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        violations = broken_now(pool).await;
    }
    violations
}

async fn broken_now(pool: &PgPool) -> Vec<String> {
    let mut broken = Vec::new();
    for (invariant, query) in INVARIANTS {
        let against: Vec<i64> = sqlx::query_scalar(*query).fetch_all(pool).await.unwrap();
        if let Some(first) = against.first() {
            broken.push(format!("violated: {invariant}: {first} and others, {} in all", against.len()));
        }
    }
    broken
}

/// Updates the server's statistics: the oracle joins whole tables, and without statistics the server compares every row
/// with every other.
async fn analyze(pool: &PgPool) {
    sqlx::raw_sql("ANALYZE").execute(pool).await.unwrap();
}
