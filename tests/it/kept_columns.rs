//! Columns that belong to no field travel with rows and contacts.

use ingest::actions::{self, Request};
use ingest::domain::decision::{Decision, Filter};
use ingest::domain::ids::RowId;
use ingest::domain::job::{JobId, Owner};
use serde_json::{Value, json};

use crate::support::{Server, World, free_port};

const HEADER: &str = "Phone,email,first_name,last_name,company,Notes,,Phone\n";

fn tester() -> Request {
    Request { owner: Owner("tester".to_owned()), actor: "tester".to_owned(), idempotency: None }
}

/// Returns the values of contacts or rows in the columns that belong to no field, by e-mail.
async fn extras(world: &World, table: &str) -> Vec<String> {
    let (email, extra, from) = match table {
        "contacts" => ("contact_email", "contact_extra", "contacts"),
        _ => ("staging_email", "staging_extra", "staging"),
    };
    let query = format!("SELECT {email} || ' ' || coalesce({extra}::text, 'none') FROM {from} ORDER BY 1");
    sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_all(&world.pool).await.unwrap()
}

async fn first_row(world: &World, job: i32) -> i64 {
    let query = "SELECT min(staging_id) FROM staging WHERE staging_job_id = $1";
    sqlx::query_scalar(query).bind(job).fetch_one(&world.pool).await.unwrap()
}

#[tokio::test]
async fn values_are_stored_and_shown_in_the_order_of_the_file() {
    let world = World::database().await;
    let file = world.file(
        "a.csv",
        &format!("{HEADER} 555 ,ann@example.com,Ann,Lee,Acme,\"say \"\"hi\"\"\",x,556\n,bob@example.com,Bob,Ray,Acme,, ,\n"),
    );
    let shown = world.ingest(&["preview", &file]).await;
    assert!(shown.stderr.contains("other columns, kept: Phone, Notes, Phone (2)\n"), "{}", shown.stderr);
    let done = world.ingest(&["import", &file]).await;
    done.expect_status(0);
    let words = "other columns, kept       Phone, Notes, Column 7, Phone (2)\n";
    assert!(done.stdout.contains(words), "{}", done.stdout);
    let expected = [
        r#"ann@example.com {"Notes": "say \"hi\"", "Phone": "555", "Column 7": "x", "Phone (2)": "556"}"#,
        "bob@example.com none",
    ];
    assert_eq!(extras(&world, "staging").await, expected);
    assert_eq!(extras(&world, "contacts").await, expected);

    let server = Server::start_at(world, free_port(), &["serve"]).await;
    let ordered = r#""extra":{"Phone":"555","Notes":"say \"hi\"","Column 7":"x","Phone (2)":"556"}"#;
    for path in ["jobs/1/rows", "contacts", "contacts/1"] {
        let request = server.client().get(format!("{}/api/v1/{path}", server.url));
        let text = request.send().await.unwrap().text().await.unwrap();
        assert!(text.contains(ordered), "{path}: {text}");
    }
    for (path, words) in [("jobs/1", "4 other columns"), ("contacts/1", "Other columns")] {
        let page = server.client().get(format!("{}/{path}", server.url)).send().await.unwrap();
        let page = page.text().await.unwrap();
        assert!(page.contains(words) && page.contains("say &#34;hi&#34;"), "{path}: {page}");
    }
}

#[tokio::test]
async fn values_survive_chunks_own_tables_and_a_second_run() {
    let world = World::database().await;
    let rows = |from: usize, to: usize| -> String {
        let row = |n| format!("p{n}@example.com,A,B,C,note {n}\n");
        (from..to).map(row).collect()
    };
    let header = "email,first_name,last_name,company,Notes\n";
    // A clean file in chunks, one with an issue in chunks, and one with tables of its own.
    let clean = world.file("clean.csv", &format!("{header}{}", rows(0, 3_000)));
    let issue = world.file("issue.csv", &format!("{header}bad,A,B,C,note bad\n{}", rows(3_000, 6_000)));
    let large = world.file("large.csv", &format!("{header}bad,A,B,C,note bad\n{}", rows(6_000, 106_100)));
    let world = world.with(&[("PROGRESS_UPDATE_INTERVAL", "1000")]);
    world.ingest(&["import", &clean]).await.expect_status(0);
    world.ingest(&["import", &issue]).await.expect_status(3);
    let world = world.with(&[("PROGRESS_UPDATE_INTERVAL", "50000")]);
    world.ingest(&["import", &large]).await.expect_status(3);
    for job in ["2", "3"] {
        world.ingest(&["bulk", job, "discard", "--type", "INVALID_EMAIL"]).await.expect_status(0);
        world.ingest(&["reprocess", job]).await.expect_status(0);
    }
    let right = "SELECT count(*) FROM contacts
         WHERE contact_extra = jsonb_build_object('Notes', 'note ' || substr(split_part(contact_email, '@', 1), 2))";
    let count: i64 = sqlx::query_scalar(right).fetch_one(&world.pool).await.unwrap();
    assert_eq!(count, 106_100);
}

