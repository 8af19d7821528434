//! The review as a table: cells edited by keys, columns pasted, texts replaced, rows decided about together.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{ENTER, ESCAPE, MESSY, server, uploaded};
use crate::auth::{sign_in, with_provider};
use crate::support::{Browser, Look, Screen, Server, eventually};

const TAB: &str = "\u{e004}";
const DOWN: &str = "\u{e015}";
const DELETE: &str = "\u{e017}";

/// Returns rows whose company is missing, and whose e-mail has this domain.
fn without_company(rows: usize, domain: &str) -> String {
    (0..rows).map(|n| format!("p{n}@{domain},Ann,Lee,\n")).collect()
}

/// Returns the cell of a field in the n-th row of the table, as a selector.
fn cell(row: usize, field: &str) -> String {
    format!("#grid tbody tr:nth-of-type({row}) td[data-name='{field}']")
}

/// Pastes a text on the element with the focus, as the browser does it.
async fn paste(screen: &Screen, text: &str) {
    let script = "const clipboardData = new DataTransfer();
        clipboardData.setData('text/plain', arguments[0]);
        document.activeElement.dispatchEvent(
            new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));";
    screen.run(script, vec![json!(text)]).await;
}

/// Returns the values of a column of a job's rows, in the order of the file.
async fn values(server: &Server, job: i32, column: &str) -> Vec<String> {
    let query = format!(
        "SELECT coalesce(staging_{column}, '') FROM staging WHERE staging_job_id = $1 ORDER BY staging_id"
    );
    sqlx::query_scalar(sqlx::AssertSqlSafe(query)).bind(job).fetch_all(&server.world.pool).await.unwrap()
}

/// Returns the kinds of the job's actions, oldest first.
async fn actions(server: &Server, job: i32) -> Vec<String> {
    let query = "SELECT action_kind FROM actions WHERE action_job_id = $1 AND action_kind <> 'UPLOAD'
         ORDER BY action_id";
    sqlx::query_scalar(query).bind(job).fetch_all(&server.world.pool).await.unwrap()
}

#[tokio::test]
async fn cells_are_edited_by_keys_and_saved_as_they_are_left() {
    let server = server().await;
    let job = uploaded(&server, "messy.csv", MESSY).await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/jobs/2/review/missing").await;
    screen.press("v").await;
    screen.sees("#grid", "mia@example.com").await;
    screen.go("/jobs/2/grid").await;
    screen.sees("#head", "0 of 10 resolved").await;
    assert_eq!(screen.count("#grid tbody tr[data-row]").await, 12);
    assert_eq!(screen.accessibility_violations().await, Vec::<String>::new());

    // Only one cell is in the order of tabs, and the arrow keys move it.
    screen.go("/jobs/2/grid?kind=missing").await;
    assert_eq!(screen.count("#grid tbody [tabindex='0']").await, 1);
    screen.run("document.querySelector(arguments[0]).focus()", vec![json!(cell(1, "email"))]).await;
    screen.press("\u{e014}").await;
    screen.find(&format!("{}:focus", cell(1, "first_name"))).await;
    screen.find(&format!("{}[aria-invalid][title*='required']", cell(1, "first_name"))).await;

    // What is wrong is readable without a mouse.
    // Firefox does not resolve attr().
    let reason = "const content = getComputedStyle(document.activeElement, '::after').content;
        const [, name] = content.match(/^attr\\((.+)\\)$/) ?? [];
        return name ? document.activeElement.getAttribute(name) : content";
    assert!(screen.run(reason, vec![]).await.as_str().unwrap().contains("required"));

    // Typing edits; Enter saves and moves down. Keys of the page do nothing here.
    screen.press("j").await;
    screen.find(&format!("{} input:focus", cell(1, "first_name"))).await;
    screen.press(&format!("u{ENTER}")).await;
    screen.sees("#head", "1 of 3 resolved").await;
    screen.sees("#grid tr.settled", "Resolved").await;
    screen.find(&format!("{}:focus", cell(2, "first_name"))).await;

    // Escape restores; F2 edits what is there; Tab saves and moves to the right.
    screen.press("\u{e032}").await;
    screen.press(&format!("xy{ESCAPE}")).await;
    screen.find(&format!("{}:focus", cell(2, "first_name"))).await;
    screen.gone("#grid input.editor").await;
    screen.press("\u{e032}").await;
    screen.press(&format!("rit{TAB}")).await;
    screen.find(&format!("{}:focus", cell(2, "last_name"))).await;
    // The next cell of the same row is saved although the first save has changed the row.
    screen.press(&format!("Moss{DOWN}")).await;
    screen.find(&format!("{}:focus", cell(3, "last_name"))).await;
    screen.sees("#head", "2 of 3 resolved").await;
    screen.press(DELETE).await;
    assert_eq!(screen.foreign_requests().await, [""; 0]);
    let firsts = values(&server, job, "first_name").await;
    assert_eq!((&firsts[9][..], &firsts[10][..]), ("ju", "Moerit"));
    assert_eq!(values(&server, job, "last_name").await[10], "Moss");
    assert_eq!(actions(&server, job).await, ["EDIT", "EDIT", "EDIT"]);

    // Ctrl+Z undoes one step after the other.
    screen.press("\u{e009}z").await;
    screen.sees("#grid-done", "Undone").await;
    screen.sees("#head", "1 of 3 resolved").await;
    assert_eq!(values(&server, job, "last_name").await[10], "");
    screen.click("#grid-done button").await;
    eventually("the edit before is undone", async || values(&server, job, "first_name").await[10] == "Moe")
        .await;
    // After a reload, the button of the page undoes the last step.
    screen.go("/jobs/2/grid?kind=missing").await;
    screen.click("[data-undo-last]").await;
    screen.sees(".notice", "Undone").await;
    screen.sees("#head", "0 of 3 resolved").await;
    screen.find(".tabs a[aria-current][href='/jobs/2/grid?kind=missing']").await;
    screen.close().await;
}

