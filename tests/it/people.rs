//! One person in all data of an owner: exported and erased.

use std::path::Path;

use ingest::actions::{self, Idempotency, Request};
use ingest::domain::decision::{Edits, Field};
use ingest::domain::ids::ContactId;
use ingest::domain::job::Owner;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};

use crate::support::{Server, World, status_and_json};

const EMAIL: &str = "zyxwina.quorl@example.org";
/// What only this person has.
const TRACES: [&str; 6] = [EMAIL, "zyxwina", "quorlington", "quorlingtan", "smythewick", "vrombax"];
const HEADER: &str = "email,first_name,last_name,company,Phone,Manager\n";
const OLD: &str = "email,first_name,last_name,company,Nickname\n\
    zyxwina.quorl@example.org,Zyxwina,Smythewick,Vrombax,Zyxwina\nold@example.com,Old,Name,Acme,\n";
const MESSY: &str = "List of Zyxwina Quorlington (zyxwina.quorl@example.org)\n\
    email,first_name,last_name,company,Phone,Manager\n\
    ZYXWINA.quorl@example.org,Zyxwina,Quorlington,Vrombax,1,\n\
    zyxwina.quorl@example.org,Zyxwina,Quorlingtan,Vrombax,2,Zyxwina\n\
    zyxwina.quorl@exam..ple,Zyxwina,Quorlington,Vrombax Two,3,\n\
    bob@example.com,Bob,Ray,Acme,4,Zyxwina Quorlington <zyxwina.quorl@example.org>\n\
    carl@example.com,Carl,Ray,c/o zyxwina.quorl@example.org,5,\n\
    dora@example.com,Dora,Ray,Acme,6,,zyxwina.quorl@example.org Quorlington\n\
    eve@,Eve,Ray,Acme,7,\n";

