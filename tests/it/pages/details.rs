//! What pages say beside their content: counts of what is shown, messages, links, the frame, and what is printed.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{ENTER, MESSY, server, uploaded};
use crate::auth::{sign_in, with_provider};
use crate::support::{Browser, Look, Screen, Server, eventually};

/// Returns the HTML of a page.
async fn page(server: &Server, path: &str) -> String {
    let headers = [("accept", "text/html"), ("accept-language", "en")];
    server.send(Method::GET, path, None, &headers).await.text().await.unwrap()
}

#[tokio::test]
async fn counts_and_downloads_say_what_they_cover() {
    let server = server().await;
    uploaded(&server, "messy.csv", MESSY).await;
    for (path, expected, unexpected) in [
        ("/contacts", "Contacts <span class=\"soft count-of\">2<", "that match"),
        ("/contacts?text=older", "Contacts <span class=\"soft count-of\">1 of 2<", "Download all<"),
        ("/contacts?text=older", "Download all that match", "Download all<"),
        ("/jobs/2", ">Rows</h2>", "that match"),
        ("/jobs/2?show=ready", ">Rows: Ready <span class=\"soft count-of\">1</span></h2>", "Download all<"),
        ("/jobs/2?show=ready", "Download all that match", "Download all<"),
        ("/jobs/2?show=ready&text=ok", ">Rows: Ready</h2>", "Download all<"),
        ("/jobs/2?show=missing", ">Rows: Missing values</h2>", "Download all<"),
        ("/jobs/2/review/invalid", "0 of 2 resolved", "count all issues"),
        ("/jobs/2/review/invalid?text=bob", "The numbers above count all issues.", "All 2 open issues"),
    ] {
        let html = page(&server, path).await;
        assert!(html.contains(expected) && !html.contains(unexpected), "{path}: {expected}\n{html}");
    }
}

#[tokio::test]
async fn a_search_is_kept_by_kinds_and_by_bulk_decisions() {
    let server = server().await;
    let rows = |domain: &str| -> String {
        (0..30).map(|n| format!("p{n}@@{domain},Ann,Lee,Acme\nm{n}@{domain},,Lee,Acme\n")).collect()
    };
    uploaded(&server, "many.csv", &(rows("example.com") + &rows("example.org"))).await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/jobs/2/review/invalid").await;
    screen.find("input[type=search]").await.send_keys(&format!("example.org{ENTER}")).await.unwrap();
    screen.find("a[href='/jobs/2/review/missing?text=example.org']").await;
    screen.press("b").await;
    screen.sees("#many", "All 30 open issues that match, on every page").await;
    screen.click("#many button[value=correct]").await;
    screen.sees(".effects", "30\nissues are resolved").await;
    screen.sees("table ins", "p0@example.org").await;
    screen.press(ENTER).await;
    screen.sees("#head", "30 of 60 resolved").await;
    screen.sees("main", "No issues match").await;
    screen.find(".tabs a[href='/jobs/2/review/missing?text=example.org']").await;
    // A decision about one case keeps it as well.
    screen.go("/jobs/2/review/missing?text=first").await;
    screen.press("d").await;
    screen.sees("#head", "1 of 60 resolved").await;
    screen.find(".tabs a[href='/jobs/2/review/invalid?text=first']").await;
    screen.close().await;
}

#[tokio::test]
async fn one_request_searches_a_large_job_and_says_how_far_it_is() {
    let server = server().await;
    let rows = |name| (0..50_000).map(move |n| format!("{name}{n}@example.com,Ann,Lee,Acme\n"));
    let rows: String =
        rows("p").chain(["rare@example.com,Bo,Ray,Acme\n".to_owned()]).chain(rows("q")).collect();
    uploaded(&server, "large.csv", &format!("{rows}bad,Bo,Ray,Acme\n")).await;
    // More rows than one statement reads precede the first that matches.
    let found = page(&server, "/jobs/2?text=rare").await;
    assert!(found.contains("rare@example.com"), "{found}");
    assert!(found.contains("80,000 of 100,002 rows searched"), "{found}");
    let none = page(&server, "/jobs/2?text=nobody").await;
    assert!(none.contains("No rows match.") && !none.contains("rows searched"), "{none}");
}

