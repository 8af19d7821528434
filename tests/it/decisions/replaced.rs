//! Replaced texts, and several rows that are edited at once.

use ingest::actions::RowEdit;
use ingest::domain::refusal::Refusal;
use ingest::domain::replacement::Replacement;

use super::*;

fn replace(field: Field, find: &str, with: &str) -> Decision {
    let (find, with) = (find.to_owned(), with.to_owned());
    Decision::Replace(Replacement { field, find, with, match_case: false })
}

fn open() -> Filter {
    Filter { open: true, ..Filter::default() }
}

fn edit(row: i64, edits: Edits) -> RowEdit {
    RowEdit { row: RowId(row), seen: None, edits }
}

async fn companies(world: &World) -> Vec<String> {
    let query = "SELECT coalesce(staging_company, '') FROM staging ORDER BY staging_id";
    sqlx::query_scalar(query).fetch_all(&world.pool).await.unwrap()
}

#[tokio::test]
async fn a_text_is_replaced_in_the_rows_that_match() {
    let world = under_review(
        "a@exmaple.com,Ann,,Acme\nb@Exmaple.com,Bo,,Acme\nc@exmaple.com,Cy,Day,Acme\nd@example.com,Di,,Acme\n",
    )
    .await;
    let discarded = decide(&world, &Filter::rows([RowId(2)]), Decision::Discard).await;
    assert_eq!(discarded.changed.rows, 1);
    // Only rows that are still to be decided: neither the valid third one nor the discarded second one.
    let decision = replace(Field::Email, "@EXMAPLE.", "@example.");
    let preview = actions::preview(&world.owners, &tester().owner, JOB, &open(), &decision).await.unwrap();
    assert_eq!((preview.changed.rows, preview.examples[0].after.email.as_str()), (1, "a@example.com"));
    let effect = decide(&world, &open(), decision.clone()).await;
    assert_eq!(effect.changed, preview.changed);
    assert_eq!(emails(&world).await, ["a@example.com", "b@Exmaple.com", "c@exmaple.com", "d@example.com"]);
    // Without the filter, all rows but the discarded one. The next run asks about the row that now has another's e-mail.
    let all = decide(&world, &Filter::default(), replace(Field::Email, "c@exmaple", "d@example")).await;
    assert_eq!((all.changed.rows, all.warnings.len()), (1, 1));
    actions::undo(&world.owners, &tester(), all.action.unwrap()).await.unwrap();
    assert_eq!(emails(&world).await[2], "c@exmaple.com");
    // What the new values break is an issue at once.
    let broken = decide(&world, &Filter::default(), replace(Field::Company, "acme", "")).await;
    assert_eq!((broken.changed.rows, broken.issues.raised), (3, 1));
    // A run and the decision agree about what is open.
    reprocess(&world, 3).await;
}

#[tokio::test]
async fn the_record_of_a_replacement_contains_no_texts() {
    let world = under_review("a@exmaple.com,Ann,,Acme\n").await;
    decide(&world, &open(), replace(Field::Email, "@exmaple", "@secret")).await;
    let query = "SELECT action_request::text FROM actions WHERE action_kind = 'REPLACE'";
    let recorded: String = sqlx::query_scalar(query).fetch_one(&world.pool).await.unwrap();
    assert!(recorded.contains("\"field\": \"email\"") && !recorded.contains("exmaple"), "{recorded}");
    assert!(!recorded.contains("secret"), "{recorded}");
}

#[tokio::test]
async fn a_replacement_that_cannot_be_carried_out_changes_nothing() {
    let world = under_review(&format!("a@example.com,Ann,,{}\n", "x".repeat(1_000))).await;
    for decision in [
        replace(Field::Company, "", "a"),
        replace(Field::Company, "\0", "a"),
        replace(Field::Company, &"x".repeat(201), "a"),
        replace(Field::Company, "x", &"y".repeat(200)),
    ] {
        let refused = actions::decide(&world.owners, &tester(), JOB, &open(), &decision).await;
        assert!(matches!(refused, Err(ActionError::Invalid { field: "decision", .. })), "{refused:?}");
    }
    assert_eq!(companies(&world).await, ["x".repeat(1_000)]);
}

#[tokio::test]
async fn several_rows_are_edited_as_one_action() {
    let world = under_review("a@example.com,Ann,Lee,\nb@example.com,Bo,Ray,\nc@example.com,Cy,Day,\n").await;
    let rows = [edit(1, Edits::of(Field::Company, "One")), edit(3, Edits::of(Field::Company, " Three "))];
    let preview = actions::preview_rows(&world.owners, &tester().owner, JOB, &rows).await.unwrap();
    assert_eq!((preview.changed.rows, preview.issues.settled), (2, 2));
    assert_eq!(companies(&world).await, ["", "", ""]);
    let effect = actions::edit_rows(&world.owners, &tester(), JOB, &rows).await.unwrap();
    assert_counts_match(&world).await;
    assert_eq!((effect.changed.rows, effect.issues.settled, effect.open_issues), (2, 2, 1));
    assert_eq!(companies(&world).await, ["One", "", "Three"]);
    actions::undo(&world.owners, &tester(), effect.action.unwrap()).await.unwrap();
    assert_eq!(companies(&world).await, ["", "", ""]);
}

#[tokio::test]
async fn rows_are_edited_together_or_not_at_all() {
    let world = under_review("a@example.com,Ann,Lee,\nb@example.com,Bo,Ray,\n").await;
    let company = || Edits::of(Field::Company, "Acme");
    let stale = RowEdit { seen: Some("another".to_owned()), ..edit(2, company()) };
    let refusals = [
        actions::edit_rows(&world.owners, &tester(), JOB, &[edit(1, company()), stale]).await,
        actions::edit_rows(&world.owners, &tester(), JOB, &[edit(1, company()), edit(9, company())]).await,
        actions::edit_rows(&world.owners, &request("other"), JOB, &[edit(1, company())]).await,
        actions::edit_rows(&world.owners, &tester(), JOB, &[edit(1, company()), edit(1, company())]).await,
        actions::edit_rows(&world.owners, &tester(), JOB, &[]).await,
        actions::edit_rows(&world.owners, &tester(), JOB, &[edit(1, Edits::default())]).await,
        actions::edit_rows(&world.owners, &tester(), JOB, &[edit(1, company().with_other("Fax", "1"))]).await,
    ];
    let [stale, missing, other, twice, none, empty, column] = refusals.map(Result::unwrap_err);
    assert!(matches!(stale, ActionError::Stale(_)), "{stale}");
    assert!(matches!(missing, ActionError::NoRow(RowId(9))), "{missing}");
    assert!(matches!(other, ActionError::NoJob(JOB)), "{other}");
    assert!(
        matches!(twice, ActionError::Invalid { reason: Refusal::RowTwice { row: RowId(1) }, .. }),
        "{twice}"
    );
    assert!(matches!(none, ActionError::Invalid { reason: Refusal::RowCount { .. }, .. }), "{none}");
    assert!(matches!(empty, ActionError::Invalid { reason: Refusal::NoNewValue, .. }), "{empty}");
    assert!(matches!(column, ActionError::Invalid { reason: Refusal::NoOtherColumn { .. }, .. }), "{column}");
    assert_eq!(companies(&world).await, ["", ""]);
}
