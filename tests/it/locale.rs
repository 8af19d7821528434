//! Databases that sort text by the rules of a language, as hosted ones do: keys are still sorted byte by byte.

use ingest::actions::{self, Request};
use ingest::domain::decision::{Decision, Filter};
use ingest::domain::job::{JobId, Owner};
use ingest::domain::row::RowStatus;
use ingest::domain::search::SearchText;
use ingest::store::contacts;
use sqlx::{Executor, PgPool};

use crate::support::World;

const HEADER: &str = "email,first_name,last_name,company\n";
const EN_US: &str = "TEMPLATE template0 LOCALE 'en_US.UTF-8'";

/// Returns the indexed columns whose text is sorted by a locale.
async fn indexed_by_locale(pool: &PgPool) -> Vec<String> {
    let query = "SELECT indexrelid::regclass || ' ' || attname
         FROM pg_index CROSS JOIN LATERAL unnest(indkey::smallint[], indcollation::oid[]) AS part (number, collation_id)
         JOIN pg_attribute ON attrelid = indrelid AND attnum = number
         JOIN pg_class c ON c.oid = indrelid
         WHERE c.relnamespace = 'public'::regnamespace AND collation_id <> 0
           AND collation_id NOT IN ('pg_catalog.\"C\"'::regcollation, 'pg_catalog.\"POSIX\"'::regcollation) ORDER BY 1";
    sqlx::query_scalar(query).fetch_all(pool).await.unwrap()
}

/// Returns the plan of a statement, one line per node.
async fn plan(pool: &PgPool, statement: &str) -> String {
    let mut connection = pool.acquire().await.unwrap();
    connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off").await.unwrap();
    let explain = sqlx::AssertSqlSafe(format!("EXPLAIN {statement}"));
    let lines: Vec<String> = sqlx::query_scalar(explain).fetch_all(&mut *connection).await.unwrap();
    connection.close().await.unwrap();
    lines.join("\n")
}

#[tokio::test]
async fn keys_are_sorted_by_bytes_in_a_database_that_sorts_by_language() {
    let world = World::empty_database_with(EN_US).await;
    let sorted: bool = sqlx::query_scalar("SELECT 'a' < 'B'").fetch_one(&world.pool).await.unwrap();
    assert!(sorted, "the database sorts by language");

    // The first job fits the shared tables; the second gets tables of its own.
    let issues = "bad,Bo,Ray,Acme\ndup@example.com,D,One,Co\nDup@example.com,D,Two,Co\n";
    let small = world.file("small.csv", &format!("{HEADER}{issues}ann@example.com,Ann,Lee,Acme\n"));
    let rows: String = (0..100_000).map(|n| format!("Z{n}@example.com,Ann,Lee,Acme\n")).collect();
    let large = world.file("large.csv", &format!("{HEADER}{rows}Ann@example.com,Anna,Lee,Acme\n{issues}"));
    let request =
        Request { owner: Owner("tester".to_owned()), actor: "tester".to_owned(), idempotency: None };
    let with_issues = Filter { status: Some(RowStatus::Issue), ..Filter::default() };
    for (job, file, discarded) in [(1, &small, 3), (2, &large, 4)] {
        world.ingest(&["import", file]).await.expect_status(3);
        let decided =
            actions::decide(&world.owners, &request, JobId(job), &with_issues, &Decision::Discard).await;
        assert_eq!(decided.unwrap().changed.discarded, discarded);
        world.ingest(&["reprocess", &job.to_string()]).await.expect_status(0);
    }
    assert_eq!(world.job(2).await, "COMPLETED total 100004 processed 100004 issues 0 repeated 0");
    assert_eq!(world.contacts("tester").await.len(), 100_001);

    // A table of two rows, which are always looked up by their whole keys.
    assert_eq!(indexed_by_locale(&world.pool).await, ["staging_id_blocks_pkey block_kind"]);
    for (statement, index) in [
        (
            "SELECT FROM ONLY staging WHERE staging_job_id = 1 AND staging_row_hash = 'x'",
            "staging_job_row_hash",
        ),
        (
            "SELECT FROM staging_job_2 WHERE staging_row_hash = 'x' AND staging_job_id = 2",
            "staging_job_2_row_hash",
        ),
        ("SELECT FROM contacts WHERE contacts_user_id = 'nobody'", "contacts_owner"),
    ] {
        let plan = plan(&world.pool, statement).await;
        assert!(plan.contains(index), "{statement}:\n{plan}");
        assert!(!plan.contains("Filter"), "{statement}:\n{plan}");
    }
}

/// Returns the last names of the contacts that a search finds, newest first.
async fn found(world: &World, text: &str) -> Vec<String> {
    let mut db = world.read().await;
    let page =
        contacts::search(&mut db, &Owner("tester".to_owned()), Some(&SearchText::exact(text)), None, 10)
            .await
            .unwrap();
    page.contacts.into_iter().map(|contact| contact.values.last_name).collect()
}

#[tokio::test]
async fn searches_ignore_case_in_any_script_and_database() {
    let city = r#""Köln ""Süd"" \ 1""#;
    let rows =
        ["a@example.com,Ann,MÜLLER,Acme", "b@example.com,Иван,ПЕТРОВ,Ромашка", "c@example.com,Ann,Lee,Çelik"];
    let rows: String = rows.iter().map(|row| format!("{row},{city}\n")).collect();
    for locale in ["C", "en_US.UTF-8"] {
        let world = World::empty_database_with(&format!("TEMPLATE template0 LOCALE '{locale}'")).await;
        let file = world.file("contacts.csv", &format!("email,first_name,last_name,company,city\n{rows}"));
        world.ingest(&["import", &file]).await.expect_status(0);
        for (text, expected) in [
            ("Müller", vec!["MÜLLER"]),
            ("петров ИВАН", vec!["ПЕТРОВ"]),
            ("çelik ann", vec!["Lee"]),
            ("ann KÖLN lee", vec!["Lee"]),
            ("ann \"süd\"", vec!["Lee", "MÜLLER"]),
            ("\\ lee", vec!["Lee"]),
            ("city lee", vec![]),
            ("ann bo", vec![]),
            ("  ", vec!["Lee", "ПЕТРОВ", "MÜLLER"]),
        ] {
            assert_eq!(found(&world, text).await, expected, "{text:?} in {locale}");
        }
    }
}
