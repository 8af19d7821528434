//! The language of the pages, requested by the browser or chosen by hand, and the time zone.

use reqwest::{Method, StatusCode};

use super::{server, uploaded};
use crate::auth::{sign_in, with_provider};
use crate::support::{Browser, Look, Screen, eventually};

#[tokio::test]
async fn pages_use_the_language_that_the_browser_requests() {
    let server = server().await;
    for (accepted, language, title) in [
        ("de-CH, en;q=0.5", "de", "Aufträge"),
        ("fr, es;q=0.7, de;q=0.2", "es", "Trabajos"),
        ("fr", "en", "Jobs"),
    ] {
        let headers = [("accept", "text/html"), ("accept-language", accepted)];
        let page = server.send(Method::GET, "/jobs", None, &headers).await;
        assert_eq!(page.headers()["vary"], "Accept-Language, Cookie");
        let page = page.text().await.unwrap();
        let expected = format!("<html lang=\"{language}\">");
        assert!(
            page.contains(&expected) && page.contains(&format!("<h1>{title}</h1>")),
            "{accepted}: {page}"
        );
        let problem = server.send(Method::GET, "/jobs/99", None, &headers).await;
        assert_eq!(problem.status(), StatusCode::NOT_FOUND);
        assert!(problem.text().await.unwrap().contains(&expected), "{accepted}");
    }
    // The API has one language, and so have static files, which any browser may cache.
    let german = [("accept-language", "de")];
    let problem = server.send(Method::GET, "/api/v1/jobs/99", None, &german).await.text().await.unwrap();
    assert!(problem.contains("there is no job 99"), "{problem}");
    let page = server.send(Method::GET, "/jobs", None, &german).await.text().await.unwrap();
    let style = page.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let style = server.send(Method::GET, style, None, &german).await;
    assert!(style.headers()["cache-control"].to_str().unwrap().contains("immutable"));
    assert!(!style.headers().contains_key("vary"));
}

#[tokio::test]
async fn a_language_chosen_by_hand_survives_sign_in_and_out() {
    let (server, _provider) = with_provider().await;
    let mut ann = Browser::default();
    let page = [("accept", "text/html"), ("accept-language", "en"), ("sec-fetch-site", "same-origin")];
    let language = format!("{}/language", server.url);
    let choice = [("language", "de"), ("return_to", "/signed-out?x=1")];
    let chosen = ann.request_with(Method::POST, &language, &choice, &page).await;
    assert_eq!(
        (chosen.status(), &chosen.headers()["location"]),
        (StatusCode::SEE_OTHER, &"/signed-out?x=1".parse().unwrap())
    );
    let cookie = chosen.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Max-Age"),
        "{cookie}"
    );
    sign_in(&server, &mut ann, "ann", "/jobs").await;
    for path in ["/jobs", "/nowhere", "/signed-out"] {
        let shown = ann.request_with(Method::GET, &format!("{}{path}", server.url), &[], &page).await;
        assert!(shown.text().await.unwrap().contains("<html lang=\"de\">"), "{path}");
    }
    // Neither another site nor an unknown language changes it, and the return path stays on this site.
    let foreign = [("accept", "text/html"), ("sec-fetch-site", "cross-site")];
    let refused = ann.request_with(Method::POST, &language, &[("language", "es")], &foreign).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let unknown = ann.request_with(Method::POST, &language, &[("language", "xx")], &page).await;
    assert_eq!(unknown.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let away = [("language", "es"), ("return_to", "//example.com")];
    let away = ann.request_with(Method::POST, &language, &away, &page).await;
    assert_eq!(away.headers()["location"], "/");
}

#[tokio::test]
async fn a_real_browser_shows_the_viewers_language_and_time_zone() {
    let server = server().await;
    uploaded(&server, "bad.csv", "bob@@example.com,Bob,Ray,Acme\n").await;
    sqlx::query("UPDATE jobs SET job_created_at = '2024-01-31T23:30:00Z' WHERE job_id = 2")
        .execute(&server.world.pool)
        .await
        .unwrap();
    let screen = Screen::open(&server, Look::DESK).await;
    screen.time_zone("Asia/Tokyo").await;
    screen.go("/jobs?text=bad").await;
    screen.click("footer button[value=de]").await;
    screen.sees("h1", "Aufträge").await;
    assert!(screen.run("return location.href", vec![]).await.as_str().unwrap().ends_with("/jobs?text=bad"));
    screen.sees("table.jobs", "Prüfung nötig").await;
    // It is the next day in that time zone.
    screen.sees("table.jobs time", "01.02.2024").await;
    let title = screen.run("return document.querySelector('table.jobs time').title", vec![]).await;
    assert_eq!(title, "01.02.2024, 08:30:00 GMT+9");
    screen.click("table.jobs th a").await;
    screen.sees("#job-state", "1 Problem zu prüfen").await;
    screen.press("r").await;
    screen.sees(".case.open", "es gibt mehr als ein @").await;
    screen.press("s").await;
    screen.sees("#head", "Alle Probleme sind gelöst").await;
    assert_eq!(screen.foreign_requests().await, [""; 0]);
    screen.close().await;
}

