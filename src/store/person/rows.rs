//! Rows of jobs, the images of them that decisions have recorded, and issues.

use futures::TryStreamExt;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::{candidates, field_columns, search, texts};
use crate::domain::decision::ActionKind;
use crate::domain::field::Field;
use crate::domain::ids::{ActionId, IssueId, JobId, RowId};
use crate::domain::issue::ENCODING_ISSUE_KEY;
use crate::domain::job::Owner;
use crate::domain::person::{ERASED, Part, PersonAddress, Texts};
use crate::domain::row::RowStatus;
use crate::store::jobs::RowCounts;
use crate::store::{JobTables, StoreError, sql};

/// A row that is a person's, or names the person.
#[derive(Debug)]
pub(crate) struct FoundRow {
    /// The row.
    pub row: RowId,
    /// How it is about the person.
    pub part: Part,
}

/// Returns the rows of a job that are the person's or name the person. Rows in `former` had the address once, so they are
/// the person's.
pub(crate) async fn rows(
    connection: &mut PgConnection,
    tables: JobTables,
    address: &PersonAddress,
    former: &[RowId],
) -> Result<Vec<FoundRow>, StoreError> {
    let fields = field_columns("staging");
    let mut searched: Vec<&str> = fields.iter().map(String::as_str).collect();
    searched.push("staging_residue");
    let statement = format!(
        "SELECT staging_id, {}, staging_residue, staging_extra, staging_id = ANY ($4) AS is_former
         FROM {} WHERE staging_job_id = $3 AND (staging_id = ANY ($4) OR {})",
        fields.join(", "),
        tables.staging(),
        candidates(&searched, &["staging_extra"])
    );
    let mut found = Vec::new();
    let mut stored = search(statement, address).bind(tables.job().0).bind(former).fetch(connection);
    while let Some(row) = stored.try_next().await? {
        let part = match row.try_get("is_former")? {
            true => Some(Part::Own),
            false => address.part_of(&texts(&row, "staging", Some("staging_residue"))?),
        };
        if let Some(part) = part {
            found.push(FoundRow { row: row.try_get("staging_id")?, part });
        }
    }
    Ok(found)
}

/// Deletes rows of a job, with their issue items. Returns how many there were of each status, and of all.
pub(crate) async fn delete_rows(
    connection: &mut PgConnection,
    tables: JobTables,
    rows: &[RowId],
) -> Result<(RowCounts, i64), StoreError> {
    let delete = AssertSqlSafe(format!(
        "WITH gone AS (
             DELETE FROM {} WHERE staging_id = ANY ($1) AND staging_job_id = $2 RETURNING staging_status)
         SELECT staging_status::text, count(*) FROM gone GROUP BY 1",
        tables.staging()
    ));
    let query = sql::query_as::<(Option<String>, i64)>(delete).bind(rows).bind(tables.job().0);
    let (mut counts, mut all) = (RowCounts::default(), 0);
    for (status, rows) in query.fetch_all(connection).await? {
        all += rows;
        match status.map(|status| status.parse()).transpose()? {
            Some(RowStatus::Ready) => counts.ready += rows,
            Some(RowStatus::Issue) => counts.with_issues += rows,
            Some(RowStatus::Discard) => counts.discarded += rows,
            Some(RowStatus::Success) => counts.consolidated += rows,
            None => {}
        }
    }
    Ok((counts, all))
}

/// Removes the values of other people's rows that name the person. Returns the number of rows.
pub(crate) async fn erase_in_rows(
    connection: &mut PgConnection,
    tables: JobTables,
    address: &PersonAddress,
    rows: &[RowId],
) -> Result<i64, StoreError> {
    let select = AssertSqlSafe(format!(
        "SELECT staging_id, {}, staging_residue, staging_extra FROM {} WHERE staging_id = ANY ($1) AND staging_job_id = $2",
        field_columns("staging").join(", "),
        tables.staging()
    ));
    let stored = sql::query(select).bind(rows).bind(tables.job().0).fetch_all(&mut *connection).await?;
    let set: Vec<String> = Field::ALL
        .iter()
        .zip(4..)
        .map(|(field, number)| format!("staging_{field} = nullif(${number}, '')"))
        .collect();
    let update = format!(
        "UPDATE {} SET staging_residue = nullif($2, ''), staging_extra = $3, {} WHERE staging_id = $1",
        tables.staging(),
        set.join(", ")
    );
    for row in &stored {
        let mut texts = texts(row, "staging", Some("staging_residue"))?;
        address.erase(&mut texts);
        let query = sql::query(AssertSqlSafe(update.clone())).bind(row.try_get::<RowId, _>("staging_id")?);
        let mut query = query.bind(texts.residue).bind(texts.extra);
        for value in texts.values.values() {
            query = query.bind(value.clone());
        }
        query.execute(&mut *connection).await?;
    }
    Ok(stored.len() as i64)
}

