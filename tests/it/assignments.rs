//! Issues assigned to people: a hint that filters obey and that keeps nobody from deciding.

use ingest::actions::{self, ActionError, Request};
use ingest::domain::assigned::AssignedTo;
use ingest::domain::decision::{Decision, Filter};
use ingest::domain::ids::IssueId;
use ingest::domain::job::{JobId, Owner};
use ingest::domain::refusal::Refusal;
use ingest::domain::rules::IssueType;
use reqwest::Method;
use serde_json::{Value, json};

use crate::dataset::{Dataset, Kind};
use crate::support::{Server, World, free_port, status_and_json};

const FILE: &str = "email,first_name,last_name,company\n\
    bad,Ann,,Acme\nworse,Bo,Ray,Acme\nd@example.com,D,One,Co\nd@example.com,D,Two,Co\n";
const JOB: JobId = JobId(1);
const ME: &str = "Ann Lee";

fn by(actor: &str) -> Request {
    Request { owner: Owner("tester".to_owned()), actor: actor.to_owned(), idempotency: None }
}

fn person(name: &str) -> AssignedTo {
    AssignedTo::from(name.to_owned())
}

fn of_type(issue_type: IssueType) -> Filter {
    Filter { issue_type: Some(issue_type), ..Filter::default() }
}

async fn under_review() -> World {
    let world = World::database().await;
    let file = world.file("a.csv", FILE);
    world.ingest(&["import", &file]).await.expect_status(3);
    world
}

async fn assign(world: &World, which: &Filter, to: &str) -> i64 {
    let done = actions::assign_issues(&world.owners, &by(ME), JOB, which, &person(to), ME).await.unwrap();
    assert_eq!(done.action.is_some(), done.issues > 0);
    done.issues
}

/// Returns how many open issues of each type are assigned to whom.
async fn assigned(world: &World) -> Vec<(String, Option<String>, i64)> {
    let query = "SELECT issue_type::text, issue_assignee, count(*) FROM issues WHERE NOT issue_resolved
         GROUP BY 1, 2 ORDER BY 1, 2";
    sqlx::query_as(query).fetch_all(&world.pool).await.unwrap()
}

fn line(issue_type: &str, assignee: Option<&str>, count: i64) -> (String, Option<String>, i64) {
    (issue_type.to_owned(), assignee.map(str::to_owned), count)
}

#[tokio::test]
async fn only_the_issues_that_the_filter_asks_for_are_assigned() {
    let world = under_review().await;
    // The first row has two issues: the missing name is of another type.
    assert_eq!(assign(&world, &of_type(IssueType::InvalidEmail), "me").await, 2);
    let expected = [
        line("DUPLICATE_EMAIL", None, 1),
        line("INVALID_EMAIL", Some(ME), 2),
        line("MISSING_REQUIRED_FIELD", None, 1),
    ];
    assert_eq!(assigned(&world).await, expected);
    assert_eq!(assign(&world, &of_type(IssueType::InvalidEmail), ME).await, 0, "assigned already");
    let unassigned = Filter { assigned: Some(AssignedTo::Nobody), ..Filter::default() };
    assert_eq!(assign(&world, &unassigned, "tester").await, 2);
    let mine = Filter { assigned: Some(AssignedTo::Me), ..Filter::default() };
    assert_eq!(assign(&world, &mine, "nobody").await, 2);
    let expected = [
        line("DUPLICATE_EMAIL", Some("tester"), 1),
        line("INVALID_EMAIL", None, 2),
        line("MISSING_REQUIRED_FIELD", Some("tester"), 1),
    ];
    assert_eq!(assigned(&world).await, expected);
    let record =
        "SELECT action_request FROM actions WHERE action_kind = 'ASSIGN' ORDER BY action_id DESC LIMIT 1";
    let record: Value = sqlx::query_scalar(record).fetch_one(&world.pool).await.unwrap();
    assert_eq!(record, json!({ "filter": { "assigned": ME }, "to": "nobody" }));
}