/// Returns the names of the tables, and of the files below a folder, that contain a trace of the person.
async fn found(pool: &PgPool, folder: &Path) -> Vec<String> {
    let tables = "SELECT table_name::text FROM information_schema.tables
         WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(pool).await.unwrap();
    assert!(tables.len() > 15, "{tables:?}");
    let mut found = Vec::new();
    for table in tables {
        let rows = format!("SELECT stored::text FROM ONLY {table} AS stored");
        // A partitioned table has no rows of its own.
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_all(pool).await.unwrap();
        let is_trace = |row: &String| TRACES.iter().any(|trace| row.to_lowercase().contains(trace));
        if let Some(row) = rows.iter().find(|row| is_trace(row)) {
            println!("{table}: {row}");
            found.push(table);
        }
    }
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let text = format!("{} {}", path.display(), String::from_utf8_lossy(&bytes)).to_lowercase();
            if TRACES.iter().any(|trace| text.contains(trace)) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

async fn row(world: &World, job: i32, phone: &str) -> String {
    let query = "SELECT staging_id FROM staging WHERE staging_job_id = $1 AND staging_extra ->> 'Phone' = $2";
    let row: i64 = sqlx::query_scalar(query).bind(job).bind(phone).fetch_one(&world.pool).await.unwrap();
    row.to_string()
}

async fn number(world: &World, query: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_one(&world.pool).await.unwrap()
}

async fn last_action(world: &World) -> String {
    number(world, "SELECT max(action_id) FROM actions").await.to_string()
}

/// Brings the person into every place: contacts and their history, rows, issues, decisions, corrections, remembered columns.
async fn everywhere() -> World {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    // A contact of another program, deleted by a text that names the person, and one that names the person.
    let others = format!(
        "INSERT INTO contacts (staging_id, contacts_user_id, contact_email, contact_first_name, contact_last_name,
                contact_company, contact_extra)
         VALUES (0, 'tester', '{EMAIL}', 'Zyxwina', 'Quorlington', 'Vrombax', '{{\"Manager\": \"Zyxwina\"}}'),
                (0, 'tester', 'gus@example.com', 'Gus', 'Ray', 'for {EMAIL}', NULL)"
    );
    sqlx::raw_sql(AssertSqlSafe(others)).execute(&world.pool).await.unwrap();
    world.ingest(&["delete-contacts", "--text", "ZYXWINA", "--yes"]).await.expect_status(0);
    let (old, messy) = (world.file("old.csv", OLD), world.file("messy.csv", MESSY));
    world.ingest(&["import", &old]).await.expect_status(0);
    world.ingest(&["import", &messy]).await.expect_status(3);

    // Corrected to the person's address, undone, and corrected again.
    let third = row(&world, 2, "3").await;
    let edit = ["edit", &third, "--email", EMAIL, "--other", "Manager=Zyxwina"];
    world.ingest(&edit).await.expect_status(0);
    world.ingest(&["undo", &last_action(&world).await]).await.expect_status(0);
    world.ingest(&edit).await.expect_status(0);
    let overwrite = ["bulk", "2", "overwrite", "--type", "EXISTING_EMAIL", "--text", "zyxwina.quorl"];
    world.ingest(&overwrite).await.expect_status(0);
    let discard = ["bulk", "2", "discard", "--column", "company=Vrombax Two"];
    world.ingest(&discard).await.expect_status(0);

    // A file of corrections, with a key of no row.
    let sheet = world.ingest(&["export", "2"]).await;
    sheet.expect_status(0);
    let corrected = sheet.stdout.replace("Quorlingtan", "Quorlington-Smythewick");
    let mut lines: Vec<String> = corrected.lines().map(str::to_owned).collect();
    let key = lines[0].split(',').position(|name| name.contains("row_key")).unwrap();
    let key = lines[1].split(',').nth(key).unwrap().to_owned();
    let unknown = lines[1].replacen(&key, "\"Zyxwina\"", 1);
    lines.push(unknown);
    let sheet = world.file("corrected.csv", &lines.join("\n"));
    world.ingest(&["correct", "2", &sheet]).await.expect_status(0);

    let of_person = format!("SELECT min(issue_id)::bigint FROM issues WHERE issue_key = '{EMAIL}'");
    let of_person = number(&world, &of_person).await.to_string();
    world.ingest(&["note", "2", &of_person, "Zyxwina Quorlington called"]).await.expect_status(0);
    let noted = [
        "bulk",
        "2",
        "accept",
        "--type",
        "MALFORMED_ROW",
        "--text",
        "dora",
        "--note",
        "Quorlington, zyxwina.quorl@example.org",
    ];
    world.ingest(&noted).await.expect_status(0);
    for decide in [
        ["bulk", "2", "merge", "--type", "DUPLICATE_EMAIL"],
        ["bulk", "2", "accept", "--type", "MALFORMED_ROW"],
        ["bulk", "2", "discard", "--type", "INVALID_EMAIL"],
    ] {
        world.ingest(&decide).await.expect_status(0);
    }
    let overwrite = ["bulk", "2", "overwrite", "--type", "EXISTING_EMAIL"];
    world.ingest(&overwrite).await.expect_status(0);
    world.ingest(&["reprocess", "2"]).await.expect_status(0);

    // A contact that a person has edited.
    let contact = format!("SELECT contact_id FROM contacts WHERE lower(contact_email) = '{EMAIL}'");
    let contact = ContactId(number(&world, &contact).await);
    let idempotency = Some(Idempotency { key: "k".to_owned(), fingerprint: "hash of Zyxwina".to_owned() });
    let request = Request { owner: Owner("tester".to_owned()), actor: "tester".to_owned(), idempotency };
    let edits = Edits::of(Field::LastName, "Quorlington-Smythewick");
    actions::edit_contact(&world.owners, &request, contact, &edits, None).await.unwrap();

    // A job under review.
    let open = world.file("open.csv", &format!("{HEADER}{EMAIL},Zyxwina,Q,Vrombax,8,\nbad,Bo,Ray,Acme,9,\n"));
    world.ingest(&["import", &open]).await.expect_status(3);
    let remembered = format!(
        "INSERT INTO column_mappings (mapping_owner, mapping_shape, mapping_columns, mapping_names, mapping_values)
         VALUES ('tester', 's', '{{}}', '{{email,{EMAIL}}}', '{{\"company\": \"for {EMAIL}\"}}');
         INSERT INTO contact_columns VALUES ('tester', 'Known to {EMAIL}', 99)"
    );
    sqlx::raw_sql(AssertSqlSafe(remembered)).execute(&world.pool).await.unwrap();
    world
}

