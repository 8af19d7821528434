//! The server with default settings: limits, problems, the OpenAPI document, API tokens, shutdown.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Browser, Server, World, client, client_with_bearer, eventually, status_and_json};

const CLEAN: &str = "email,first_name,last_name,company\nann@example.com,Ann,Lee,Acme\n";

type Headers<'h> = &'h [(&'h str, &'h str)];

async fn local() -> Server {
    Server::start(World::database().await).await
}

#[tokio::test]
async fn with_nothing_configured_there_is_one_local_user() {
    let mut server = local().await;
    let (status, me) = server.get("/api/v1/me").await;
    assert_eq!((status, &me["owner"], &me["via"]), (200, &json!("tester"), &json!("local")));
    assert_eq!(me["roles"], json!(["uploader", "editor", "operator"]));
    assert_eq!(server.get_as("/api/v1/me", "a.b.c").await.0, 401, "an invalid token is not ignored");

    let post = Method::POST;
    let get = Method::GET;
    let port = server.url.rsplit(':').next().unwrap().to_owned();
    let localhost = format!("localhost:{port}");
    let own = format!("http://{localhost}");
    let cases: [(&Method, Headers<'_>, u16); 8] = [
        (&get, &[("host", &localhost)], 200),
        (&get, &[("host", "attacker.example")], 403),
        (&get, &[("host", "127.0.0.1.attacker.example")], 403),
        (&get, &[("origin", "https://attacker.example")], 403),
        (&get, &[("origin", "null")], 403),
        (&post, &[("host", &localhost), ("origin", &own)], 201),
        (&post, &[("origin", "http://127.0.0.1:1")], 403),
        (&post, &[("sec-fetch-site", "cross-site")], 403),
    ];
    for (method, headers, expected) in cases {
        let (path, body) = match *method == post {
            true => ("/api/v1/tokens", Some(json!({ "name": "a", "roles": [] }))),
            false => ("/api/v1/me", None),
        };
        let (status, answer) = status_and_json(server.send(method.clone(), path, body, headers).await).await;
        assert_eq!(status, expected, "{method} {headers:?} {answer}");
    }
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test]
async fn only_a_client_with_the_token_is_the_local_user() {
    use std::os::unix::fs::PermissionsExt;
    let mut server = local().await;
    let token = server.token().expect("the server creates a token");
    let file = std::fs::metadata(server.world.path("data/serve.token")).unwrap();
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
    assert!(!server.world.log().contains(&token), "a log that others may read has no token");
    assert!(server.world.log().contains("data/serve.token"), "{}", server.world.log());

    // Without the token a client can neither read nor change anything, on any path; only the health check is public.
    let (_, document) = server.get("/api/openapi.json").await;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for name in operations
            .as_object()
            .unwrap()
            .keys()
            .filter(|name| path.starts_with("/api/v1/") && *name != "parameters")
        {
            let method: Method = name.to_uppercase().parse().unwrap();
            let path = path.replace("{row}", "1").replace(['{', '}'], "");
            let path = path.split('/').map(|part| if part == "job" || part == "issue" { "1" } else { part });
            let url = format!("{}{}", server.url, path.collect::<Vec<_>>().join("/"));
            let request = client().request(method.clone(), &url).header("content-type", "application/json");
            let answer = request.header("if-match", "*").body("{}").send().await.unwrap();
            assert!(matches!(answer.status().as_u16(), 400 | 401), "{method} {url} {}", answer.status());
        }
    }
    for path in ["/jobs", "/contacts", "/contacts.csv", "/audit", "/upload", "/jobs/1/file", "/keys"] {
        let answer =
            client().get(format!("{}{path}", server.url)).header("accept", "text/html").send().await.unwrap();
        assert_eq!(answer.status(), 401, "{path}");
        assert!(answer.text().await.unwrap().contains("name=\"token\""), "{path}");
    }
    for path in ["/healthz", "/readyz"] {
        assert_eq!(
            client().get(format!("{}{path}", server.url)).send().await.unwrap().status(),
            200,
            "{path}"
        );
    }
    assert_eq!(server.get_as("/api/v1/me", &token).await.0, 200);

    // The address with the token sets a cookie and redirects at once, so that the token leaves the address bar.
    let mut browser = Browser::default();
    let refused = browser.request(Method::GET, &format!("{}/?token={token}x", server.url), &[]).await;
    assert!(refused.status() == 401 && refused.headers().get("set-cookie").is_none());
    let entered = browser.request(Method::GET, &server.entry_url(), &[]).await;
    assert_eq!((entered.status().as_u16(), entered.headers()["location"].to_str().unwrap()), (303, "/"));
    let cookie = entered.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && !cookie.contains(&token),
        "{cookie}"
    );
    let jobs = format!("{}/jobs", server.url);
    assert_eq!(browser.request(Method::GET, &jobs, &[]).await.status(), 200);

    // The cookie stays valid after a restart.
    assert_eq!(server.stop().await, Some(0));
    let port = server.url.rsplit(':').next().unwrap().parse().unwrap();
    let server = Server::start_at(server.world, port, &["serve", "--no-worker"]).await;
    assert_eq!(browser.request(Method::GET, &jobs, &[]).await.status(), 200);
    assert_eq!(server.token().unwrap(), token);
}