#[tokio::test]
async fn a_value_that_is_wrong_too_stays_open_and_says_why() {
    let server = server().await;
    uploaded(&server, "messy.csv", MESSY).await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/jobs/2/grid?kind=invalid").await;
    let email = cell(1, "email");
    screen.find(&format!("{email}[title*='more than one @']")).await;
    screen.click(&email).await;
    screen.find(&format!("{email} input:focus")).await;
    screen.press("\u{e009}a").await;
    screen.press(&format!("bob@{ENTER}")).await;
    screen.find(&format!("{email}[aria-invalid][title]:not([title*='more than one @']) .value")).await;
    screen.sees(&email, "bob@").await;
    // It is the same issue, so the progress does not rise, and the message says why.
    screen.sees("#grid-done", "1 issue still open. Not a valid address: ").await;
    screen.sees("#head", "0 of 2 resolved").await;
    // A value that the next run asks about is saved with a warning.
    screen.click(&email).await;
    screen.press("\u{e009}a").await;
    screen.press(&format!("old@example.com{ENTER}")).await;
    screen.find(&format!("{email}[title*='next import asks']")).await;
    screen.sees("#grid tr.settled", "Resolved").await;
    screen.close().await;
}

#[tokio::test]
async fn a_pasted_column_is_previewed_and_is_one_action() {
    let server = server().await;
    let job = uploaded(&server, "many.csv", &without_company(40, "example.com")).await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/jobs/2/grid").await;
    screen.run("document.querySelector(arguments[0]).focus()", vec![json!(cell(1, "company"))]).await;
    let lines: Vec<String> = (0..30).map(|n| format!("Company {n}")).collect();
    paste(&screen, &format!("{}\n", lines.join("\n"))).await;
    screen.sees("#grid-paste[open]", "30\nrows get new values").await;
    assert_eq!(screen.accessibility_violations().await, Vec::<String>::new());
    assert_eq!(values(&server, job, "company").await.concat(), "", "nothing is saved before it is applied");
    // The button has the focus.
    screen.press(ENTER).await;
    screen.sees("#head", "30 of 40 resolved").await;
    screen.sees("#grid-done", "30 rows edited, 30 issues resolved").await;
    let companies = values(&server, job, "company").await;
    assert_eq!((&companies[29][..], &companies[30][..]), ("Company 29", ""));
    assert_eq!(actions(&server, job).await, ["EDIT"]);
    screen.press("\u{e009}z").await;
    screen.sees("#grid-done", "Undone: 30 rows edited").await;
    screen.gone("#grid tr.settled").await;
    assert_eq!(values(&server, job, "company").await.concat(), "");

    // Two columns, with a quoted cell; few cells need no preview.
    screen.run("document.querySelector(arguments[0]).focus()", vec![json!(cell(2, "last_name"))]).await;
    paste(&screen, "Ray\t\"A \"\"B\"\"\nC\"\nRoy\tD").await;
    screen.sees("#grid-done", "2 rows edited, 2 issues resolved").await;
    assert_eq!(values(&server, job, "last_name").await[1..3], ["Ray", "Roy"]);
    assert_eq!(values(&server, job, "company").await[1..3], ["A \"B\"\nC", "D"]);

    // What does not fit is said and shown, and the rest is still pasted.
    screen.run("document.querySelector(arguments[0]).focus()", vec![json!(cell(39, "company"))]).await;
    paste(&screen, "one\ttoo wide\ntwo\nthree\nfour").await;
    screen.sees("#grid-paste[open]", "2 pasted lines do not fit").await;
    screen.sees("#grid-paste", "1 pasted column does not fit").await;
    let left = "return document.querySelector('#grid-paste [data-left]').value";
    assert_eq!(screen.run(left, vec![]).await, json!("three\nfour"));
    screen.click("#grid-paste [data-apply]").await;
    screen.sees("#head", "4 of 40 resolved").await;
    assert_eq!(values(&server, job, "company").await[38..], ["one", "two"]);
    screen.close().await;
}

