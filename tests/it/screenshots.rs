//! Screenshots of the pages, for people to review: `make screenshots` writes them to target/screenshots.

use std::path::Path;

use crate::support::{Look, Screen, Server, World, free_port};

const HEADER: &str = "E-mail;First name;Last name;Company\n";
const NAMES: [(&str, &str); 8] = [
    ("Ann", "Lee"),
    ("José", "Núñez"),
    ("محمد", "العلي"),
    ("Hana", "Sato"),
    ("Dmitri", "Novák"),
    ("Zoë", "Wolf"),
    ("דוד", "כהן"),
    ("Faye", "Costa"),
];
const COMPANIES: [&str; 5] = ["Acme Ltd", "Viñedos del Sur", "Novák s.r.o.", "شركة النور", "Fox & Sons"];

/// Returns a messy file as people have them.
pub(crate) fn messy() -> String {
    let mut file = HEADER.to_owned();
    for n in 0..1_200_usize {
        let (first, last) = NAMES[n % NAMES.len()];
        let company = COMPANIES[n % COMPANIES.len()];
        let other = COMPANIES[(n + 2) % COMPANIES.len()];
        let row = match n % 29 {
            3 => format!("sales{n}@gmial.con;{first};{last};{company}\n"),
            5 => format!("info{n}@@example.org;{first};{last};{company}\n"),
            7 => format!(
                "p{n}@example.org;{first};{last};{company}\np{n}@example.org;{first};{last};{other}\n"
            ),
            11 => format!("p{n}@example.org;{first};{last};\n"),
            13 => format!("p{n}@example.org;;{last};{company}\n"),
            17 => format!("known{n}@example.com;{first};{last};{company}\n"),
            19 => format!("p{n}@example.org;{first};{last};{company}\n").repeat(2),
            _ => format!("p{n}@example.com;{first};{last};{company}\n"),
        };
        file.push_str(&row);
    }
    file + "q@example.org;Quinn;Fox;Fox; Hare & Hound;14 Mill Lane\n"
}

/// Returns a file of contacts that exist before.
pub(crate) fn known() -> String {
    let mut file = HEADER.to_owned();
    for n in (17..1_200_usize).step_by(29) {
        let (first, last) = NAMES[n % NAMES.len()];
        let (company, other) = (COMPANIES[n % COMPANIES.len()], NAMES[(n + 1) % NAMES.len()].1);
        let last = if n % 2 == 0 { last } else { other };
        file.push_str(&format!("known{n}@example.com;{first};{last};{company} Group\n"));
    }
    file
}

#[tokio::test]
#[ignore = "for people to review: make screenshots"]
async fn save_screenshots() {
    let world =
        World::database().await.with(&[("RATE_LIMIT_PER_SECOND", "1000"), ("INGEST_OWNER", "Ann Lee")]);
    let server = Server::start_at(world, free_port(), &["serve"]).await;
    let screen = Screen::open(&server, Look::DESK).await;
    save_page(&screen, "empty", "/jobs", Look::DESK).await;
    for (name, content) in [
        ("crm-export.csv", known().into_bytes()),
        ("trade-fair-leads.csv", messy().into_bytes()),
        ("price-list.csv", b"a;b\n1;2\n".to_vec()),
        // Its letters are words in two encodings.
        (
            "old-export.csv",
            b"email,first_name,last_name,company,city\np1@example.com,Bren\x87ac,Lee,Acme,Ulm\n".to_vec(),
        ),
    ] {
        let url = format!("{}/api/v1/uploads?filename={name}", server.url);
        let upload: serde_json::Value =
            server.client().post(url).body(content).send().await.unwrap().json().await.unwrap();
        server.world.status_after_run(upload["job"].as_i64().unwrap() as i32).await;
    }
    let odd =
        messy().replacen("E-mail;First name;Last name;Company", "Contact;First name;Last name;Where", 1);
    let odd = server.world.file("visitors.csv", &odd);
    // Decisions, for the pages that show actions.
    screen.go("/jobs/2/review/duplicate").await;
    for (at, key) in ["1", "2", "m", "1", "m"].into_iter().enumerate() {
        screen.press(key).await;
        screen.sees("#head", &format!("{} of", at + 1)).await;
        screen.find(".case.open:focus").await;
    }
    screen.close().await;
    for width in [1440, 390] {
        for dark in [false, true] {
            let look = Look { width, dark };
            let screen = Screen::open(&server, look).await;
            for (name, path) in [
                ("jobs", "/jobs"),
                ("job", "/jobs/2"),
                ("job-completed", "/jobs/1"),
                ("job-failed", "/jobs/3"),
                ("job-encoding", "/jobs/4"),
                ("job-columns", "/jobs/3/columns"),
                ("mappings", "/mappings"),
                ("people", "/people"),
                ("review-duplicate", "/jobs/2/review/duplicate?state=all"),
                ("review-invalid", "/jobs/2/review/invalid"),
                ("review-existing", "/jobs/2/review/existing"),
                ("review-missing", "/jobs/2/review/missing"),
                ("review-malformed", "/jobs/2/review/malformed"),
                ("grid", "/jobs/2/grid"),
                ("case-edit", "/jobs/2/issues/2?edit=1"),
                ("contacts", "/contacts"),
                ("contact", "/contacts/1"),
                ("audit", "/audit"),
                ("problem", "/nowhere"),
            ] {
                save_page(&screen, name, path, look).await;
            }
            screen.go("/jobs/2/grid?kind=invalid").await;
            screen.click("#grid tbody tr:nth-of-type(1) [data-name=email]").await;
            screen.press("x\u{e007}").await;
            screen.find("#grid-done:not([hidden])").await;
            screen.press("\u{e032}").await;
            save(&screen, "grid-edit", look).await;
            screen.run("document.querySelector('#many summary').click()", vec![]).await;
            screen.find("#bulk input:focus").await;
            save(&screen, "grid-many", look).await;
            screen.go("/jobs/2/review/invalid").await;
            screen.press("xjjx").await;
            screen.press("b").await;
            screen.find("#many input:focus").await;
            save(&screen, "many", look).await;
            screen.click("#many button[value=correct]").await;
            screen.find(".effects").await;
            save(&screen, "preview", look).await;
            screen.press("?").await;
            screen.find("dialog[open]").await;
            save(&screen, "keys", look).await;
            save_page(&screen, "upload", "/upload", look).await;
            screen.find("#file").await.send_keys(&odd).await.unwrap();
            screen.step("reading").await;
            save(&screen, "upload-reading", look).await;
            screen.step("columns").await;
            save(&screen, "upload-columns", look).await;
            for (column, field) in [(0, "email"), (3, "company")] {
                screen.click(&format!("#column-{column} option[value={field}]")).await;
            }
            screen.step("check").await;
            screen.find("#check td").await;
            save(&screen, "upload-check", look).await;
            screen.step("import").await;
            save(&screen, "upload-import", look).await;
            screen.close().await;
        }
    }
}

async fn save_page(screen: &Screen, name: &str, path: &str, look: Look) {
    screen.go(path).await;
    screen.find("main").await;
    save(screen, name, look).await;
}

async fn save(screen: &Screen, name: &str, look: Look) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    let light = if look.dark { "dark" } else { "light" };
    let file = folder.join(format!("{name}-{}-{light}.png", look.width));
    std::fs::write(file, screen.picture().await).unwrap();
}