#[tokio::test]
async fn an_erased_person_is_in_no_table_and_no_file() {
    let world = everywhere().await;
    let data = world.path("data");
    let before = found(&world.pool, &data).await;
    for place in [
        "jobs",
        "staging",
        "issues",
        "contacts",
        "deleted_contacts",
        "contact_changes",
        "actions",
        "action_rows",
        "column_mappings",
        "contact_columns",
    ] {
        assert!(before.iter().any(|found| found == place), "the person is not in {place}: {before:?}");
    }
    let files = before.iter().filter(|found| found.contains("/objects/")).count();
    assert_eq!(files, 3, "{before:?}");

    let known = world.ingest(&["about", " Zyxwina.Quorl@example.org"]).await;
    known.expect_status(0);
    let known: Value = serde_json::from_str(&known.stdout).unwrap();
    assert_eq!(known["contacts"][0]["contact"]["last_name"], "Quorlington-Smythewick");
    assert_eq!(known["deleted_contacts"][0]["extra"]["Manager"], "Zyxwina", "{known:#}");
    assert_eq!(known["contacts"][0]["changes"].as_array().unwrap().len(), 2, "{known:#}");
    // The contact's first row, three of the messy file, one under review.
    assert_eq!(known["rows"].as_array().unwrap().len(), 5, "{known:#}");
    assert_eq!(known["rows"][1]["row"]["line"], 3, "{known:#}");
    let decisions = known["decisions"].as_array().unwrap();
    assert!(decisions.iter().any(|decision| decision["before"]["email"] == "zyxwina.quorl@exam..ple"));
    assert_eq!(known["named_in_rows"].as_array().unwrap().len(), 3, "{known:#}");
    assert_eq!(known["files"].as_array().unwrap().len(), 3, "{known:#}");
    let other = world.ingest(&["about", EMAIL, "--owner", "other"]).await;
    assert!(!other.stdout.contains("example.org"), "{}", other.stdout);

    let dry = world.ingest(&["forget", EMAIL, "--dry-run"]).await;
    dry.expect_status(0);
    assert!(
        dry.stderr.starts_with("would erase 1 contact, 2 changes of contacts, 5 rows, "),
        "{}",
        dry.stderr
    );
    assert!(dry.stderr.contains(", 1 deleted contact, "), "{}", dry.stderr);
    assert_eq!(found(&world.pool, &data).await, before, "a dry run changes nothing");
    let unconfirmed = world.ingest(&["forget", EMAIL]).await;
    unconfirmed.expect_status(1);
    assert!(unconfirmed.stderr.contains("add --yes"), "{}", unconfirmed.stderr);

    let done = world.ingest(&["forget", EMAIL, "--yes"]).await;
    done.expect_status(0);
    let (planned, erased) = (dry.stderr.split_once("would erase ").unwrap().1, done.stderr.as_str());
    let planned = planned.split_once("; run").unwrap().0;
    assert!(erased.contains(planned), "{planned} was planned: {erased}");
    assert_eq!(found(&world.pool, &data).await, Vec::<String>::new());
    assert!(!world.log().to_lowercase().contains("zyxwina"), "{}", world.log());

    // It is recorded, and the counts of the jobs are those of their tables.
    let recorded =
        "SELECT count(*) FROM erasures WHERE erasure_owner = 'tester' AND erasure_ended_at IS NOT NULL
         AND (erasure_counts ->> 'rows')::int = 5 AND (erasure_counts ->> 'files')::int = 3";
    assert_eq!(number(&world, recorded).await, 1);
    let wrong = "SELECT count(*) FROM jobs WHERE job_total_rows - job_repeated_rows <> (
             SELECT count(*) FROM staging WHERE staging_job_id = job_id)
         OR job_total_rows - job_repeated_rows <>
             job_ready_rows + job_issue_rows + job_discarded_rows + job_success_rows
         OR job_issue_count <> (SELECT count(*) FROM issues WHERE issues_job_id = job_id AND NOT issue_resolved)";
    assert_eq!(number(&world, wrong).await, 0);
    let again = world.ingest(&["forget", EMAIL, "--yes"]).await;
    again.expect_status(0);
    assert!(again.stderr.contains("nothing is known of this person"), "{}", again.stderr);
    // Others lose the value that named the person, and nothing else.
    let contacts = world.contacts("tester").await;
    assert!(contacts.iter().any(|contact| contact.starts_with("carl@example.com")), "{contacts:?}");
    let manager = "SELECT count(*) FROM contacts WHERE contact_extra = '{\"Phone\": \"4\"}'";
    assert_eq!(number(&world, manager).await, 1);

    // Nothing brings the person back.
    let actions = number(&world, "SELECT max(action_id) FROM actions").await;
    for action in 1..=actions {
        world.ingest(&["undo", &action.to_string()]).await;
    }
    for job in ["1", "2"] {
        world.ingest(&["undo", "--yes", "--import", job]).await.expect_status(0);
        world.ingest(&["reprocess", job]).await;
    }
    for action in 1..=actions {
        world.ingest(&["undo", &action.to_string()]).await;
    }
    world.ingest(&["reprocess", "3"]).await.expect_status(3);
    assert_eq!(found(&world.pool, &data).await, Vec::<String>::new());
    // The same file is another job.
    let again = world.file("old.csv", OLD);
    let again = world.ingest(&["import", &again]).await;
    assert_eq!(number(&world, "SELECT max(job_id)::bigint FROM jobs").await, 4, "{}", again.stderr);
}