#[tokio::test]
async fn repeats_fill_the_kept_row_and_what_differs_is_reported() {
    let world = World::database().await;
    let file = world.file(
        "a.csv",
        "email,first_name,last_name,company,Phone,Notes\n\
         ann@example.com,Ann,Lee,Acme,,VIP\n\
         bob@example.com,Bob,Ray,Acme,1,\n\
         ann@example.com,Ann,Lee,Acme,555,\n\
         bob@example.com,Bob,Ray,Acme,2,met\n\
         bob@example.com,Bob,Ray,Acme,,\n\
         ann@example.com,Ann,Lee,Acme,555,VIP\n",
    );
    let done = world.ingest(&["import", &file]).await;
    done.expect_status(0);
    let expected = [
        r#"ann@example.com {"Notes": "VIP", "Phone": "555"}"#,
        r#"bob@example.com {"Notes": "met", "Phone": "1"}"#,
    ];
    assert_eq!(extras(&world, "staging").await, expected);
    assert_eq!(extras(&world, "contacts").await, expected);
    for words in [
        "repeated, skipped                    4\n",
        "filled from repeats                  2\n",
        "repeats that differ                  1\n    line 5 differs from line 3 in Phone\n",
    ] {
        assert!(done.stdout.contains(words), "{words}: {}", done.stdout);
    }
    let server = Server::start_at(world, free_port(), &["serve"]).await;
    let (_, job) = server.get("/api/v1/jobs/1").await;
    let repeats = json!({ "filled": 2, "count": 1, "uncompared": 0,
        "first": [{ "line": 5, "kept_line": 3, "columns": ["Phone"] }] });
    assert_eq!(job["interpretation"]["repeats"], repeats);
    let page = server.client().get(format!("{}/jobs/1", server.url)).send().await.unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains("Line 5 differs from line 3"), "{page}");
}