/// What a decision has recorded of a row.
#[derive(Debug)]
pub(crate) struct Image {
    /// The decision.
    pub action: ActionId,
    /// The row.
    pub row: RowId,
    /// The job of the decision.
    pub job: Option<JobId>,
    /// How the row was about the person before or after the decision.
    pub part: Part,
    /// The person who decided.
    pub actor: String,
    /// When they decided.
    pub at: chrono::DateTime<chrono::Utc>,
    /// What they decided.
    pub kind: ActionKind,
    /// The row before.
    pub before: Texts,
    /// The row after.
    pub after: Texts,
}

/// Returns a query of images without its condition. Names the columns, since the driver would look up the types of others.
fn image_query() -> String {
    let columns = ["before", "after"].map(|prefix| field_columns(prefix).join(", "));
    format!(
        "SELECT row_action_id, row_staging_id, {}, before_extra, after_extra, action_job_id, action_actor, action_at,
                action_kind
         FROM action_rows JOIN actions ON action_id = row_action_id",
        columns.join(", ")
    )
}

fn image(
    row: &PgRow,
    part: impl FnOnce(&Texts, &Texts) -> Option<Part>,
) -> Result<Option<Image>, StoreError> {
    let (before, after) = (texts(row, "before", None)?, texts(row, "after", None)?);
    let Some(part) = part(&before, &after) else { return Ok(None) };
    Ok(Some(Image {
        action: row.try_get("row_action_id")?,
        row: row.try_get("row_staging_id")?,
        job: row.try_get("action_job_id")?,
        part,
        actor: row.try_get("action_actor")?,
        at: row.try_get("action_at")?,
        kind: row.try_get::<&str, _>("action_kind")?.parse()?,
        before,
        after,
    }))
}

/// Returns what decisions of an owner, or those on one job, have recorded of the person.
pub(crate) async fn images(
    connection: &mut PgConnection,
    owner: &Owner,
    job: Option<JobId>,
    address: &PersonAddress,
) -> Result<Vec<Image>, StoreError> {
    let (before, after) = (field_columns("before"), field_columns("after"));
    let searched: Vec<&str> = before.iter().chain(&after).map(String::as_str).collect();
    let statement = format!(
        "{} WHERE action_owner = $3 AND ($4::bigint IS NULL OR action_job_id = $4) AND {}",
        image_query(),
        candidates(&searched, &["before_extra", "after_extra"])
    );
    let query = search(statement, address).bind(&owner.0).bind(job.map(|job| job.0));
    let part = |before: &Texts, after: &Texts| match (address.part_of(before), address.part_of(after)) {
        (Some(Part::Own), _) | (_, Some(Part::Own)) => Some(Part::Own),
        (before, after) => before.or(after),
    };
    let mut found = Vec::new();
    let mut stored = query.fetch(connection);
    while let Some(row) = stored.try_next().await? {
        found.extend(image(&row, part)?);
    }
    Ok(found)
}

/// Returns all that decisions of an owner have recorded of these rows, the oldest decision first.
pub(crate) async fn images_of_rows(
    connection: &mut PgConnection,
    owner: &Owner,
    rows: &[RowId],
) -> Result<Vec<Image>, StoreError> {
    let select = AssertSqlSafe(format!(
        "{} WHERE row_staging_id = ANY ($2) AND action_owner = $1 ORDER BY row_action_id, row_staging_id",
        image_query()
    ));
    let stored = sql::query(select).bind(&owner.0).bind(rows).fetch_all(connection).await?;
    let images = stored.iter().map(|row| image(row, |_, _| Some(Part::Own)));
    images.filter_map(Result::transpose).collect()
}

/// Deletes what decisions of an owner have recorded of `rows`, and what `actions` have recorded of the `beside` with the
/// same position. These decisions cannot be undone for these rows then.
pub(crate) async fn delete_images(
    connection: &mut PgConnection,
    owner: &Owner,
    rows: &[RowId],
    actions: &[ActionId],
    beside: &[RowId],
) -> Result<i64, StoreError> {
    const OF_OWNER: &str =
        "DELETE FROM action_rows USING actions WHERE row_action_id = action_id AND action_owner = $1";
    let of_rows = AssertSqlSafe(format!("{OF_OWNER} AND row_staging_id = ANY ($2)"));
    let query = sql::query(of_rows).bind(&owner.0).bind(rows);
    let deleted = query.execute(&mut *connection).await?.rows_affected();
    let of_actions = AssertSqlSafe(format!(
        "{OF_OWNER} AND (row_action_id, row_staging_id) IN (SELECT * FROM unnest($2::bigint[], $3::bigint[]))"
    ));
    let query = sql::query(of_actions).bind(&owner.0).bind(actions).bind(beside);
    Ok((deleted + query.execute(connection).await?.rows_affected()) as i64)
}

