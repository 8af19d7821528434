//! What a review costs a person: keys and clicks for 198 decisions about a file of 3,000 rows, one case at a time and many at
//! once. `make effort` prints the table.

use std::ops::Range;

use serde_json::json;

use super::{ENTER, HEADER, uploaded};
use crate::support::{Look, Screen, Server, World, eventually, free_port};

const ROWS: usize = 3_000;
/// Addresses with a misspelt ending, addresses without any, rows without a company, duplicates, and existing contacts: those
/// that are identical to the file and those that are not.
const DOUBLED: usize = 60;
const INVALID: usize = 18;
const MISSING: usize = 40;
const DUPLICATES: usize = 40;
const IDENTICAL: usize = 25;
const CHANGED: usize = 15;

/// A person at a browser.
struct Person {
    screen: Screen,
    keys: usize,
    clicks: usize,
}

impl Person {
    async fn at(server: &Server) -> Person {
        Person { screen: Screen::open(server, Look::DESK).await, keys: 0, clicks: 0 }
    }

    async fn press(&mut self, keys: &str) {
        self.keys += keys.chars().count();
        self.screen.press(keys).await;
    }

    async fn click(&mut self, css: &str) {
        self.clicks += 1;
        self.screen.click(css).await;
    }

    /// Presses a key for each of these cases of all of a kind; each must have been decided before the next.
    async fn press_for_each(&mut self, cases: Range<usize>, all: usize, key: &str) {
        for case in cases {
            self.is_at(case, all).await;
            self.press(key).await;
        }
    }

    /// Goes on to the next kind once all cases of this one are decided.
    async fn go_on(&mut self, all: usize) {
        self.screen.sees("#head", &format!("{all} of {all} resolved")).await;
        self.screen.find("#head [data-page-key=n]:focus, main > .notice").await;
        self.press("n").await;
    }

    /// Waits until so many cases are decided and the next one can be.
    async fn is_at(&self, case: usize, all: usize) {
        self.screen.sees("#head", &format!("{case} of {all} resolved")).await;
        let script = "return document.querySelectorAll('.case.decided').length === arguments[0]
            && document.activeElement.matches(arguments[0] ? '.case.open' : '*')";
        eventually("the next case has the focus", async || {
            self.screen.run(script, vec![json!(case)]).await == json!(true)
        })
        .await;
    }

    /// Opens the bulk decisions, makes one about all open cases, and confirms its preview.
    async fn decide_about_all(&mut self, decision: &str) {
        self.press("b").await;
        self.screen.find("#many input[value=all]:focus").await;
        self.click(&format!("#many button[value={decision}]")).await;
        self.confirm().await;
    }

    async fn confirm(&mut self) {
        self.screen.find(".effects").await;
        self.press(ENTER).await;
        self.screen.find("main > .notice").await;
    }

    /// Finishes the review, and returns the contacts.
    async fn finish(&mut self, server: &Server, job: i32) -> Vec<String> {
        self.screen.sees("#head", "All issues are resolved").await;
        self.click("#head button[data-page-key=n]").await;
        self.screen.sees("#job-state", "contacts imported").await;
        server.world.status_after_run(job).await;
        server.world.contacts("tester").await
    }
}

fn company(row: usize) -> &'static str {
    ["Acme", "Globex", "Initech", "Umbrella"][row % 4]
}

/// Returns the rows of the file. The first addresses are those of contacts that exist.
fn rows() -> String {
    let mut rows = Vec::with_capacity(ROWS);
    for n in 0..IDENTICAL + CHANGED {
        let first = if n < IDENTICAL { "Ann" } else { "Anna" };
        rows.push(format!("known{n}@example.com,{first},Lee,{}\n", company(n)));
    }
    rows.extend((0..DOUBLED).map(|n| format!("m{n}@@example.com,Bo,Ray,{}\n", company(n))));
    rows.extend((0..INVALID).map(|n| format!("nobody {n},Cy,Fox,{}\n", company(n))));
    rows.extend((0..MISSING).map(|n| format!("blank{n}@example.com,Di,Orr,\n")));
    for n in 0..DUPLICATES {
        rows.push(format!("twice{n}@example.com,Ed,Poe,{}\n", company(n)));
        rows.push(format!("twice{n}@example.com,Edgar,Poe,{}\n", company(n)));
    }
    let rest = ROWS - rows.len();
    rows.extend((0..rest).map(|n| format!("good{n}@example.com,Al,Eve,{}\n", company(n))));
    rows.concat()
}

