//! How a file was read, as people see it: in the summary and the preview, by API, and on pages.

use serde_json::{Value, json};

use crate::support::{Server, World, free_port, status_and_json};

/// A title, a note below it, two further columns and a total.
const REPORT: &str = "Customers of 2026;;;;;\nmade on Monday;;;;;\n\nE-Mail;Vorname;Nachname;Firma;Tags;Notes\n\
    ann@example.com;Ann;Lee;Acme;a;b\nbob@example.com;Bob;Ray;Acme;;\nTotal;2;;;;\n";

fn interpretation() -> Value {
    json!({
        "containers": [], "encoding": "UTF-8", "certainty": "SURE", "readings": [], "delimiter": ";", "header_line": 4, "has_header": true,
        "columns": [
            { "field": "email", "name": "E-Mail" }, { "field": "first_name", "name": "Vorname" },
            { "field": "last_name", "name": "Nachname" }, { "field": "company", "name": "Firma" },
        ],
        "columns_by": "NAMES",
        "quote": "double",
        "values": {},
        "kept": ["Tags", "Notes"], "kept_count": 2, "unused": [], "unused_count": 0,
        "repeats": { "filled": 0, "count": 0, "first": [], "uncompared": 0 },
        "skipped": { "count": 3, "first": [
            { "line": 1, "text": "Customers of 2026" }, { "line": 2, "text": "made on Monday" },
            { "line": 7, "text": "Total 2" },
        ] },
    })
}

#[tokio::test]
async fn the_summary_says_how_the_file_was_read() {
    let world = World::database().await;
    let file = world.file("report.csv", REPORT);
    let shown = world.ingest(&["preview", &file]).await;
    for words in ["encoding UTF-8, detected; delimiter ;; header on line 4", "line 2: made on Monday"] {
        assert!(shown.stderr.contains(words), "{words}: {}", shown.stderr);
    }
    let done = world.ingest(&["import", &file]).await;
    done.expect_status(0);
    for words in [
        "encoding                  UTF-8, detected\n",
        "delimiter                 semicolon\n",
        "column names              on line 4\n",
        "columns                   email from E-Mail, first_name from Vorname, last_name from Nachname, ",
        "other columns, kept       Tags, Notes\n",
        "lines skipped                        3\n    line 1: Customers of 2026\n    line 2: made on Monday\n",
    ] {
        assert!(done.stdout.contains(words), "{words}: {}", done.stdout);
    }
    let set = world.ingest(&["import", &file, "--encoding", "utf8"]).await;
    assert!(set.stdout.contains("UTF-8, set by you"), "{}", set.stdout);
    // A run that does not read the file has nothing to say about it.
    let again = world.ingest(&["reprocess", "2"]).await;
    assert!(!again.stdout.contains("encoding"), "{}", again.stdout);
}

#[tokio::test]
async fn a_job_keeps_how_its_file_was_read() {
    let world = World::database().await;
    world.ingest(&["import", &world.file("report.csv", REPORT)]).await.expect_status(0);
    // More rows than a chunk, so that the run saves its plan first.
    let rows: String = (0..3_000).map(|n| format!("p{n}@example.com;A;B;C;;\n")).collect();
    let long = world.file("long.csv", &REPORT.replace("ann@example.com;Ann;Lee;Acme;a;b\n", &rows));
    let world = world.with(&[("PROGRESS_UPDATE_INTERVAL", "1000")]);
    world.ingest(&["import", &long]).await.expect_status(3);
    let server = Server::start_at(world, free_port(), &["serve"]).await;
    let (_, job) = server.get("/api/v1/jobs/1").await;
    assert_eq!(job["interpretation"], interpretation());
    let (_, job) = server.get("/api/v1/jobs/2").await;
    assert_eq!(job["interpretation"]["skipped"]["count"], 3, "{job}");
    let (_, jobs) = server.get("/api/v1/jobs").await;
    assert_eq!(jobs["items"][1]["interpretation"], Value::Null);

    let request = server.client().post(format!("{}/api/v1/uploads/preview", server.url));
    let (_, shown) = status_and_json(request.body(REPORT).send().await.unwrap()).await;
    assert_eq!((&shown["certainty"], &shown["skipped"][1]["line"]), (&json!("SURE"), &json!(2)), "{shown}");

    for (language, words) in [
        ("en", ["How the file was read", "UTF-8, detected", "semicolons", "On line 4", "3 lines skipped"]),
        (
            "de",
            [
                "So wurde die Datei gelesen",
                "UTF-8, erkannt",
                "Semikolons",
                "In Zeile 4",
                "3 Zeilen übersprungen",
            ],
        ),
        (
            "es",
            [
                "Cómo se leyó el archivo",
                "UTF-8, detectada",
                "puntos y comas",
                "En la línea 4",
                "3 líneas omitidas",
            ],
        ),
    ] {
        let request =
            server.client().get(format!("{}/jobs/1", server.url)).header("accept-language", language);
        let page = request.send().await.unwrap().text().await.unwrap();
        for words in words.into_iter().chain(["Customers of 2026", "<bdi>Vorname</bdi>", "<bdi>Tags</bdi>"]) {
            assert!(page.contains(words), "{language}: {words}");
        }
    }
}
