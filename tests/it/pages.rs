//! The pages in a real browser: a whole review by keyboard, two people on one row, escaping of file content.
//!
//! `assignments.rs`: cases assigned to people; `details.rs`: counts, messages, links and print; `edits.rs`: keys and what is not
//! saved yet; `effort.rs`: the keys and clicks of a review; `every_page.rs`: what every page has to be; `failures.rs`: failed jobs; `forms.rs`: forms without
//! scripts, and roles; `grid.rs`: the review as a table; `languages.rs`: language and time zone; `merges.rs`: chosen values of
//! merged rows; `notes.rs`: notes on cases; `previews.rs`: what is shown before a change; `progress.rs`: pages that are open while
//! a job runs; `refusals.rs`: refused requests in other languages; `review.rs`: what a review shows, and where; `texts.rs`: every
//! text; `uploads.rs`: uploads with scripts; `webhooks.rs`: webhooks.

mod assignments;
mod details;
mod edits;
mod effort;
mod every_page;
mod failures;
mod forms;
mod grid;
mod languages;
mod merges;
mod notes;
mod previews;
mod progress;
mod refusals;
mod review;
mod steps;
mod texts;
mod uploads;
mod webhooks;

use reqwest::Method;

use crate::support::{Look, Screen, Server, World, eventually, free_port};

const HEADER: &str = "email,first_name,last_name,company\n";
/// Rows with issues of all five types, and a valid one.
const MESSY: &str = "\
ok@example.com,Ok,Ay,Acme
dup@example.com,Ann,Lee,Acme
dup@example.com,Anna,Lee,Acme
two@example.com,Bo,Ray,Acme
two@example.com,Bo,Roy,Other
bob@@example.com,Bob,Ray,Acme
nothing at all,No,One,Acme
old@example.com,New,Name,New Co
older@example.com,Other,Name,New Co
mia@example.com,,Lee,Acme
moe@example.com,Moe,,Acme
nil@example.com,,,Acme
wide@example.com,Wi,De,Acme,extra
";
const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";

/// Starts a server with a worker, whose user has two contacts.
async fn server() -> Server {
    let world = World::database().await.with(&[("RATE_LIMIT_PER_SECOND", "1000")]);
    let old = world.file(
        "old.csv",
        &format!("{HEADER}old@example.com,Old,Name,Old Co\nolder@example.com,Older,Name,Old Co\n"),
    );
    world.ingest(&["import", &old]).await.expect_status(0);
    Server::start_at(world, free_port(), &["serve"]).await
}

/// Uploads rows as a file and returns the job after its first run.
async fn uploaded(server: &Server, name: &str, rows: &str) -> i32 {
    let url = format!("{}/api/v1/uploads?filename={name}", server.url);
    let answer = server.client().post(url).body(format!("{HEADER}{rows}")).send().await.unwrap();
    let upload: serde_json::Value = answer.json().await.unwrap();
    let job = upload["job"].as_i64().unwrap_or_else(|| panic!("{upload}")) as i32;
    server.world.status_after_run(job).await;
    job
}

