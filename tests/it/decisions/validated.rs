//! New values are validated when they are saved: what the next run would report is known at once.

use ingest::actions::{Effect, RowEdit};
use ingest::domain::decision::Decision;

use super::*;

/// Returns the numbers of issues that a decision resolved, raised and left open, and of all that are open.
fn counts(effect: &Effect) -> [i64; 4] {
    [effect.issues.settled, effect.issues.raised, effect.issues.still_open, effect.open_issues]
}

/// Returns type, key and state of each issue of job 1, and its rows.
async fn issues(world: &World) -> Vec<(String, String, bool, Vec<i64>)> {
    let query = "SELECT issue_type::text, issue_key, issue_resolved, array_agg(item_staging_id ORDER BY item_staging_id)
         FROM issues JOIN issue_items ON item_issue_id = issue_id
         WHERE issues_job_id = 1 GROUP BY issue_id ORDER BY issue_id";
    sqlx::query_as(query).fetch_all(&world.pool).await.unwrap()
}

fn issue(issue_type: IssueType, key: &str, resolved: bool, row: i64) -> (String, String, bool, Vec<i64>) {
    (issue_type.to_string(), key.to_owned(), resolved, vec![row])
}

async fn edit(world: &World, row: i64, edits: Edits) -> actions::Effect {
    let effect = actions::edit_row(&world.owners, &tester(), JOB, RowId(row), &edits, None).await.unwrap();
    assert_counts_match(world).await;
    effect
}

#[tokio::test]
async fn an_edit_to_another_wrong_value_leaves_the_issue_open() {
    let world = under_review("bad,Bo,Ray,Acme\nok@example.com,O,K,Co\n").await;
    world.ingest(&["note", "1", "1", "Ask Bo"]).await.expect_status(0);
    let edits = Edits::of(Field::Email, "still bad");
    let (filter, decision) = (Filter::rows([RowId(1)]), Decision::Edit(edits.clone()));
    let preview = actions::preview(&world.owners, &tester().owner, JOB, &filter, &decision).await.unwrap();
    let effect = edit(&world, 1, edits).await;
    assert_eq!(preview.issues, effect.issues);
    assert_eq!((counts(&effect), effect.issues.reopened), ([0, 0, 1, 1], 0));
    // It is the same issue, with its note, about the new value.
    let invalid = IssueType::InvalidEmail;
    let after = [issue(invalid, "still bad", false, 1)];
    assert_eq!(issues(&world).await, after);
    let note: Option<String> = sqlx::query_scalar("SELECT issue_resolution_comment FROM issues")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(note.as_deref(), Some("Ask Bo"));
    let description: String =
        sqlx::query_scalar("SELECT issue_description FROM issues WHERE issue_key = 'still bad'")
            .fetch_one(&world.pool)
            .await
            .unwrap();
    assert!(description.starts_with("not a deliverable address: "), "{description}");

    // The next run finds nothing that is not known.
    reprocess(&world, 3).await;
    assert_eq!(issues(&world).await, after);

    // Back to the first value, and an undo of that.
    let effect = edit(&world, 1, Edits::of(Field::Email, "bad")).await;
    assert_eq!(counts(&effect), [0, 0, 1, 1]);
    assert_eq!(issues(&world).await, [issue(invalid, "bad", false, 1)]);
    let undone = actions::undo(&world.owners, &tester(), effect.action.unwrap()).await.unwrap();
    assert_eq!(counts(&undone), [0, 0, 1, 1]);
    assert_eq!(issues(&world).await, after);
    edit(&world, 1, Edits::of(Field::Email, "bo@example.com")).await;
    reprocess(&world, 0).await;
}

#[tokio::test]
async fn wrong_values_that_become_one_share_an_issue() {
    let world = under_review("a@,Ann,Ray,Acme\nb@,Bo,Ray,Acme\nc@,Cy,Ray,Acme\nc@,Di,Ray,Acme\n").await;
    let invalid = IssueType::InvalidEmail;
    let of =
        |key: &str, resolved, rows: &[i64]| (invalid.to_string(), key.to_owned(), resolved, rows.to_vec());
    // Two issues become about the same value: one gets it, and the other is resolved.
    let to_same =
        [1, 2].map(|row| RowEdit { row: RowId(row), seen: None, edits: Edits::of(Field::Email, "d@") });
    let effect = actions::edit_rows(&world.owners, &tester(), JOB, &to_same).await.unwrap();
    assert_counts_match(&world).await;
    assert_eq!(counts(&effect), [1, 0, 1, 2]);
    assert_eq!(
        issues(&world).await,
        [of("d@", false, &[1, 2]), of("b@", true, &[2]), of("c@", false, &[3, 4])]
    );
    // Only one of two rows changes, so their issue stays with the other row.
    let effect = edit(&world, 4, Edits::of(Field::Email, "e@")).await;
    assert_eq!(counts(&effect), [0, 1, 0, 3]);
    // A row that gets a value about which there is an issue belongs to that issue.
    let effect = edit(&world, 4, Edits::of(Field::Email, "d@")).await;
    assert_eq!(counts(&effect), [1, 0, 1, 2]);
    let before = issues(&world).await;
    assert_eq!(before[0], of("d@", false, &[1, 2, 4]));
    // The next run finds the same open issues.
    reprocess(&world, 3).await;
    let after = issues(&world).await;
    let open = |all: &[(String, String, bool, Vec<i64>)]| -> Vec<String> {
        all.iter().filter(|(_, _, resolved, _)| !resolved).map(|(_, key, ..)| key.clone()).collect()
    };
    assert_eq!((open(&before), open(&after)), (vec!["d@".to_owned(), "c@".to_owned()], open(&before)));
    assert_eq!(after[0], before[0]);
}