/// An issue about a person.
#[derive(Debug, Clone, serde::Serialize)]
pub struct FoundIssue {
    /// The job.
    pub job: JobId,
    /// The issue.
    pub issue: IssueId,
    /// Its type.
    pub issue_type: String,
    /// The address or row that it is about.
    pub key: String,
    /// Its description.
    pub description: Option<String>,
    /// Whether it is resolved.
    pub resolved: bool,
    /// When it was resolved.
    pub resolved_at: Option<chrono::DateTime<chrono::Utc>>,
    /// Who resolved it.
    pub resolved_by: Option<String>,
    /// What they said about it.
    pub comment: Option<String>,
    /// Whether it is deleted with the person: it is about the address, or about no other rows.
    #[serde(skip)]
    pub goes: bool,
}

/// Returns the issues of a job that name the person, or are about `rows`.
pub(crate) async fn issues(
    connection: &mut PgConnection,
    tables: JobTables,
    address: &PersonAddress,
    rows: &[RowId],
) -> Result<Vec<FoundIssue>, StoreError> {
    let (issues, items) = (tables.issues(), tables.items());
    let statement = format!(
        "WITH linked AS MATERIALIZED (
             SELECT DISTINCT item_issue_id FROM {items} WHERE item_staging_id = ANY ($4)),
         alone AS MATERIALIZED (
             SELECT item_issue_id FROM linked WHERE NOT EXISTS (
                 SELECT FROM {items} AS other
                 WHERE other.item_issue_id = linked.item_issue_id AND other.item_staging_id <> ALL ($4)))
         SELECT issue_id, issue_type::text AS type, issue_key, issue_description, issue_resolved, issue_resolved_at,
                issue_resolved_by, issue_resolution_comment,
                issue_id IN (SELECT item_issue_id FROM linked) AS is_linked,
                issue_id IN (SELECT item_issue_id FROM alone) AS is_alone
         FROM {issues} WHERE issues_job_id = $3
           AND (issue_id IN (SELECT item_issue_id FROM linked) OR {})
         ORDER BY issue_id",
        candidates(&["issue_key", "issue_description", "issue_resolution_comment"], &[])
    );
    let query = search(statement, address).bind(tables.job().0).bind(rows);
    let mut found = Vec::new();
    let mut stored = query.fetch(connection);
    while let Some(row) = stored.try_next().await? {
        let issue = FoundIssue {
            job: tables.job(),
            issue: row.try_get("issue_id")?,
            issue_type: row.try_get("type")?,
            key: row.try_get("issue_key")?,
            description: row.try_get("issue_description")?,
            resolved: row.try_get("issue_resolved")?,
            resolved_at: row.try_get("issue_resolved_at")?,
            resolved_by: row.try_get("issue_resolved_by")?,
            comment: row.try_get("issue_resolution_comment")?,
            goes: false,
        };
        let is_key = address.is(&issue.key) || address.is_in(&issue.key);
        let others = [&issue.description, &issue.comment];
        let is_named = is_key || others.into_iter().flatten().any(|text| address.is_in(text));
        if is_named || row.try_get("is_linked")? {
            found.push(FoundIssue { goes: is_key || row.try_get("is_alone")?, ..issue });
        }
    }
    Ok(found)
}

/// Deletes the issues that go with the person, and erases the texts of the others that name the person. The issue about the
/// encoding of the file loses its examples. Returns the number of deleted issues, and of those that were open.
pub(crate) async fn erase_issues(
    connection: &mut PgConnection,
    tables: JobTables,
    address: &PersonAddress,
    found: &[FoundIssue],
) -> Result<(i64, i64), StoreError> {
    let gone: Vec<IssueId> = found.iter().filter(|issue| issue.goes).map(|issue| issue.issue).collect();
    let (issues, job) = (tables.issues(), tables.job().0);
    let delete = AssertSqlSafe(format!(
        "WITH gone AS (
             DELETE FROM {issues} WHERE issue_id = ANY ($1) AND issues_job_id = $2 RETURNING issue_resolved)
         SELECT count(*), count(*) FILTER (WHERE NOT issue_resolved) FROM gone"
    ));
    let counts = sql::query_as(delete).bind(gone).bind(job).fetch_one(&mut *connection).await?;
    let update = format!(
        "UPDATE {issues} SET issue_description = $3, issue_resolution_comment = $4
         WHERE issue_id = $1 AND issues_job_id = $2"
    );
    for issue in found.iter().filter(|issue| !issue.goes) {
        let mut texts = [issue.description.clone(), issue.comment.clone()];
        for text in texts.iter_mut().flatten() {
            address.erase_in(text);
        }
        let [description, comment] = texts;
        let query = sql::query(AssertSqlSafe(update.clone())).bind(issue.issue).bind(job);
        query.bind(description).bind(comment).execute(&mut *connection).await?;
    }
    let examples = AssertSqlSafe(format!(
        "UPDATE {issues} SET issue_description = $2 WHERE issues_job_id = $1 AND issue_key = $3"
    ));
    let description = format!("the encoding of the file is in doubt: {ERASED}");
    let query = sql::query(examples).bind(job).bind(description).bind(ENCODING_ISSUE_KEY);
    query.execute(connection).await?;
    Ok(counts)
}