#[tokio::test]
async fn audit_entries_name_and_link_what_they_changed() {
    let server = server().await;
    uploaded(&server, "messy.csv", MESSY).await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/jobs/2/review/invalid").await;
    screen.press("s").await;
    screen.sees("#head", "1 of 2 resolved").await;
    screen.go("/jobs/2/review/duplicate").await;
    screen.press("d").await;
    screen.sees("#head", "1 of 2 resolved").await;
    screen.go("/contacts/1").await;
    screen.find("input[name=company]").await.send_keys(" AG\u{e007}").await.unwrap();
    screen.sees(".notice", "Saved.").await;
    screen.go("/audit").await;
    screen.sees("tr:nth-child(1) td", "edited a contact: old@example.com").await;
    screen
        .sees(
            "tr:nth-child(2) td",
            "discarded 2 rows, 1 issue resolved: dup@example.com, line 3 and 1 more row",
        )
        .await;
    screen.sees("tr:nth-child(3) td a", "bob@example.com").await;
    screen.sees("tr:nth-child(3) td a", "2 messy.csv").await;
    screen.click("tr:nth-child(3) td a").await;
    screen.sees("table.rows", "bob@example.com").await;
    screen.go("/audit").await;
    screen.click("tr:nth-child(1) td a").await;
    screen.find("input[name=company]").await;
    screen.close().await;
}

#[tokio::test]
async fn the_audit_log_has_exact_times_and_is_limited_to_days() {
    let server = server().await;
    uploaded(&server, "=cmd.csv", MESSY).await;
    let moved = "UPDATE actions SET action_at = '2026-03-04 23:59:59.5+00' WHERE action_id = (SELECT max(action_id) FROM actions)";
    sqlx::query(moved).execute(&server.world.pool).await.unwrap();
    let html = page(&server, "/audit?from=2026-03-04&until=2026-03-04").await;
    let time = "title=\"4 Mar 2026, 23:59:59 UTC\" data-time=\"exact\">4 Mar 2026, 23:59:59 UTC</time>";
    assert!(html.contains(time) && html.matches("class=\"when\"").count() == 1, "{html}");
    assert!(html.contains("href=\"/audit.csv?from=2026-03-04&#38;until=2026-03-04\""), "{html}");
    for path in ["/audit?until=2026-03-03", "/audit?from=2026-03-05&until=2026-03-06"] {
        assert!(page(&server, path).await.contains("No actions match your search"), "{path}");
    }
    let from = page(&server, "/audit?from=2026-03-05").await;
    assert!(from.contains("data-time=\"exact\"") && !from.contains("2026-03-04T"), "{from}");
    // What is no date does not count.
    assert!(page(&server, "/audit?from=yesterday&until=-9999-01-01").await.contains(time));

    let file = server.send(Method::GET, "/audit.csv?from=2026-03-04&until=2026-03-04", None, &[]).await;
    assert_eq!(file.headers()["content-type"], "text/csv; charset=utf-8");
    let disposition = file.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(disposition.starts_with("attachment") && disposition.contains("audit-log.csv"), "{disposition}");
    let file = file.text().await.unwrap();
    let lines: Vec<&str> = file.trim_start_matches('\u{feff}').trim_end().split("\r\n").collect();
    assert_eq!(lines.len(), 2, "{file}");
    let head =
        "\"action\",\"time\",\"person\",\"kind\",\"description\",\"job\",\"file\",\"note\",\"undone_by\"";
    assert_eq!(lines[0], head);
    // No cell is run as a formula.
    assert!(
        lines[1].contains("\"2026-03-04T23:59:59Z\",\"tester\",\"UPLOAD\"")
            && lines[1].contains("\"'=cmd.csv\""),
        "{file}"
    );
}