#[tokio::test]
async fn reasons_of_failures_and_refusals_are_in_the_viewers_language() {
    let server = server().await;
    let upload = server.client().post(format!("{}/api/v1/uploads", server.url)).body("a;b\n1;2\n");
    assert_eq!(upload.send().await.unwrap().status().as_u16(), 202);
    assert_eq!(server.world.status_after_run(2).await, "FAILED");
    let page = async |language: &str| {
        let headers = [("accept", "text/html"), ("accept-language", language)];
        server.send(Method::GET, "/jobs/2", None, &headers).await.text().await.unwrap()
    };
    // Until then, the page shows the progress of the run.
    eventually("the run has ended", async || !page("en").await.contains("data-live=")).await;
    for (language, words) in [
        ("en", "<p dir=\"auto\">The header on line 1 has no column for e-mail, "),
        ("de", "<p dir=\"auto\">Die Kopfzeile in Zeile 1 hat keine Spalte für E-Mail"),
        ("es", "<p dir=\"auto\">El encabezado de la línea 1 no tiene columna para "),
    ] {
        let shown = page(language).await;
        assert!(shown.contains(words) && !shown.contains("ingest map"), "{language}: {shown}");
    }
    // Other programs read English, with the command.
    let (_, job) = server.get("/api/v1/jobs/2").await;
    assert!(job["failure"].as_str().unwrap().contains("no column for email, "), "{job}");
    assert!(job["failure"].as_str().unwrap().contains("`ingest map 2 email="), "{job}");

    let preview = async |content: &'static str, query: &str| {
        let request = server.client().post(format!("{}/upload/preview{query}", server.url));
        let request = request.header("accept", "text/html").header("accept-language", "de");
        let request = request.header("hx-request", "true").header("sec-fetch-site", "same-origin");
        request.body(content).send().await.unwrap().text().await.unwrap()
    };
    for (content, query, words) in [
        ("%PDF-1.7", "", "Statt CSV-Text ist die Datei ein PDF-Dokument; speichern Sie sie"),
        ("email\na@example.com\n", "?header_line=9", "Die Kopfzeile kann nicht in Zeile 9 stehen"),
        ("email\na@example.com\n", "?encoding=klingon", "Die Zeichenkodierung „klingon“ ist unbekannt"),
        ("email\na@example.com\n", "?part=x", "lassen Sie den Teil leer"),
    ] {
        let shown = preview(content, query).await;
        assert!(shown.contains(words), "{words}: {shown}");
    }

    // An earlier version has stored the sentence alone, a later one perhaps a reason that is unknown here.
    for reason in ["NULL", "'{\"kind\": \"unheard_of\"}'"] {
        let older = format!(
            "UPDATE jobs SET job_failure = 'it is too old', job_failure_reason = {reason} WHERE job_id = 2"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(older)).execute(&server.world.pool).await.unwrap();
        assert!(page("de").await.contains("<p dir=\"auto\" lang=\"en\">It is too old.</p>"));
    }
}

#[tokio::test]
async fn what_looks_damaged_is_said_in_the_language_of_the_viewer() {
    let server = server().await;
    let job = uploaded(&server, "odd.csv", "ann@example.com,“Ann”,Lee,n/a\n").await;
    for (language, company, first_name) in [
        ("en", "company &#34;n/a&#34; stands for a missing value; ", "stands in quotes: &#34;Ann&#34;"),
        (
            "de",
            "Firma &#34;n/a&#34; steht für einen fehlenden Wert; ",
            "steht in Anführungszeichen: &#34;Ann&#34;",
        ),
        ("es", "&#34;n/a&#34; indica que falta un valor; ", "está entre comillas: &#34;Ann&#34;"),
    ] {
        let headers = [("accept", "text/html"), ("accept-language", language)];
        let page = server.send(Method::GET, &format!("/jobs/{job}/review/malformed"), None, &headers).await;
        let page = page.text().await.unwrap();
        assert!(page.contains(company) && page.contains(first_name), "{language}: {page}");
        assert_eq!(page.contains("stands for"), language == "en", "{language}: {page}");
    }
    // The database has the sentences that other programs read.
    let residue = "SELECT staging_residue FROM staging WHERE staging_job_id = $1";
    let residue: String = sqlx::query_scalar(residue).bind(job).fetch_one(&server.world.pool).await.unwrap();
    assert_eq!(
        residue,
        "company \"n/a\" stands for a missing value; first_name \"“Ann”\" stands in quotes: \"Ann\""
    );
}
