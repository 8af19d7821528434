//! How access ends: expired and revoked tokens and sessions, roles that the provider removes, and how refused requests
//! are logged and limited.

use reqwest::Method;
use serde_json::{Value, json};

use crate::auth::{cognito_access_token, sign_in, with, with_cognito, with_provider};
use crate::support::{Browser, Server, SigningKey, World, in_seconds, status_and_json};

const ME: &str = "/api/v1/me";

/// Returns the entries of the server's log with this message.
fn logged(server: &Server, message: &str) -> Vec<Value> {
    let log = server.world.log();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["message"] == message).collect()
}

/// Returns the number of days until the token expires.
async fn days(server: &Server, id: i64) -> i32 {
    let query = "SELECT round(extract(epoch FROM token_expires_at - now()) / 86400)::int FROM api_tokens
         WHERE token_id = $1";
    sqlx::query_scalar(query).bind(id).fetch_one(&server.world.pool).await.unwrap()
}

async fn make_token(world: &World, arguments: &[&str]) -> String {
    let arguments: Vec<&str> = ["token", "create"].into_iter().chain(arguments.iter().copied()).collect();
    let made = world.ingest(&arguments).await;
    made.expect_status(0);
    made.stdout.trim().to_owned()
}

#[tokio::test]
async fn tokens_expire_by_default_and_within_the_allowed_maximum() {
    let world = World::database().await.with(&[("API_TOKEN_DAYS", "10"), ("API_TOKEN_MAX_DAYS", "20")]);
    let server = Server::start(world).await;
    let body = |days: Option<u32>| match days {
        Some(days) => json!({ "name": "a", "roles": [], "expires_in_days": days }),
        None => json!({ "name": "a", "roles": [] }),
    };
    for (id, lifetime, expected) in [(1, None, 10), (2, Some(20), 20)] {
        let made =
            status_and_json(server.send(Method::POST, "/api/v1/tokens", Some(body(lifetime)), &[]).await)
                .await;
        assert!(made.0 == 201 && made.1["expires_at"].is_string(), "{made:?}");
        assert_eq!(days(&server, id).await, expected);
    }
    for lifetime in [0, 21] {
        let refused = server.send(Method::POST, "/api/v1/tokens", Some(body(Some(lifetime))), &[]).await;
        let (status, problem) = status_and_json(refused).await;
        assert_eq!((status, &problem["errors"][0]["detail"]), (422, &json!("takes 1 to 20")));
    }
    make_token(&server.world, &["b"]).await;
    assert_eq!(days(&server, 3).await, 10);
    let refused = server.world.ingest(&["token", "create", "b", "--expires-days", "21"]).await;
    refused.expect_status(1);
    assert!(refused.stderr.contains("1 to 20 (API_TOKEN_MAX_DAYS)"), "{}", refused.stderr);
}

#[tokio::test]
async fn a_token_has_only_roles_that_the_provider_last_reported() {
    let key = SigningKey::make();
    let (server, pool) = with_cognito(&key).await;
    let owner = ["--owner", "6d1a-subject"];
    let token = make_token(&server.world, &["a", "--roles", "uploader,editor", owner[0], owner[1]]).await;
    let roles = async || server.get_as(ME, &token).await.1["roles"].clone();
    assert_eq!(roles().await, json!(["uploader", "editor"]), "the provider has not reported roles yet");

    let claims = |issued: i64, groups: Value| {
        let claims = cognito_access_token(&pool);
        key.sign(&with(&claims, &[("iat", json!(in_seconds(issued))), ("cognito:groups", groups)]))
    };
    let editor = claims(-50, json!(["editor"]));
    server.get_as(ME, &editor).await;
    assert_eq!(roles().await, json!(["editor"]));
    let (_, listed) = server.get_as("/api/v1/tokens", &token).await;
    assert_eq!(listed[0]["roles"], json!(["editor"]));

    // A newer provider token without the group removes the role. The older token, although still valid, does not
    // restore it.
    server.get_as(ME, &claims(-40, Value::Null)).await;
    assert_eq!(roles().await, json!([]));
    assert_eq!(server.get_as(ME, &editor).await.1["roles"], json!(["editor"]));
    assert_eq!(roles().await, json!([]));
    let bearer = format!("Bearer {token}");
    let delete = server.send(Method::DELETE, "/api/v1/jobs/1", None, &[("authorization", &bearer)]).await;
    let (status, problem) = status_and_json(delete).await;
    assert_eq!((status, &problem["detail"]), (403, &json!("this needs the role editor")));
    let made = server.world.ingest(&["token", "create", "b", "--roles", "editor", owner[0], owner[1]]).await;
    assert!(made.stderr.contains("the token has no role"), "{}", made.stderr);

    server.get_as(ME, &claims(-30, json!(["editor", "uploader"]))).await;
    assert_eq!(roles().await, json!(["uploader", "editor"]));
    // A token may state a time that the database cannot represent.
    assert_eq!(server.get_as(ME, &claims(i64::MAX / 2, json!([]))).await.0, 200);
}

