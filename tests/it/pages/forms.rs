//! Pages as forms and links without scripts; problems as pages; roles.

use reqwest::{Method, StatusCode};

use super::{server, uploaded};
use crate::auth::{sign_in, with_provider};
use crate::support::Browser;

#[tokio::test]
async fn pages_work_as_forms_without_scripts() {
    let server = server().await;
    uploaded(&server, "bad.csv", "bob@@example.com,Bob,Ray,Acme\nnothing,No,One,Acme\n").await;
    let mut browser = server.browser().await;
    let page = [("accept", "text/html")];
    let get = async |browser: &mut Browser, path: &str| {
        let url = format!("{}{path}", server.url);
        let answer = browser.request_with(Method::GET, &url, &[], &page).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.text().await.unwrap()
    };
    let review = get(&mut browser, "/jobs/2/review/invalid").await;
    let seen: Vec<&str> =
        review.split("name=\"seen\" value=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let post = async |browser: &mut Browser, path: &str, form: &[(&str, &str)], headers: &[(&str, &str)]| {
        let headers: Vec<(&str, &str)> = headers.iter().chain(&page).copied().collect();
        browser.request_with(Method::POST, &format!("{}{path}", server.url), form, &headers).await
    };
    let decided =
        post(&mut browser, "/jobs/2/issues/1", &[("decision", "correct"), ("seen", seen[0])], &[]).await;
    assert_eq!(
        (decided.status(), &decided.headers()["location"]),
        (StatusCode::SEE_OTHER, &"/jobs/2/review/invalid#main".parse().unwrap())
    );
    assert!(get(&mut browser, "/jobs/2/review/invalid").await.contains("1 of 2"));
    let again =
        post(&mut browser, "/jobs/2/issues/1", &[("decision", "discard"), ("seen", seen[0])], &[]).await;
    assert!(again.text().await.unwrap().contains("Someone else has changed this"));
    let undone = post(&mut browser, "/jobs/2/undo", &[("x", "")], &[]).await;
    assert!(undone.headers()["location"].to_str().unwrap().starts_with("/jobs/2/review?done="));
    assert!(get(&mut browser, "/jobs/2/review/invalid").await.contains("0 of 2"));

    // Browsers see problems as pages, API clients as JSON.
    let nowhere = browser.request_with(Method::GET, &format!("{}/nowhere", server.url), &[], &page).await;
    assert_eq!(nowhere.status(), StatusCode::NOT_FOUND);
    assert!(nowhere.headers()["content-security-policy"].to_str().unwrap().contains("script-src 'self'"));
    assert!(nowhere.text().await.unwrap().contains("Page not found"));
    let api = browser.request_with(Method::GET, &format!("{}/api/v1/nowhere", server.url), &[], &page).await;
    assert_eq!(api.headers()["content-type"], "application/problem+json");
    let foreign =
        post(&mut browser, "/jobs/2/delete", &[("x", "")], &[("sec-fetch-site", "cross-site")]).await;
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_case_stays_open_if_its_new_value_is_wrong_too() {
    let server = server().await;
    uploaded(&server, "bad.csv", "bob@@example.com,Bob,Ray,Acme\nnothing,No,One,Acme\n").await;
    let mut browser = server.browser().await;
    let htmx = [("accept", "text/html"), ("hx-request", "true")];
    let review = format!("{}/jobs/2/review/invalid", server.url);
    let edit = async |browser: &mut Browser, issue: i64, fields: &[(&str, &str)]| {
        let page = browser.request_with(Method::GET, &review, &[], &htmx[..1]).await.text().await.unwrap();
        let form = format!("/jobs/2/issues/{issue}/rows/");
        let (_, rest) = page.split_once(&format!("action=\"{form}")).expect("the form of the case");
        let row = rest.split('"').next().unwrap();
        let tag = rest.split("name=\"tag\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let fields: Vec<_> = fields.iter().copied().chain([("tag", tag)]).collect();
        let url = format!("{}{form}{row}", server.url);
        let answer = browser.request_with(Method::POST, &url, &fields, &htmx).await;
        assert_eq!(answer.status(), StatusCode::OK);
        answer.text().await.unwrap()
    };
    let case = edit(&mut browser, 1, &[("email", "bob@")]).await;
    assert!(case.contains("id=\"case-1\"") && !case.contains("✓"), "{case}");
    assert!(case.contains("Saved, but the case is still open. Not a valid address: "), "{case}");
    assert!(case.contains("value=\"bob@\"") && case.contains("0 of 2"), "{case}");
    let case = edit(&mut browser, 1, &[("email", "bob@example.com"), ("company", "")]).await;
    assert!(case.contains("Saved, but the row now has another issue: Missing values."), "{case}");
    let case = edit(&mut browser, 2, &[("email", "bob@example.com")]).await;
    assert!(case.contains("Saved. The next import asks about this row: Several rows have"), "{case}");
}

#[tokio::test]
async fn signed_in_people_can_do_what_their_roles_allow() {
    let (server, _provider) = with_provider().await;
    let page = [("accept", "text/html")];
    let mut ann = Browser::default();
    let jobs = format!("{}/jobs?text=a", server.url);
    let unknown = ann.request_with(Method::GET, &jobs, &[], &page).await;
    assert_eq!(
        (unknown.status(), &unknown.headers()["location"]),
        (StatusCode::SEE_OTHER, &"/sign-in?return_to=%2Fjobs%3Ftext%3Da".parse().unwrap())
    );
    let part = ann.request_with(Method::GET, &jobs, &[], &[("hx-request", "true")]).await;
    assert_eq!(part.headers()["hx-redirect"], "/sign-in?return_to=%2F");

    let own = server.world.enqueue_silently("own.csv", "email\n", "ann").await;
    let other = server.world.enqueue_silently("other.csv", "email\n", "rob").await;
    assert_eq!(sign_in(&server, &mut ann, "ann", "/jobs").await, "/jobs");
    let listed = ann.request_with(Method::GET, &jobs, &[], &page).await.text().await.unwrap();
    assert!(!listed.contains("own.csv") && listed.contains("No jobs match your search"));
    let all = ann
        .request_with(Method::GET, &format!("{}/jobs", server.url), &[], &page)
        .await
        .text()
        .await
        .unwrap();
    assert!(all.contains("own.csv") && !all.contains("other.csv"), "{all}");
    for path in ["", "/review", "/review/invalid", "/live", "/file", "/issues/1"] {
        let theirs = format!("{}/jobs/{other}{path}", server.url);
        assert_eq!(ann.request_with(Method::GET, &theirs, &[], &page).await.status(), 404, "{path}");
    }

    // A form contains a token for browsers that send neither site nor origin.
    let csrf = all.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let cancel = format!("{}/jobs/{own}/cancel", server.url);
    let without = ann.request_with(Method::POST, &cancel, &[("x", "")], &page).await;
    assert_eq!(without.status(), StatusCode::FORBIDDEN);
    let wrong = ann.request_with(Method::POST, &cancel, &[("csrf", "x")], &page).await;
    assert_eq!(wrong.status(), StatusCode::FORBIDDEN);
    let right = ann.request_with(Method::POST, &cancel, &[("csrf", &csrf)], &page).await;
    assert_eq!(right.status(), StatusCode::SEE_OTHER);

    // A person without a role sees no buttons, and their requests are refused.
    let mut rob = Browser::default();
    sign_in(&server, &mut rob, "rob", "/jobs").await;
    let job = rob.request_with(Method::GET, &format!("{}/jobs/{other}", server.url), &[], &page).await;
    let job = job.text().await.unwrap();
    assert!(
        !job.contains("/cancel") && !job.contains("/delete") && !job.contains("href=\"/upload\""),
        "{job}"
    );
    let own_page = [("accept", "text/html"), ("sec-fetch-site", "same-origin")];
    for path in
        ["cancel", "delete", "reprocess", "undo-import", "undo", "issues/1/undo", "review/invalid/bulk"]
    {
        let url = format!("{}/jobs/{other}/{path}", server.url);
        let refused = rob
            .request_with(Method::POST, &url, &[("decision", "discard"), ("action", "1")], &own_page)
            .await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{path}");
        assert!(refused.text().await.unwrap().contains("needs the role"), "{path}");
    }
}
