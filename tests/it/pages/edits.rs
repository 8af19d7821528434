//! Keys after a value is saved, and what is typed and not saved yet.

use serde_json::json;

use super::{ENTER, ESCAPE, MESSY, server, uploaded};
use crate::support::{Look, Screen};

/// Whether leaving the page asks.
const ASKS: &str = "const event = new Event('beforeunload', { cancelable: true });
    window.dispatchEvent(event);
    return event.defaultPrevented;";

#[tokio::test]
async fn the_key_after_a_saved_value_is_a_decision() {
    let server = server().await;
    uploaded(&server, "messy.csv", MESSY).await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/jobs/2/review/missing").await;
    screen.press("e").await;
    screen.find("input[name=first_name]:focus").await;
    screen.press(&format!("Mia{ENTER}")).await;
    screen.sees("#head", "1 of 3 resolved").await;
    // The next case has an input too, and the key is not typed into it.
    screen.find(".case.open:focus input[name=last_name]").await;
    screen.press("d").await;
    screen.sees("#head", "2 of 3 resolved").await;
    screen.find(".case.open:focus").await;
    // A value that is refused leaves the focus where it was typed.
    screen.go("/jobs/2/review/invalid").await;
    screen.press("e").await;
    screen.find("input[name=email]:focus").await;
    screen.press(&format!("bob@{ENTER}")).await;
    screen.sees(".case.open .notice", "Saved, but the case is still open. Not a valid address: ").await;
    screen.find(".case.open input[name=email]:focus").await;
    screen.close().await;
}

#[tokio::test]
async fn no_case_is_passed_over_when_more_are_fetched() {
    let server = server().await;
    let rows: String = (0..40).map(|n| format!("p{n}@@example.com,Ann,Lee,Acme\n")).collect();
    uploaded(&server, "many.csv", &rows).await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/jobs/2/review/invalid").await;
    for decided in 0..25 {
        screen.sees(".case.here h2", &format!("p{decided}@@example.com")).await;
        screen.press("d").await;
        screen.sees("#head", &format!("{} of 40 resolved", decided + 1)).await;
        screen.find(".case.open:focus").await;
    }
    assert_eq!(screen.count(".case").await, 40);
    screen.close().await;
}

#[tokio::test]
async fn edits_that_are_not_saved_are_kept_or_asked_about() {
    let server = server().await;
    uploaded(&server, "messy.csv", MESSY).await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/jobs/2/review/missing").await;
    assert_eq!(screen.run(ASKS, vec![]).await, json!(false));
    screen.press("e").await;
    screen.press("Mi").await;
    assert_eq!(screen.run(ASKS, vec![]).await, json!(true));
    // Another case and back.
    screen.press(ESCAPE).await;
    screen.find(".case.open:focus").await;
    screen.press("j").await;
    screen.press("k").await;
    let value = "return document.querySelector('.case.open input[name=first_name]').value";
    assert_eq!(screen.run(value, vec![]).await, json!("Mi"));
    // All values of the row.
    screen.press("E").await;
    screen.find(".case.open input[name=company]").await;
    screen.find(".case.open input:focus").await;
    assert_eq!(screen.run(value, vec![]).await, json!("Mi"));
    assert_eq!(screen.run(ASKS, vec![]).await, json!(true));
    screen.press(&format!("Mia{ENTER}")).await;
    screen.sees("#head", "1 of 3 resolved").await;
    assert_eq!(screen.run(ASKS, vec![]).await, json!(false));
    // A contact: its own form saves the edit and does not ask.
    screen.go("/contacts/1").await;
    screen.find("input[name=company]").await.send_keys(" AG").await.unwrap();
    assert_eq!(screen.run(ASKS, vec![]).await, json!(true));
    screen.press(ENTER).await;
    screen.sees(".notice", "Saved.").await;
    assert_eq!(screen.run(ASKS, vec![]).await, json!(false));
    screen.close().await;
}
