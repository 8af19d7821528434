//! Measures how well folders of real files are imported. A folder has `cases.json` and `files/`, with one case per
//! file.
//!
//! `make score` prints the table for `tests/files` or for `FOLDER`; the test below requires that all of our own files
//! are right.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use futures::StreamExt;
use ingest::domain::suggest;
use serde::Deserialize;

use crate::support::World;

/// Concurrent runs of the program.
const RUNS: usize = 3;

/// A file with its expected result.
#[derive(Debug, Clone, Deserialize)]
struct Case {
    file: String,
    kind: String,
    /// E-mail, first name, last name and company of the contacts that must be imported.
    #[serde(default)]
    contacts: Vec<[String; 4]>,
    /// E-mails of rows that must raise an issue, or `(N rows)`.
    #[serde(default)]
    asked: Vec<String>,
    /// Whether a helpful refusal is correct.
    #[serde(default)]
    refused: bool,
    /// Options of the import.
    #[serde(default)]
    options: Vec<String>,
}

/// The outcome of a file, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Right,
    Asked,
    RefusedHelpfully,
    RefusedUnhelpfully,
    SilentlyWrong,
}

const ENDS: [(End, &str); 5] = [
    (End::Right, "right"),
    (End::Asked, "a needless issue, or one without the right suggestion"),
    (End::RefusedHelpfully, "refused, with cause and remedy"),
    (End::RefusedUnhelpfully, "refused, unhelpful"),
    (End::SilentlyWrong, "silently wrong"),
];

/// A row of a job after the import.
#[derive(Debug)]
struct StagedRow {
    values: Vec<String>,
    asks: bool,
    issues: Vec<String>,
}

#[tokio::test]
async fn our_files_are_imported_correctly() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files");
    let scores = score(&folder).await;
    let failures: Vec<_> = scores.iter().filter(|(_, end, _)| *end != End::Right).collect();
    assert!(failures.is_empty(), "{failures:#?}");
    assert!(scores.len() >= 250, "{} files", scores.len());
}

#[tokio::test]
#[ignore = "prints a table: make score"]
async fn folder() {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files");
    let folder = std::env::var_os("FOLDER").map_or(ours, PathBuf::from);
    let scores = score(&folder).await;
    for (end, label) in ENDS.iter().skip(1) {
        for (case, _, why) in scores.iter().filter(|(_, outcome, _)| outcome == end) {
            println!("{label}: {} ({})\n    {why}", case.file, case.kind);
        }
    }
    println!("{} files in {}", scores.len(), folder.display());
    for (end, label) in ENDS {
        println!("  {:>4} {label}", scores.iter().filter(|(_, outcome, _)| *outcome == end).count());
    }
}

async fn score(folder: &Path) -> Vec<(Case, End, String)> {
    let cases = std::fs::read(folder.join("cases.json")).expect("a folder with a cases.json");
    let cases: Vec<Case> = serde_json::from_slice(&cases).unwrap();
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    let run = async |(at, case): (usize, Case)| {
        let (end, why) = run(&world, folder, &format!("owner-{at}"), &case).await;
        (case, end, why)
    };
    let mut scores: Vec<_> =
        futures::stream::iter(cases.into_iter().enumerate()).map(run).buffer_unordered(RUNS).collect().await;
    scores.sort_by(|(one, ..), (other, ..)| one.file.cmp(&other.file));
    scores
}

async fn run(world: &World, folder: &Path, owner: &str, case: &Case) -> (End, String) {
    let path = folder.join("files").join(&case.file);
    let path = path.to_str().expect("a UTF-8 path");
    let mut arguments = vec!["import", path, "--owner", owner];
    arguments.extend(case.options.iter().map(String::as_str));
    let ended = world.ingest(&arguments).await;
    match ended.status {
        Some(0 | 3) => grade(case, &rows(world, owner).await),
        Some(1) => refusal(case, &ended.stderr),
        status => (End::SilentlyWrong, format!("ended with {status:?}: {}", ended.stderr)),
    }
}