#[tokio::test]
async fn a_whole_review_works_by_keyboard() {
    let server = server().await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/jobs").await;
    // A file with unknown column names: columns are matched by hand, by keyboard like the rest.
    let file = server.world.file("messy.csv", &format!("Anschrift,Vor,Nach,Haus\n{MESSY}"));
    screen.press("g").await;
    screen.press("u").await;
    screen.find("#file").await.send_keys(&file).await.unwrap();
    screen.step("reading").await;
    screen.sees("#preview", "dup@example.com").await;
    screen.step("columns").await;
    for (column, name) in ["E-mail", "First name", "Last name", "Company"].into_iter().enumerate() {
        screen.find(&format!("#column-{column}")).await.send_keys(name).await.unwrap();
    }
    screen.sees("#preview .matching", "ok@example.com").await;
    assert_eq!(screen.accessibility_violations().await, Vec::<String>::new());
    screen.step("import").await;
    screen.find("#send").await.send_keys(ENTER).await.unwrap();
    screen.sees("h1", "messy.csv").await;
    server.world.status_after_run(2).await;
    // The same file again resolves to the same job.
    screen.go("/upload").await;
    screen.find("#file").await.send_keys(&file).await.unwrap();
    screen.step("columns").await;
    screen.sees("#preview", "Matched as in an earlier file").await;
    screen.step("import").await;
    screen.find("#send").await.send_keys(ENTER).await.unwrap();
    screen.sees("#answer", "already uploaded this file").await;
    screen.go("/jobs").await;
    screen.sees("table.jobs", "Needs review").await;
    screen.click("#job-2 th a").await;
    screen.sees("#job-state", "10 issues to review").await;

    // Duplicates: keep the first row, then merge two. The next case appears automatically.
    screen.press("r").await;
    screen.sees("#head", "0 of 2 resolved").await;
    screen.press("1").await;
    screen.sees(".case.decided", "Kept one row").await;
    screen.find(".case.open:focus").await;
    screen.press("m").await;
    screen.sees("#head", "2 of 2 resolved").await;
    screen.find("#head [data-page-key=n]:focus").await;

    // Invalid addresses: accept a suggestion, discard one.
    screen.press("n").await;
    screen.sees(".case.open", "more than one @").await;
    screen.press("s").await;
    screen.sees(".case.decided", "Suggestion used").await;
    screen.press("d").await;
    screen.sees("#head", "2 of 2 resolved").await;

    // Existing contacts, field by field.
    screen.press("n").await;
    screen.sees(".case.open mark", "Old Co").await;
    screen.press("o").await;
    screen.sees(".case.decided", "Contact will be overwritten").await;
    screen.press("d").await;
    screen.sees("#head", "2 of 2 resolved").await;

    // Missing fields: enter them one after the other; discard the last row, restore it by undo, and discard it again.
    screen.press("n").await;
    screen.sees(".case.open", "Missing: first name").await;
    screen.press("e").await;
    screen.find("input[name=first_name]:focus").await;
    screen.press(&format!("Mia{ENTER}")).await;
    screen.find(".case.decided").await;
    screen.find(".case.open:focus").await;
    screen.press("e").await;
    screen.find("input[name=last_name]:focus").await;
    screen.press(&format!("Moss{ENTER}")).await;
    screen.sees("#head", "2 of 3 resolved").await;
    screen.find(".case.open:focus").await;
    screen.press("d").await;
    screen.sees("#head", "3 of 3 resolved").await;
    screen.press("u").await;
    screen.sees("#head", "2 of 3 resolved").await;
    screen.find(".case.open:focus").await;
    screen.press("d").await;
    screen.sees("#head", "3 of 3 resolved").await;

    // Accept the malformed row; then only finishing remains.
    screen.press("n").await;
    screen.sees(".case.open", "extra").await;
    screen.press("a").await;
    screen.sees("#head", "All issues are resolved").await;
    assert_eq!(screen.foreign_requests().await, [""; 0]);
    screen.press("n").await;
    screen.sees("#job-state", "8 contacts imported").await;
    screen.press("gc").await;
    screen.sees("table.contacts", "mia@example.com").await;
    screen.press("/").await;
    screen.press(&format!("new co{ENTER}")).await;
    // The list before the search contains the contact too.
    screen.sees("h1", "1 of 9").await;
    screen.click("table.contacts th a").await;
    screen.sees(".timeline", "Old Co New Co").await;
    screen.press("ga").await;
    screen.sees("table.audit", "merged rows").await;
    assert_eq!(
        server.world.contacts("tester").await,
        [
            "bob@example.com|Bob|Ray|Acme",
            "dup@example.com|Ann|Lee|Acme",
            "mia@example.com|Mia|Lee|Acme",
            "moe@example.com|Moe|Moss|Acme",
            "ok@example.com|Ok|Ay|Acme",
            "old@example.com|New|Name|New Co",
            "older@example.com|Older|Name|Old Co",
            "two@example.com|Bo|Ray|Acme",
            "wide@example.com|Wi|De|Acme",
        ]
    );
    screen.close().await;
}

