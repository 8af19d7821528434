//! What a review shows, and where: what is folded, the same top above cases and table, reasons and suggestions, the panel of
//! decisions about many, and the search.

use reqwest::Method;
use serde_json::json;

use super::{ENTER, MESSY, server, uploaded};
use crate::support::{Look, Screen};

const PHONE: Look = Look { width: 390, ..Look::DESK };

/// Returns whether an element is visible.
async fn is_visible(screen: &Screen, css: &str) -> bool {
    let script =
        "return document.querySelector(arguments[0]).checkVisibility({ contentVisibilityAuto: true })";
    screen.run(script, vec![json!(css)]).await == json!(true)
}

/// Returns the left and upper edge, the width and the height of an element.
async fn place(screen: &Screen, css: &str) -> [i64; 4] {
    let script =
        "const { x, y, width, height } = document.querySelector(arguments[0]).getBoundingClientRect();
        return [x, y, width, height].map(Math.round)";
    serde_json::from_value(screen.run(script, vec![json!(css)]).await).unwrap()
}

#[tokio::test]
async fn resolved_cases_notes_and_assignees_are_one_line_until_they_are_opened() {
    let server = server().await;
    uploaded(&server, "messy.csv", MESSY).await;
    let id: i64 =
        sqlx::query_scalar("SELECT issue_id::bigint FROM issues WHERE issue_key = 'dup@example.com'")
            .fetch_one(&server.world.pool)
            .await
            .unwrap();
    let case = |part: &str| format!("#case-{id}{part}");
    server.world.ingest(&["note", "2", &id.to_string(), "Asked both of them"]).await.expect_status(0);
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/jobs/2/review/duplicate?state=all").await;
    screen.sees(&case(" .noting summary"), "Note: Asked both of them").await;
    assert!(!is_visible(&screen, &case(" textarea")).await && !is_visible(&screen, &case(" select")).await);
    let [note, assign] = [" .noting", " .assign"].map(case);
    assert_eq!(place(&screen, &note).await[1], place(&screen, &assign).await[1], "they share a line");
    screen.press("w").await;
    screen.find(&case(" textarea:focus")).await;
    screen.press(super::ESCAPE).await;

    screen.press("1").await;
    screen.sees(&case(".decided"), "Kept one row").await;
    screen.find(".case.open:focus").await;
    let [.., height] = place(&screen, &case("")).await;
    assert!(height < 70, "a resolved case is {height} px high");
    assert!(!is_visible(&screen, &case(" .compare")).await);
    assert_eq!(screen.accessibility_violations().await, Vec::<String>::new());
    screen.press("k").await;
    screen.press("e").await;
    assert!(is_visible(&screen, &case(" .compare")).await);
    // The page of one case has nothing to fold.
    screen.go(&format!("/jobs/2/issues/{id}")).await;
    assert!(is_visible(&screen, &case(" .compare")).await);
    screen.close().await;
}

#[tokio::test]
async fn the_first_case_is_near_the_top_of_a_narrow_screen() {
    let server = server().await;
    uploaded(&server, "messy.csv", MESSY).await;
    let screen = Screen::open(&server, PHONE).await;
    for kind in ["invalid", "missing"] {
        screen.go(&format!("/jobs/2/review/{kind}")).await;
        let [_, top, ..] = place(&screen, ".case").await;
        assert!(top <= 300, "{kind}: the first case begins at {top} px");
    }
    assert!(!is_visible(&screen, "[data-search]").await && !is_visible(&screen, "#many").await);
    screen.click(".fold summary").await;
    assert!(is_visible(&screen, "[data-search]").await && is_visible(&screen, "#many").await);
    assert_eq!(screen.accessibility_violations().await, Vec::<String>::new());
    // What is searched for is in view.
    screen.find("[data-search]").await.send_keys(&format!("mia{ENTER}")).await.unwrap();
    screen.find(".tabs a[href*='text=mia']").await;
    assert!(is_visible(&screen, "[data-search]").await);
    screen.close().await;
}

#[tokio::test]
async fn cases_and_table_have_the_same_top() {
    let server = server().await;
    uploaded(&server, "messy.csv", MESSY).await;
    for look in [Look::DESK, PHONE] {
        let screen = Screen::open(&server, look).await;
        let mut places = Vec::new();
        for path in ["/jobs/2/review/invalid", "/jobs/2/grid?kind=invalid"] {
            screen.go(path).await;
            let mut of_page = Vec::new();
            for css in [".above a", "h1", ".views", ".tabs", "#head progress"] {
                of_page.push((css, place(&screen, css).await));
            }
            places.push(of_page);
        }
        // The keys beside the views differ in nothing but their places.
        assert_eq!(places[0], places[1]);
        screen.close().await;
    }
}

