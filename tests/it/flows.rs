//! Whole imports as a person runs them: file, issues, decisions, contacts.

use crate::support::World;

const HEADER: &str = "email,first_name,last_name,company\n";

fn bytes(world: &World, name: &str, content: &[u8]) -> String {
    let path = world.path(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_clean_file_becomes_contacts() {
    let world = World::database().await;
    let file = world.file(
        "clean.csv",
        &format!("{HEADER}ann@example.com,Ann,Lee,Acme\n\n Bob@Example.com ,Bob,Ray,\"Acme, Inc\"\n"),
    );
    let run = world.ingest(&["import", &file]).await;
    run.expect_status(0);
    assert!(run.stdout.contains("job 1 COMPLETED"), "{}", run.stdout);
    assert_eq!(
        world.contacts("tester").await,
        ["Bob@Example.com|Bob|Ray|Acme, Inc", "ann@example.com|Ann|Lee|Acme"]
    );
    assert_eq!(world.statuses(1).await, "1 SUCCESS, 2 SUCCESS");
    assert_eq!(world.job(1).await, "COMPLETED total 2 processed 2 issues 0 repeated 0");
    // The end is later than the start of the transaction with the contacts.
    let made_before_end = "SELECT job_process_end > contact_created_at FROM jobs, contacts LIMIT 1";
    assert!(sqlx::query_scalar::<_, bool>(made_before_end).fetch_one(&world.pool).await.unwrap());
}

#[tokio::test]
async fn every_rule_is_raised_in_the_first_run() {
    let world = World::database().await;
    let first = world.file("first.csv", &format!("{HEADER}known@example.com,Kay,Nown,Acme\n"));
    world.ingest(&["import", &first]).await.expect_status(0);
    let file = world.file(
        "dirty.csv",
        &format!(
            "{HEADER}Known@example.com,Kay,Other,Acme\n\
             not an address,Bo,,Acme\n\
             NOT AN ADDRESS,Jo,Ray,Acme\n\
             dup@example.com,D,One,Co\nDUP@example.com,D,Two,Co\ndup@example.com,D,One,Co\n\
             wide@example.com,W,Ide,Acme, Inc\n\
             ,,No,\n\
             fine@example.com,F,Ine,Co\n"
        ),
    );
    world.ingest(&["import", &file]).await.expect_status(3);
    let issues: Vec<_> = world
        .issues(2)
        .await
        .into_iter()
        .map(|issue| format!("{} {:?}", issue.issue_type, issue.lines))
        .collect();
    assert_eq!(
        issues,
        [
            "DUPLICATE_EMAIL [5, 6]",
            "EXISTING_EMAIL [2]",
            "INVALID_EMAIL [3, 4]",
            "MALFORMED_ROW [8]",
            "MISSING_REQUIRED_FIELD [3]",
            "MISSING_REQUIRED_FIELD [9]"
        ]
    );
    assert_eq!(world.job(2).await, "NEEDS_REVIEW total 9 processed 9 issues 6 repeated 1");
}

#[tokio::test]
async fn contacts_of_another_owner_are_neither_compared_nor_listed() {
    let world = World::database().await;
    let file = world.file("a.csv", &format!("{HEADER}ann@example.com,Ann,Lee,Acme\n"));
    world.ingest(&["import", &file, "--owner", "one"]).await.expect_status(0);
    world.ingest(&["import", &file, "--owner", "two"]).await.expect_status(0);
    let seen = world.ingest(&["contacts", "--owner", "two", "--output", "json"]).await;
    assert_eq!(seen.stdout.matches("ann@example.com").count(), 1);
    let refused = world.ingest(&["issues", "1", "--owner", "two"]).await;
    refused.expect_status(1);
    assert!(refused.stderr.contains("no job 1"), "{}", refused.stderr);
    for command in
        [["edit", "1", "--email", "x@example.com"].as_slice(), &["discard", "1"], &["reprocess", "1"]]
    {
        let refused = world.ingest(&[command, &["--owner", "two"]].concat()).await;
        refused.expect_status(1);
    }
}

#[tokio::test]
async fn a_review_completes_without_the_file() {
    let world = World::database().await;
    let file = world.file(
        "review.csv",
        &format!("{HEADER}bad,Bo,Ray,Acme\ndup@example.com,D,One,Co\ndup@example.com,D,Two,Co\n,No,Mail,Co\nfine@example.com,F,Ine,Co\nx@example.com,A,B,Acme, Inc\n"),
    );
    world.ingest(&["import", &file]).await.expect_status(3);
    std::fs::remove_dir_all(world.path("data/objects/uploads")).unwrap();

    world.ingest(&["edit", "1", "--email", "good@example.com"]).await.expect_status(0);
    world.ingest(&["reprocess", "1"]).await.expect_status(3);
    world.ingest(&["discard", "3", "4"]).await.expect_status(0);
    // Another program edits rows by SQL and accepts the malformed row.
    sqlx::raw_sql("UPDATE issues SET issue_resolved = true, issue_resolved_by = 'ops' WHERE issue_type = 'MALFORMED_ROW'")
        .execute(&world.pool)
        .await
        .unwrap();
    world.ingest(&["reprocess", "1"]).await.expect_status(0);
    assert_eq!(
        world.contacts("tester").await,
        [
            "dup@example.com|D|One|Co",
            "fine@example.com|F|Ine|Co",
            "good@example.com|Bo|Ray|Acme",
            "x@example.com|A|B|Acme"
        ]
    );
    assert_eq!(world.statuses(1).await, "1 SUCCESS, 2 SUCCESS, 3 DISCARD, 4 DISCARD, 5 SUCCESS, 6 SUCCESS");
    assert_eq!(world.job(1).await, "COMPLETED total 6 processed 6 issues 0 repeated 0");
}

#[tokio::test]
async fn an_issue_resolved_without_a_fix_is_reopened() {
    let world = World::database().await;
    let file = world.file("a.csv", &format!("{HEADER}bad,Bo,Ray,Acme\n"));
    world.ingest(&["import", &file]).await.expect_status(3);
    sqlx::raw_sql("UPDATE issues SET issue_resolved = true").execute(&world.pool).await.unwrap();
    world.ingest(&["reprocess", "1"]).await.expect_status(3);
    assert_eq!(world.issues(1).await.len(), 1);
}

#[tokio::test]
async fn edits_that_make_two_rows_equal_discard_the_later_one() {
    let world = World::database().await;
    let file =
        world.file("a.csv", &format!("{HEADER}a@example.com,Ann,Lee,Acme\na@example.com,Anne,Lee,Acme\n"));
    world.ingest(&["import", &file]).await.expect_status(3);
    world.ingest(&["edit", "2", "--first-name", "Ann"]).await.expect_status(0);
    world.ingest(&["reprocess", "1"]).await.expect_status(0);
    assert_eq!(world.statuses(1).await, "1 SUCCESS, 2 DISCARD");
    assert_eq!(world.contacts("tester").await, ["a@example.com|Ann|Lee|Acme"]);
}

#[tokio::test]
async fn encodings_are_detected_from_the_whole_file() {
    let world = World::database().await;
    let text = format!("{HEADER}jose@example.com,José,Núñez,Société\nrene@example.com,René,Müller,Façade\n");
    let utf16 = |little: bool| -> Vec<u8> {
        let units = text.encode_utf16();
        units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
    };
    let latin: Vec<u8> = text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
    let files = [
        text.clone().into_bytes(),
        [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat(),
        utf16(true),
        [b"\xff\xfe".as_slice(), &utf16(true)].concat(),
        utf16(false),
        [b"\xfe\xff".as_slice(), &utf16(false)].concat(),
        latin,
        text.replace(',', ";").replace('\n', "\r\n").into_bytes(),
        text.replace(',', "\t").replace('\n', "\r").into_bytes(),
        text.replace(',', "|").into_bytes(),
    ];
    for (number, content) in files.iter().enumerate() {
        let owner = format!("owner-{number}");
        let file = bytes(&world, &format!("{number}.csv"), content);
        world.ingest(&["import", &file, "--owner", &owner]).await.expect_status(0);
        let contacts = ["jose@example.com|José|Núñez|Société", "rene@example.com|René|Müller|Façade"];
        assert_eq!(world.contacts(&owner).await, contacts, "file {number}");
    }
}

#[tokio::test]
async fn one_invalid_byte_makes_one_malformed_row() {
    let world = World::database().await;
    let mut content = HEADER.as_bytes().to_vec();
    for number in 0..50 {
        content.extend(format!("p{number}@example.com,José,Núñez,Acme\n").bytes());
    }
    content.extend(b"bad@example.com,Ren\xe9,Lee,Acme\nnul@example.com,N\0l,Lee,Acme\n");
    world.ingest(&["import", &bytes(&world, "a.csv", &content)]).await.expect_status(3);
    let issues: Vec<_> = world
        .issues(1)
        .await
        .into_iter()
        .map(|issue| format!("{} {:?}", issue.issue_type, issue.lines))
        .collect();
    assert_eq!(issues, ["MALFORMED_ROW [52]", "MALFORMED_ROW [53]"]);
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT staging_first_name FROM staging WHERE staging_line >= 51 ORDER BY staging_line",
    )
    .fetch_all(&world.pool)
    .await
    .unwrap();
    assert_eq!(names, ["José", "Ren\u{fffd}", "N\u{2400}l"]);
    world.ingest(&["edit", "51", "--first-name", "René"]).await.expect_status(0);
    world.ingest(&["edit", "52", "--first-name", "Nil"]).await.expect_status(0);
    world.ingest(&["reprocess", "1"]).await.expect_status(0);
    assert_eq!(world.contacts("tester").await.len(), 52);
}

#[tokio::test]
async fn rejected_files_are_reported_with_the_reason() {
    let world = World::database().await;
    let damaged =
        format!("{HEADER}a@example.com,Ann,Lee,Acme{}\n", format!(",{}", "\0".repeat(60_000)).repeat(10));
    let cases: &[(&str, &str, &[&str])] = &[
        ("empty", "", &["empty"]),
        ("header", HEADER, &["no row", "header"]),
        ("lacking", "email,first_name,company\na,b,c\n", &["last_name", "company"]),
        ("doubled", "email,email,first_name,last_name,company\na,b,c,d,e\n", &["ingest map 4 email="]),
        ("damaged", &damaged, &["line 2 contains more than 2097152 bytes that fit no column"]),
    ];
    for (name, content, words) in cases {
        let file = world.file(&format!("{name}.csv"), content);
        let run = world.ingest(&["import", &file]).await;
        run.expect_status(1);
        let said = run.stderr.to_lowercase();
        assert!(words.iter().any(|word| said.contains(word)), "{name}: {said}");
    }
    let failed: Vec<(String, i64)> =
        sqlx::query_as("SELECT job_status::text, count(*) FROM jobs WHERE job_failure <> '' GROUP BY 1")
            .fetch_all(&world.pool)
            .await
            .unwrap();
    assert_eq!(failed, [("FAILED".to_owned(), cases.len() as i64)]);
    let staged: i64 =
        sqlx::query_scalar("SELECT count(*) FROM staging").fetch_one(&world.pool).await.unwrap();
    assert_eq!(staged, 0);
}

#[tokio::test]
async fn a_broken_quote_and_a_giant_cell_affect_only_their_rows() {
    let world = World::database().await;
    let giant = "x".repeat(100_000);
    let file = world.file(
        "odd.csv",
        &format!(
            "{HEADER}a@example.com,\"Ann,Lee,Acme\nb@example.com,{giant},Ray,Beta\nc@example.com,C,D,E\n"
        ),
    );
    world.ingest(&["import", &file, "--policy", "AT_ONCE"]).await.expect_status(3);
    assert_eq!(world.contacts("tester").await, ["c@example.com|C|D|E"]);
    let issues = world.issues(1).await;
    let lines: Vec<_> =
        issues.iter().map(|issue| (issue.issue_type.as_str(), issue.lines.as_slice())).collect();
    assert_eq!(lines, [("MALFORMED_ROW", [2].as_slice()), ("MALFORMED_ROW", [3].as_slice())]);
}

#[tokio::test]
async fn skipped_lines_are_listed() {
    let world = World::database().await;
    let file = world.file(
        "titled.csv",
        "Customers 2026\n\nEmail*;Name;Unternehmen\na@example.com;Ann Lee;Acme\nTotal;1;\n\nConfidential\n",
    );
    let run = world.ingest(&["import", &file]).await;
    run.expect_status(0);
    assert_eq!(world.contacts("tester").await, ["a@example.com|Ann|Lee|Acme"]);
    for line in ["lines skipped", "line 1: Customers 2026", "line 5: Total 1", "line 7: Confidential"] {
        assert!(run.stdout.contains(line), "{line}: {}", run.stdout);
    }
}

#[tokio::test]
async fn invalid_values_too_long_for_an_index_raise_issues() {
    let world = World::database().await;
    let value = "x".repeat(10_000);
    let file = world.file("a.csv", &format!("{HEADER}{value},A,B,C\n{value}y,A,B,C\n"));
    world.ingest(&["import", &file]).await.expect_status(3);
    assert_eq!(world.issues(1).await.len(), 2);
}

#[tokio::test]
async fn concurrent_jobs_of_one_owner_create_each_contact_once() {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    let rows: String = (0..20_000).map(|n| format!("p{n}@example.com,Ann,Lee,Acme\n")).collect();
    let file = world.file("a.csv", &format!("{HEADER}{rows}"));
    let import = ["import", "--force", file.as_str()];
    let (one, two) = tokio::join!(world.ingest(&import), world.ingest(&import));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [Some(0), Some(3)], "{}{}", one.stderr, two.stderr);
    assert_eq!(world.contacts("tester").await.len(), 20_000);
    let existing: i64 = sqlx::query_scalar("SELECT count(*) FROM issues WHERE issue_type = 'EXISTING_EMAIL'")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(existing, 20_000);
}

#[tokio::test]
async fn contacts_of_other_programs_raise_existing_email() {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    sqlx::raw_sql("INSERT INTO contacts (staging_id, contacts_user_id, contact_email, contact_first_name,
         contact_last_name, contact_company)
                   VALUES (900, 'tester', ' JOS\u{c9}@example.com', 'J', 'E', 'C'), (901, 'tester', 'jose\u{301}@example.com', 'J', 'E', 'C')")
        .execute(&world.pool)
        .await
        .unwrap();
    let file = world.file("a.csv", &format!("{HEADER}José@example.com,J,E,C\n"));
    world.ingest(&["import", &file]).await.expect_status(3);
    assert_eq!(world.issues(1).await[0].issue_type, "EXISTING_EMAIL");
}