#[tokio::test]
async fn the_second_of_two_people_on_one_row_sees_the_first_decision() {
    let server = server().await;
    uploaded(
        &server,
        "bad.csv",
        "bob@@example.com,Bob,Ray,Acme\nnothing,No,One,Acme\nok@example.com,O,K,Acme\n",
    )
    .await;
    let (one, two) = (Screen::open(&server, Look::DESK).await, Screen::open(&server, Look::DESK).await);
    for screen in [&one, &two] {
        screen.go("/jobs/2/review/invalid").await;
        screen.find(".case.open").await;
    }
    one.press("s").await;
    one.sees(".case.decided", "Suggestion used").await;
    // The second person has entered another value and presses another key for the earlier row.
    two.press("e").await;
    two.press(&format!("{}x.org{ENTER}", "bob@")).await;
    two.sees(".case .notice", "Someone else has changed this").await;
    two.sees(".case .notice", "bob@x.org").await;
    two.sees(".case.decided", "Suggestion used by tester").await;
    two.press("j").await;
    two.press("d").await;
    two.sees("#head", "2 of 2 resolved").await;
    one.press("d").await;
    one.sees(".case .notice", "Someone else has changed this").await;
    one.sees("#head", "2 of 2 resolved").await;
    let emails: Vec<String> =
        sqlx::query_scalar("SELECT staging_email FROM staging WHERE staging_job_id = 2 ORDER BY staging_id")
            .fetch_all(&server.world.pool)
            .await
            .unwrap();
    assert_eq!(emails[0], "bob@example.com");
    // An impossible action is reported beside the page, which stays.
    one.go("/jobs/2/review/invalid?state=settled").await;
    one.find(".case.decided").await;
    server.world.ingest(&["delete", "2", "--yes"]).await.expect_status(0);
    one.click(".case [data-undo]").await;
    one.sees("#notices", "There is no ").await;
    assert_eq!(one.count(".case").await, 2);
    one.close().await;
    two.close().await;
}

#[tokio::test]
async fn bulk_decisions_are_previewed_and_undone() {
    let server = server().await;
    let rows: String = (0..60).map(|n| format!("p{n}@@example.com,Ann,Lee,Acme\n")).collect();
    uploaded(&server, "many.csv", &rows).await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/jobs/2/review/invalid").await;
    assert_eq!(screen.count(".case").await, 25);
    screen.press("x").await;
    screen.press("j").await;
    screen.press("jx").await;
    screen.sees("#many summary", "Decide about many").await;
    screen.press("b").await;
    screen.sees("#many legend + label", "(2)").await;
    screen.click("#many button[value=discard]").await;
    screen.sees(".effects", "2\nrows are discarded").await;
    screen.press(ENTER).await;
    screen.sees(".notice", "2 rows discarded, 2 issues resolved").await;
    screen.press("u").await;
    screen.sees(".notice", "Undone: 2 rows restored").await;
    // All open issues, with a preview.
    screen.press("b").await;
    screen.find("#many input[value=all]:focus").await;
    screen.click("#many button[value=correct]").await;
    screen.sees(".effects", "60\nissues are resolved").await;
    screen.sees("table ins", "p0@example.com").await;
    assert_eq!(screen.count("tbody tr").await, 20);
    screen.press(ENTER).await;
    screen.sees("#head", "All issues are resolved").await;
    // More cases load when the selection reaches the end.
    screen.go("/jobs/2/review/invalid?state=settled").await;
    for _ in 0..70 {
        screen.press("j").await;
        if screen.count(".case").await == 60 {
            break;
        }
    }
    assert_eq!(screen.count(".case").await, 60);
    screen.close().await;
}