#[tokio::test]
async fn extra_cells_are_shown_as_values_with_labels() {
    let server = server().await;
    uploaded(&server, "wide.csv", "wide@example.com,Wi,De,Acme,one,\"two \"\"2\"\"\"\n").await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/jobs/2/review/malformed").await;
    screen.sees(".case header", "The row has 2 cells more than the file has columns").await;
    screen.sees(".residue .field:nth-child(1)", "Extra cell 1\none").await;
    screen.sees(".residue .field:nth-child(2)", "Extra cell 2\ntwo \"2\"").await;
    screen.go("/jobs/2/grid").await;
    screen.sees("td.kinds", "The row has 2 cells more than the file has columns").await;
    screen.find("#grid th[title*='Extra cell 2: two \"2\"']").await;
    screen.close().await;
}

#[tokio::test]
async fn a_row_of_the_table_says_why_it_is_open_and_takes_a_suggestion_by_one_click() {
    let server = server().await;
    uploaded(&server, "messy.csv", MESSY).await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/jobs/2/grid?kind=missing").await;
    screen.sees("#grid tbody tr:nth-of-type(3) td.kinds .reason", "first name, last name").await;
    screen.go("/jobs/2/grid?kind=invalid").await;
    screen.sees("#grid tbody tr:nth-of-type(1) td.kinds .reason", "more than one @").await;
    screen.sees("[data-use]", "Use bob@example.com").await;
    assert_eq!(screen.count("[data-use]").await, 1, "there is no suggestion for the other row");
    screen.click("[data-use]").await;
    screen.sees("#head", "1 of 2 resolved").await;
    screen.sees("#grid-done", "1 row edited, 1 issue resolved").await;
    let email: String = sqlx::query_scalar(
        "SELECT staging_email FROM staging WHERE staging_job_id = 2 AND staging_last_name = 'Ray'
             AND staging_first_name = 'Bob'",
    )
    .fetch_one(&server.world.pool)
    .await
    .unwrap();
    assert_eq!(email, "bob@example.com");
    screen.press("\u{e009}z").await;
    screen.sees("#head", "0 of 2 resolved").await;
    // By keys: through the link and the button of the last cell.
    screen.run("document.querySelector('td.kinds a').focus()", vec![]).await;
    screen.press("\u{e014}").await;
    screen.find("[data-use]:focus").await;
    screen.press(ENTER).await;
    screen.sees("#head", "1 of 2 resolved").await;
    screen.close().await;
}

/// Returns the values of the buttons of the panel, in their order.
async fn decisions(screen: &Screen) -> Vec<String> {
    let script = "return [...document.querySelectorAll('#bulk [name=decision]')].map((one) => one.value)";
    serde_json::from_value(screen.run(script, vec![]).await).unwrap()
}

#[tokio::test]
async fn cases_and_table_offer_the_same_decisions_about_many() {
    let server = server().await;
    uploaded(&server, "messy.csv", MESSY).await;
    let screen = Screen::open(&server, Look::DESK).await;
    for (kind, expected) in [
        ("duplicate", &["merge", "keep_first", "keep_last", "replace", "discard"][..]),
        ("invalid", &["correct", "replace", "discard"]),
        ("existing", &["fill", "keep_contact", "replace", "overwrite"]),
        ("missing", &["fill_in", "replace", "discard"]),
        ("malformed", &["accept", "replace", "discard"]),
    ] {
        for path in [format!("/jobs/2/review/{kind}"), format!("/jobs/2/grid?kind={kind}")] {
            screen.go(&path).await;
            assert_eq!(decisions(&screen).await, expected, "{path}");
        }
    }
    // Suggestions are used in the table, and a text is replaced in cases.
    screen.go("/jobs/2/grid").await;
    screen.press("b").await;
    screen.click("#bulk button[value=correct]").await;
    screen.sees(".effects", "1\nrow gets new values").await;
    screen.press(ENTER).await;
    screen.sees(".notice", "1 row edited, 1 issue resolved").await;
    screen.go("/jobs/2/review/missing").await;
    screen.press("b").await;
    screen.find("#bulk [name=find]").await.send_keys("@example.com").await.unwrap();
    screen.find("#bulk [name=with]").await.send_keys("@example.org").await.unwrap();
    screen.click("#bulk button[value=replace]").await;
    screen.sees(".effects", "3\nrows get new values").await;
    screen.go("/jobs/2/grid?kind=missing&text=nil").await;
    screen.press("b").await;
    screen.run("document.querySelector('#bulk [name=blank]').value = 'first_name'", vec![]).await;
    screen.find("#bulk [name=value]").await.send_keys("Nil").await.unwrap();
    screen.click("#bulk button[value=fill_in]").await;
    screen.sees(".effects", "1\nrow gets new values").await;
    screen.close().await;
}

