//! Files of corrections: exported, edited and uploaded.

mod sheet;
mod spreadsheets;

use ingest::actions::{self, ActionError, CORRECTIONS_LIMIT, Idempotency, Request};
use ingest::domain::decision::{Decision, Filter};
use ingest::domain::ids::RowId;
use ingest::domain::job::JobId;
use ingest::objects::Objects;
use tokio::io::AsyncReadExt;

use self::sheet::{HEADER, JOB, Sheet, correct, export, request, rows, tester, under_review};
use crate::support::World;

#[tokio::test]
async fn rows_of_every_rule_are_exported_and_corrected() {
    let world = World::database().await;
    let known = world.file("known.csv", &format!("{HEADER}known@example.com,Kay,Nown,Acme\n"));
    world.ingest(&["import", &known, "--owner", "tester"]).await.expect_status(0);
    let file = world.file(
        "a.csv",
        &format!(
            "{HEADER}fine@example.com,F,Ine,Acme\nbad,Bo,,Acme\nd@example.com,D,One,Co\nd@example.com,D,Two,Co\n\
             known@example.com,K,New,New\nm@example.com,M,Al,Formed,Inc\n"
        ),
    );
    world.ingest(&["import", &file]).await.expect_status(3);
    let printed = world.ingest(&["export", "2"]).await;
    printed.expect_status(0);
    assert!(
        printed.stderr.contains("5 rows") && printed.stderr.contains("ingest correct 2"),
        "{}",
        printed.stderr
    );
    let first = "\u{feff}\"email\",\"first_name\",\"last_name\",\"company\",\"row\",\"line\",\"row_key\",\"reasons\",\"notes\"\r\n\
                 \"bad\",\"Bo\",\"\",\"Acme\",";
    assert!(printed.stdout.starts_with(first), "{}", printed.stdout);
    let mut sheet = Sheet::read(printed.stdout.as_bytes());
    assert_eq!(sheet.column("line"), ["3", "4", "5", "6", "7"]);
    assert!(sheet.column("row_key").iter().all(|key| key.starts_with("r-") && key.len() == 34));
    let reasons = sheet.column("reasons");
    assert_eq!(reasons[0].split("; ").count(), 2, "a row has all its reasons in one cell: {}", reasons[0]);
    assert!(reasons.iter().all(|reason| !reason.is_empty()), "{reasons:?}");

    sheet.set(0, "email", " bo@example.com ");
    sheet.set(0, "last_name", "Ray");
    sheet.set(2, "last_name", "One");
    sheet.set(3, "email", "k.new@example.com");
    sheet.set(4, "company", "Formed, Inc");
    let back = world.file("back.csv", &sheet.text());
    let run = world.ingest(&["correct", "2", &back]).await;
    run.expect_status(0);
    for words in [
        "changed 4 rows of job 2 and resolved 5 issues; 0 still open",
        "ingest undo 3",
        "read 5 rows, 1 of them unchanged",
    ] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    let audit = world.ingest(&["audit", "--job", "2", "--output", "json"]).await;
    assert!(
        audit.stdout.contains("CORRECTIONS") && !audit.stdout.contains("bo@example.com"),
        "{}",
        audit.stdout
    );
    assert_eq!(
        Sheet::of(&world, JobId(2)).await.rows,
        Vec::<Vec<String>>::new(),
        "without open issues there are no rows"
    );
    world.ingest(&["reprocess", "2"]).await.expect_status(0);
    let contacts = [
        "bo@example.com|Bo|Ray|Acme",
        "d@example.com|D|One|Co",
        "fine@example.com|F|Ine|Acme",
        "k.new@example.com|K|New|New",
        "known@example.com|Kay|Nown|Acme",
        "m@example.com|M|Al|Formed, Inc",
    ];
    assert_eq!(world.contacts("tester").await, contacts);
}