#[tokio::test]
async fn contacts_are_listed_in_either_order_of_creation() {
    let server = server().await;
    let rows: String = (0..70).map(|n| format!("p{n}@example.com,Ann,Lee,Acme\n")).collect();
    uploaded(&server, "many.csv", &rows).await;
    let emails = |html: &str| -> Vec<String> {
        let cells = html.split("<th scope=\"row\">").skip(1);
        cells.map(|cell| cell.split("<bdi>").nth(1).unwrap().split('<').next().unwrap().to_owned()).collect()
    };
    let newest = page(&server, "/contacts").await;
    assert!(newest.contains("aria-sort=\"descending\"><a href=\"/contacts?order=oldest\">"), "{newest}");
    let first = page(&server, "/contacts?order=oldest").await;
    assert!(first.contains("aria-sort=\"ascending\"><a href=\"/contacts\">"), "{first}");
    let next = first.split("hx-get=\"").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&");
    let second = page(&server, &next).await;
    assert!(!second.contains("hx-get"), "{second}");
    let all = [emails(&first), emails(&second)].concat();
    assert_eq!(
        (all.len(), all[0].as_str(), emails(&newest)[0].as_str()),
        (72, "old@example.com", "p69@example.com")
    );
    assert_eq!(all[71], "p69@example.com");
}

#[tokio::test]
async fn a_long_audit_log_is_downloaded_whole() {
    let server = server().await;
    let many = "INSERT INTO actions (action_owner, action_actor, action_kind, action_request, action_result)
         SELECT 'tester', 'person ' || n, 'EDIT', '{}', '{}' FROM generate_series(1, 1200) AS n";
    sqlx::query(many).execute(&server.world.pool).await.unwrap();
    let others =
        "INSERT INTO actions (action_owner, action_actor, action_kind, action_request, action_result)
         VALUES ('somebody', 'stranger', 'EDIT', '{}', '{}')";
    sqlx::query(others).execute(&server.world.pool).await.unwrap();
    let file = page(&server, "/audit.csv?actor=person").await;
    assert_eq!(file.lines().count(), 1_201);
    assert!(file.contains("\"person 1\"") && file.contains("\"person 1200\""));
    assert!(!page(&server, "/audit.csv").await.contains("stranger"));
}

#[tokio::test]
async fn saved_changes_and_decisions_are_announced() {
    let server = server().await;
    uploaded(&server, "messy.csv", MESSY).await;
    let screen = Screen::open(&server, Look::DESK).await;
    let said = async |words: &str| {
        let script = "return document.getElementById('said').textContent";
        eventually(words, async || screen.run(script, vec![]).await.as_str().unwrap().contains(words)).await;
    };
    screen.go("/contacts/1").await;
    screen.find("input[name=company]").await.send_keys(" AG\u{e007}").await.unwrap();
    screen.sees(".notice[role=status]", "Saved.").await;
    said("Saved.").await;
    screen.go("/jobs/2").await;
    screen.click("details:has(form[action$=policy]) summary").await;
    screen.click("form[action$=policy] button").await;
    screen.sees(".notice[role=status]", "Saved.").await;
    // The element of the message stays while the parts of the page around it are replaced.
    screen.go("/jobs/2/review/invalid").await;
    screen.press("d").await;
    said("Discarded").await;
    said("1 of 2 resolved").await;
    screen.close().await;
}

