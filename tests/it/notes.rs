//! Notes of people on issues: alone, with a decision, in lists, files and the audit trail, and in no log.

use ingest::actions::{self, ActionError, Idempotency, Request};
use ingest::domain::decision::{Decision, Filter};
use ingest::domain::ids::IssueId;
use ingest::domain::job::{JobId, Owner};
use ingest::domain::note::Note;
use ingest::domain::rules::IssueType;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Server, World, free_port, status_and_json};

const FILE: &str = "email,first_name,last_name,company\n\
    bad,Ann,Lee,Acme\nworse,Bo,,Acme\nd@example.com,D,One,Co\nd@example.com,D,Two,Co\n";
const JOB: JobId = JobId(1);

fn request(owner: &str) -> Request {
    Request { owner: Owner(owner.to_owned()), actor: format!("{owner} at work"), idempotency: None }
}

async fn under_review() -> World {
    let world = World::database().await;
    let file = world.file("a.csv", FILE);
    world.ingest(&["import", &file]).await.expect_status(3);
    world
}

/// Returns the notes on the issues of the job by the keys of the issues: only those about an e-mail.
async fn notes(world: &World) -> Vec<(String, Option<String>)> {
    let query = "SELECT issue_key, issue_resolution_comment FROM issues
         WHERE issue_type <> 'MISSING_REQUIRED_FIELD' ORDER BY issue_key";
    sqlx::query_as(query).fetch_all(&world.pool).await.unwrap()
}

async fn issue(world: &World, key: &str) -> IssueId {
    let query = "SELECT issue_id::bigint FROM issues WHERE issue_key = $1";
    sqlx::query_scalar(query).bind(key).fetch_one(&world.pool).await.unwrap()
}

async fn recorded(world: &World, kind: &str) -> Vec<Value> {
    let query = "SELECT action_request FROM actions WHERE action_kind = $1 ORDER BY action_id";
    sqlx::query_scalar(query).bind(kind).fetch_all(&world.pool).await.unwrap()
}

fn note(text: &str) -> Note {
    Note::new(text).unwrap()
}

#[tokio::test]
async fn a_note_is_left_changed_and_removed_and_each_is_recorded() {
    let world = under_review().await;
    let bad = issue(&world, "bad").await;
    let leave = async |text: &str| {
        actions::note(&world.owners, &request("tester"), JOB, bad, &note(text)).await.unwrap()
    };
    let first = leave(" Asked Ann. ").await;
    assert_eq!((first.action.is_some(), first.issues), (true, 1));
    assert_eq!(notes(&world).await[0], ("bad".to_owned(), Some("Asked Ann.".to_owned())));
    let same = leave("Asked Ann.").await;
    assert_eq!((same.action, same.issues), (None, 0));
    leave("She moved.").await;
    leave("").await;
    assert_eq!(notes(&world).await[0].1, None);
    let texts: Vec<Value> =
        recorded(&world, "NOTE").await.into_iter().map(|request| request["note"].clone()).collect();
    assert_eq!(texts, [json!("Asked Ann."), json!("She moved."), json!("")]);
    let undo = actions::undo(&world.owners, &request("tester"), first.action.unwrap()).await;
    assert!(matches!(undo, Err(ActionError::NotUndoable(_))), "{undo:?}");
}

#[tokio::test]
async fn a_repeated_request_leaves_one_note() {
    let world = under_review().await;
    let bad = issue(&world, "bad").await;
    let idempotency = Some(Idempotency { key: "k".to_owned(), fingerprint: "f".to_owned() });
    let request = Request { idempotency, ..request("tester") };
    let first = actions::note(&world.owners, &request, JOB, bad, &note("once")).await.unwrap();
    let second = actions::note(&world.owners, &request, JOB, bad, &note("once")).await.unwrap();
    assert_eq!((&first, recorded(&world, "NOTE").await.len()), (&second, 1));
}

#[tokio::test]
async fn notes_of_others_and_on_unknown_issues_are_refused() {
    let world = under_review().await;
    let bad = issue(&world, "bad").await;
    let other = actions::note(&world.owners, &request("other"), JOB, bad, &note("mine")).await;
    assert!(matches!(other, Err(ActionError::NoJob(JOB))), "{other:?}");
    let unknown = actions::note(&world.owners, &request("tester"), JOB, IssueId(999), &note("x")).await;
    assert!(matches!(unknown, Err(ActionError::NoIssue(IssueId(999)))), "{unknown:?}");
    world.ingest(&["bulk", "1", "discard", "--all"]).await.expect_status(0);
    world.ingest(&["reprocess", "1"]).await.expect_status(0);
    let completed = actions::note(&world.owners, &request("tester"), JOB, bad, &note("late")).await;
    assert!(matches!(completed, Err(ActionError::NotInReview { .. })), "{completed:?}");
    assert!(notes(&world).await.iter().all(|(_, note)| note.is_none()));
}