#[tokio::test]
async fn a_text_is_replaced_in_all_rows_that_match_after_a_preview() {
    let server = server().await;
    let rows = without_company(150, "exmaple.com") + &without_company(5, "other.org");
    let job = uploaded(&server, "many.csv", &rows).await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/jobs/2/grid?column=email&text=%40EXMAPLE").await;
    assert_eq!(screen.count("#grid tbody tr[data-row]").await, 100, "a page");
    screen.press("b").await;
    screen.find("#bulk input[value=all]:focus").await;
    screen.find("#bulk [name=find]").await.send_keys("@Exmaple.").await.unwrap();
    screen.find("#bulk [name=with]").await.send_keys("@example.").await.unwrap();
    screen.click("#bulk button[value=replace]").await;
    screen.sees("h1", "Replace the text?").await;
    screen.sees(".effects", "150\nrows get new values").await;
    screen.sees("ins", "p0@example.com").await;
    assert!(values(&server, job, "email").await.iter().all(|email| !email.ends_with("@example.com")));
    screen.press(ENTER).await;
    screen.sees(".notice", "150 rows edited").await;
    let emails = values(&server, job, "email").await;
    assert_eq!(emails.iter().filter(|email| email.ends_with("@example.com")).count(), 150);
    assert_eq!(actions(&server, job).await, ["REPLACE"]);
    // The filter stays, so nothing is found any more; the notice undoes the action.
    screen.sees("#grid", "No open rows match").await;
    screen.click(".notice [data-undo]").await;
    screen.sees(".notice", "Undone: 150 rows edited").await;
    assert_eq!(screen.count("#grid tbody tr[data-row]").await, 100);
    screen.go("/audit?job=2").await;
    screen.sees("table.audit", "replaced a text in 150 rows").await;
    screen.close().await;
}

