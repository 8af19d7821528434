//! Texts about files and actions: how a file was read, why a job failed, what was requested, remembered columns.

use futures::TryStreamExt;
use serde_json::Value;
use sqlx::{PgConnection, PgPool, Row};

use super::{candidates, search};
use crate::domain::ids::{ActionId, JobId, MappingId};
use crate::domain::job::Owner;
use crate::domain::person::PersonAddress;
use crate::store::{StoreError, sql};

/// A job of an owner, as an erasure sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JobState {
    /// The job.
    pub id: JobId,
    /// Whether all rows of its file are staged, so that the file is never read again.
    pub staged: bool,
    /// Whether only the stored file has the rows, since they are not staged yet, or are removed.
    pub only_in_file: bool,
}

/// Returns all jobs of an owner, or one of them, oldest first.
pub(crate) async fn jobs(
    connection: &mut PgConnection,
    owner: &Owner,
    one: Option<JobId>,
) -> Result<Vec<JobState>, StoreError> {
    let query =
        "SELECT job_id, job_staged_at IS NOT NULL OR job_status IN ('NEEDS_REVIEW', 'COMPLETED') AS staged,
                job_file_removed_at IS NULL AS has_file, job_rows_removed_at IS NOT NULL AS is_removed
         FROM jobs WHERE job_user_id = $1 AND ($2::bigint IS NULL OR job_id = $2) ORDER BY job_id";
    let query = sql::query(query).bind(&owner.0).bind(one.map(|job| job.0));
    let rows = query.fetch_all(connection).await?;
    let state = |row: &sqlx::postgres::PgRow| {
        let (staged, is_removed): (bool, bool) = (row.try_get("staged")?, row.try_get("is_removed")?);
        let only_in_file = !staged || is_removed && row.try_get("has_file")?;
        Ok(JobState { id: row.try_get("job_id")?, staged, only_in_file })
    };
    rows.iter().map(state).collect()
}

/// The texts of a job that may name a person.
#[derive(Debug, Clone, PartialEq)]
struct JobTexts {
    texts: [Option<String>; 3],
    json: [Option<Value>; 4],
    extra_columns: Vec<String>,
}

const JOB_TEXTS: [&str; 3] = ["job_original_filename", "job_s3_object_key", "job_failure"];
const JOB_JSON: [&str; 4] = ["job_failure_reason", "job_columns", "job_values", "job_interpretation"];
const EXTRA_COLUMNS: &str = "array_to_string(job_extra_columns, ' ')";

impl JobTexts {
    fn of(row: &sqlx::postgres::PgRow) -> Result<JobTexts, StoreError> {
        let mut texts = [const { None }; 3];
        for (text, column) in texts.iter_mut().zip(JOB_TEXTS) {
            *text = row.try_get(column)?;
        }
        let mut json = [const { None }; 4];
        for (value, column) in json.iter_mut().zip(JOB_JSON) {
            *value = row.try_get(column)?;
        }
        Ok(JobTexts { texts, json, extra_columns: row.try_get("job_extra_columns")? })
    }

    fn name(&self, address: &PersonAddress) -> bool {
        self.texts.iter().flatten().chain(&self.extra_columns).any(|text| address.is_in(text))
            || self.json.iter().flatten().any(|value| address.is_in_json(value))
    }

    fn erase(&mut self, address: &PersonAddress) {
        for text in self.texts.iter_mut().flatten() {
            address.erase_in(text);
        }
        for value in self.json.iter_mut().flatten() {
            address.erase_in_json(value);
        }
        self.extra_columns.retain(|column| !address.is_in(column));
        if let [.., Some(interpretation)] = &mut self.json {
            erase_samples(interpretation);
        }
    }
}

/// Removes the lines and values of a file from the description of how it was read: they may name the person without the
/// address.
fn erase_samples(interpretation: &mut Value) {
    let listed = |value: &mut Value, of_each: &str, empty: Value| {
        for item in value.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
            item.insert(of_each.to_owned(), empty.clone());
        }
    };
    if let Some(readings) = interpretation.get_mut("readings") {
        listed(readings, "samples", Value::Array(Vec::new()));
    }
    if let Some(lines) = interpretation.get_mut("skipped").and_then(|skipped| skipped.get_mut("first")) {
        listed(lines, "text", Value::String(String::new()));
    }
}

