//! Pages and lists of rows with large cells: they end early, link to the rest, and omit nothing.

use serde_json::{Value, json};

use super::*;
use crate::support::{World, free_port, status_and_json};

const ROWS: usize = 60;

/// Uploads a file of malformed rows with cells of about 30 KB each; returns its job under review.
async fn wide_job(server: &Server) -> i64 {
    let wide = "w".repeat(30_000);
    let row = |n: usize| format!("p{n}@example.com,{wide}{n},{wide},{wide},more\n");
    let file: String = std::iter::once("email,first_name,last_name,company\n".to_owned())
        .chain((0..ROWS).map(row))
        .collect();
    let request = server.client().post(format!("{}/api/v1/uploads", server.url));
    let (status, made) =
        status_and_json(request.header("content-type", "text/csv").body(file).send().await.unwrap()).await;
    assert_eq!(status, 202, "{made}");
    let job = made["job"].as_i64().unwrap();
    assert_eq!(server.world.status_after_run(job as i32).await, "NEEDS_REVIEW");
    job
}

/// Returns the entries of all pages of a list, and the number of pages. Checks that no page is much larger than the
/// limit.
async fn all_pages(server: &Server, path: &str) -> (Vec<Value>, usize) {
    let (mut items, mut pages, mut after) = (Vec::new(), 0, String::new());
    loop {
        let separator = if path.contains('?') { '&' } else { '?' };
        let (status, page) = server.get(&format!("{path}{separator}limit=1000{after}")).await;
        assert_eq!(status, 200, "{page}");
        assert!(page.to_string().len() < 1 << 20, "{path}: {}", page.to_string().len());
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        pages += 1;
        match page["next"].as_i64() {
            Some(next) => after = format!("&after={next}"),
            None => return (items, pages),
        }
    }
}

#[tokio::test]
async fn lists_of_large_rows_end_early_and_omit_nothing() {
    let server = Server::start_at(World::database().await, free_port(), &["serve"]).await;
    let job = wide_job(&server).await;
    let (rows, pages) = all_pages(&server, &format!("/api/v1/jobs/{job}/rows")).await;
    assert!(pages > 5, "{pages}");
    let names: Vec<String> = rows
        .iter()
        .map(|row| row["first_name"].as_str().unwrap().trim_start_matches('w').to_owned())
        .collect();
    assert_eq!(names, (0..ROWS).map(|n| n.to_string()).collect::<Vec<_>>());
    let (searched, _) = all_pages(&server, &format!("/api/v1/jobs/{job}/rows?text=example.com")).await;
    assert_eq!(searched.len(), ROWS);

    let (issues, _) = all_pages(&server, &format!("/api/v1/jobs/{job}/issues")).await;
    assert_eq!(issues.len(), ROWS);
    // The record of an action contains the ids of its rows.
    let named = vec![rows[0]["row"].as_i64().unwrap(); 20_000];
    let bulk = format!("/api/v1/jobs/{job}/bulk");
    for n in 0..20 {
        let body = json!({ "filter": { "rows": named }, "decision": { "decision": "edit", "company": format!("c{n}") } });
        let (status, done) =
            status_and_json(server.send(reqwest::Method::POST, &bulk, Some(body), &[]).await).await;
        assert_eq!(status, 200, "{done}");
    }
    let (actions, pages) = all_pages(&server, "/api/v1/actions").await;
    assert!(actions.len() == 21 && pages > 1, "{} {pages}", actions.len());
    assert_eq!(actions[0]["request"]["filter"]["rows"].as_array().map(Vec::len), Some(20_000));

    let discard_none = json!({ "decision": { "decision": "accept" } });
    status_and_json(server.send(reqwest::Method::POST, &bulk, Some(discard_none), &[]).await).await;
    let run = format!("/api/v1/jobs/{job}/reprocess");
    assert_eq!(status_and_json(server.send(reqwest::Method::POST, &run, None, &[]).await).await.0, 202);
    server.world.eventually_completed(job as i32).await;
    let (contacts, pages) = all_pages(&server, "/api/v1/contacts").await;
    assert!(contacts.len() == ROWS && pages > 5, "{} {pages}", contacts.len());
    let (contacts, _) = all_pages(&server, "/api/v1/contacts?text=example.com").await;
    assert_eq!(contacts.len(), ROWS);
}

/// Returns the text of all pages that are reached through links to the next page; each link is followed once.
async fn browsed(server: &Server, path: &str) -> (String, usize) {
    let (mut all, mut pages, mut path) = (String::new(), 0, path.to_owned());
    loop {
        let page = server.send(reqwest::Method::GET, &path, None, &[("accept", "text/html")]).await;
        assert_eq!(page.status(), 200, "{path}");
        let page = page.text().await.unwrap();
        assert!(page.len() < 4 << 20, "{path}: {}", page.len());
        pages += 1;
        let attributes = page.match_indices("after=").map(|(at, _)| page[..at].rfind('"').unwrap() + 1);
        // The form for the language contains the page's own address as a value.
        let mut links = attributes.filter(|start| !page[..*start].ends_with("value=\""));
        let next = links.next().map(|start| {
            let end = start + page[start..].find('"').unwrap();
            page[start..end].replace("&#38;", "&").replace("&amp;", "&")
        });
        assert!(next.as_ref() != Some(&path), "{path} leads to itself");
        all.push_str(&page);
        match next {
            Some(next) => path = next,
            None => return (all, pages),
        }
    }
}

#[tokio::test]
async fn pages_of_large_rows_end_early_and_omit_nothing() {
    let server = Server::start_at(World::database().await, free_port(), &["serve"]).await;
    let job = wide_job(&server).await;
    for path in [format!("/jobs/{job}"), format!("/jobs/{job}/review/malformed")] {
        let (all, pages) = browsed(&server, &path).await;
        assert!(pages > 5, "{path}: {pages}");
        for n in 0..ROWS {
            assert!(all.contains(&format!("p{n}@example.com")), "{path}: {n}");
        }
    }
}