#[tokio::test]
async fn a_sign_in_records_the_roles_of_the_provider() {
    let (server, _provider) = with_provider().await;
    let token = make_token(&server.world, &["a", "--roles", "editor", "--owner", "rob"]).await;
    assert_eq!(server.get_as(ME, &token).await.1["roles"], json!(["editor"]));
    sign_in(&server, &mut Browser::default(), "rob", "").await;
    assert_eq!(server.get_as(ME, &token).await.1["roles"], json!([]));
}

#[tokio::test]
async fn without_a_provider_token_roles_are_not_capped() {
    let server = Server::start(World::database().await).await;
    let left = "INSERT INTO provider_roles VALUES ('tester', '{}', now())";
    sqlx::query(left).execute(&server.world.pool).await.unwrap();
    let token = make_token(&server.world, &["a", "--roles", "editor"]).await;
    assert_eq!(server.get_as(ME, &token).await.1["roles"], json!(["editor"]));
}

#[tokio::test]
async fn the_operator_lists_and_revokes_tokens_of_all_owners() {
    let key = SigningKey::make();
    let (server, _pool) = with_cognito(&key).await;
    let world = &server.world;
    let mut tokens = Vec::new();
    for owner in ["ann", "ann", "bob", "cleo"] {
        tokens.push(make_token(world, &["a", "--owner", owner]).await);
    }
    let known = async || {
        let mut known = Vec::new();
        for token in &tokens {
            known.push(server.get_as(ME, token).await.0 == 200);
        }
        known
    };
    let listed = world.ingest(&["token", "list", "--all", "--output", "json"]).await;
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
    let owners: Vec<&Value> = listed.as_array().unwrap().iter().map(|token| &token["owner"]).collect();
    assert_eq!(owners, ["cleo", "bob", "ann", "ann"]);
    let own = world.ingest(&["token", "list", "--owner", "bob", "--output", "json"]).await;
    assert_eq!(serde_json::from_str::<Value>(&own.stdout).unwrap().as_array().unwrap().len(), 1);

    world.ingest(&["token", "revoke", "2", "3", "--owner", "bob"]).await.expect_status(1);
    assert_eq!(known().await, [true, true, false, true]);
    world.ingest(&["token", "revoke", "--every", "--owner", "ann"]).await.expect_status(0);
    assert_eq!(known().await, [false, false, false, true]);
    world.ingest(&["token", "revoke", "--all"]).await.expect_status(0);
    assert_eq!(known().await, [false; 4]);
    for wrong in [&["token", "revoke"][..], &["token", "revoke", "1", "--all"]] {
        world.ingest(wrong).await.expect_status(2);
    }
}

/// Returns the status of a request with the browser's cookie.
async fn status(server: &Server, browser: &mut Browser, headers: &[(&str, &str)]) -> u16 {
    let me = format!("{}{ME}", server.url);
    status_and_json(browser.request_with(Method::GET, &me, &[], headers).await).await.0
}