async fn rows(world: &World, owner: &str) -> Vec<StagedRow> {
    let query = "SELECT ARRAY[coalesce(staging_email, ''), coalesce(staging_first_name, ''), coalesce(staging_last_name, ''),
                              coalesce(staging_company, '')]::text[] AS values, staging_status = 'ISSUE' AS asks,
                        ARRAY(SELECT issue_description::text FROM issues JOIN issue_items ON item_issue_id = issue_id
                              WHERE item_staging_id = staging_id) AS issues
                 FROM staging JOIN jobs ON staging_job_id = job_id
                 WHERE job_user_id = $1 AND staging_status <> 'DISCARD' ORDER BY staging_id";
    let found: Vec<(Vec<String>, bool, Vec<String>)> =
        sqlx::query_as(query).bind(owner).fetch_all(&world.pool).await.unwrap();
    found.into_iter().map(|(values, asks, issues)| StagedRow { values, asks, issues }).collect()
}

/// Grades a refusal: it helps if it names an option or a command that makes the file importable, or says what the file
/// is.
fn refusal(case: &Case, sentence: &str) -> (End, String) {
    let names_a_way = ["--column", "--encoding", "--header-line", "--delimiter", "--quote", "`ingest "];
    let helps = names_a_way.iter().any(|way| sentence.contains(way));
    let says_what_it_is = !sentence.contains("the header on line");
    let end = match case.refused {
        true if says_what_it_is => End::Right,
        false if helps => End::RefusedHelpfully,
        _ => End::RefusedUnhelpfully,
    };
    (end, sentence.trim().to_owned())
}

fn grade(case: &Case, rows: &[StagedRow]) -> (End, String) {
    let expected: BTreeMap<&str, &[String; 4]> =
        case.contacts.iter().map(|contact| (contact[0].as_str(), contact)).collect();
    let mut end = End::Right;
    let mut why = Vec::new();
    let mut note = |outcome: End, words: String| {
        end = end.max(outcome);
        why.push(words);
    };
    for row in rows.iter().filter(|row| !row.asks) {
        let known = case.contacts.iter().any(|contact| contact.as_slice() == row.values);
        if !known {
            note(End::SilentlyWrong, format!("imported wrongly: {:?}", row.values));
        }
    }
    for contact in expected.values() {
        let came = rows.iter().any(|row| !row.asks && row.values == contact.as_slice());
        let about: Vec<&StagedRow> = rows.iter().filter(|row| row.asks && row.names(&contact[0])).collect();
        if came {
        } else if about.iter().any(|row| row.suggests(contact.as_slice())) {
            // Accepting the row creates the contact.
        } else if about.is_empty() {
            note(End::SilentlyWrong, format!("lost: {contact:?}"));
        } else {
            note(End::Asked, format!("no suggestion turns {about:?} into {contact:?}"));
        }
    }
    let asked_count = case.asked.iter().find_map(|words| words.strip_prefix('(')?.strip_suffix(" rows)"));
    let asked_rows = rows.iter().filter(|row| row.asks).count();
    if let Some(count) = asked_count {
        if count.parse() != Ok(asked_rows) {
            note(End::SilentlyWrong, format!("{asked_rows} rows have issues"));
        }
        return (end, why.join("\n    "));
    }
    for email in &case.asked {
        if !rows.iter().any(|row| row.asks && row.names(email)) {
            note(End::SilentlyWrong, format!("no issue for {email}"));
        }
    }
    let known = |row: &StagedRow| {
        let emails = expected.keys().copied().chain(case.asked.iter().map(String::as_str));
        emails.into_iter().any(|email| row.names(email))
    };
    for row in rows.iter().filter(|row| row.asks && !known(row)) {
        note(End::Asked, format!("a needless issue: {row:?}"));
    }
    (end, why.join("\n    "))
}

impl StagedRow {
    /// Whether the row or its issues contain the address.
    fn names(&self, email: &str) -> bool {
        let is_in = |text: &String| text.to_lowercase().contains(&email.to_lowercase());
        self.values.iter().chain(&self.issues).any(is_in) || self.corrected() == Some(email.to_owned())
    }

    fn corrected(&self) -> Option<String> {
        suggest::correction(&self.values[0])
    }

    /// Whether each value is the expected one, or the suggested correction is.
    fn suggests(&self, contact: &[String]) -> bool {
        let quoted = |value: &str| serde_json::to_string(value).unwrap_or_default();
        let in_words = |value: &String| self.issues.iter().any(|words| words.contains(&quoted(value)));
        self.values.iter().zip(contact).enumerate().all(|(at, (value, wanted))| {
            value == wanted || in_words(wanted) || (at == 0 && self.corrected().as_ref() == Some(wanted))
        })
    }
}
