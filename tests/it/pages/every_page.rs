//! What every page has to be, with long names and values: as wide as the window, and accessible.

use serde_json::json;

use super::ESCAPE;
use crate::support::{Look, Screen, Server, World, free_port};

/// A word without a place to break it.
fn long(length: usize) -> String {
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk".chars().cycle().take(length).collect()
}

/// A valid e-mail address of 250 letters.
fn long_email(n: usize) -> String {
    let label = format!("{}.", "subdomain".repeat(6));
    format!("{}@{}example{n}.com", "firstname.lastname".repeat(3), label.repeat(3))
}

/// Returns rows with issues of all types, with long values, in columns with long names.
fn messy() -> String {
    let (word, value) = (long(60), long(300));
    let mut file = format!("email,first_name,last_name,company,{},Notes\n", long(80));
    for n in 0..4 {
        let email = long_email(n);
        file += &format!("{email},{word},{word},{value},{value},{value}\n");
        file += &format!("{email},{word}er,{word},{value}s,{word},{value}\n");
        file += &format!("{}@@{email},{word},{word},{value},{value},{word}\n", long(40));
        file += &format!("known.{email},{word},{word}s,{value},{value},{value}\n");
        file += &format!("missing.{email},,,{value},{value},\n");
        file += &format!("wide.{email},{word},{word},{value},{value},,{value},{value}\n");
        file += &format!("fine.{email},{word},{word},{value},{value},{value}\n");
    }
    file
}

/// Returns a file of contacts that exist before.
fn known() -> String {
    let row = |n| format!("known.{},{},{},{}\n", long_email(n), long(60), long(60), long(300));
    format!("email,first_name,last_name,company\n{}", (0..4).map(row).collect::<String>())
}

/// Starts a server whose user has a long name and jobs in every state, and returns it with a file to preview.
async fn furnished() -> (Server, String) {
    let owner = long_email(9);
    let world = World::database().await.with(&[("RATE_LIMIT_PER_SECOND", "1000"), ("INGEST_OWNER", &owner)]);
    let server = Server::start_at(world, free_port(), &["serve"]).await;
    // Its letters are words in two encodings.
    let doubtful = b"email,first_name,last_name,company,city\np1@example.com,Bren\x87ac,Lee,Acme,Ulm\n";
    for (name, content) in [
        ("known", known().into_bytes()),
        ("messy", messy().into_bytes()),
        ("none", format!("{};b\n{};2\n", long(90), long(200)).into_bytes()),
        ("doubtful", doubtful.to_vec()),
    ] {
        let url = format!("{}/api/v1/uploads?filename={name}-{}.csv", server.url, "long-name".repeat(20));
        let answer = server.client().post(url).body(content).send().await.unwrap();
        let upload: serde_json::Value = answer.json().await.unwrap();
        let job = upload["job"].as_i64().unwrap_or_else(|| panic!("{upload}"));
        server.world.status_after_run(job as i32).await;
    }
    server.world.ingest(&["note", "2", "1", &long(1_900)]).await.expect_status(0);
    let url = format!("https://{}.invalid/{}", "a".repeat(60), "path".repeat(60));
    server.world.ingest(&["webhook", "create", &url]).await.expect_status(0);
    server.world.ingest(&["webhook", "test", "1"]).await.expect_status(0);
    server.world.enqueue_silently(&format!("waiting-{}.csv", long(150)), "email\n", &owner).await;
    let visitors = messy().replacen("email,first_name", &format!("Anschrift {},Vor", long(90)), 1);
    let visitors = server.world.file("visitors.csv", &visitors);
    (server, visitors)
}

/// Pages that have an address of their own.
const ADDRESSES: [&str; 44] = [
    "/jobs",
    "/jobs?text=nobody",
    "/jobs/1",
    "/jobs/2",
    "/jobs/2?show=repeated",
    "/jobs/2?show=duplicate",
    "/jobs/2?text=nobody",
    "/jobs/3",
    "/jobs/3/columns",
    "/jobs/2/corrections",
    "/jobs/4",
    "/jobs/5",
    "/jobs/2/review/duplicate",
    "/jobs/2/review/invalid",
    "/jobs/2/review/existing",
    "/jobs/2/review/missing",
    "/jobs/2/review/malformed",
    "/jobs/2/review/invalid?state=all",
    "/jobs/2/review/invalid?text=nobody",
    "/jobs/2/grid",
    "/jobs/2/grid?kind=invalid",
    "/jobs/2/grid?others=on",
    "/jobs/2/grid?column=company&text=nobody",
    "/jobs/2/issues/1",
    "/jobs/2/issues/1?edit=1",
    "/contacts",
    "/contacts?text=example",
    "/contacts?text=nobody",
    "/contacts/1",
    "/contacts/delete?text=known",
    "/contacts/delete?contact=1",
    "/audit",
    "/audit?actor=nobody",
    "/audit?from=2026-01-01",
    "/operation",
    "/people",
    "/mappings",
    "/webhooks",
    "/webhooks/1",
    "/upload",
    "/keys",
    "/signed-out",
    "/nowhere",
    "/jobs/2/review/nonsense",
];