/// Returns everything that an owner has.
async fn all_of(pool: &PgPool, owner: &str) -> Vec<String> {
    let query = "SELECT to_jsonb(j)::text FROM jobs j WHERE job_user_id = $1
         UNION ALL SELECT s::text FROM staging s JOIN jobs ON job_id = staging_job_id WHERE job_user_id = $1
         UNION ALL SELECT i::text FROM issues i JOIN jobs ON job_id = issues_job_id WHERE job_user_id = $1
         UNION ALL SELECT c::text FROM contacts c WHERE contacts_user_id = $1
         UNION ALL SELECT a::text FROM actions a WHERE action_owner = $1
         UNION ALL SELECT r::text FROM action_rows r JOIN actions ON action_id = row_action_id WHERE action_owner = $1
         ORDER BY 1";
    sqlx::query_scalar(query).bind(owner).fetch_all(pool).await.unwrap()
}

#[tokio::test]
async fn the_same_person_of_another_owner_stays() {
    let world = World::database().await;
    let file = format!("{HEADER}{EMAIL},Zyxwina,Quorlington,Vrombax,1,\n{EMAIL},Zyxwina,Q,Vrombax,2,\n");
    let file = world.file("a.csv", &file);
    for owner in ["tester", "other"] {
        world.ingest(&["import", &file, "--owner", owner]).await.expect_status(3);
        let job = if owner == "tester" { "1" } else { "2" };
        let merge = ["bulk", job, "merge", "--type", "DUPLICATE_EMAIL", "--owner", owner];
        world.ingest(&merge).await.expect_status(0);
        world.ingest(&["reprocess", job, "--owner", owner]).await.expect_status(0);
    }
    let before = all_of(&world.pool, "other").await;
    assert!(before.len() >= 6, "{before:?}");
    world.ingest(&["forget", EMAIL, "--yes"]).await.expect_status(0);
    assert_eq!(all_of(&world.pool, "other").await, before);
    let left = all_of(&world.pool, "tester").await;
    assert!(!left.iter().any(|row| row.to_lowercase().contains("zyxwina")), "{left:?}");
    let files = found(&world.pool, &world.path("data")).await;
    assert_eq!(files.iter().filter(|found| found.contains("/objects/")).count(), 1, "{files:?}");
}