#[tokio::test]
async fn a_valid_row_that_is_edited_to_wrong_values_gets_issues() {
    let world = under_review("bad,Bo,Ray,Acme\nok@example.com,O,K,Co\n").await;
    let edits = Edits::of(Field::Email, "ok@").with(Field::Company, " ");
    let filter = Filter::rows([RowId(2)]);
    let decision = Decision::Edit(edits);
    let preview = actions::preview(&world.owners, &tester().owner, JOB, &filter, &decision).await.unwrap();
    let effect = decide(&world, &filter, decision).await;
    assert_eq!((preview.issues, preview.changed), (effect.issues, effect.changed));
    assert_eq!((effect.issues.raised, effect.open_issues), (2, 3));
    let status: String = sqlx::query_scalar("SELECT staging_status::text FROM staging WHERE staging_id = 2")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(status, "ISSUE");
    let before = issues(&world).await;
    reprocess(&world, 3).await;
    assert_eq!(issues(&world).await, before);

    let undone = actions::undo(&world.owners, &tester(), effect.action.unwrap()).await.unwrap();
    assert_eq!((undone.issues.settled, undone.open_issues), (2, 1));
    assert_counts_match(&world).await;
}

#[tokio::test]
async fn a_file_of_corrections_is_validated() {
    let world = under_review("bad,Bo,Ray,Acme\nworse,Cy,Ray,Acme\n").await;
    let query = "SELECT 'r-' || staging_row_hash FROM staging ORDER BY staging_id";
    let keys: Vec<String> = sqlx::query_scalar(query).fetch_all(&world.pool).await.unwrap();
    let corrected = format!("row_key,email\n{},still bad\n{},cy@example.com\n", keys[0], keys[1]);
    let file = world.file("corrected.csv", &corrected);
    let output = world.ingest(&["correct", "1", &file]).await;
    output.expect_status(0);
    assert!(
        output.stderr.contains("1 issue stayed open, since the rows are still wrong"),
        "{}",
        output.stderr
    );
    assert_counts_match(&world).await;
    let invalid = IssueType::InvalidEmail;
    assert_eq!(
        issues(&world).await,
        [issue(invalid, "still bad", false, 1), issue(invalid, "worse", true, 2)]
    );
}

#[tokio::test]
async fn a_new_email_that_others_have_causes_a_warning() {
    let world = under_review(
        "bad,Bo,Ray,Acme\nworse,Cy,Ray,Acme\nSame@example.com,Ann,Lee,Acme\nworst,Ann,Lee,Acme\n\
         gone@example.com,Old,Row,Co\n",
    )
    .await;
    // A contact from another job, in other letters.
    let contact = world.file("contact.csv", &format!("{HEADER}Exists@example.com,Ex,Ist,Co\n"));
    world.ingest(&["import", &contact]).await.expect_status(0);
    decide(&world, &Filter::rows([RowId(5)]), Decision::Discard).await;

    let to = |email: &str| Edits::of(Field::Email, email);
    let warned = |row, issue_type| vec![actions::Warning { row: RowId(row), issue_type }];
    let duplicate = edit(&world, 1, to("same@EXAMPLE.com")).await;
    assert_eq!(duplicate.warnings, warned(1, IssueType::DuplicateEmail));
    assert_eq!((duplicate.issues.raised, duplicate.open_issues), (0, 2));
    let existing = edit(&world, 2, to("exists@example.com")).await;
    assert_eq!(existing.warnings, warned(2, IssueType::ExistingEmail));
    // A repeat of another row is skipped by the run, and nobody is asked.
    assert_eq!(edit(&world, 4, to("unique@example.com")).await.warnings, []);
    assert_eq!(edit(&world, 4, to("gone@example.com")).await.warnings, []);

    let output = world.ingest(&["edit", "4", "--email", "same@example.com", "--company", "Other"]).await;
    output.expect_status(0);
    assert!(
        output.stderr.contains("row 4: the next run will ask about DUPLICATE_EMAIL"),
        "{}",
        output.stderr
    );
    reprocess(&world, 3).await;
    let open: Vec<_> = issues(&world).await.into_iter().filter(|(_, _, resolved, _)| !resolved).collect();
    assert_eq!(
        open,
        [
            ("DUPLICATE_EMAIL".to_owned(), "same@example.com".to_owned(), false, vec![1, 3, 4]),
            ("EXISTING_EMAIL".to_owned(), "exists@example.com".to_owned(), false, vec![2]),
        ]
    );
}

#[tokio::test]
async fn two_rows_edited_to_the_same_email_cause_warnings() {
    let world = under_review("bad,Bo,Ray,Acme\nworse,Cy,Ray,Acme\n").await;
    let both = Filter::rows([RowId(1), RowId(2)]);
    let effect = decide(&world, &both, Decision::Edit(Edits::of(Field::Email, "one@example.com"))).await;
    let rows: Vec<i64> = effect.warnings.iter().map(|warning| warning.row.0).collect();
    assert_eq!((rows, effect.open_issues), (vec![1, 2], 0));
}