#[tokio::test]
async fn a_row_that_becomes_a_repeat_fills_the_kept_row_and_what_differs_is_reported() {
    let file = "email,first_name,last_name,company,Phone,Notes,City\n\
        ann@example.com,Ann,Lee,Acme,1,,\nann@exmaple,Ann,Lee,Acme,2,VIP,\n\
        ann@exmaple.,Ann,Lee,Acme,1,late,Rome\nbob@example.com,Bob,Ray,Acme,5,,\nbob@,Bob,Ray,Acme,5,,\n";
    let world = World::database().await;
    let file = world.file("a.csv", file);
    world.ingest(&["import", &file]).await.expect_status(3);
    let first = first_row(&world, 1).await;
    for (row, email) in [(1, "ann@example.com"), (2, "ann@example.com"), (4, "bob@example.com")] {
        world.ingest(&["edit", &(first + row).to_string(), "--email", email]).await.expect_status(0);
    }
    let done = world.ingest(&["reprocess", "1"]).await;
    done.expect_status(0);
    for words in [
        "discarded                            3\n",
        "filled from repeats                  2\n",
        "repeats that differ                  2\n    line 3 differs from line 2 in Phone\n    line 4 differs from line 2 in Notes\n",
    ] {
        assert!(done.stdout.contains(words), "{words}: {}", done.stdout);
    }
    let filled = r#"ann@example.com {"City": "Rome", "Notes": "VIP", "Phone": "1"}"#;
    assert_eq!(extras(&world, "contacts").await, [filled, r#"bob@example.com {"Phone": "5"}"#]);
    assert!(extras(&world, "staging").await.contains(&filled.to_owned()));
    assert_eq!(world.statuses(1).await.matches("DISCARD").count(), 3);
    // The import can still be undone.
    let undone = world.ingest(&["undo", "--yes", "--import", "1"]).await;
    assert!(undone.stderr.contains("removed 2 contacts"), "{}", undone.stderr);
    let server = Server::start_at(world, free_port(), &["serve"]).await;
    let (_, job) = server.get("/api/v1/jobs/1").await;
    let expected = json!({ "filled": 2, "count": 2, "uncompared": 0, "first": [
        { "line": 3, "kept_line": 2, "columns": ["Phone"] }, { "line": 4, "kept_line": 2, "columns": ["Notes"] }] });
    assert_eq!(job["interpretation"]["repeats"], expected, "{job}");
    let page = server.client().get(format!("{}/jobs/1", server.url)).send().await.unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains("Line 3 differs from line 2"), "{page}");
}

#[tokio::test]
async fn a_contact_stays_as_it_is_when_a_row_becomes_its_repeat() {
    let world = World::database().await;
    let file = world.file(
        "a.csv",
        "email,first_name,last_name,company,Phone,Notes\nann@example.com,Ann,Lee,Acme,1,\nann@exmaple,Ann,Lee,Acme,1,VIP\n\
         bad,B,Ad,Co,,\n",
    );
    world.ingest(&["import", &file, "--policy", "AT_ONCE"]).await.expect_status(3);
    let row = (first_row(&world, 1).await + 1).to_string();
    world.ingest(&["edit", &row, "--email", "ann@example.com"]).await.expect_status(0);
    let run = world.ingest(&["reprocess", "1"]).await;
    run.expect_status(3);
    let words = "repeats that differ                  1\n    line 3 differs from line 2 in Notes\n";
    assert!(run.stdout.contains(words), "{}", run.stdout);
    let unchanged = r#"ann@example.com {"Phone": "1"}"#;
    assert_eq!(extras(&world, "contacts").await, [unchanged]);
    assert!(extras(&world, "staging").await.contains(&unchanged.to_owned()));
    // A later run reports nothing twice.
    let again = world.ingest(&["reprocess", "1"]).await;
    assert!(!again.stdout.contains("repeats that differ"), "{}", again.stdout);
}

#[tokio::test]
async fn overwriting_and_filling_a_contact_merges_its_columns_and_undo_restores_them() {
    let world = World::database().await;
    let header = "email,first_name,last_name,company,Phone,Notes,City\n";
    let first = world.file(
        "first.csv",
        &format!("{header}o@example.com,Otto,Nown,Old,1,old,\nf@example.com,Fay,Nown,Old,1,,\n"),
    );
    world.ingest(&["import", &first]).await.expect_status(0);
    let before = extras(&world, "contacts").await;
    let second = world.file(
        "second.csv",
        &format!(
            "{header}o@example.com,O,New,New,2,,Rome\nf@example.com,F,New,New,2,new,\nn@example.com,N,New,New,3,,\n"
        ),
    );
    world.ingest(&["import", &second]).await.expect_status(3);
    let start = first_row(&world, 2).await;
    for (row, decision) in [(start, Decision::Overwrite), (start + 1, Decision::Fill)] {
        let filter = Filter::rows([RowId(row)]);
        actions::decide(&world.owners, &tester(), JobId(2), &filter, &decision).await.unwrap();
    }
    world.ingest(&["reprocess", "2"]).await.expect_status(0);
    let after = [
        r#"f@example.com {"Notes": "new", "Phone": "1"}"#,
        r#"n@example.com {"Phone": "3"}"#,
        r#"o@example.com {"City": "Rome", "Notes": "old", "Phone": "2"}"#,
    ];
    assert_eq!(extras(&world, "contacts").await, after);
    let undone = actions::undo_import(&world.owners, &tester(), JobId(2)).await.unwrap();
    assert_eq!((undone.removed, undone.restored, undone.kept), (1, 2, vec![]));
    assert_eq!(extras(&world, "contacts").await, before);
    // A contact that another program has changed since stays as it is.
    world.ingest(&["reprocess", "2"]).await.expect_status(0);
    assert_eq!(extras(&world, "contacts").await, after);
    sqlx::raw_sql(r#"UPDATE contacts SET contact_extra = '{"Phone": "4"}' WHERE contact_email IN ('n@example.com', 'O@example.com', 'o@example.com')"#)
        .execute(&world.pool)
        .await
        .unwrap();
    let undone = actions::undo_import(&world.owners, &tester(), JobId(2)).await.unwrap();
    assert_eq!((undone.removed, undone.restored, undone.kept.len()), (0, 1, 2));
}

#[tokio::test]
async fn merging_rows_fills_the_columns_of_the_kept_row() {
    let world = World::database().await;
    let file = world.file(
        "a.csv",
        "email,first_name,last_name,company,Phone,Notes\n\
         d@example.com,D,One,Co,1,\nd@example.com,D,Two,Co,2,met\nd@example.com,D,Three,Co,,late\n",
    );
    world.ingest(&["import", &file]).await.expect_status(3);
    let before = extras(&world, "staging").await;
    let merged = world.ingest(&["bulk", "1", "merge", "--type", "DUPLICATE_EMAIL"]).await;
    merged.expect_status(0);
    let words = "2 rows discarded by the merge with different values in other columns";
    assert!(merged.stderr.contains(words), "{}", merged.stderr);
    let kept = "SELECT staging_extra::text FROM staging WHERE staging_status IS DISTINCT FROM 'DISCARD'";
    let kept: String = sqlx::query_scalar(kept).fetch_one(&world.pool).await.unwrap();
    assert_eq!(kept, r#"{"Notes": "met", "Phone": "1"}"#);
    let action: i64 =
        sqlx::query_scalar("SELECT max(action_id) FROM actions").fetch_one(&world.pool).await.unwrap();
    world.ingest(&["undo", &action.to_string()]).await.expect_status(0);
    assert_eq!(extras(&world, "staging").await, before);
    // The undo is undone.
    world.ingest(&["undo", &(action + 1).to_string()]).await.expect_status(0);
    world.ingest(&["reprocess", "1"]).await.expect_status(0);
    assert_eq!(extras(&world, "contacts").await, [r#"d@example.com {"Notes": "met", "Phone": "1"}"#]);
}

#[tokio::test]
async fn a_case_shows_the_columns_side_by_side() {
    let world = World::database().await;
    let file = world.file(
        "a.csv",
        "email,first_name,last_name,company,Phone,Notes\nd@example.com,D,One,Co,1,same\nd@example.com,D,Two,Co,2,same\n\
         bad,B,Ad,Co,3,\n",
    );
    world.ingest(&["import", &file]).await.expect_status(3);
    let issues = world.ingest(&["issues", "1", "--output", "json"]).await;
    let issues: Value = serde_json::from_str(&issues.stdout).unwrap();
    assert_eq!(issues[0]["rows"][1]["extra"], json!({ "Phone": "2", "Notes": "same" }));
    let server = Server::start_at(world, free_port(), &["serve"]).await;
    for (kind, words) in [
        ("duplicate", ["<bdi>Phone</bdi>", "<mark><bdi>2</bdi>", "<td><bdi>same</bdi></td>"]),
        ("invalid", ["1 other column", "<bdi>Phone</bdi>", "<bdi>3</bdi>"]),
    ] {
        let page = server.client().get(format!("{}/jobs/1/review/{kind}", server.url));
        let page = page.send().await.unwrap().text().await.unwrap();
        for words in words {
            assert!(page.contains(words), "{kind}: {words}: {page}");
        }
    }
}

#[tokio::test]
async fn a_file_of_corrections_has_the_columns_and_changes_them() {
    let world = World::database().await;
    let file = world.file(
        "a.csv",
        "email,first_name,last_name,company,Phone,Notes,Fax\nbad,B,Ad,Co,+1,old,9\nworse,W,Orse,Co,,,\n",
    );
    world.ingest(&["import", &file]).await.expect_status(3);
    let printed = world.ingest(&["export", "1"]).await;
    let header = "\"reasons\",\"notes\",\"other: Phone\",\"other: Notes\",\"other: Fax\"\r\n";
    assert!(printed.stdout.contains(header), "{}", printed.stdout);
    assert!(printed.stdout.contains(",\"'+1\",\"old\",\"'9\"\r\n"), "{}", printed.stdout);
    // Nothing changes as long as nobody changes anything.
    let back = world.file("same.csv", &printed.stdout);
    let run = world.ingest(&["correct", "1", &back]).await;
    assert!(run.stderr.contains("read 2 rows, 2 of them unchanged"), "{}", run.stderr);
    let edited = printed
        .stdout
        .replace(",\"'+1\",\"old\",\"'9\"\r\n", ",\"'+2\",\"\",\"'9\"\r\n")
        .replace("\"bad\"", "\"good@example.com\"");
    let back = world.file("back.csv", &edited);
    let run = world.ingest(&["correct", "1", &back]).await;
    run.expect_status(0);
    let rows = extras(&world, "staging").await;
    assert_eq!(rows, [r#"good@example.com {"Fax": "9", "Phone": "+2"}"#, "worse none"]);
    let action: i64 =
        sqlx::query_scalar("SELECT max(action_id) FROM actions").fetch_one(&world.pool).await.unwrap();
    world.ingest(&["undo", &action.to_string()]).await.expect_status(0);
    let rows = extras(&world, "staging").await;
    assert_eq!(rows, [r#"bad {"Fax": "9", "Notes": "old", "Phone": "+1"}"#, "worse none"]);
}

#[tokio::test]
async fn a_row_with_values_in_other_columns_only_is_listed_as_skipped() {
    let world = World::database().await;
    let file = world.file(
        "a.csv",
        "email,first_name,last_name,company,Phone\nann@example.com,Ann,Lee,Acme,1\n,,,,555\n,,,,\n",
    );
    let done = world.ingest(&["import", &file]).await;
    done.expect_status(0);
    assert!(
        done.stdout.contains("lines skipped                        1\n    line 3: 555\n"),
        "{}",
        done.stdout
    );
}