#[tokio::test]
async fn a_large_job_with_tables_of_its_own_loses_the_person() {
    let world = World::database().await;
    let rows: String = (0..100_000).map(|row| format!("p{row}@example.com,Ann,Lee,Acme\n")).collect();
    let person = format!("{EMAIL},Zyxwina,Quorlington,Vrombax\n{EMAIL},Zyxwina,Quorlingtan,Vrombax\n");
    let file = world.file("a.csv", &format!("email,first_name,last_name,company\n{rows}{person}"));
    world.ingest(&["import", &file]).await.expect_status(3);
    world.ingest(&["bulk", "1", "keep-first", "--type", "DUPLICATE_EMAIL"]).await.expect_status(0);
    world.ingest(&["forget", EMAIL, "--yes"]).await.expect_status(0);
    assert_eq!(found(&world.pool, &world.path("data")).await, Vec::<String>::new());
    assert_eq!(world.job(1).await, "NEEDS_REVIEW total 100000 processed 100000 issues 0 repeated 0");
    // While its rows move to the shared tables.
    let announce = "UPDATE jobs SET job_merge = 'announced', job_merge_at = now()";
    sqlx::raw_sql(announce).execute(&world.pool).await.unwrap();
    world.ingest(&["forget", "p7@example.com", "--yes"]).await.expect_status(0);
    assert_eq!(world.job(1).await, "NEEDS_REVIEW total 99999 processed 99999 issues 0 repeated 0");
    world.ingest(&["reprocess", "1"]).await.expect_status(0);
    assert_eq!(number(&world, "SELECT count(*) FROM contacts").await, 99_999);
}

#[tokio::test]
async fn jobs_in_progress_and_unread_files_are_refused_or_named() {
    let world = World::database().await;
    let file = world.file("a.csv", &format!("{HEADER}{EMAIL},Zyxwina,Quorlington,,1,\n"));
    world.ingest(&["import", &file]).await.expect_status(3);
    let lease = |until: &str| {
        let token = if until == "NULL" { "NULL" } else { "gen_random_uuid()" };
        AssertSqlSafe(format!("UPDATE jobs SET job_lease_token = {token}, job_lease_until = {until}"))
    };
    sqlx::raw_sql(lease("now() + interval '1 minute'")).execute(&world.pool).await.unwrap();
    let refused = world.ingest(&["forget", EMAIL, "--yes"]).await;
    refused.expect_status(1);
    assert!(refused.stderr.contains("job 1 is running"), "{}", refused.stderr);
    sqlx::raw_sql(lease("NULL")).execute(&world.pool).await.unwrap();
    // As a run leaves a job that was killed.
    let unread = "UPDATE jobs SET job_status = 'PROCESSING', job_staged_at = NULL";
    sqlx::raw_sql(unread).execute(&world.pool).await.unwrap();
    let refused = world.ingest(&["forget", EMAIL, "--dry-run"]).await;
    refused.expect_status(1);
    assert!(refused.stderr.contains("job 1 has not read its whole file yet"), "{}", refused.stderr);
    assert_eq!(number(&world, "SELECT count(*) FROM erasures").await, 0);
    world.ingest(&["delete", "1", "--yes"]).await.expect_status(0);

    let failed = world.file("b.csv", "a;b\nZyxwina;Quorlington\n");
    world.ingest(&["import", &failed]).await.expect_status(1);
    let named = world.ingest(&["forget", EMAIL, "--yes"]).await;
    named.expect_status(3);
    assert!(named.stderr.contains("not searched") && named.stderr.contains("job 2"), "{}", named.stderr);
}