#[tokio::test]
async fn a_search_for_a_rare_row_continues_automatically() {
    let server = server().await;
    let rows: String = (0..100_000).map(|n| format!("p{n}@example.com,Ann,Lee,Acme\n")).collect();
    let job = uploaded(&server, "large.csv&policy=AT_ONCE", &format!("{rows}bad,Bo,Ray,Acme\n")).await;
    assert_eq!(job, 2);
    // The valid rows become contacts in another run, which has the job's lease.
    let at_rest = "SELECT job_success_rows > 0 AND job_lease_token IS NULL FROM jobs WHERE job_id = 2";
    eventually("the job is at rest", async || {
        sqlx::query_scalar(at_rest).fetch_one(&server.world.pool).await.unwrap()
    })
    .await;
    let row: i64 = sqlx::query_scalar("SELECT max(staging_id) FROM staging WHERE staging_job_id = 2")
        .fetch_one(&server.world.pool)
        .await
        .unwrap();
    server.world.ingest(&["discard", &row.to_string()]).await.expect_status(0);
    // A part of a page says how far the search is.
    let headers = [("accept", "text/html")];
    let part = server.send(Method::GET, "/contacts?text=p99990", None, &headers).await.text().await.unwrap();
    assert!(
        part.contains("p99990@") && part.contains("Searched from the newest contacts back to: "),
        "{part}"
    );
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/jobs/2?show=discarded").await;
    screen.sees("table.rows", "100,002").await;
    assert_eq!(screen.count("table.rows tbody tr").await, 1);
    screen.go("/jobs/2?text=p7@example").await;
    screen.sees("table.rows", "End of the list.").await;
    screen.sees("table.rows", "p7@example.com").await;
    screen.go("/contacts?text=old+co").await;
    screen.sees("table.contacts", "older@example.com").await;
    assert_eq!(screen.count("table.contacts tbody tr").await, 2);
    screen.go("/contacts?text=P77@example.com").await;
    screen.sees("table.contacts", "p77@example.com").await;
    screen.close().await;
}

#[tokio::test]
async fn file_content_is_always_shown_as_text() {
    let server = server().await;
    let bad = "<script>document.title='gone'</script>,=cmd|' /C calc'!A0,<b>B</b>,\"<img src=x onerror=alert(1)>\"\n";
    uploaded(
        &server,
        "%3Cscript%3Ealert(1)%3C%2Fscript%3E.csv",
        &format!("{bad}ok@example.com,=1+1,<i>I</i>,\"'\"\"\"\n"),
    )
    .await;
    let screen = Screen::open(&server, Look::DESK).await;
    let pages = [
        ("/jobs/2/review/invalid", ".case", "=cmd|' /C calc'!A0"),
        ("/jobs/2", "#rows", "<script>document.title='gone'</script>"),
        ("/jobs", "#job-2", "<script>alert(1)</script>"),
        ("/jobs/2?text=%3Cb%3E", "#rows", "<img src=x onerror=alert(1)>"),
        ("/audit?actor=%3Cscript%3E", "main", "No actions match your search"),
    ];
    for (path, css, text) in pages {
        screen.go(path).await;
        screen.sees(css, text).await;
        assert_eq!(
            screen
                .count("main script:not([src^='/static/']), main b:not([dir]), main i:not(.soft), main img")
                .await,
            0,
            "{path}"
        );
        assert_eq!(screen.foreign_requests().await, [""; 0], "{path}");
    }
    screen.go("/jobs/2/review/invalid").await;
    screen.press("d").await;
    screen.sees("#head", "1 of 1 resolved").await;
    screen.go("/jobs/2/review/malformed").await;
    screen.sees(".case", "<i>I</i>").await;
    screen.press("a").await;
    screen.sees("#head", "All issues are resolved").await;
    screen.press("n").await;
    screen.sees("#job-state", "1 contact imported").await;
    screen.go("/contacts/3").await;
    screen.sees("h1", "=1+1 <i>I</i>").await;
    assert!(screen.run("return document.title", vec![]).await.as_str().unwrap().starts_with("=1+1 <i>I</i>"));
    screen.close().await;
}
