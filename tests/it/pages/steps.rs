//! The upload as steps: file, reading, columns, check, import.

use serde_json::json;

use super::{ENTER, HEADER, MESSY, server, uploaded};
use crate::support::{Look, Screen};

/// The parts of the form that are in view, by their steps.
const IN_VIEW: &str = "const parts = [...document.querySelectorAll('#upload [data-of]')];
    const shown = parts.filter((part) => part.checkVisibility()).map((part) => part.dataset.of);
    return [...new Set(shown)].join(' ');";

/// The steps that can be reached.
const REACHABLE: &str =
    "return [...document.querySelectorAll('#steps [data-to]:enabled')].map((to) => to.dataset.to).join(' ')";

async fn reachable(screen: &Screen) -> String {
    screen.run(REACHABLE, vec![]).await.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_upload_goes_step_by_step_with_the_keyboard() {
    let server = server().await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/upload").await;
    screen.sees("#why", "Choose a file first.").await;
    assert_eq!(reachable(&screen).await, "file");
    assert_eq!(screen.count("#next:disabled").await, 1);
    let file = server.world.file("messy.csv", &format!("{HEADER}{MESSY}"));
    screen.find("#file").await.send_keys(&file).await.unwrap();
    for (step, words) in
        [("reading", "dup@example.com"), ("columns", "first_name"), ("check", "rows have issues")]
    {
        screen.find("#next:focus:enabled").await.send_keys(ENTER).await.unwrap();
        screen.find(&format!("#step-{step}:focus")).await;
        screen.find(&format!("#steps [data-to={step}][aria-current=step]")).await;
        assert_eq!(screen.count("#steps [aria-current]").await, 1);
        screen.sees("#upload", words).await;
        assert_eq!(screen.run(IN_VIEW, vec![]).await, json!(step));
        assert_eq!(screen.accessibility_violations().await, Vec::<String>::new());
        screen.run("document.getElementById('next').focus()", vec![]).await;
    }
    // The check finds what the import then raises.
    screen.sees("#check .effects", "1\nrow becomes a contact").await;
    for kind in ["Duplicate", "Invalid", "Existing", "Missing", "Malformed"] {
        let script = "return document.querySelector('#check table').textContent.includes(arguments[0])";
        let is_listed = screen.run(script, vec![json!(kind)]).await;
        assert!(is_listed == json!(true) || kind == "Existing", "{kind}");
    }
    screen.sees("#check", "bob@@example.com").await;
    screen.find("#next").await.send_keys(ENTER).await.unwrap();
    screen.find("#step-import:focus").await;
    assert_eq!(screen.run(IN_VIEW, vec![]).await, json!("import"));
    screen.sees("#summary", "1\nrow becomes a contact").await;
    assert_eq!(screen.count("#next:not([hidden])").await, 0);
    // The steps that are done say so, also to screen readers.
    assert_eq!(screen.count("#steps [data-done]").await, 4);
    screen.sees("#steps [data-to=check]", "Check").await;
    assert_eq!(screen.count("#steps [data-word]:not([hidden])").await, 4);
    // Back, to each step, and forward again.
    for step in ["check", "columns", "reading", "file"] {
        screen.find("#back").await.send_keys(ENTER).await.unwrap();
        screen.find(&format!("#step-{step}:focus")).await;
    }
    assert_eq!(reachable(&screen).await, "file reading columns check import");
    assert_eq!(screen.count("#steps [data-done]").await, 3);
    screen.step("import").await;
    screen.find("#send").await.send_keys(ENTER).await.unwrap();
    screen.sees("h1", "messy.csv").await;
    assert_eq!(server.world.status_after_run(2).await, "NEEDS_REVIEW");
    screen.close().await;
}

#[tokio::test]
async fn a_step_says_what_is_missing_and_nothing_after_it_can_be_reached() {
    let server = server().await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/upload").await;
    let file = server.world.file("odd.csv", "email,Vorname,Nachname,Size\na@example.com,Ann,Lee,7\n");
    screen.find("#file").await.send_keys(&file).await.unwrap();
    screen.step("columns").await;
    screen.sees("#why", "Choose a column or type a value for: Company").await;
    assert_eq!(reachable(&screen).await, "file reading columns");
    assert_eq!(screen.count("#next:disabled").await, 1);
    screen.sees("[data-incomplete]", "No column is chosen for: Company.").await;
    screen.click("#column-3 option[value=company]").await;
    screen.find("#next:enabled").await;
    assert_eq!(screen.count("[data-without]:not([hidden]), [data-incomplete]:not([hidden])").await, 0);
    screen.click("#column-2 option[value=company]").await;
    screen.sees("#why", "Choose a column or type a value for: Last name").await;
    screen.click("#column-2 option[value=full_name]").await;
    screen.sees("#why", "Two columns go to: First name. Choose one of them.").await;
    screen.click("#column-2 option[value=last_name]").await;
    screen.click("#column-3 option[value='']").await;
    screen.sees("#why", "Choose a column or type a value for: Company").await;
    screen.click("[data-field=company] summary").await;
    screen.find("[data-value=company]").await.send_keys("Acme").await.unwrap();
    screen.find("#next:enabled").await;
    assert_eq!(reachable(&screen).await, "file reading columns check import");
    screen.step("check").await;
    screen.sees("#check", "Nothing will be asked.").await;
    // Enter in a field goes on, and sends nothing before the last step.
    screen.step("columns").await;
    screen.find("[data-value=company]").await.send_keys(&format!(" Ltd{ENTER}")).await.unwrap();
    screen.find("#step-check:focus").await;
    screen.step("import").await;
    screen.click("#send").await;
    screen.sees("h1", "odd.csv").await;
    server.world.status_after_run(2).await;
    assert!(server.world.contacts("tester").await.contains(&"a@example.com|Ann|Lee|Acme Ltd".to_owned()));
    screen.close().await;
}

#[tokio::test]
async fn full_names_in_one_column_are_uploaded() {
    let server = server().await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/upload").await;
    let file = server.world.file("names.csv", "E-mail,Full name,Company\nfull@example.com,Ann Lee,Acme\n");
    screen.find("#file").await.send_keys(&file).await.unwrap();
    screen.step("columns").await;
    screen.sees("#column-1 option:checked", "First and last name, split").await;
    screen.step("import").await;
    screen.click("#send").await;
    screen.sees("h1", "names.csv").await;
    server.world.status_after_run(2).await;
    assert!(server.world.contacts("tester").await.contains(&"full@example.com|Ann|Lee|Acme".to_owned()));
    screen.close().await;
}

#[tokio::test]
async fn a_refused_file_offers_what_can_be_changed() {
    let server = server().await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/upload").await;
    let file = server.world.file("a.csv", &format!("{HEADER}a@example.com,Ann,Lee,Acme\n"));
    screen.find("#file").await.send_keys(&file).await.unwrap();
    screen.step("reading").await;
    screen.click("details.reading summary").await;
    screen.find("#header-line").await.send_keys("9\t").await.unwrap();
    screen.sees("#answer", "The header cannot be on line 9").await;
    screen.sees("#why", "The file cannot be read like this.").await;
    assert_eq!(reachable(&screen).await, "file reading");
    assert_eq!(screen.accessibility_violations().await, Vec::<String>::new());
    screen.click("#answer button[data-set=header_line]").await;
    screen.sees("#facts", "On line 1").await;
    screen.find("#next:enabled").await;
    assert_eq!(screen.count("#answer *").await, 0);
    // A file without rows can be read, but not imported: the check says so.
    screen.step("file").await;
    screen.run("document.getElementById('file').value = ''", vec![]).await;
    let empty = server.world.file("empty.csv", HEADER);
    screen.find("#file").await.send_keys(&empty).await.unwrap();
    screen.step("check").await;
    screen.sees("#check .notice.bad", "no").await;
    screen.sees("#why", "The file would be refused for the reason above.").await;
    assert_eq!(reachable(&screen).await, "file reading columns check");
    screen.close().await;
}

#[tokio::test]
async fn rows_that_equal_their_contacts_are_counted_before_the_import() {
    let server = server().await;
    uploaded(&server, "first.csv", "same@example.com,Ann,Lee,Acme\n").await;
    let screen = Screen::open(&server, Look { width: 390, dark: false }).await;
    screen.go("/upload").await;
    let rows =
        "same@example.com,Ann,Lee,Acme\nold@example.com,New,Name,New Co\nnew@example.com,Bo,Ray,Acme\n";
    let file = server.world.file("again.csv", &format!("{HEADER}{rows}"));
    screen.find("#file").await.send_keys(&file).await.unwrap();
    screen.step("check").await;
    screen.sees("#check", "1 row has the same values as its contact").await;
    screen.sees("#check .effects", "2\nrows have issues").await;
    screen.close().await;
}