/// Opens every page, also those that only a form or a key opens, and checks each by its name.
async fn visit(screen: &Screen, visitors: &str, mut check: impl AsyncFnMut(&str)) {
    for path in ADDRESSES {
        screen.go(path).await;
        screen.find("main").await;
        check(path).await;
    }
    for details in ["#many", ".extra", ".deeds details", "aside details"] {
        screen.go(if details == "#many" { "/jobs/2/review/missing" } else { "/jobs/2" }).await;
        screen
            .run(
                &format!("document.querySelectorAll('{details}').forEach((one) => {{ one.open = true; }})"),
                vec![],
            )
            .await;
        check(&format!("open {details}")).await;
    }
    screen.go("/jobs/2/grid").await;
    screen.press("b").await;
    screen.find("#bulk input:focus").await;
    check("the decisions about many rows").await;
    screen.click("#bulk button[value=discard]").await;
    screen.find(".effects").await;
    check("the preview of a decision about many rows").await;
    screen.go("/jobs/2/review/existing").await;
    screen.press("b").await;
    screen.click("#many button[value=overwrite]").await;
    screen.find(".effects").await;
    check("the preview of an overwrite").await;
    screen.go("/contacts/1").await;
    screen.click("form[action='/people/find'] button").await;
    screen.find(".facts").await;
    check("a person").await;
    screen.go("/upload").await;
    screen.find("#file").await.send_keys(visitors).await.unwrap();
    screen.step("reading").await;
    check("how a file is read").await;
    screen.step("columns").await;
    check("the columns of a file").await;
    for (column, field) in [(0, "email"), (1, "first_name")] {
        screen.click(&format!("#column-{column} option[value={field}]")).await;
    }
    screen.step("check").await;
    screen.find("#check td").await;
    check("the check of a file").await;
    screen.step("import").await;
    check("the last step of an upload").await;
    screen.go("/jobs/2/corrections").await;
    screen.find("input[type=file]").await.send_keys(visitors).await.unwrap();
    screen.find("#corrections [role=alert]").await;
    check("a refused file of corrections").await;
    screen.go("/jobs").await;
    screen.press("?").await;
    screen.find("dialog[open]").await;
    check("the keys").await;
    screen.forget_user().await;
    screen.go("/jobs").await;
    screen.find("input[name=token]").await;
    check("the sign-in").await;
    screen.enter().await;
}

/// Returns the elements that make the page scroll sideways; empty if it does not.
const TOO_WIDE: &str = "
    const root = document.documentElement;
    const width = root.scrollWidth;
    if (width <= root.clientWidth) return '';
    const name = (one) => one.cloneNode().outerHTML + one.textContent.trim().slice(0, 40);
    const isCause = (one) => {
        one.hidden = true;
        const isNarrower = root.scrollWidth < width;
        one.hidden = false;
        return isNarrower;
    };
    const causes = [...document.body.querySelectorAll('*:not([hidden])')].filter(isCause);
    const inner = causes.filter((one) => !causes.some((other) => other !== one && one.contains(other)));
    return width + ' of ' + root.clientWidth + ': ' + inner.slice(0, 3).map(name).join(' | ');";

#[tokio::test]
async fn no_page_scrolls_sideways() {
    let (server, visitors) = furnished().await;
    let screen = Screen::open(&server, Look::DESK).await;
    let mut found = Vec::new();
    for language in ["de", "en"] {
        screen.resize(1440, 1).await;
        screen.go("/jobs").await;
        screen.click(&format!(".bottom button[value={language}]")).await;
        screen.find(&format!("html[lang={language}]")).await;
        visit(&screen, &visitors, async |name| {
            // The last one is a window of 1280 pixels with a zoom of 200 %.
            for (width, zoom) in [(1440, 1), (900, 1), (640, 1), (390, 1), (640, 2)] {
                screen.resize(width, zoom).await;
                let wide = screen.run(TOO_WIDE, vec![]).await;
                if wide != json!("") {
                    found
                        .push(format!("{name} ({language}) at {width} × {zoom}: {}", wide.as_str().unwrap()));
                }
            }
            screen.resize(1440, 1).await;
        })
        .await;
    }
    screen.close().await;
    assert!(found.is_empty(), "{}", found.join("\n"));
}

const TAB: char = '\u{e004}';
/// Returns what has the focus although nobody sees where it is.
const UNSEEN_FOCUS: &str = "
    const at = document.activeElement;
    if (at === document.body) return '';
    const box = at.getBoundingClientRect();
    const style = getComputedStyle(at);
    // The browser marks the part of a date that has the focus.
    const isSeen = at.type === 'date' || at.matches(':focus-visible') && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    const isInView = box.width > 0 && box.bottom > 0 && box.top < innerHeight;
    return isSeen && isInView ? '' : at.cloneNode().outerHTML;";

#[tokio::test]
async fn no_page_has_accessibility_violations() {
    let (server, visitors) = furnished().await;
    let mut found = Vec::new();
    for look in [Look::DESK, Look { dark: true, ..Look::DESK }, Look { width: 390, dark: true }] {
        let screen = Screen::open(&server, look).await;
        visit(&screen, &visitors, async |name| {
            let violations = screen.accessibility_violations().await;
            found.extend(violations.iter().map(|one| format!("{name} {look:?}: {one}")));
        })
        .await;
        screen.close().await;
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test]
async fn the_focus_is_seen_wherever_it_goes() {
    let (server, _) = furnished().await;
    let screen = Screen::open(&server, Look::DESK).await;
    for path in [
        "/jobs",
        "/jobs/2",
        "/jobs/2/review/existing",
        "/jobs/2/grid",
        "/contacts",
        "/audit",
        "/upload",
        "/jobs/2/corrections",
    ] {
        screen.go(path).await;
        screen.press_key(TAB).await;
        screen.find(".skip:focus").await;
        for _ in 0..40 {
            screen.press_key(TAB).await;
            assert_eq!(screen.run(UNSEEN_FOCUS, vec![]).await, json!(""), "{path}");
        }
    }
    screen.go("/jobs").await;
    screen.press("?").await;
    screen.find("dialog[open] button:focus").await;
    screen.press(ESCAPE).await;
    screen.gone("dialog[open]").await;
    screen.close().await;
}
