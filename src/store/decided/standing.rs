//! The effect of a decision on the issues of its rows.

use sqlx::{AssertSqlSafe, PgConnection};

use super::{Opened, same_key};
use crate::domain::field::Field;
use crate::domain::required::RequiredFields;
use crate::domain::rules::RULES;
use crate::store::sql;
use crate::store::{JobTables, StoreError};

/// The effect of a decision on the issues of its rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Settled {
    /// Open issues that become resolved.
    pub settled: i64,
    /// Resolved issues that become open again.
    pub reopened: i64,
    /// New issues, which the new values of rows raise.
    #[serde(default)]
    pub raised: i64,
    /// Open issues that stay open, since the new values leave their rows wrong.
    #[serde(default)]
    pub still_open: i64,
}

from_row!(Settled { settled, reopened, raised, still_open });

impl Settled {
    /// Adds the issues that new values raise.
    #[must_use]
    pub(crate) fn with(self, opened: Opened) -> Settled {
        let Opened { raised, new, reopened } = opened;
        Settled {
            reopened: self.reopened + reopened,
            raised: new,
            still_open: raised - new - reopened,
            ..self
        }
    }
}

/// Returns a query's WITH clause with the subquery `standing`: the issues of the rows in `decided`, and whether they are
/// still raised. The next run applies all rules; until then, this shows people which issues remain. Leaves out those in the
/// tables `known` and `rekeyed`, which stay or become open.
///
/// Tables are joined by their keys alone, in one query: if the planner expected one row in each of two tables, it would
/// compare them row by row.
fn standing(job_tables: JobTables, required: RequiredFields) -> String {
    let (staging, items, issues, job) =
        (job_tables.staging(), job_tables.items(), job_tables.issues(), job_tables.job());
    let now = |column: &str| {
        format!("CASE WHEN decided_id IS NULL THEN staging_{column} ELSE decided_{column} END AS {column}")
    };
    let fields = Field::ALL.iter().map(|field| field.as_str());
    let columns: Vec<String> = fields.chain(["status", "accepted", "on_existing"]).map(now).collect();
    let columns = columns.join(", ");
    let rules =
        RULES.map(|rule| format!("WHEN '{}' THEN {}", rule.issue_type, (rule.still_raised)(required)));
    format!(
        "WITH touched AS MATERIALIZED (
             SELECT DISTINCT item_issue_id AS id FROM decided JOIN {items} ON item_staging_id = decided_id),
         standing AS MATERIALIZED (
             SELECT issue_id, issue_resolved AS resolved, coalesce(CASE issue_type
                 {rules}
                 END, false) AS raised
             FROM (SELECT *, staging_job_id = {job} AND status IS DISTINCT FROM 'DISCARD' AS counts,
                          {same} AS same_email FROM (
                       SELECT issue_id, issue_resolved, issue_type, issue_key, issues_job_id, staging_job_id,
                              staging_residue IS NOT NULL AS malformed, {columns}
                       FROM touched JOIN {issues} ON issue_id = id
                       JOIN {items} ON item_issue_id = issue_id
                       JOIN {staging} ON staging_id = item_staging_id
                       LEFT JOIN decided ON decided_id = staging_id OFFSET 0) AS joined) AS member
             WHERE issues_job_id = {job}
               AND NOT EXISTS (SELECT FROM known WHERE known_issue = issue_id)
               AND NOT EXISTS (SELECT FROM rekeyed WHERE rekeyed_issue = issue_id)
             GROUP BY issue_id, issue_resolved, issue_type)",
        rules = rules.join("\n                 "),
        same = same_key("email"),
    )
}

/// Counts the issues that the decision would resolve or reopen.
pub(crate) async fn would_resolve(
    connection: &mut PgConnection,
    job_tables: JobTables,
    required: RequiredFields,
) -> Result<Settled, StoreError> {
    let query = AssertSqlSafe(format!(
        "{} SELECT count(*) FILTER (WHERE NOT raised AND NOT resolved) AS settled,
                   count(*) FILTER (WHERE raised AND resolved) AS reopened, 0::bigint AS raised, 0::bigint AS still_open FROM standing",
        standing(job_tables, required)
    ));
    Ok(sql::query_as(query).fetch_one(connection).await?)
}

/// Resolves or reopens the issues of the rows in `decided`, as decided by the person `by`. Returns their numbers.
pub(crate) async fn resolve(
    connection: &mut PgConnection,
    job_tables: JobTables,
    required: RequiredFields,
    by: &str,
) -> Result<Settled, StoreError> {
    let query = AssertSqlSafe(format!(
        "{}, changed AS (
             UPDATE {} AS issue SET issue_resolved = NOT raised,
                    issue_resolved_at = CASE WHEN raised THEN NULL ELSE now() END,
                    issue_resolved_by = CASE WHEN raised THEN NULL ELSE $1 END
             FROM standing WHERE issue.issue_id = standing.issue_id AND resolved = raised
             RETURNING raised)
         SELECT count(*) FILTER (WHERE NOT raised) AS settled,
                count(*) FILTER (WHERE raised) AS reopened, 0::bigint AS raised, 0::bigint AS still_open FROM changed",
        standing(job_tables, required),
        job_tables.issues()
    ));
    Ok(sql::query_as(query).bind(by).fetch_one(connection).await?)
}