#[tokio::test]
async fn a_file_is_one_action_and_is_undone_as_one() {
    let world = under_review("bad,Bo,Ray,Acme\nworse,Jo,Ray,Acme\nworst,Al,Ray,Acme\n").await;
    let before = rows(&world).await;
    let mut sheet = Sheet::of(&world, JOB).await;
    sheet.set(0, "email", "bo@example.com");
    sheet.set(1, "company", "Beta");
    let done = correct(&world, sheet.text()).await;
    assert_eq!(
        (done.read, done.unchanged, done.effect.changed.rows, done.effect.changed.edited),
        (3, 1, 2, 2)
    );
    assert_eq!((done.effect.issues.settled, done.effect.open_issues), (1, 2));
    let after = ["bo@example.com|Bo|Ray|Acme", "worse|Jo|Ray|Beta", "worst|Al|Ray|Acme"];
    assert_eq!(rows(&world).await, after);

    let again = correct(&world, sheet.text()).await;
    assert_eq!((again.effect.action, again.effect.changed.rows, again.unchanged), (None, 0, 3));
    let undone = actions::undo(&world.owners, &tester(), done.effect.action.unwrap()).await.unwrap();
    assert_eq!((undone.changed.rows, undone.issues.reopened, undone.open_issues), (2, 1, 3));
    assert_eq!(rows(&world).await, before);
    let redone = actions::undo(&world.owners, &tester(), undone.action.unwrap()).await.unwrap();
    assert_eq!((redone.changed.rows, rows(&world).await), (2, after.map(str::to_owned).to_vec()));
}

#[tokio::test]
async fn unknown_and_unchangeable_rows_are_reported_with_their_lines() {
    let world = World::database().await;
    let file =
        world.file("a.csv", &format!("{HEADER}ok@example.com,O,K,Co\nbad,Bo,Ray,Acme\nworse,Jo,Ray,Acme\n"));
    world.ingest(&["import", "--policy", "AT_ONCE", &file]).await.expect_status(3);
    let other = world.file("b.csv", &format!("{HEADER}other,O,Ther,Co\n"));
    world.ingest(&["import", &other]).await.expect_status(3);
    let mut sheet = Sheet::of(&world, JOB).await;
    sheet.rows.extend(Sheet::of(&world, JobId(2)).await.rows);
    let contact: String = sqlx::query_scalar("SELECT staging_row_hash FROM staging WHERE staging_id = 1")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    let mut more = |email: &str, key: &str| {
        sheet.rows.push([email, "A", "B", "C", "1", "1", key, "", ""].map(str::to_owned).to_vec());
    };
    more("new@example.com", "");
    more("new@example.com", &contact);
    more("new@example.com", &format!("r-{contact}"));
    sheet.set(0, "email", "bo@example.com");
    actions::decide(&world.owners, &tester(), JOB, &Filter::rows([RowId(2), RowId(3)]), &Decision::Discard)
        .await
        .unwrap();

    let back = world.file("back.csv", &sheet.text());
    let run = world.ingest(&["correct", "1", &back]).await;
    run.expect_status(0);
    let key = sheet.column("row_key")[2];
    for words in [
        "changed 1 row of job 1",
        "skipped 3 rows with a row_key that does not belong to this job",
        &format!("line 4: {key}"),
        "line 5: no row_key",
        &format!("line 6: {contact}"),
        "skipped 1 row already imported as contacts",
        &format!("line 7: r-{contact}"),
    ] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    let after = ["ok@example.com|O|K|Co", "bo@example.com|Bo|Ray|Acme", "worse|Jo|Ray|Acme (discarded)"];
    assert_eq!(rows(&world).await, after, "a correction restores a discarded row");

    let others = world.ingest(&["correct", "2", &back, "--owner", "other"]).await;
    others.expect_status(1);
    assert!(others.stderr.contains("there is no job 2"), "{}", others.stderr);
    let theirs = actions::corrections_file(&world.owners, &request("other").owner, JOB).await;
    assert!(matches!(theirs, Err(ActionError::NoJob(JOB))), "{theirs:?}");
    world.ingest(&["export", "9"]).await.expect_status(1);

    let objects = Objects::local(world.path("data/objects")).unwrap();
    actions::delete(&world.owners, &objects, &tester(), JOB).await.unwrap();
    let trail = world.ingest(&["audit", "--job", "1", "--output", "json"]).await;
    assert!(trail.stdout.contains("unknown_count") && !trail.stdout.contains(&contact), "{}", trail.stdout);
}

