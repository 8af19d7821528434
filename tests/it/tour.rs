//! The pictures of docs/TOUR.md: `make tour` writes them to docs/tour.

use std::path::Path;

use crate::screenshots::{known, messy};
use crate::support::{Look, Screen, Server, World, free_port};

const ENTER: &str = "\u{e007}";
const WIDTH: u32 = 1280;
const HEIGHT: u32 = 800;

/// Saves a picture of what is in view.
async fn save(screen: &Screen, name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tour");
    std::fs::create_dir_all(&folder).unwrap();
    // No caret blinks in a picture.
    screen.run("document.documentElement.style.caretColor = 'transparent'", vec![]).await;
    std::fs::write(folder.join(format!("{name}.png")), screen.picture().await).unwrap();
}

#[tokio::test]
#[ignore = "for the documents: make tour"]
async fn save_pictures() {
    let world =
        World::database().await.with(&[("RATE_LIMIT_PER_SECOND", "1000"), ("INGEST_OWNER", "Ann Lee")]);
    let earlier = world.file("crm-export.csv", &known());
    world.ingest(&["import", &earlier]).await.expect_status(0);
    let leads = world.file("trade-fair-leads.csv", &messy());
    let server = Server::start_at(world, free_port(), &["serve"]).await;
    let screen = Screen::open(&server, Look { width: WIDTH, dark: false }).await;
    screen.resize_to(WIDTH, HEIGHT).await;
    upload(&screen, &leads).await;
    server.world.status_after_run(2).await;
    review(&screen).await;
    finish(&screen).await;
    screen.close().await;
    let narrow = Screen::open(&server, Look { width: 390, dark: true }).await;
    narrow.go("/contacts").await;
    narrow.find("table.contacts").await;
    save(&narrow, "narrow").await;
    narrow.close().await;
}

async fn upload(screen: &Screen, file: &str) {
    screen.go("/upload").await;
    screen.find("#file").await.send_keys(file).await.unwrap();
    for (step, words, name) in [
        ("reading", "José", "01-reading"),
        ("columns", "E-mail", "02-columns"),
        ("check", "rows have issues", "03-check"),
    ] {
        screen.find("#next:enabled").await.click().await.unwrap();
        screen.find(&format!("#step-{step}:focus")).await;
        screen.sees("#upload", words).await;
        save(screen, name).await;
    }
    screen.find("#next:enabled").await.click().await.unwrap();
    screen.click("#send").await;
    screen.sees("#job-state", "issues to review").await;
    save(screen, "04-job").await;
}

async fn review(screen: &Screen) {
    screen.press("r").await;
    screen.sees("#head", "0 of").await;
    screen.press("c").await;
    save(screen, "05-duplicates").await;
    screen.press("m").await;
    screen.sees("#head", "1 of").await;
    screen.go("/jobs/2/review/existing").await;
    screen.find(".case.open mark").await;
    save(screen, "06-existing").await;
    screen.go("/jobs/2/grid?kind=invalid").await;
    screen.click("#grid tbody tr:nth-of-type(2) [data-name=email]").await;
    save(screen, "07-table").await;
    screen.go("/jobs/2/review/invalid").await;
    screen.press("b").await;
    screen.find("#many input:focus").await;
    screen.click("#many button[value=correct]").await;
    screen.find(".effects").await;
    save(screen, "08-preview").await;
    screen.press(ENTER).await;
    screen.find("main > .notice").await;
}

/// Decides about the rest at once, finishes, and shows what became of a contact.
async fn finish(screen: &Screen) {
    for (kind, decision) in
        [("duplicate", "merge"), ("existing", "overwrite"), ("missing", "discard"), ("malformed", "accept")]
    {
        screen.go(&format!("/jobs/2/review/{kind}")).await;
        screen.press("b").await;
        screen.find("#many input:focus").await;
        screen.click(&format!("#many button[value={decision}]")).await;
        screen.find(".effects").await;
        screen.press(ENTER).await;
        screen.find("main > .notice").await;
    }
    screen.click("#head button[data-page-key=n]").await;
    screen.sees("#job-state", "contacts imported").await;
    save(screen, "09-finished").await;
    screen.go("/contacts/1").await;
    screen.find(".timeline").await;
    save(screen, "10-contact").await;
}