#[tokio::test]
async fn decisions_obey_the_filter_and_nobody_is_kept_from_deciding() {
    let world = under_review().await;
    assign(&world, &of_type(IssueType::InvalidEmail), "me").await;
    let decide = async |assigned: AssignedTo| {
        let which = Filter { assigned: Some(assigned), ..of_type(IssueType::InvalidEmail) };
        let (owners, other) = (&world.owners, by("Bob Ray"));
        actions::decide(owners, &other, JOB, &which, &Decision::Discard).await.unwrap().changed.rows
    };
    assert_eq!(decide(AssignedTo::Nobody).await, 0);
    assert_eq!(decide(AssignedTo::Person("Bob Ray".to_owned())).await, 0);
    assert_eq!(decide(AssignedTo::Person(ME.to_owned())).await, 2, "Bob decides what is assigned to Ann");
    // Who has decided is known from now on, and resolved issues are not assigned.
    assert_eq!(assign(&world, &Filter::default(), "Bob Ray").await, 1);
}

#[tokio::test]
async fn unknown_people_issues_and_owners_are_refused() {
    let world = under_review().await;
    let to = async |which: &Filter, name: &str| {
        actions::assign_issues(&world.owners, &by(ME), JOB, which, &person(name), ME).await.unwrap_err()
    };
    match to(&Filter::default(), "Zoe").await {
        ActionError::Invalid { field: "to", reason: Refusal::UnknownPerson { name, people } } => {
            assert_eq!((name.as_str(), people), ("Zoe", vec!["tester (command line)".to_owned()]));
        }
        other => panic!("{other:?}"),
    }
    let issue = Filter { issues: Some(vec![IssueId(99)]), ..Filter::default() };
    assert!(matches!(to(&issue, "me").await, ActionError::NoIssue(IssueId(99))));
    let nul = Filter { assigned: Some(AssignedTo::Person("a\0".to_owned())), ..Filter::default() };
    assert!(matches!(to(&nul, "me").await, ActionError::Invalid { field: "filter", .. }));
    let other = Request { owner: Owner("other".to_owned()), ..by("other") };
    let (all, me) = (Filter::default(), person("me"));
    let other = actions::assign_issues(&world.owners, &other, JOB, &all, &me, "other").await;
    assert!(matches!(other, Err(ActionError::NoJob(JOB))), "{other:?}");
}

#[tokio::test]
async fn issues_are_found_by_their_reason_too() {
    let world = under_review().await;
    let preview = async |issue_text: &str| {
        let which = Filter { issue_text: Some(issue_text.to_owned()), ..Filter::default() };
        let (owners, owner) = (&world.owners, &by(ME).owner);
        actions::preview(owners, owner, JOB, &which, &Decision::Discard).await.unwrap().changed.rows
    };
    let invalid = of_type(IssueType::InvalidEmail);
    assert_eq!(preview("DELIVERABLE").await, 2);
    assert_eq!(preview("50%").await, 0, "no character is a wildcard");
    let which = Filter { issue_text: Some("deliverable".to_owned()), ..Filter::default() };
    assert_eq!(assign(&world, &which, "me").await, 2);
    assert_eq!(assign(&world, &invalid, "me").await, 0, "they are the same issues");
    let long = Filter { issue_text: Some("x".repeat(201)), ..Filter::default() };
    let refused = actions::preview(&world.owners, &by(ME).owner, JOB, &long, &Decision::Discard).await;
    assert!(matches!(refused, Err(ActionError::Invalid { field: "filter", .. })), "{refused:?}");
    let listed = world.ingest(&["bulk", "1", "discard", "--issue-text", "deliverable", "--preview"]).await;
    listed.expect_status(0);
    assert!(listed.stdout.contains('2') || listed.stderr.contains('2'), "{}{}", listed.stdout, listed.stderr);
}