#[tokio::test]
async fn sessions_are_ended_by_their_owner_and_by_the_operator() {
    let (server, _provider) = with_provider().await;
    let mut browsers = Vec::new();
    for user in ["ann", "ann", "rob", "uma"] {
        let mut browser = Browser::default();
        sign_in(&server, &mut browser, user, "").await;
        browsers.push(browser);
    }
    let statuses = async |browsers: &mut Vec<Browser>| {
        let mut found = Vec::new();
        for browser in browsers {
            found.push(status(&server, browser, &[]).await);
        }
        found
    };
    assert_eq!(statuses(&mut browsers).await, [200, 200, 200, 200]);
    let url = format!("{}/api/v1/sessions", server.url);
    let own = [("sec-fetch-site", "same-origin")];
    let ended = browsers[0].request_with(Method::DELETE, &url, &[], &own).await;
    assert_eq!(ended.status(), 204);
    assert_eq!(statuses(&mut browsers).await, [401, 401, 200, 200]);
    server.world.ingest(&["session", "end", "--owner", "rob"]).await.expect_status(0);
    assert_eq!(statuses(&mut browsers).await, [401, 401, 401, 200]);
    let all = server.world.ingest(&["session", "end", "--all"]).await;
    assert!(all.stderr.contains("1 session of all owners"), "{}", all.stderr);
    assert_eq!(statuses(&mut browsers).await, [401; 4]);
}

#[tokio::test]
async fn an_idle_session_ends() {
    let (server, _provider) = with_provider().await;
    let mut browser = Browser::default();
    sign_in(&server, &mut browser, "ann", "").await;
    let used = async |minutes: i32| {
        let query = "UPDATE browser_sessions SET session_used_at = now() - $1 * interval '1 minute'";
        sqlx::query(query).bind(minutes).execute(&server.world.pool).await.unwrap();
    };
    let idle = async || -> i32 {
        let query = "SELECT (extract(epoch FROM now() - session_used_at) / 60)::int FROM browser_sessions";
        sqlx::query_scalar(query).fetch_one(&server.world.pool).await.unwrap()
    };
    used(50).await;
    // An open page keeps its event stream open without anyone using it.
    assert_eq!(status(&server, &mut browser, &[("accept", "text/event-stream")]).await, 200);
    assert_eq!(idle().await, 50);
    assert_eq!(status(&server, &mut browser, &[]).await, 200);
    assert_eq!(idle().await, 0);
    used(61).await;
    assert_eq!(status(&server, &mut browser, &[]).await, 401);
    assert_eq!(idle().await, 61, "an ended session is not renewed");
}