#[tokio::test]
async fn rows_are_filtered_selected_and_decided_about_together() {
    let server = server().await;
    uploaded(&server, "messy.csv", MESSY).await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/jobs/2/grid").await;
    screen.click(".tabs a[href='/jobs/2/grid?kind=duplicate']").await;
    screen.sees("#grid", "dup@example.com").await;
    assert_eq!(screen.count("#grid tbody tr[data-row]").await, 4);
    screen.find("input[type=search]").await.send_keys(&format!("roy{ENTER}")).await.unwrap();
    screen.find(".views a[href='/jobs/2/review/duplicate?text=roy']").await;
    assert_eq!(screen.count("#grid tbody tr[data-row]").await, 1);

    // A range of checkboxes, then the same decision for all of them.
    screen.go("/jobs/2/grid?kind=missing").await;
    screen.click("#grid tbody tr:nth-of-type(1) input[name=row]").await;
    let shift = "document.querySelector('#grid tbody tr:nth-of-type(3) input[name=row]')
        .dispatchEvent(new MouseEvent('click', { shiftKey: true, bubbles: true, cancelable: true }))";
    screen.run(shift, vec![]).await;
    screen.sees("#many", "Decide about many").await;
    screen.press("b").await;
    screen.sees("#bulk legend + label", "(3)").await;
    screen.click("#bulk button[value=discard]").await;
    screen.sees(".effects", "3\nrows are discarded").await;
    screen.press(ENTER).await;
    screen.sees(".notice", "3 rows discarded, 3 issues resolved").await;
    screen.sees("#grid", "No open rows match").await;
    // All that match, in another kind.
    screen.go("/jobs/2/grid?kind=malformed").await;
    screen.find("#grid th[title*='extra']").await;
    screen.press("b").await;
    screen.click("#bulk button[value=accept]").await;
    // The preview is another page.
    screen.sees(".effects", "1\nrow").await;
    screen.press(ENTER).await;
    screen.sees(".notice", "1 row decided, 1 issue resolved").await;
    screen.close().await;
}

#[tokio::test]
async fn a_row_that_somebody_else_has_changed_is_not_overwritten() {
    let server = server().await;
    let job = uploaded(&server, "many.csv", &without_company(20, "example.com")).await;
    let (one, two) = (Screen::open(&server, Look::DESK).await, Screen::open(&server, Look::DESK).await);
    for screen in [&one, &two] {
        screen.go("/jobs/2/grid").await;
    }
    one.click(&cell(2, "company")).await;
    one.press(&format!("Acme{ENTER}")).await;
    one.sees("#head", "1 of 20 resolved").await;
    two.click(&cell(2, "company")).await;
    two.press(&format!("Other{ENTER}")).await;
    two.sees("#grid-done", "Someone else has changed this").await;
    two.sees(&cell(2, "company"), "Acme").await;
    two.find(&format!("{}[title*='You typed: Other']", cell(2, "company"))).await;
    assert_eq!(values(&server, job, "company").await[1], "Acme");
    // The row is known as it is now, so the same value is saved when it is typed again.
    two.click(&cell(2, "company")).await;
    two.press(&format!(" Ltd{ENTER}")).await;
    two.sees("#grid-done", "1 row edited").await;
    assert_eq!(values(&server, job, "company").await[1], "Acme Ltd");
    // A paste over a row that has changed changes nothing at all.
    one.run("document.querySelector(arguments[0]).focus()", vec![json!(cell(1, "company"))]).await;
    paste(&one, &["New"; 10].join("\n")).await;
    one.sees("#grid-done", "Someone else has changed this").await;
    one.sees(&cell(2, "company"), "Acme Ltd").await;
    assert_eq!(values(&server, job, "company").await.iter().filter(|company| *company == "New").count(), 0);
    // Of two cells that are left before the first answer, the second is not saved over the other's change either.
    let slow = "const plain = window.fetch;
        window.fetch = async (...all) => {
            await new Promise((go) => setTimeout(go, 1000));
            return plain(...all);
        };";
    two.run(slow, vec![]).await;
    one.click(&cell(7, "company")).await;
    one.press(&format!("Seven{ENTER}")).await;
    one.sees(&cell(7, "company"), "Seven").await;
    eventually("it is saved", async || values(&server, job, "company").await[6] == "Seven").await;
    two.run("document.querySelector(arguments[0]).focus()", vec![json!(cell(7, "last_name"))]).await;
    two.press(&format!("Zed{TAB}Corp{ENTER}")).await;
    two.find(&format!("{}.lost[title*='You typed: Corp']", cell(7, "company"))).await;
    two.find(&format!("{}.lost[title*='You typed: Zed']", cell(7, "last_name"))).await;
    assert_eq!(values(&server, job, "company").await[6], "Seven");
    assert_eq!(values(&server, job, "last_name").await[6], "Lee");
    // A value that the server refuses stays in its cell, and leaving the page asks.
    server.world.ingest(&["delete", "2", "--yes"]).await.expect_status(0);
    one.click(&cell(5, "company")).await;
    one.press(&format!("Kept{ENTER}")).await;
    one.sees("#notices", "There is no ").await;
    let typed = "return document.querySelector('#grid .editor')?.value";
    assert_eq!(one.run(typed, vec![]).await, json!("Kept"));
    let asks = "const event = new Event('beforeunload', { cancelable: true });
        window.dispatchEvent(event);
        return event.defaultPrevented;";
    assert_eq!(one.run(asks, vec![]).await, json!(true));
    one.press(ESCAPE).await;
    assert_eq!(one.run(asks, vec![]).await, json!(false));
    one.close().await;
    two.close().await;
}