/// Starts a server with the contacts that exist and the file, whose job is 2.
async fn under_review() -> Server {
    let world = World::database().await.with(&[("RATE_LIMIT_PER_SECOND", "1000")]);
    let known: String =
        (0..IDENTICAL + CHANGED).map(|n| format!("known{n}@example.com,Ann,Lee,{}\n", company(n))).collect();
    let known = world.file("known.csv", &format!("{HEADER}{known}"));
    world.ingest(&["import", &known]).await.expect_status(0);
    let server = Server::start_at(world, free_port(), &["serve"]).await;
    assert_eq!(uploaded(&server, "three-thousand.csv", &rows()).await, 2);
    server
}

/// Reviews the file one case at a time.
async fn one_at_a_time(server: &Server) -> (Person, Vec<String>) {
    let mut person = Person::at(server).await;
    person.screen.go("/jobs/2").await;
    person.press("r").await;
    person.press_for_each(0..DUPLICATES, DUPLICATES, "m").await;
    person.go_on(DUPLICATES).await;
    // Suggestions come in the order of the file, before the addresses without one.
    person.press_for_each(0..DOUBLED, DOUBLED + INVALID, "s").await;
    person.press_for_each(DOUBLED..DOUBLED + INVALID, DOUBLED + INVALID, "d").await;
    person.go_on(DOUBLED + INVALID).await;
    person.press_for_each(0..IDENTICAL, IDENTICAL + CHANGED, "d").await;
    person.press_for_each(IDENTICAL..IDENTICAL + CHANGED, IDENTICAL + CHANGED, "o").await;
    person.go_on(IDENTICAL + CHANGED).await;
    for n in 0..MISSING {
        person.is_at(n, MISSING).await;
        person.press("e").await;
        person.screen.find("input[name=company]:focus").await;
        person.press(&format!("{}{ENTER}", company(n))).await;
    }
    let contacts = person.finish(server, 2).await;
    (person, contacts)
}

/// Reviews the file with decisions about many cases, and with a column of companies from a spreadsheet.
async fn many_at_once(server: &Server) -> (Person, Vec<String>) {
    let mut person = Person::at(server).await;
    person.screen.go("/jobs/2").await;
    person.press("r").await;
    person.screen.sees("#head", &format!("0 of {DUPLICATES}")).await;
    person.decide_about_all("merge").await;
    person.go_on(DUPLICATES).await;
    person.screen.sees("#head", &format!("0 of {}", DOUBLED + INVALID)).await;
    person.decide_about_all("correct").await;
    person.screen.sees("#head", &format!("{DOUBLED} of")).await;
    person.decide_about_all("discard").await;
    person.go_on(DOUBLED + INVALID).await;
    person.click("form.notice button").await;
    person.confirm().await;
    person.screen.sees("#head", &format!("{IDENTICAL} of")).await;
    person.decide_about_all("overwrite").await;
    person.go_on(IDENTICAL + CHANGED).await;
    person.screen.sees("#head", &format!("0 of {MISSING}")).await;
    person.press("v").await;
    person.click("#grid tbody tr:nth-of-type(1) td[data-name='company']").await;
    let column: Vec<&str> = (0..MISSING).map(company).collect();
    let paste = "const clipboardData = new DataTransfer();
        clipboardData.setData('text/plain', arguments[0]);
        document.activeElement.dispatchEvent(
            new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));";
    // Ctrl and V.
    person.keys += 2;
    person.screen.run(paste, vec![json!(column.join("\n"))]).await;
    person.screen.find("#grid-paste[open] .effects").await;
    person.press(ENTER).await;
    let contacts = person.finish(server, 2).await;
    (person, contacts)
}

#[tokio::test]
#[ignore = "a measurement: make effort"]
async fn a_review_of_three_thousand_rows() {
    let (one, two) = (under_review().await, under_review().await);
    let (slow, expected) = one_at_a_time(&one).await;
    let (quick, contacts) = many_at_once(&two).await;
    assert_eq!(contacts, expected);
    assert_eq!(contacts.len(), ROWS - INVALID - DUPLICATES);
    let decisions = DOUBLED + INVALID + MISSING + DUPLICATES + IDENTICAL + CHANGED;
    println!("| {decisions} decisions | keys | clicks |\n| --- | --- | --- |");
    for (name, person) in [("one case at a time", &slow), ("many at once", &quick)] {
        println!("| {name} | {} | {} |", person.keys, person.clicks);
    }
    slow.screen.close().await;
    quick.screen.close().await;
}