#[tokio::test]
async fn problem_pages_keep_the_frame_of_signed_in_people() {
    let server = server().await;
    let html = [("accept", "text/html")];
    let mut local = server.browser().await;
    let missing = local.request_with(Method::GET, &format!("{}/nowhere", server.url), &[], &html).await;
    let missing = missing.text().await.unwrap();
    assert!(missing.contains("Page not found") && missing.contains("href=\"/upload\""), "{missing}");
    let (server, _provider) = with_provider().await;
    let mut ann = Browser::default();
    let nowhere = format!("{}/nowhere", server.url);
    let stranger = ann.request_with(Method::GET, &nowhere, &[], &html).await.text().await.unwrap();
    assert!(!stranger.contains("/sign-out"), "{stranger}");
    sign_in(&server, &mut ann, "ann", "/jobs").await;
    let jobs = format!("{}/jobs", server.url);
    assert_eq!(ann.request_with(Method::GET, &jobs, &[], &html).await.status(), StatusCode::OK);
    let missing = ann.request_with(Method::GET, &nowhere, &[], &html).await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    let missing = missing.text().await.unwrap();
    assert!(missing.contains("Page not found") && missing.contains("/sign-out"), "{missing}");
}

#[tokio::test]
async fn pages_link_to_the_documents_of_the_api() {
    let server = server().await;
    let jobs = page(&server, "/jobs").await;
    for path in ["/api/docs/", "/api/openapi.json"] {
        assert!(jobs.contains(&format!("href=\"{path}\"")), "{jobs}");
        let url = format!("{}{path}", server.url);
        assert_eq!(server.client().get(url).send().await.unwrap().status(), StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn remembered_columns_are_forgotten_only_after_a_warning() {
    let server = server().await;
    let url = format!(
        "{}/api/v1/uploads?filename=a.csv&email=0&first_name=1&last_name=2&company=3&columns=4&remember=true",
        server.url
    );
    let file = "Anschrift,Vor,Nach,Haus\nann@example.com,Ann,Lee,Acme\n";
    server.client().post(url).body(file).send().await.unwrap().error_for_status().unwrap();
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/mappings").await;
    screen.sees("table", "Anschrift").await;
    assert_eq!(screen.count("form[action$=forget]").await, 1);
    let is_visible = "return document.querySelector('form[action$=forget] button').checkVisibility()";
    assert_eq!(screen.run(is_visible, vec![]).await, json!(false));
    screen.click("details summary").await;
    screen.sees("form[action$=forget]", "This cannot be undone.").await;
    screen.click("form[action$=forget] button").await;
    screen.sees(".notice[role=status]", "Forgotten.").await;
    screen.sees("main", "No columns are remembered").await;
    screen.close().await;
}

/// Returns what is printed although it cannot be used on paper, and tables that are cut off.
const NOT_FOR_PAPER: &str = "
    const name = (one) => one.cloneNode().outerHTML;
    const shown = [...document.querySelectorAll('nav, button, .button, select, .top, .bottom')].filter((one) => one.checkVisibility());
    const cut = [...document.querySelectorAll('.scroll, .compare')].filter((one) => getComputedStyle(one).overflowX !== 'visible');
    return shown.concat(cut).map(name);";

#[tokio::test]
async fn a_printed_page_has_whole_tables_and_nothing_to_press() {
    let server = server().await;
    uploaded(&server, "messy.csv", MESSY).await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.print_style(true).await;
    // The width of a sheet of A4 between its margins.
    screen.resize(718, 1).await;
    for path in ["/jobs", "/jobs/2", "/jobs/2/review/existing", "/contacts", "/contacts/1", "/audit"] {
        screen.go(path).await;
        assert_eq!(screen.run(NOT_FOR_PAPER, vec![]).await, json!([]), "{path}");
        let headers = "return getComputedStyle(document.querySelector('thead')).display";
        if path != "/contacts/1" {
            assert_eq!(screen.run(headers, vec![]).await, json!("table-header-group"), "{path}");
        }
        let is_wide = "return document.documentElement.scrollWidth > document.documentElement.clientWidth";
        assert_eq!(screen.run(is_wide, vec![]).await, json!(false), "{path}");
    }
    screen.print_style(false).await;
    assert_ne!(screen.run(NOT_FOR_PAPER, vec![]).await, json!([]));
    screen.close().await;
}