#[tokio::test]
async fn twenty_rows_are_in_view_and_more_load_at_the_end() {
    let server = server().await;
    uploaded(&server, "many.csv", &without_company(250, "example.com")).await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.resize_to(1440, 900).await;
    screen.go("/jobs/2/grid").await;
    let in_view = "const sheet = document.querySelector('.sheet').getBoundingClientRect();
        const bottom = Math.min(innerHeight, sheet.bottom);
        const isSeen = (box) => box.top >= 0 && box.bottom <= bottom;
        return [...document.querySelectorAll('#grid tbody tr[data-row]')]
            .filter((row) => isSeen(row.getBoundingClientRect())).length";
    let seen = screen.run(in_view, vec![]).await.as_u64().unwrap();
    assert!(seen >= 20, "{seen} rows are in view");
    // The head of the table and the progress stay in view at the end of the list.
    for rows in [200, 250] {
        screen.run("document.querySelector('.sheet').scrollTo(0, 1e6); scrollTo(0, 1e6)", vec![]).await;
        screen.find(&format!("#grid tbody tr[data-row]:nth-of-type({rows})")).await;
    }
    screen.run("document.querySelector('.sheet').scrollTo(0, 1e6); scrollTo(0, 1e6)", vec![]).await;
    let tops = "return ['#grid thead th', '.progress'].map((css) => document.querySelector(css).getBoundingClientRect())
        .every((box) => box.top >= 0 && box.bottom <= innerHeight)";
    assert_eq!(screen.run(tops, vec![]).await, json!(true));
    // Keys move the focus to where nothing covers it.
    screen.run("document.querySelector(arguments[0]).focus()", vec![json!(cell(250, "email"))]).await;
    for key in ["\u{e00e}", "\u{e00e}", "\u{e00f}", "\u{e013}"] {
        screen.press(key).await;
        let covered = "const box = document.activeElement.getBoundingClientRect();
            const at = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
            return document.activeElement.matches('#grid tbody td') && !document.activeElement.contains(at)";
        assert_eq!(screen.run(covered, vec![]).await, json!(false));
    }
    // Rows that came later are part of the grid.
    screen.run("document.querySelector(arguments[0]).focus()", vec![json!(cell(250, "company"))]).await;
    screen.press(&format!("Acme{ENTER}")).await;
    screen.sees("#head", "1 of 250 resolved").await;
    screen.close().await;
}

#[tokio::test]
async fn other_columns_are_shown_on_request_and_edited() {
    let server = server().await;
    let url = format!("{}/api/v1/uploads?filename=other.csv", server.url);
    let file = "email,first_name,last_name,company,Phone,City\na@example.com,Ann,,Acme,555,Ulm\n";
    server.client().post(url).body(file).send().await.unwrap();
    server.world.status_after_run(2).await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/jobs/2/grid").await;
    assert_eq!(screen.count("#grid [data-name='other: Phone']").await, 0);
    screen.click("input[name=others]").await;
    screen.click("form[role=search] button").await;
    screen.click("#grid [data-name='other: Phone']").await;
    screen.press(&format!("-1{ENTER}")).await;
    screen.sees("#grid-done", "1 row edited").await;
    screen.sees("#grid [data-name='other: Phone']", "555-1").await;
    let extra: serde_json::Value =
        sqlx::query_scalar("SELECT staging_extra FROM staging WHERE staging_job_id = 2")
            .fetch_one(&server.world.pool)
            .await
            .unwrap();
    assert_eq!(extra, json!({ "Phone": "555-1", "City": "Ulm" }));
    screen.close().await;
}