#[tokio::test]
async fn the_local_user_is_served_beyond_this_machine_only_on_request() {
    let world = World::database().await.with(&[("LISTEN_ADDRESS", "0.0.0.0:0")]);
    let refused = world.ingest(&["serve"]).await;
    refused.expect_status(2);
    assert!(
        refused.stderr.contains("OIDC_ISSUER") && refused.stderr.contains("LOCAL_USER"),
        "{}",
        refused.stderr
    );

    let port = crate::support::free_port();
    let world = world.with(&[("LISTEN_ADDRESS", &format!("0.0.0.0:{port}")), ("LOCAL_USER", "true")]);
    let _server = world.spawn(&["serve", "--no-worker"]);
    let url = format!("http://127.0.0.1:{port}");
    let ready = async || client().get(format!("{url}/readyz")).send().await.is_ok();
    eventually("the server is ready", ready).await;
    let me = async |host: &str, token: &str| {
        let request = client_with_bearer(token).get(format!("{url}/api/v1/me")).header("host", host);
        request.send().await.unwrap().status().as_u16()
    };
    let token = std::fs::read_to_string(world.path("data/serve.token")).unwrap();
    assert_eq!(me(&format!("localhost:{port}"), token.trim()).await, 200);
    assert_eq!(me(&format!("localhost:{port}"), "guess").await, 401);
    // The name of another machine: somebody has published the port to others.
    assert_eq!(me("contacts.example.com", token.trim()).await, 403);
    // The address is one that a browser on this machine can open.
    assert!(world.log().contains(&format!("serving {url}/?token=…")), "{}", world.log());
}

