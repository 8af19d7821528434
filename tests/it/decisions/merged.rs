//! Merges in which the row is chosen whose value each field gets.

use ingest::domain::merge::ChosenRows;

use super::*;

const TWO_GROUPS: &str = "a@example.com,Ann,Lee,Acme\nA@example.com,Anne,,Acme Ltd\na@example.com,Anna,Leigh,\n\
    b@example.com,B,One,Co\nb@example.com,Bo,Two,\n";

fn merge(from: ChosenRows) -> Decision {
    Decision::Merge(Merge { from, ..Merge::default() })
}

#[tokio::test]
async fn a_merged_row_gets_the_values_of_the_chosen_rows() {
    let world = under_review(TWO_GROUPS).await;
    let (owner, which) = (tester().owner, of_type(IssueType::DuplicateEmail));
    let from = ChosenRows::default().with(Field::Email, RowId(2)).with(Field::FirstName, RowId(3));
    let decision = merge(from.with(Field::Company, RowId(2)));
    let preview = actions::preview(&world.owners, &owner, JOB, &which, &decision).await.unwrap();
    let after: Vec<&str> = preview.examples[0].after.values().map(String::as_str).to_vec();
    assert_eq!(after, ["A@example.com", "Anna", "Lee", "Acme Ltd"]);
    // The rows of the other e-mail do not include the chosen ones, so they are not merged.
    assert_eq!((preview.changed.rows, preview.changed.edited, preview.issues.settled), (3, 1, 3));

    let merged = decide(&world, &which, decision).await;
    assert_eq!((merged.changed, merged.open_issues), (preview.changed, 2));
    let undo = actions::undo(&world.owners, &tester(), merged.action.unwrap()).await.unwrap();
    assert_eq!((undo.changed.restored, undo.changed.edited, undo.open_issues), (2, 1, 5));
    assert_eq!(emails(&world).await[..3], ["a@example.com", "A@example.com", "a@example.com"]);
    actions::undo(&world.owners, &tester(), undo.action.unwrap()).await.unwrap();
    decide(&world, &which, Decision::KeepFirst).await;
    reprocess(&world, 0).await;
    assert_eq!(world.contacts("tester").await, ["A@example.com|Anna|Lee|Acme Ltd", "b@example.com|B|One|Co"]);
}

#[tokio::test]
async fn a_chosen_empty_value_stays_empty_and_a_new_value_comes_first() {
    let world = under_review(TWO_GROUPS).await;
    let from = ChosenRows::default().with(Field::Company, RowId(3)).with(Field::LastName, RowId(3));
    let edits = Edits::of(Field::LastName, "Ley");
    let merged =
        decide(&world, &of_type(IssueType::DuplicateEmail), Decision::Merge(Merge { edits, from })).await;
    assert_eq!((merged.changed.rows, merged.issues.raised), (3, 1), "the company is missing now");
    let row: (String, Option<String>) =
        sqlx::query_as("SELECT staging_last_name, staging_company FROM staging WHERE staging_id = 1")
            .fetch_one(&world.pool)
            .await
            .unwrap();
    assert_eq!(row, ("Ley".to_owned(), None));
}

#[tokio::test]
async fn rows_that_do_not_share_the_email_cannot_be_chosen() {
    let world = under_review(TWO_GROUPS).await;
    let of_first =
        Filter { issues: Some(vec![duplicate(&world, "a@example.com").await]), ..Filter::default() };
    let foreign =
        decide(&world, &of_first, merge(ChosenRows::default().with(Field::Company, RowId(4)))).await;
    assert_eq!((foreign.action, foreign.changed.rows), (None, 0));
    let unknown = merge(ChosenRows::default().with(Field::Company, RowId(99)));
    let unknown = actions::decide(&world.owners, &tester(), JOB, &of_first, &unknown).await;
    assert!(matches!(unknown, Err(ActionError::NoRow(RowId(99)))), "{unknown:?}");
    let column = merge(ChosenRows::default().with_other("Fax", RowId(1)));
    let column = actions::decide(&world.owners, &tester(), JOB, &of_first, &column).await;
    assert!(matches!(column, Err(ActionError::Invalid { field: "extra", .. })), "{column:?}");
    // Rows that were discarded are no part of the merge either.
    decide(&world, &Filter::rows([RowId(3)]), Decision::Discard).await;
    let discarded =
        decide(&world, &of_first, merge(ChosenRows::default().with(Field::Company, RowId(3)))).await;
    assert_eq!(discarded.changed.rows, 0);
}

async fn duplicate(world: &World, key: &str) -> ingest::domain::ids::IssueId {
    sqlx::query_scalar("SELECT issue_id::bigint FROM issues WHERE issue_key = $1")
        .bind(key)
        .fetch_one(&world.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn values_of_other_columns_are_chosen_too_and_the_command_line_chooses() {
    let world = World::database().await;
    let file = world.file(
        "a.csv",
        "email,first_name,last_name,company,Phone,Notes,City\n\
         a@example.com,Ann,Lee,Acme,1,VIP,Rome\na@example.com,Anne,Lee,Acme,2,,\n",
    );
    world.ingest(&["import", &file]).await.expect_status(3);
    let issue = duplicate(&world, "a@example.com").await.to_string();
    let resolve = ["resolve", "1", &issue, "merge", "--from", "first_name=2", "--from", "phone=2", "--from"];
    let preview =
        world.ingest(&[&resolve[..], &["Notes=2", "--other", "City=Bari", "--preview"]].concat()).await;
    preview.expect_status(0);
    assert!(preview.stdout.contains("Anne"), "{}", preview.stdout);
    world.ingest(&[&resolve[..], &["Notes=2", "--other", "City=Bari"]].concat()).await.expect_status(0);
    let extra = "SELECT staging_extra::text, staging_first_name FROM staging WHERE staging_id = 1";
    let (extra, name): (String, String) = sqlx::query_as(extra).fetch_one(&world.pool).await.unwrap();
    assert_eq!((extra.as_str(), name.as_str()), (r#"{"City": "Bari", "Phone": "2"}"#, "Anne"));
    let record: String =
        sqlx::query_scalar("SELECT action_request::text FROM actions WHERE action_kind = 'MERGE'")
            .fetch_one(&world.pool)
            .await
            .unwrap();
    assert!(record.contains(r#""from": {"extra": {"Notes": 2, "Phone": 2}, "first_name": 2}"#), "{record}");
    let wrong = world.ingest(&["resolve", "1", &issue, "merge", "--from", "first_name"]).await;
    wrong.expect_status(2);
    assert!(wrong.stderr.contains("expected NAME=ROW"), "{}", wrong.stderr);
}