#[tokio::test]
async fn sign_ins_and_refused_requests_are_logged_with_the_address() {
    let (server, _provider) = with_provider().await;
    let world = World::database().await.with(&[
        ("TRUSTED_PROXIES", "127.0.0.0/8"),
        ("RATE_LIMIT_PER_SECOND", "2"),
        ("OIDC_ISSUER", "http://127.0.0.1:1/pool"),
        ("OIDC_AUDIENCE", "us"),
    ]);
    // Without a trusted proxy, the header is only a claim of the client.
    let forwarded = ("x-forwarded-for", "203.0.113.9, 198.51.100.7");
    let mut browser = Browser::default();
    sign_in(&server, &mut browser, "ann", "").await;
    let cookie = browser.cookie(&server.url, "ingest_session").unwrap();
    let me = format!("{}{ME}", server.url);
    browser
        .request_with(
            Method::POST,
            &format!("{}/sign-out", server.url),
            &[],
            &[("sec-fetch-site", "same-origin")],
        )
        .await;
    let with_cookie = format!("ingest_session={cookie}");
    server.send(Method::GET, ME, None, &[("cookie", &with_cookie), forwarded]).await;
    browser.request(Method::GET, &format!("{}/sign-in/callback?state=a&code=b", server.url), &[]).await;
    for message in ["signed in", "signed out"] {
        let lines = logged(&server, message);
        assert_eq!(
            (lines.len(), &lines[0]["owner"], &lines[0]["address"]),
            (1, &json!("ann"), &json!("127.0.0.1"))
        );
    }
    assert_eq!(logged(&server, "sign-in failed").len(), 1);
    let refused = &logged(&server, "bad credentials")[0];
    assert_eq!(
        (&refused["means"], &refused["address"]),
        (&json!("session"), &json!("127.0.0.1")),
        "{refused}"
    );
    let log = server.world.log();
    for secret in [cookie.as_str(), "ann@example.com", "ann the user"] {
        assert!(!log.contains(secret), "{log}");
    }
    drop((server, me));

    let server = Server::start(world).await;
    let token = make_token(&server.world, &["a", "--owner", "ann"]).await;
    let bearer = format!("Bearer {token}");
    let good = [("authorization", bearer.as_str()), forwarded];
    let bad = [("authorization", "Bearer ing_made-up"), forwarded];
    assert_eq!(
        server.send(Method::GET, "/api/v1/contacts?q=ann@example.com", None, &bad).await.status(),
        401
    );
    assert_eq!(server.send(Method::DELETE, "/api/v1/jobs/7", None, &good).await.status(), 403);
    let mut limited = false;
    for _ in 0..50 {
        let requests = (0..8).map(|_| server.send(Method::GET, ME, None, &good));
        let answers = futures::future::join_all(requests).await;
        limited = answers.iter().any(|answer| answer.status() == 429);
        if limited {
            break;
        }
    }
    assert!(limited);
    let line = &logged(&server, "bad credentials")[0];
    let expected = json!({ "status": 401, "address": "198.51.100.7", "means": "api_token", "route": "/api/v1/contacts" });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&line[name], value, "{line}");
    }
    assert!(line["reason"].is_string() && line["owner"].is_null(), "{line}");
    let lines = logged(&server, "request refused");
    for expected in [
        json!({ "status": 403, "owner": "ann", "means": "api_token", "token_id": 1, "method": "DELETE",
                "route": "/api/v1/jobs/{job}", "reason": "this needs the role editor" }),
        json!({ "status": 429, "owner": "ann", "address": "198.51.100.7", "method": "GET", "route": ME }),
    ] {
        let is_it =
            |line: &&Value| expected.as_object().unwrap().iter().all(|(name, value)| &line[name] == value);
        assert!(lines.iter().any(|line| is_it(&line)), "{expected}\n{lines:#?}");
    }
    let log = server.world.log();
    for secret in [&token[4..], "made-up", "ann@example.com"] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[tokio::test]
async fn bad_tokens_are_limited_by_address_before_they_are_looked_up() {
    // With a single local user, requests through a proxy are refused.
    let world = World::database().await.with(&[
        ("TRUSTED_PROXIES", "127.0.0.1"),
        ("OIDC_ISSUER", "http://127.0.0.1:1/pool"),
        ("OIDC_AUDIENCE", "us"),
    ]);
    let server = Server::start(world).await;
    let token = make_token(&server.world, &["a"]).await;
    let good = format!("Bearer {token}");
    let from = async |token: &str, address: &str| {
        let headers = [("authorization", token), ("x-forwarded-for", address)];
        status_and_json(server.send(Method::GET, ME, None, &headers).await).await.0
    };
    let mut refused = 0;
    while from(&format!("Bearer ing_{refused}"), "198.51.100.1").await == 401 {
        refused += 1;
        assert!(refused < 1000, "bad tokens are not limited");
    }
    assert!(refused >= 60, "{refused}");
    // The limit of one address does not affect another. Beyond it, even a valid token is refused, so tokens are not
    // looked up.
    assert_eq!(from(&good, "198.51.100.2").await, 200);
    let mut stopped = false;
    for _ in 0..50 {
        from("Bearer ing_more", "198.51.100.1").await;
        stopped = stopped || from(&good, "198.51.100.1").await == 429;
    }
    assert!(stopped, "a good token was looked up each time");
    crate::support::eventually("the limit ends", async || from(&good, "198.51.100.1").await == 200).await;
}