/// Returns the jobs of an owner whose descriptions name the person.
pub(crate) async fn jobs_naming(
    connection: &mut PgConnection,
    owner: &Owner,
    address: &PersonAddress,
) -> Result<Vec<JobId>, StoreError> {
    let [filename, key, failure] = JOB_TEXTS;
    let statement = format!(
        "SELECT job_id, job_extra_columns, {filename}, {key}, {failure}, {} FROM jobs WHERE job_user_id = $3 AND {}",
        JOB_JSON.join(", "),
        candidates(&[filename, key, failure, EXTRA_COLUMNS], &JOB_JSON)
    );
    let mut found = Vec::new();
    let mut stored = search(statement, address).bind(&owner.0).fetch(connection);
    while let Some(row) = stored.try_next().await? {
        if JobTexts::of(&row)?.name(address) {
            found.push(row.try_get("job_id")?);
        }
    }
    Ok(found)
}

/// Erases the person from the description of a job, subtracts `rows` from its rows, and forgets which file it was made of:
/// the same file is another job from now on. Call it with the job locked.
pub(crate) async fn erase_in_job(
    connection: &mut PgConnection,
    id: JobId,
    address: &PersonAddress,
    rows: i64,
    is_file_deleted: bool,
) -> Result<(), StoreError> {
    let select =
        "SELECT job_extra_columns, job_original_filename, job_s3_object_key, job_failure, job_failure_reason,
             job_columns, job_values, job_interpretation FROM jobs WHERE job_id = $1";
    let row = sql::query(select).bind(id.0).fetch_one(&mut *connection).await?;
    let mut texts = JobTexts::of(&row)?;
    texts.erase(address);
    let update = "UPDATE jobs SET job_total_rows = greatest(job_total_rows - $2, 0),
                job_processed_rows = greatest(job_processed_rows - $2, 0),
                job_content_hash = NULL, job_object_version = NULL, job_extra_columns = $3,
                job_original_filename = $4, job_s3_object_key = $5, job_failure = $6,
                job_failure_reason = $7, job_columns = $8, job_values = $9, job_interpretation = $10,
                job_file_removed_at = CASE WHEN $11 THEN coalesce(job_file_removed_at, now()) ELSE job_file_removed_at END
         WHERE job_id = $1";
    let JobTexts { texts, json, extra_columns } = texts;
    let mut query = sql::query(update).bind(id.0).bind(rows as i32).bind(extra_columns);
    for text in texts {
        query = query.bind(text);
    }
    for value in json {
        query = query.bind(value);
    }
    query.bind(is_file_deleted).execute(connection).await?;
    Ok(())
}

/// Removes the texts that people typed from the record of the actions on a job, since they may name the person: texts to
/// search for, values to compare with, notes, and keys of files of corrections. The requests are not recognised again.
pub(crate) async fn erase_in_actions_of(connection: &mut PgConnection, id: JobId) -> Result<(), StoreError> {
    let update =
        "UPDATE actions SET action_request = (action_request - 'note') #- '{filter,text}' #- '{filter,column}',
                action_result = action_result - 'unknown' - 'contacts', action_fingerprint = NULL
         WHERE action_job_id = $1";
    sql::query(update).bind(id.0).execute(connection).await?;
    Ok(())
}

/// Whether another job reads the file of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// Nobody needs it any more.
    None,
    /// A job of the same owner that is not staged yet.
    Unread(JobId),
    /// A job of another owner.
    Foreign,
}

/// Returns whether another job needs the file of a job. Takes the pool, since an owner does not see the jobs of others.
pub(crate) async fn sharing(pool: &PgPool, id: JobId) -> Result<Sharing, StoreError> {
    let query = format!(
        "SELECT other.job_id, other.job_user_id <> this.job_user_id AS is_foreign
         FROM jobs AS this JOIN jobs AS other
              ON other.job_s3_object_key = this.job_s3_object_key AND other.job_id <> this.job_id
         WHERE this.job_id = {id} AND (other.job_user_id <> this.job_user_id OR NOT (
               other.job_staged_at IS NOT NULL OR other.job_status IN ('NEEDS_REVIEW', 'COMPLETED')))
         ORDER BY is_foreign, other.job_id LIMIT 1"
    );
    let Some(row) = sql::once(pool, &query).await?.pop() else { return Ok(Sharing::None) };
    Ok(match row.try_get("is_foreign")? {
        true => Sharing::Foreign,
        false => Sharing::Unread(row.try_get("job_id")?),
    })
}