#[tokio::test]
async fn proxied_requests_are_refused_with_a_local_user() {
    let server = local().await;
    for name in ["Forwarded", "Via", "X-Real-IP", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"]
    {
        for path in ["/api/v1/me", "/jobs"] {
            let (status, problem) =
                status_and_json(server.send(Method::GET, path, None, &[(name, "for=10.0.0.1")]).await).await;
            let detail = problem["detail"].as_str().unwrap_or_default();
            let reason = detail.contains(&name.to_lowercase()) && detail.contains("OIDC_ISSUER");
            assert!(status == 403 && reason, "{name} {problem}");
        }
    }
}

#[tokio::test]
async fn serve_runs_a_worker_and_both_stop() {
    let port = crate::support::free_port();
    let mut server = Server::start_at(World::database().await, port, &["serve"]).await;
    let job = server.world.enqueue("a.csv", CLEAN, "tester").await;
    assert_eq!(server.world.status_after_run(job).await, "COMPLETED");
    assert_eq!(server.stop().await, Some(0));
    let log = server.world.log();
    assert!(log.contains("worker stopped") && log.contains("server stopped"), "{log}");
}

#[tokio::test]
async fn api_tokens_are_created_used_and_revoked() {
    let server = local().await;
    let body = json!({ "name": "nightly", "roles": ["uploader"], "expires_in_days": 1.0 });
    let answer = server.send(Method::POST, "/api/v1/tokens", Some(body), &[]).await;
    assert_eq!(answer.headers()["location"], "/api/v1/tokens/1");
    let (status, made) = status_and_json(answer).await;
    let secret = made["secret"].as_str().unwrap();
    assert!(status == 201 && secret.starts_with("ing_") && secret.len() == 47, "{made}");

    let (status, me) = server.get_as("/api/v1/me", secret).await;
    assert_eq!((status, &me["owner"], &me["via"]), (200, &json!("tester"), &json!("api_token")));
    assert_eq!((&me["roles"], &me["name"]), (&json!(["uploader"]), &json!("API token nightly of tester")));
    let (_, listed) = server.get_as("/api/v1/tokens", secret).await;
    assert!(listed[0]["last_used_at"].is_string() && listed[0].get("secret").is_none(), "{listed}");

    // A token cannot create or revoke others, so that its abilities end with it.
    let bearer = format!("Bearer {secret}");
    let body = json!({ "name": "more", "roles": [] });
    let refused =
        server.send(Method::POST, "/api/v1/tokens", Some(body), &[("authorization", &bearer)]).await;
    assert_eq!(status_and_json(refused).await.0, 403);
    let refused = server.send(Method::DELETE, "/api/v1/tokens/1", None, &[("authorization", &bearer)]).await;
    assert_eq!(status_and_json(refused).await.0, 403);

    let pool = &server.world.pool;
    let rows: Vec<String> =
        sqlx::query_scalar("SELECT t::text FROM api_tokens t").fetch_all(pool).await.unwrap();
    let hash: Vec<u8> =
        sqlx::query_scalar("SELECT token_hash FROM api_tokens").fetch_one(pool).await.unwrap();
    assert!(
        !rows[0].contains(&secret[4..]) && hash == blake3::hash(secret.as_bytes()).as_bytes(),
        "{rows:?}"
    );

    sqlx::query("UPDATE api_tokens SET token_expires_at = now() - interval '1 second'")
        .execute(pool)
        .await
        .unwrap();
    assert_eq!(server.get_as("/api/v1/me", secret).await.0, 401);
    sqlx::query("UPDATE api_tokens SET token_expires_at = now() + interval '1 day'")
        .execute(pool)
        .await
        .unwrap();
    assert_eq!(server.get_as("/api/v1/me", secret).await.0, 200);
    for (id, expected) in [(1, 204), (1, 204), (2, 404)] {
        let answer = server.send(Method::DELETE, &format!("/api/v1/tokens/{id}"), None, &[]).await;
        assert_eq!(status_and_json(answer).await.0, expected);
    }
    assert_eq!(server.get_as("/api/v1/me", secret).await.0, 401);
    assert!(!server.world.log().contains(secret));
}

#[tokio::test]
async fn the_command_line_creates_lists_and_revokes_tokens() {
    let server = local().await;
    let made = server
        .world
        .ingest(&["token", "create", "ci", "--roles", "uploader,editor", "--expires-days", "30"])
        .await;
    made.expect_status(0);
    let secret = made.stdout.trim();
    assert_eq!(server.get_as("/api/v1/me", secret).await.1["roles"], json!(["uploader", "editor"]));
    let listed = server.world.ingest(&["token", "list", "--output", "json"]).await;
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!((&listed[0]["name"], &listed[0]["id"]), (&json!("ci"), &json!(1)));
    let others = server.world.ingest(&["token", "revoke", "1", "--owner", "somebody-else"]).await;
    others.expect_status(1);
    server.world.ingest(&["token", "revoke", "1"]).await.expect_status(0);
    assert_eq!(server.get_as("/api/v1/me", secret).await.0, 401);
    server.world.ingest(&["token", "create", "ci", "--roles", "root"]).await.expect_status(2);
}

#[tokio::test]
async fn every_error_response_is_a_problem() {
    let server = local().await;
    let json = [("content-type", "application/json")];
    let json = json.as_slice();
    let body = |text: &str| reqwest::Body::from(text.to_owned());
    let post = |text: &str, headers: &[(&str, &str)]| {
        let mut request = server.client().post(format!("{}/api/v1/tokens", server.url)).body(body(text));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send()
    };
    let cases = [
        ("{", json, 400, Value::Null),
        ("", json, 400, Value::Null),
        ("{}", &[], 415, Value::Null),
        (r#"{"roles": []}"#, json, 422, json!("#")),
        (r#"{"name": 1, "roles": []}"#, json, 422, json!("#/name")),
        (r#"{"name": "a", "roles": ["editor", "root"]}"#, json, 422, json!("#/roles/1")),
        (r#"{"name": "a", "roles": [], "more": 1}"#, json, 422, json!("#/more")),
        (r#"{"name": "a", "roles": [], "expires_in_days": 0}"#, json, 422, json!("#/expires_in_days")),
    ];
    for (text, headers, expected, pointer) in cases {
        let (status, problem) = status_and_json(post(text, headers).await.unwrap()).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (expected, &pointer), "{text} {problem}");
    }
    let (status, problem) = status_and_json(post(&" ".repeat((2 << 20) + 1), json).await.unwrap()).await;
    assert_eq!((status, &problem["type"]), (413, &json!("urn:problem-type:ingest:too-large")));
    let put = server.send(Method::PUT, "/api/v1/tokens", None, &[]).await;
    assert!(put.headers()["allow"].to_str().unwrap().contains("POST"));
    assert_eq!(status_and_json(put).await.0, 405);
    for (method, path, expected) in [
        (Method::GET, "/nowhere", 404),
        (Method::GET, "/api/v1/nowhere", 404),
        (Method::DELETE, "/api/v1/tokens/x", 400),
        (Method::DELETE, "/api/v1/tokens/99999999999999999999", 400),
        (Method::GET, "/sign-in/callback?code=a&state=b", 404),
    ] {
        let (status, problem) = status_and_json(server.send(method, path, None, &[]).await).await;
        assert_eq!((status, problem["instance"].as_str()), (expected, path.split('?').next()), "{problem}");
    }
    let me = server.send(Method::GET, "/api/v1/me", None, &[]).await;
    assert_eq!(
        (&me.headers()["cache-control"], &me.headers()["x-content-type-options"]),
        (&"no-store".parse().unwrap(), &"nosniff".parse().unwrap())
    );
}

#[tokio::test]
async fn every_response_has_security_headers() {
    const ALWAYS: [(&str, &str); 6] = [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=()"),
    ];
    for (public_url, hsts) in [
        ("http://127.0.0.1:1", None),
        ("https://contacts.example.com", Some("max-age=31536000; includeSubDomains")),
    ] {
        let server = Server::start(World::database().await.with(&[("PUBLIC_URL", public_url)])).await;
        let requests: [(Method, &str, Headers<'_>); 7] = [
            (Method::GET, "/jobs", &[]),
            (Method::GET, "/api/v1/me", &[]),
            (Method::GET, "/api/docs/", &[]),
            (Method::GET, "/readyz", &[]),
            (Method::GET, "/nowhere", &[]),
            (Method::PUT, "/api/v1/tokens", &[]),
            (Method::GET, "/jobs", &[("host", "attacker.example")]),
        ];
        for (method, path, headers) in requests {
            let answer = server.send(method, path, None, headers).await;
            let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap());
            for (name, expected) in ALWAYS {
                assert!(header(name).is_some_and(|value| value.contains(expected)), "{path} {name}");
            }
            assert_eq!(header("strict-transport-security"), hsts, "{path}");
        }
    }
}

#[tokio::test]
async fn users_are_rate_limited_and_requests_time_out() {
    let world =
        World::database().await.with(&[("RATE_LIMIT_PER_SECOND", "2"), ("REQUEST_TIMEOUT_SECONDS", "1")]);
    let server = Server::start(world).await;
    let mut limited = None;
    for _ in 0..100 {
        let answer = server.send(Method::GET, "/api/v1/me", None, &[]).await;
        if answer.status() == 429 {
            limited = Some(answer);
            break;
        }
    }
    let limited = limited.expect("a user with too many requests is refused");
    assert_eq!(limited.headers()["retry-after"], "1");
    assert_eq!(status_and_json(limited).await.0, 429);
    // Other users are not limited.
    let made = server.world.ingest(&["token", "create", "a", "--owner", "somebody-else"]).await;
    assert_eq!(server.get_as("/api/v1/me", made.stdout.trim()).await.0, 200);

    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let mut lock = server.world.pool.acquire().await.unwrap();
    sqlx::raw_sql("BEGIN; LOCK TABLE api_tokens").execute(&mut *lock).await.unwrap();
    let (status, problem) = server.get("/api/v1/tokens").await;
    assert_eq!((status, &problem["type"]), (504, &json!("urn:problem-type:ingest:timeout")));
    sqlx::raw_sql("ROLLBACK").execute(&mut *lock).await.unwrap();
}

#[tokio::test]
async fn the_document_describes_every_response_and_has_a_page() {
    let server = local().await;
    let (status, document) = server.get("/api/openapi.json").await;
    assert!(status == 200 && document["openapi"].as_str().unwrap().starts_with("3.1"), "{document}");
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.contains_key("/api/v1/me") && paths.contains_key("/healthz"), "{paths:?}");
    let mut ids = std::collections::BTreeSet::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            let answers = operation["responses"].as_object().unwrap();
            let mut expected = vec!["403", "500", "503", "504"];
            if path.starts_with("/api/v1/") {
                expected.extend(["401", "429"]);
            }
            if operation.get("requestBody").is_some() {
                expected.extend(["400", "413", "415", "422"]);
            }
            for status in expected {
                let content =
                    &answers.get(status).unwrap_or_else(|| panic!("{method} {path}: {status}"))["content"];
                let schema = &content["application/problem+json"]["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/Problem", "{method} {path} {status}");
            }
            let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path}"));
            assert!(ids.insert(id) && operation["summary"].is_string(), "{method} {path} {id}");
        }
    }
    assert!(document["components"]["schemas"]["Problem"]["properties"]["errors"].is_object());
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!(
        (&schemes["bearer"]["scheme"], &schemes["session"]["in"]),
        (&json!("bearer"), &json!("cookie"))
    );

    let page = server.send(Method::GET, "/api/docs/", None, &[]).await;
    assert_eq!(page.status(), 200);
    assert!(page.headers()["content-security-policy"].to_str().unwrap().contains("script-src 'self'"));
    let page = page.text().await.unwrap();
    assert!(!page.contains("http://") && !page.contains("https://") && page.contains("swagger"), "{page}");
    let script =
        server.send(Method::GET, "/api/docs/swagger-initializer.js", None, &[]).await.text().await.unwrap();
    assert!(script.contains("/api/openapi.json") && script.contains(r#""validatorUrl": "none""#), "{script}");
}