#[tokio::test]
async fn an_erasure_that_is_cut_off_is_finished_by_the_next() {
    let world = everywhere().await;
    // The database refuses the last step, as if the program had been killed before it.
    let refuse = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
         CREATE TRIGGER refuse BEFORE DELETE ON contacts EXECUTE FUNCTION refuse()";
    sqlx::raw_sql(refuse).execute(&world.pool).await.unwrap();
    world.ingest(&["forget", EMAIL, "--yes"]).await.expect_status(1);
    assert_eq!(number(&world, "SELECT count(*) FROM erasures WHERE erasure_ended_at IS NULL").await, 1);
    sqlx::raw_sql("DROP TRIGGER refuse ON contacts").execute(&world.pool).await.unwrap();
    let left = found(&world.pool, &world.path("data")).await;
    assert!(left.contains(&"contacts".to_owned()) && !left.contains(&"staging".to_owned()), "{left:?}");
    world.ingest(&["forget", EMAIL, "--yes"]).await.expect_status(0);
    assert_eq!(found(&world.pool, &world.path("data")).await, Vec::<String>::new());
}

#[tokio::test]
async fn the_api_and_the_page_export_and_erase() {
    let world = World::database().await;
    let file = world.file("a.csv", &format!("{HEADER}{EMAIL},Zyxwina,Quorlington,Vrombax,1,\n"));
    world.ingest(&["import", &file]).await.expect_status(0);
    let server = Server::start(world).await;
    let post = async |path: &str, body: Value| {
        status_and_json(server.send(Method::POST, path, Some(body), &[]).await).await
    };
    let (status, known) = post("/api/v1/people/about", json!({ "email": EMAIL })).await;
    assert_eq!((status, &known["rows"][0]["row"]["last_name"]), (200, &json!("Quorlington")), "{known:#}");
    let (status, planned) = post("/api/v1/people/forget", json!({ "email": EMAIL, "dry_run": true })).await;
    assert_eq!((status, &planned["counts"]["rows"], &planned["erasure"]), (200, &json!(1), &Value::Null));
    let (status, refused) = post("/api/v1/people/forget", json!({ "email": " " })).await;
    assert_eq!(
        (status, &refused["errors"][0]["detail"]),
        (422, &json!("expected the e-mail address of a person"))
    );

    let made = server.world.ingest(&["token", "create", "reader", "--roles", "uploader"]).await;
    let token = made.stdout.split_whitespace().find(|word| word.starts_with("ing_")).unwrap();
    let bearer = format!("Bearer {token}");
    for (method, path) in [
        (Method::POST, "/api/v1/people/about"),
        (Method::POST, "/api/v1/people/forget"),
        (Method::GET, "/api/v1/people/erasures"),
        (Method::GET, "/people"),
    ] {
        let body = Some(json!({ "email": EMAIL })).filter(|_| method == Method::POST);
        let headers = [("authorization", bearer.as_str()), ("sec-fetch-site", "same-origin")];
        assert_eq!(server.send(method, path, body, &headers).await.status(), 403, "{path}");
    }

    let sent = async |path: &str| {
        let form = server.client().post(format!("{}{path}", server.url)).form(&[("email", EMAIL)]);
        let form = form.header("accept", "text/html").header("sec-fetch-site", "same-origin");
        form.send().await.unwrap().text().await.unwrap()
    };
    let page = server.send(Method::GET, "/contacts/1", None, &[]).await.text().await.unwrap();
    assert!(page.contains("action=\"/people/find\"") && page.contains(EMAIL), "{page}");
    let page = sent("/people/find").await;
    assert!(page.contains("Known of this person") && page.contains("Erase this person"), "{page}");
    let file: Value = serde_json::from_str(&sent("/people/about").await).unwrap();
    assert_eq!(file, known);
    let page = sent("/people/forget").await;
    assert!(page.contains("Erased: Contacts: 1, Rows: 1, Stored files: 1."), "{page}");
    assert!(!page.contains(EMAIL), "{page}");
    assert!(sent("/people/find").await.contains("Nothing is known of this person"));
    let (_, erasures) = server.get("/api/v1/people/erasures").await;
    assert_eq!(erasures["items"][0]["counts"]["contacts"], 1, "{erasures:#}");
    assert_eq!(found(&server.world.pool, &server.world.path("data")).await, Vec::<String>::new());
}