/// The records of an owner, beside those of jobs, that name the person.
#[derive(Debug, Default)]
pub(crate) struct FoundRecords {
    /// Actions, with their requests and results without the person.
    pub actions: Vec<(ActionId, Value, Value)>,
    /// Remembered columns.
    pub mappings: Vec<MappingId>,
    /// Names of columns.
    pub columns: Vec<String>,
}

impl FoundRecords {
    /// Returns the number of records.
    pub(crate) fn len(&self) -> usize {
        self.actions.len() + self.mappings.len() + self.columns.len()
    }
}

/// Returns the records of an owner, beside those of jobs, that name the person.
pub(crate) async fn records(
    connection: &mut PgConnection,
    owner: &Owner,
    address: &PersonAddress,
) -> Result<FoundRecords, StoreError> {
    let mut found = FoundRecords::default();
    let actions = format!(
        "SELECT action_id, action_request, action_result FROM actions WHERE action_owner = $3 AND {}",
        candidates(&[], &["action_request", "action_result"])
    );
    let mut stored = search(actions, address).bind(&owner.0).fetch(&mut *connection);
    while let Some(row) = stored.try_next().await? {
        let (mut request, mut result) = (row.try_get("action_request")?, row.try_get("action_result")?);
        let is_in_request = address.erase_in_json(&mut request);
        if address.erase_in_json(&mut result) || is_in_request {
            found.actions.push((row.try_get("action_id")?, request, result));
        }
    }
    drop(stored);
    let names = "array_to_string(mapping_names, ' ')";
    let mappings = format!(
        "SELECT mapping_id, mapping_names, mapping_columns, mapping_values FROM column_mappings
         WHERE mapping_owner = $3 AND {}",
        candidates(&[names], &["mapping_columns", "mapping_values"])
    );
    for row in search(mappings, address).bind(&owner.0).fetch_all(&mut *connection).await? {
        let names: Option<Vec<String>> = row.try_get("mapping_names")?;
        let json: [Option<Value>; 2] = [row.try_get("mapping_columns")?, row.try_get("mapping_values")?];
        let is_named = names.iter().flatten().any(|name| address.is_in(name));
        if is_named || json.iter().flatten().any(|value| address.is_in_json(value)) {
            found.mappings.push(row.try_get("mapping_id")?);
        }
    }
    let columns = format!(
        "SELECT column_name FROM contact_columns WHERE column_owner = $3 AND {}",
        candidates(&["column_name"], &[])
    );
    for row in search(columns, address).bind(&owner.0).fetch_all(connection).await? {
        let name: String = row.try_get("column_name")?;
        if address.is_in(&name) {
            found.columns.push(name);
        }
    }
    Ok(found)
}

/// Erases the person from records of an owner.
pub(crate) async fn erase_records(
    connection: &mut PgConnection,
    owner: &Owner,
    found: &FoundRecords,
) -> Result<(), StoreError> {
    for (action, request, result) in &found.actions {
        let update = "UPDATE actions SET action_request = $3, action_result = $4, action_fingerprint = NULL
             WHERE action_owner = $1 AND action_id = $2";
        let query = sql::query(update).bind(&owner.0).bind(action).bind(request).bind(result);
        query.execute(&mut *connection).await?;
    }
    let mappings = "DELETE FROM column_mappings WHERE mapping_owner = $1 AND mapping_id = ANY ($2)";
    sql::query(mappings).bind(&owner.0).bind(&found.mappings).execute(&mut *connection).await?;
    let columns = "DELETE FROM contact_columns WHERE column_owner = $1 AND column_name = ANY ($2)";
    sql::query(columns).bind(&owner.0).bind(&found.columns).execute(connection).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn samples_of_a_file_are_erased_and_the_rest_stays() {
        let mut read = json!({
            "encoding": "windows-1252",
            "readings": [{ "encoding": "windows-1252", "samples": ["Zyxwína"] }],
            "skipped": { "count": 1, "first": [{ "line": 1, "text": "List of Zyxwína" }] },
        });
        erase_samples(&mut read);
        let expected = json!({
            "encoding": "windows-1252",
            "readings": [{ "encoding": "windows-1252", "samples": [] }],
            "skipped": { "count": 1, "first": [{ "line": 1, "text": "" }] },
        });
        assert_eq!(read, expected);
        erase_samples(&mut json!(null));
    }
}