#[tokio::test]
async fn a_decision_leaves_its_note_on_the_issues_that_it_resolves() {
    let world = under_review().await;
    let which = Filter { issue_type: Some(IssueType::InvalidEmail), ..Filter::default() };
    let why = note("No address anywhere");
    let decide = async |decision: &Decision, note: Option<&Note>| {
        let (owners, by) = (&world.owners, request("tester"));
        actions::decide_with_note(owners, &by, JOB, &which, decision, note).await.unwrap()
    };
    let nothing = decide(&Decision::Restore, Some(&why)).await;
    assert_eq!(nothing.action, None);
    assert!(notes(&world).await.iter().all(|(_, note)| note.is_none()), "nothing was decided");
    let discarded = decide(&Decision::Discard, Some(&why)).await;
    assert_eq!(discarded.issues.settled, 3, "two invalid addresses and a missing name");
    let told = Some("No address anywhere".to_owned());
    let expected =
        [("bad".to_owned(), told.clone()), ("d@example.com".to_owned(), None), ("worse".to_owned(), told)];
    assert_eq!(notes(&world).await, expected);
    assert_eq!(recorded(&world, "DISCARD").await[0]["note"], "No address anywhere");
    // An undo reopens the issues; what was noted stays, and a decision without a note leaves it.
    actions::undo(&world.owners, &request("tester"), discarded.action.unwrap()).await.unwrap();
    decide(&Decision::Discard, None).await;
    assert_eq!(notes(&world).await, expected);
}

#[tokio::test]
async fn the_command_line_leaves_lists_and_exports_notes() {
    let world = under_review().await;
    let bad = issue(&world, "bad").await.to_string();
    let left = world.ingest(&["note", "1", &bad, "=Asked Ann"]).await;
    left.expect_status(0);
    assert!(left.stderr.contains(&format!("left a note on issue {bad}")), "{}", left.stderr);
    let issues = world.ingest(&["issues", "1", "--output", "csv"]).await;
    assert!(issues.stdout.contains("(note: =Asked Ann)"), "{}", issues.stdout);
    let sheet = world.ingest(&["export", "1"]).await;
    assert!(sheet.stdout.contains("\"reasons\",\"notes\""), "{}", sheet.stdout);
    assert!(sheet.stdout.contains("\"'=Asked Ann\""), "a spreadsheet must not run it: {}", sheet.stdout);
    let back = world.file("back.csv", &sheet.stdout.replace("'=Asked Ann", "edited"));
    world.ingest(&["correct", "1", &back]).await.expect_status(0);
    assert_eq!(notes(&world).await[0].1.as_deref(), Some("=Asked Ann"), "the column is only shown");
    let resolve = ["resolve", "1", &bad, "discard", "--note", "She does not answer"];
    world.ingest(&resolve).await.expect_status(0);
    let audit = world.ingest(&["audit", "--output", "json"]).await;
    assert!(audit.stdout.contains("She does not answer") && audit.stdout.contains("=Asked Ann"));
    let long = world.ingest(&["note", "1", &bad, &"x".repeat(2_001)]).await;
    long.expect_status(2);
    assert!(long.stderr.contains("2000 characters"), "{}", long.stderr);
    world.ingest(&["note", "1", &bad, ""]).await.expect_status(0);
    assert_eq!(notes(&world).await[0].1, None);
}

#[tokio::test]
async fn the_api_leaves_notes_and_logs_none() {
    let server = Server::start_at(under_review().await, free_port(), &["serve"]).await;
    let bad = issue(&server.world, "bad").await;
    let path = format!("/api/v1/jobs/1/issues/{bad}");
    let put = async |body: Value| {
        let path = format!("{path}/note");
        status_and_json(server.send(Method::PUT, &path, Some(body), &[]).await).await
    };
    assert_eq!(put(json!({ "note": "Asked Vrombaxa" })).await.1["issues"], 1);
    assert_eq!(server.get(&path).await.1["comment"], "Asked Vrombaxa");
    let (status, problem) = put(json!({ "note": "x".repeat(2_001) })).await;
    assert!(status == 422 && problem.to_string().contains("2000 characters"), "{status} {problem}");
    assert_eq!(put(json!({})).await.0, 422);
    let filter = json!({ "issue_type": "DUPLICATE_EMAIL" });
    let bulk =
        json!({ "filter": filter, "decision": { "decision": "keep_first" }, "note": "Vrombaxa said so" });
    let (status, _) =
        status_and_json(server.send(Method::POST, "/api/v1/jobs/1/bulk", Some(bulk), &[]).await).await;
    assert_eq!(status, 200);
    let (_, resolved) = server.get("/api/v1/jobs/1/issues?state=settled").await;
    assert_eq!(resolved["items"][0]["comment"], "Vrombaxa said so");
    let (_, trail) = server.get("/api/v1/actions?job=1").await;
    assert_eq!(trail["items"][1]["request"], json!({ "issue": bad, "note": "Asked Vrombaxa" }), "{trail}");
    assert!(!server.world.log().contains("Vrombaxa"), "{}", server.world.log());
}
