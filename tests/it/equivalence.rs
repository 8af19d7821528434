//! The same dirty file through the local default and through SQS, S3 and PostgreSQL: the same rows, issues, items and
//! contacts, which are those that the generator expects.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::dataset::{Dataset, Expected, Kind};
use crate::support::World;

const DATASET: Dataset = Dataset { rows: 10_000, seed: 7, kind: Kind::Dirty };

fn files() -> (String, String, Expected) {
    let (mut file, mut expected) = (Vec::new(), Expected::default());
    DATASET.write(&mut file, Some(&mut expected)).unwrap();
    let rows: String = DATASET.existing().map(|values| values.join(",") + "\n").collect();
    (String::from_utf8(file).unwrap(), format!("email,first_name,last_name,company\n{rows}"), expected)
}

/// The result of an import in a comparable form.
#[derive(Debug, PartialEq, Eq)]
struct ImportResult {
    job: String,
    /// Type, key (the line if the issue belongs to one row) and lines.
    issues: BTreeMap<(String, String), Vec<u64>>,
    contacts: Vec<String>,
}

fn issues(printed: &str) -> BTreeMap<(String, String), Vec<u64>> {
    let issues: Vec<Value> = serde_json::from_str(printed).unwrap();
    issues
        .iter()
        .map(|issue| {
            let kind = issue["issue_type"].as_str().unwrap().to_owned();
            let mut lines: Vec<u64> =
                issue["rows"].as_array().unwrap().iter().map(|row| row["line"].as_u64().unwrap()).collect();
            lines.sort_unstable();
            let own = matches!(kind.as_str(), "MISSING_REQUIRED_FIELD" | "MALFORMED_ROW");
            let key =
                if own { format!("line {}", lines[0]) } else { issue["key"].as_str().unwrap().to_owned() };
            ((kind, key), lines)
        })
        .collect()
}

async fn import_result(world: &World, owner: &str, job: &str) -> ImportResult {
    let owner = ["--owner", owner, "--output", "json", "--limit", "100000"];
    let jobs = world.ingest(&[["jobs"].as_slice(), &owner].concat()).await;
    let jobs: Vec<Value> = serde_json::from_str(&jobs.stdout).unwrap();
    let this = jobs.iter().find(|listed| listed["id"].as_i64() == job.parse().ok()).unwrap();
    let counts = ["status", "total_rows", "processed_rows", "repeated_rows", "open_issues"]
        .map(|field| this[field].to_string());
    let printed = world.ingest(&[["issues", job].as_slice(), &owner].concat()).await;
    let contacts = world.ingest(&[["contacts"].as_slice(), &owner].concat()).await;
    let contacts: Vec<Value> = serde_json::from_str(&contacts.stdout).unwrap();
    let line = |contact: &Value| {
        ["email", "first_name", "last_name", "company"]
            .map(|field| contact[field].as_str().unwrap().to_owned())
            .join("|")
    };
    let mut contacts: Vec<String> = contacts.iter().map(line).collect();
    contacts.sort();
    ImportResult { job: counts.join(" "), issues: issues(&printed.stdout), contacts }
}