#[tokio::test]
async fn an_invalid_file_is_refused_with_the_reason_and_changes_nothing() {
    let world = under_review("bad,Bo,Ray,Acme\nworse,Jo,Ray,Acme\n").await;
    let before = rows(&world).await;
    let sheet = Sheet::of(&world, JOB).await;
    let key = sheet.column("row_key")[0];
    let cases: [(Vec<u8>, &str); 11] = [
        (b"".to_vec(), "the file is empty"),
        (b"\n , ,\n".to_vec(), "only blank lines"),
        (b"PK\x03\x04".to_vec(), "an Excel workbook or another ZIP archive, not CSV"),
        (
            b"email,company\na@example.com,X\n".to_vec(),
            "the header on line 1 has no column row_key (found: email, company)",
        ),
        (format!("email,row-key,E-Mail\na,{key},b\n").into_bytes(), "more than one column for email"),
        (format!("row_key,ROW KEY,email\n{key},,b\n").into_bytes(), "more than one column for row_key"),
        (format!("row_key,note\n{key},b\n").into_bytes(), "no column with values"),
        (format!("п»їemail,row_key\nb,{key}\n").into_bytes(), "open it there as UTF-8"),
        (
            format!("row_key,email\n{key},\"b\n").into_bytes(),
            "the quotes of the row that starts on line 2 are broken",
        ),
        (format!("row_key,company\n{key},Acme, Inc\n").into_bytes(), "line 2 has more cells than the header"),
        (format!("row_key,company\n{key},A\0b\n").into_bytes(), "line 2 contains a NUL"),
    ];
    let refused = async |file: &[u8]| match actions::correct(&world.owners, &tester(), JOB, file).await {
        Err(ActionError::Invalid { field: "file", reason }) => reason.to_string(),
        other => panic!("{}: {other:?}", String::from_utf8_lossy(file)),
    };
    for (file, words) in cases {
        let reason = refused(&file).await;
        assert!(reason.contains(words), "{words}: {reason}");
    }
    let twice = format!("row_key,company\n{key},A\n{key},A\n\n{key},B\n");
    let reason = refused(twice.as_bytes()).await;
    assert!(reason.contains("lines 2 and 5 have the same row_key"), "{reason}");
    let endless = tokio::io::repeat(b'\n').take(CORRECTIONS_LIMIT + 1);
    let large = actions::correct(&world.owners, &tester(), JOB, endless).await;
    assert!(matches!(large, Err(ActionError::TooLarge(CORRECTIONS_LIMIT))), "{large:?}");
    assert_eq!(rows(&world).await, before);
    let file = world.file("bad.csv", "email\na\n");
    let run = world.ingest(&["correct", "1", &file]).await;
    run.expect_status(1);
    assert!(run.stderr.contains("bad.csv") && run.stderr.contains("no column row_key"), "{}", run.stderr);
}

#[tokio::test]
async fn a_repeated_idempotent_request_does_not_read_the_file() {
    let world = under_review("bad,Bo,Ray,Acme\n").await;
    let mut sheet = Sheet::of(&world, JOB).await;
    sheet.set(0, "email", "bo@example.com");
    let known = Some(Idempotency { key: "k".to_owned(), fingerprint: "f".to_owned() });
    let keyed = Request { idempotency: known, ..tester() };
    let first = actions::correct(&world.owners, &keyed, JOB, sheet.text().as_bytes()).await.unwrap();
    let second = actions::correct(&world.owners, &keyed, JOB, "no file at all".as_bytes()).await.unwrap();
    assert_eq!((first.effect.changed.rows, &first), (1, &second));
}

#[tokio::test]
async fn corrections_of_a_large_job_are_exported_and_applied() {
    let rows: String = (0..110_000)
        .map(|n| match n % 4 {
            0 => format!("p{n}@example.com,Ann,Lee,Acme\n"),
            _ => format!("{n} bad,Ann,Lee,Acme\n"),
        })
        .collect();
    let world = under_review(&rows).await;
    let text = String::from_utf8(export(&world, JOB).await).unwrap();
    assert_eq!(text.lines().count(), 1 + 82_500);
    let done = correct(&world, text.replace(" bad\",", "@example.com\",")).await;
    assert_eq!((done.read, done.effect.changed.rows, done.unchanged), (82_500, 82_500, 0));
    assert_eq!((done.effect.issues.settled, done.effect.open_issues), (82_500, 0));
    world.ingest(&["reprocess", "1"]).await.expect_status(0);
    assert_eq!(world.contacts("tester").await.len(), 110_000);
}