#[tokio::test]
async fn the_panel_means_what_is_selected_and_says_how_many_match() {
    let server = server().await;
    uploaded(&server, "messy.csv", MESSY).await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/jobs/2/grid").await;
    screen.press("b").await;
    screen.sees("#bulk", "All 12 open rows").await;
    screen.go("/jobs/2/grid?kind=missing").await;
    screen.press("b").await;
    screen.sees("#bulk", "All 3 open rows that match, on every page").await;
    screen.find("#bulk input[value=all]:checked:focus").await;
    screen.press("b").await;
    screen.click("#grid tbody tr:nth-of-type(2) input[name=row]").await;
    screen.press("b").await;
    screen.find("#bulk input[value=selected]:checked:focus").await;
    screen.sees("#bulk legend + label", "(1)").await;
    // The checkbox in the head selects the rows that are shown; beside it, all that match.
    assert!(!is_visible(&screen, "[data-select-all]").await);
    screen.click("thead [data-select-shown]").await;
    screen.sees("#bulk legend + label", "(3)").await;
    screen.find("#bulk input[value=selected]:checked").await;
    screen.sees("[data-select-all]", "Select all 3 that match").await;
    assert_eq!(screen.accessibility_violations().await, Vec::<String>::new());
    screen.click("[data-select-all]").await;
    screen.find("#bulk input[value=all]:checked:focus").await;
    screen.click("#grid tbody tr:nth-of-type(2) input[name=row]").await;
    screen.find("#bulk input[value=selected]:checked").await;
    screen.sees("#bulk legend + label", "(2)").await;
    screen.click("#bulk button[value=discard]").await;
    screen.sees(".effects", "2\nrows are discarded").await;
    screen.close().await;
}

#[tokio::test]
async fn cases_are_found_by_the_values_of_their_rows_and_so_are_decisions_about_all_that_match() {
    let server = server().await;
    uploaded(&server, "messy.csv", MESSY).await;
    let screen = Screen::open(&server, Look::DESK).await;
    for (path, css) in
        [("review/missing?text=MIA%40", ".case"), ("grid?kind=missing&text=MIA%40", "tr[data-row]")]
    {
        screen.go(&format!("/jobs/2/{path}")).await;
        screen.sees(&format!("main {css}"), "mia@example.com").await;
        assert_eq!(screen.count(css).await, 1, "{path}");
    }
    screen.go("/jobs/2/review/missing?text=mia%40").await;
    screen.press("b").await;
    screen.sees("#many", "The only open issue that matches").await;
    screen.click("#many button[value=discard]").await;
    screen.sees(".effects", "1\nrow is discarded").await;
    screen.press(ENTER).await;
    screen.sees("#head", "1 of 3 resolved").await;
    screen.sees("main", "No issues match your search").await;
    screen.close().await;
}

#[tokio::test]
async fn a_search_of_many_cases_reads_one_part_after_the_other() {
    let server = server().await;
    let rows: String = (0..11_000).map(|n| format!("p{n}@example.com,Ann,Lee,\n")).collect();
    uploaded(&server, "many.csv", &rows).await;
    let headers = [("accept", "text/html"), ("accept-language", "en")];
    // More issues than one statement reads precede the first that matches.
    let page = server.send(Method::GET, "/jobs/2/review/missing?text=p10999%40", None, &headers).await;
    let page = page.text().await.unwrap();
    assert!(page.contains("p10999@example.com") && !page.contains("rel=\"next\""), "{page}");
    // Those that were not read may match too.
    assert!(page.contains("All 0+ open issues that match"), "{page}");
    let path = "/jobs/2/review/missing?text=p500%40";
    let page = server.send(Method::GET, path, None, &headers).await.text().await.unwrap();
    assert!(page.contains("p500@example.com") && page.contains("hx-trigger=\"load\""), "{page}");
    let mut listed = Vec::new();
    let mut after = 0;
    loop {
        let path = format!("/api/v1/jobs/2/issues?text=p10500%40&after={after}");
        let page = server.send(Method::GET, &path, None, &[]).await;
        let page: serde_json::Value = page.json().await.unwrap();
        listed.extend(page["items"].as_array().unwrap().iter().map(|issue| issue["id"].clone()));
        match page["next"].as_i64() {
            Some(next) => after = next,
            None => break,
        }
    }
    assert_eq!(listed.len(), 1);
    let output = server.world.ingest(&["issues", "2", "--text", "p10500@"]).await;
    output.expect_status(0);
    assert!(output.stdout.contains("p10500@example.com"), "{}", output.stdout);
}