#[tokio::test]
async fn the_command_line_assigns_and_filters() {
    let world = under_review().await;
    let all = world.ingest(&["assign", "1", "--to", "me"]).await;
    all.expect_status(1);
    assert!(all.stderr.contains("--all"), "{}", all.stderr);
    let mine = world.ingest(&["assign", "1", "--to", "me", "--type", "INVALID_EMAIL"]).await;
    mine.expect_status(0);
    assert!(mine.stderr.contains("assigned 2 open issues to tester"), "{}", mine.stderr);
    let listed = world.ingest(&["issues", "1", "--assigned", "me", "--output", "csv"]).await;
    assert_eq!(listed.stdout.lines().count(), 3, "{}", listed.stdout);
    assert!(listed.stdout.contains("(assigned to tester)"), "{}", listed.stdout);
    let listed = world.ingest(&["issues", "1", "--assigned", "nobody", "--json"]).await;
    assert!(listed.stdout.contains("DUPLICATE_EMAIL") && !listed.stdout.contains("INVALID_EMAIL"));
    let discard = ["bulk", "1", "discard", "--assigned", "me", "--preview"];
    let preview = world.ingest(&discard).await;
    assert!(preview.stderr.contains("would change 2 rows"), "{}", preview.stderr);
    world.ingest(&["assign", "1", "1", "--to", "nobody"]).await.expect_status(0);
    let unknown = world.ingest(&["assign", "1", "1", "--to", "Zoe"]).await;
    unknown.expect_status(1);
    assert!(unknown.stderr.contains("Zoe has not worked on this data"), "{}", unknown.stderr);
}

#[tokio::test]
async fn the_api_assigns_and_filters() {
    let server = Server::start_at(under_review().await, free_port(), &["serve"]).await;
    let assign = async |body: Value| {
        status_and_json(server.send(Method::POST, "/api/v1/jobs/1/assign", Some(body), &[]).await).await
    };
    let (status, done) = assign(json!({ "filter": { "issue_type": "INVALID_EMAIL" }, "to": "me" })).await;
    assert_eq!((status, &done["issues"]), (200, &json!(2)));
    let (_, mine) = server.get("/api/v1/jobs/1/issues?assigned=me").await;
    assert_eq!(mine["items"].as_array().unwrap().len(), 2);
    assert_eq!(mine["items"][0]["assignee"], "tester");
    let (_, rows) = server.get("/api/v1/jobs/1/rows?assigned=nobody").await;
    assert_eq!(rows["items"].as_array().unwrap().len(), 3, "{rows}");
    let (_, rows) = server.get("/api/v1/jobs/1/rows?assigned=me&issue_type=DUPLICATE_EMAIL").await;
    assert_eq!(rows["items"].as_array().unwrap().len(), 0, "one issue meets both conditions: {rows}");
    let bulk = json!({ "filter": { "assigned": "me" }, "decision": { "decision": "discard" } });
    let (_, preview) = status_and_json(
        server.send(Method::POST, "/api/v1/jobs/1/bulk/preview", Some(bulk.clone()), &[]).await,
    )
    .await;
    assert_eq!(preview["changed"]["discarded"], 2);
    let (_, done) =
        status_and_json(server.send(Method::POST, "/api/v1/jobs/1/bulk", Some(bulk), &[]).await).await;
    assert_eq!(done["changed"]["discarded"], 2);
    let (status, problem) = assign(json!({ "to": "Zoe" })).await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("#/to")), "{problem}");
}

#[tokio::test]
async fn issues_of_a_large_job_are_assigned_in_its_own_tables() {
    let world = World::database().await;
    let mut large = Vec::new();
    Dataset { rows: 100_000, seed: 1, kind: Kind::Broken(1) }.write(&mut large, None).unwrap();
    let large = world.file("large.csv", std::str::from_utf8(&large).unwrap());
    world.ingest(&["import", &large]).await.expect_status(3);
    let done = world.ingest(&["assign", "1", "--to", "me", "--type", "INVALID_EMAIL"]).await;
    done.expect_status(0);
    let count = "SELECT count(*), count(*) FILTER (WHERE tableoid = 'issues_job_1'::regclass) FROM issues
         WHERE issue_assignee = 'tester'";
    let (all, own): (i64, i64) = sqlx::query_as(count).fetch_one(&world.pool).await.unwrap();
    assert!(all > 0 && all == own, "{all} {own}");
}