/// Discards the rows of all open issues.
async fn discard_all(world: &World, owner: &str, job: &str) {
    let printed =
        world.ingest(&["issues", job, "--owner", owner, "--output", "json", "--limit", "100000"]).await;
    let issues: Vec<Value> = serde_json::from_str(&printed.stdout).unwrap();
    let mut rows: Vec<String> = issues
        .iter()
        .flat_map(|issue| issue["rows"].as_array().unwrap())
        .map(|row| row["row"].to_string())
        .collect();
    rows.sort();
    rows.dedup();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    world.ingest(&[["discard", "--owner", owner].as_slice(), &rows].concat()).await.expect_status(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_setups_find_what_the_generator_expects() {
    let (file, existing, expected) = files();
    let local = World::without_database().await;
    let (path, known) = (local.file("dirty.csv", &file), local.file("known.csv", &existing));
    local.ingest(&["import", &known, "--owner", "one"]).await.expect_status(0);
    local.ingest(&["import", &path, "--owner", "one"]).await.expect_status(3);

    let cloud = World::cloud().await.with(&[("SQS_WAIT_TIME_SECONDS", "1")]);
    let mut worker = cloud.spawn(&["worker"]);
    let known = cloud.enqueue("known.csv", &existing, "one").await;
    assert_eq!(cloud.status_after_run(known).await, "COMPLETED");
    let job = cloud.enqueue("dirty.csv", &file, "one").await;
    assert_eq!(cloud.status_after_run(job).await, "NEEDS_REVIEW");

    let (here, there) = (import_result(&local, "one", "2").await, import_result(&cloud, "one", "2").await);
    assert!(here == there, "the two setups differ");
    let wanted: BTreeMap<(String, String), Vec<u64>> = expected
        .issues
        .iter()
        .map(|((kind, key), lines)| (((*kind).to_owned(), key.clone()), lines.clone()))
        .collect();
    assert_eq!(here.issues.len(), wanted.len());
    assert_eq!(here.issues, wanted);
    let counts =
        format!("\"NEEDS_REVIEW\" {0} {0} {1} {2}", expected.total_rows, expected.repeated, wanted.len());
    assert_eq!(here.job, counts);
    rows_are_staged_as_expected(&cloud, job, &expected).await;

    for (world, job) in [(&local, "2"), (&cloud, "2")] {
        discard_all(world, "one", job).await;
    }
    local.ingest(&["reprocess", "2", "--owner", "one"]).await.expect_status(0);
    cloud.remove_object("uploads/one/dirty.csv").await;
    cloud.send_again(job).await;
    cloud.eventually_completed(job).await;
    assert_eq!(worker.term_and_wait().await, Some(0));
    let (here, there) = (import_result(&local, "one", "2").await, import_result(&cloud, "one", "2").await);
    assert!(here == there, "the two setups differ after the review");
    let ready = expected.rows.values().filter(|(ready, _)| *ready).map(|(_, values)| values.join("|"));
    let wanted = ready.chain(DATASET.existing().map(|values| values.join("|")));
    let (contacts, wanted) = (without_case(here.contacts.into_iter()), without_case(wanted));
    assert!(contacts == wanted, "the contacts are not those of the ready rows");
}

/// Returns the contacts sorted, with addresses in lower case, since the generator writes some in capitals.
fn without_case(contacts: impl Iterator<Item = String>) -> Vec<String> {
    let fold = |contact: String| match contact.split_once('|') {
        Some((email, rest)) => format!("{}|{rest}", email.to_lowercase()),
        None => contact,
    };
    let mut contacts: Vec<String> = contacts.map(fold).collect();
    contacts.sort();
    contacts
}

async fn rows_are_staged_as_expected(world: &World, job: i32, expected: &Expected) {
    let query = "SELECT staging_line, staging_status = 'READY', 
         coalesce(staging_email, ''), coalesce(staging_first_name, ''),
                        coalesce(staging_last_name, ''), coalesce(staging_company, '')
                 FROM staging WHERE staging_job_id = $1 ORDER BY staging_line";
    let rows: Vec<(i64, bool, String, String, String, String)> =
        sqlx::query_as(query).bind(job).fetch_all(&world.pool).await.unwrap();
    assert_eq!(rows.len(), expected.rows.len());
    for ((line, ready, email, first, last, company), (wanted_line, (wanted_ready, wanted))) in
        rows.iter().zip(&expected.rows)
    {
        assert_eq!((*line as u64, *ready), (*wanted_line, *wanted_ready));
        // The generator writes some addresses in capitals.
        assert_eq!(email.to_lowercase(), wanted[0].to_lowercase(), "line {line}");
        assert_eq!([first, last, company], [&wanted[1], &wanted[2], &wanted[3]], "line {line}");
    }
}