#[tokio::test]
async fn the_table_of_another_owner_does_not_exist() {
    let (server, _provider) = with_provider().await;
    let other = server.world.enqueue_silently("other.csv", "email\n", "rob").await;
    let mut ann = Browser::default();
    sign_in(&server, &mut ann, "ann", "/jobs").await;
    let page = [("accept", "text/html"), ("sec-fetch-site", "same-origin")];
    let url = |path: &str| format!("{}/jobs/{other}/grid{path}", server.url);
    let shown = ann.request_with(Method::GET, &url(""), &[], &page).await;
    assert_eq!(shown.status(), StatusCode::NOT_FOUND);
    for path in ["/many", "/many/preview"] {
        let form = [("decision", "discard"), ("scope", "all")];
        let decided = ann.request_with(Method::POST, &url(path), &form, &page).await;
        assert_eq!(decided.status(), StatusCode::NOT_FOUND, "{path}");
    }
    for (path, body) in [
        ("/edit", json!({ "rows": [{ "row": 1, "tag": "x", "values": { "company": "Mine" } }] })),
        ("/preview", json!({ "rows": [{ "row": 1, "tag": "x", "values": { "company": "Mine" } }] })),
        ("/undo", json!({ "action": 1, "rows": [1] })),
    ] {
        let refused = ann.send_json(&url(path), &body, &page).await;
        assert_eq!(refused.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn without_scripts_the_table_shows_rows_and_leads_to_their_cases() {
    let server = server().await;
    let rows = without_company(120, "example.com");
    uploaded(&server, "many.csv", &rows).await;
    let headers = [("accept", "text/html")];
    let page = server.send(Method::GET, "/jobs/2/grid", None, &headers).await.text().await.unwrap();
    assert!(page.contains("p99@example.com") && !page.contains("p100@example.com"));
    let issue = page.split("<a href=\"/jobs/2/issues/").nth(1).unwrap().split('"').next().unwrap();
    let case = server.send(Method::GET, &format!("/jobs/2/issues/{issue}"), None, &headers).await;
    assert_eq!(case.status(), StatusCode::OK);
    let next = page.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&");
    let rest = server.send(Method::GET, &next, None, &headers).await.text().await.unwrap();
    assert!(rest.contains("p100@example.com") && rest.contains("p119@example.com"));
    let unknown = server.send(Method::GET, "/jobs/2/grid?kind=nonsense", None, &headers).await;
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
}

/// Returns how many rows the page of the table has, and the address of the next one.
async fn rows_of(server: &Server, path: &str) -> (usize, Option<String>) {
    let headers = [("accept", "text/html")];
    let page = server.send(Method::GET, path, None, &headers).await.text().await.unwrap();
    let next = page.contains("rel=\"next\"").then(|| {
        let before = page.split("\" rel=\"next\"").next().unwrap();
        before.rsplit("href=\"").next().unwrap().replace("&#38;", "&")
    });
    (page.matches("<tr id=\"row-").count(), next)
}

#[tokio::test]
async fn open_rows_are_found_at_once_however_few_or_many_they_are() {
    let server = server().await;
    // Two searches row by row would not reach the rows with issues.
    let valid: String = (0..90_000).map(|n| format!("v{n}@example.com,Ann,Lee,Acme\n")).collect();
    uploaded(&server, "few.csv", &(valid + &without_company(150, "example.com"))).await;
    let (first, next) = rows_of(&server, "/jobs/2/grid").await;
    assert_eq!((first, next.is_some()), (100, true));
    assert_eq!(rows_of(&server, &next.unwrap()).await, (50, None));
    assert_eq!(rows_of(&server, "/jobs/2/grid?kind=missing&text=P149@").await, (1, None));
    let (none, next) = rows_of(&server, "/jobs/2/grid?text=nobody").await;
    assert_eq!((none, next), (0, None));
    // With more issues, the rows are read in their order.
    let job = uploaded(&server, "many.csv", &without_company(2_100, "example.com")).await;
    let (mut path, mut rows) = (Some(format!("/jobs/{job}/grid")), Vec::new());
    while let Some(at) = path {
        let (count, next) = rows_of(&server, &at).await;
        rows.push(count);
        path = next;
    }
    assert_eq!((rows.len(), rows.iter().sum::<usize>()), (21, 2_100));
}
