//! Authentication: a real OpenID Connect provider, tokens like those of Cognito, sessions, CSRF.

use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Browser, OidcProvider, Server, SigningKey, StaticProvider, World, eventually, free_port, in_seconds,
    status_and_json,
};

const SECRET: &str = "a+b/c&d=e:f g";

/// Starts oidc-provider, and a server that uses it.
pub(crate) async fn with_provider() -> (Server, OidcProvider) {
    serve_with_provider(World::database().await, &["serve", "--no-worker"]).await
}

/// Starts oidc-provider, and the server with these arguments in `world`.
pub(crate) async fn serve_with_provider(world: World, arguments: &[&str]) -> (Server, OidcProvider) {
    let port = free_port();
    let public_url = format!("http://127.0.0.1:{port}");
    let provider = OidcProvider::start(&format!("{public_url}/sign-in/callback"));
    let world = world.with(&[
        ("PUBLIC_URL", &public_url),
        ("OIDC_ISSUER", &provider.issuer()),
        ("OIDC_AUDIENCE", "urn:contacts, urn:curves"),
        ("OIDC_CLIENT_ID", "ingest"),
        ("OIDC_CLIENT_SECRET", SECRET),
    ]);
    (Server::start_at(world, port, arguments).await, provider)
}

/// Signs a browser in and returns the path that it is redirected to.
pub(crate) async fn sign_in(server: &Server, browser: &mut Browser, user: &str, return_to: &str) -> String {
    let (start, callback) = (
        format!("{}/sign-in?return_to={return_to}", server.url),
        format!("{}/sign-in/callback?", server.url),
    );
    let back = browser.sign_in_until(&start, user, &callback).await;
    let answer = browser.request(Method::GET, &back, &[]).await;
    let status = answer.status().as_u16();
    let location = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
    location.unwrap_or_else(|| panic!("{status}\n{}", server.world.log()))
}

#[tokio::test]
async fn a_person_signs_in_with_pkce_and_signs_out() {
    let (mut server, _provider) = with_provider().await;
    let me = format!("{}/api/v1/me", server.url);
    let mut browser = Browser::default();
    assert_eq!(status_and_json(browser.request(Method::GET, &me, &[]).await).await.0, 401);

    assert_eq!(sign_in(&server, &mut browser, "ann", "/jobs/1?open=2").await, "/jobs/1?open=2");
    let (status, ann) = status_and_json(browser.request(Method::GET, &me, &[]).await).await;
    assert_eq!((status, &ann["owner"], &ann["via"]), (200, &json!("ann"), &json!("session")));
    assert_eq!((&ann["name"], &ann["roles"]), (&json!("ann the user"), &json!(["uploader", "editor"])));

    // Another user's browser. The return path is checked, and a callback URL works neither twice nor in another
    // browser.
    let mut other = Browser::default();
    assert_eq!(sign_in(&server, &mut other, "rob", "//evil.example").await, "/");
    let (_, rob) = status_and_json(other.request(Method::GET, &me, &[]).await).await;
    assert_eq!((&rob["owner"], &rob["roles"]), (&json!("rob"), &json!([])));
    let start = format!("{}/sign-in", server.url);
    let back = other.sign_in_until(&start, "rob", &format!("{}/sign-in/callback?", server.url)).await;
    let mut stranger = Browser::default();
    assert_eq!(status_and_json(stranger.request(Method::GET, &back, &[]).await).await.0, 401);
    assert_eq!(other.request(Method::GET, &back, &[]).await.status(), 303);
    assert_eq!(status_and_json(other.request(Method::GET, &back, &[]).await).await.0, 401);

    // Signing out ends the session, and only our own pages can sign out.
    let out = format!("{}/sign-out", server.url);
    assert_eq!(status_and_json(browser.request(Method::POST, &out, &[]).await).await.0, 403);
    let cookie = browser.cookie(&server.url, "ingest_session").unwrap();
    let answer = browser.request_with(Method::POST, &out, &[], &[("sec-fetch-site", "same-origin")]).await;
    assert_eq!((answer.status().as_u16(), browser.cookie(&server.url, "ingest_session")), (303, None));
    let answer = server
        .send(Method::GET, "/api/v1/me", None, &[("cookie", &format!("ingest_session={cookie}"))])
        .await;
    assert_eq!(status_and_json(answer).await.0, 401);
    assert_eq!(server.stop().await, Some(0));
    let log = server.world.log();
    for secret in [SECRET, &cookie, ann["csrf_token"].as_str().unwrap()] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[tokio::test]
async fn a_session_authorizes_changes_only_from_our_own_pages() {
    let (server, _provider) = with_provider().await;
    let mut browser = Browser::default();
    sign_in(&server, &mut browser, "ann", "").await;
    let cookie = format!("ingest_session={}", browser.cookie(&server.url, "ingest_session").unwrap());
    let me =
        status_and_json(server.send(Method::GET, "/api/v1/me", None, &[("cookie", &cookie)]).await).await.1;
    let csrf = me["csrf_token"].as_str().unwrap();
    let cases: [(&[(&str, &str)], u16); 7] = [
        (&[], 403),
        (&[("sec-fetch-site", "cross-site")], 403),
        (&[("sec-fetch-site", "same-site"), ("origin", &server.url)], 403),
        (&[("origin", "http://127.0.0.1:1")], 403),
        (&[("x-csrf-token", "guess")], 403),
        (&[("sec-fetch-site", "same-origin")], 201),
        (&[("x-csrf-token", csrf)], 201),
    ];
    for (headers, expected) in cases {
        let headers: Vec<(&str, &str)> =
            [("cookie", cookie.as_str())].into_iter().chain(headers.iter().copied()).collect();
        let body = json!({ "name": "nightly", "roles": ["editor"] });
        let (status, answer) =
            status_and_json(server.send(Method::POST, "/api/v1/tokens", Some(body), &headers).await).await;
        assert_eq!(status, expected, "{headers:?} {answer}");
    }
    let owners: Vec<String> = sqlx::query_scalar("SELECT DISTINCT token_owner FROM api_tokens")
        .fetch_all(&server.world.pool)
        .await
        .unwrap();
    assert_eq!(owners, ["ann"]);
    let late = "UPDATE browser_sessions SET session_expires_at = now() - interval '1 second'";
    sqlx::query(late).execute(&server.world.pool).await.unwrap();
    assert_eq!(
        status_and_json(server.send(Method::GET, "/api/v1/me", None, &[("cookie", &cookie)]).await).await.0,
        401
    );
}

#[tokio::test]
async fn provider_tokens_are_accepted_across_key_rotation() {
    let (server, mut provider) = with_provider().await;
    for audience in ["urn:contacts", "urn:curves"] {
        let (status, me) = server.get_as("/api/v1/me", &provider.machine_token(audience).await).await;
        assert_eq!((status, &me["owner"], &me["via"]), (200, &json!("machine"), &json!("bearer")), "{me}");
        assert_eq!(me["roles"], json!(["uploader"]));
    }
    let (status, problem) = server.get_as("/api/v1/me", &provider.machine_token("urn:other").await).await;
    assert_eq!((status, &problem["detail"]), (401, &json!("the token is not for this service")));

    let old = provider.machine_token("urn:contacts").await;
    provider.rotate();
    assert_eq!(
        server.get_as("/api/v1/me", &old).await.0,
        200,
        "known keys stay valid until an unknown one is needed"
    );
    let new = provider.machine_token("urn:contacts").await;
    // Keys are fetched at most every ten seconds. Requests at short intervals until then would be too many bad tokens.
    eventually("the new key is accepted", async || {
        let is_accepted = server.get_as("/api/v1/me", &new).await.0 == 200;
        if !is_accepted {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        is_accepted
    })
    .await;
    assert_eq!(server.get_as("/api/v1/me", &old).await.0, 401);

    provider.stop();
    assert_eq!(
        server.get_as("/api/v1/me", &new).await.0,
        200,
        "known keys stay valid while the provider is unreachable"
    );
}

#[tokio::test]
async fn id_tokens_of_the_provider_are_refused() {
    // By default the audience is the client itself, which every ID token names.
    let port = free_port();
    let public_url = format!("http://127.0.0.1:{port}");
    let callback = format!("{public_url}/sign-in/callback");
    let provider = OidcProvider::start(&callback);
    let world = World::database().await.with(&[
        ("PUBLIC_URL", &public_url),
        ("OIDC_ISSUER", &provider.issuer()),
        ("OIDC_CLIENT_ID", "ingest"),
        ("OIDC_CLIENT_SECRET", SECRET),
    ]);
    let server = Server::start_at(world, port, &["serve", "--no-worker"]).await;
    let mut browser = Browser::default();
    let start = format!("{}/sign-in", server.url);
    let back = browser.sign_in_until(&start, "ann", &format!("{callback}?")).await;
    let code = reqwest::Url::parse(&back).unwrap();
    let code = code.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let verifier: String = sqlx::query_scalar("SELECT pending_verifier FROM pending_sign_ins")
        .fetch_one(&server.world.pool)
        .await
        .unwrap();
    let tokens = provider.redeem(SECRET, &code, &callback, &verifier).await;
    let (status, problem) = server.get_as("/api/v1/me", tokens["id_token"].as_str().unwrap()).await;
    assert_eq!(status, 401, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("no access token"), "{problem}");
}

/// Starts a server that accepts the tokens of a simulated Cognito user pool.
pub(crate) async fn with_cognito(key: &SigningKey) -> (Server, StaticProvider) {
    let pool = StaticProvider::serve(key).await;
    let world =
        World::database().await.with(&[("OIDC_ISSUER", pool.issuer()), ("OIDC_AUDIENCE", "client-1")]);
    (Server::start(world).await, pool)
}

/// Returns the claims of an access token for a user in a group.
pub(crate) fn cognito_access_token(pool: &StaticProvider) -> Value {
    json!({
        "sub": "6d1a-subject", "iss": pool.issuer(), "client_id": "client-1", "token_use": "access",
        "cognito:groups": ["editor", "us-east-1_Pool_Google"], "username": "ann", "version": 2,
        "scope": "openid profile", "origin_jti": "o", "jti": "j", "event_id": "e",
        "auth_time": in_seconds(-60), "iat": in_seconds(-60), "exp": in_seconds(3600),
    })
}

#[tokio::test]
async fn access_tokens_and_groups_of_cognito_are_accepted() {
    let key = SigningKey::make();
    let (server, pool) = with_cognito(&key).await;
    let access = cognito_access_token(&pool);
    let (status, me) = server.get_as("/api/v1/me", &key.sign(&access)).await;
    assert_eq!((status, &me["owner"], &me["name"]), (200, &json!("6d1a-subject"), &json!("ann")), "{me}");
    assert_eq!(me["roles"], json!(["editor"]));

    let mut id = with(
        &access,
        &[("token_use", json!("id")), ("aud", json!("client-1")), ("email", json!("ann@example.com"))],
    );
    id.as_object_mut()
        .unwrap()
        .retain(|name, _| !["client_id", "username", "cognito:groups"].contains(&name.as_str()));
    let (status, problem) = server.get_as("/api/v1/me", &key.sign(&id)).await;
    assert!(status == 401 && problem["detail"].as_str().unwrap().contains("access token"), "{problem}");
    let (status, _) =
        server.get_as("/api/v1/me", &key.sign(&with(&access, &[("client_id", json!("client-2"))]))).await;
    assert_eq!(status, 401);
}

#[tokio::test]
async fn id_tokens_are_accepted_only_if_configured() {
    let key = SigningKey::make();
    let pool = StaticProvider::serve(&key).await;
    let world = World::database().await.with(&[
        ("OIDC_ISSUER", pool.issuer()),
        ("OIDC_CLIENT_ID", "client-1"),
        ("OIDC_ACCEPT_ID_TOKENS", "true"),
    ]);
    let server = Server::start(world).await;
    let id = json!({
        "sub": "s", "iss": pool.issuer(), "aud": "client-1", "email": "ann@example.com",
        "iat": in_seconds(-60), "exp": in_seconds(3600),
    });
    let (status, me) = server.get_as("/api/v1/me", &key.sign(&id)).await;
    assert_eq!((status, &me["name"]), (200, &json!("ann@example.com")), "{me}");
    for other in [[("aud", json!("client-2"))], [("typ", json!("Refresh"))]] {
        assert_eq!(server.get_as("/api/v1/me", &key.sign(&with(&id, &other))).await.0, 401, "{other:?}");
    }
}

/// Returns the claims with some replaced; null removes a claim.
pub(crate) fn with(claims: &Value, more: &[(&str, Value)]) -> Value {
    let mut claims = claims.clone();
    for (name, value) in more {
        match value.is_null() {
            true => claims.as_object_mut().unwrap().remove(*name),
            false => claims.as_object_mut().unwrap().insert((*name).to_owned(), value.clone()),
        };
    }
    claims
}

#[tokio::test]
async fn invalid_tokens_are_refused() {
    let (key, other) = (SigningKey::make(), SigningKey::make());
    let (server, pool) = with_cognito(&key).await;
    let good = cognito_access_token(&pool);
    let signed = key.sign(&good);
    assert_eq!(server.get_as("/api/v1/me", &signed).await.0, 200);
    let before = pool.key_requests();

    let parts: Vec<&str> = signed.split('.').collect();
    // {"alg":"none","typ":"JWT"} and {"alg":"None"}
    let none = |header: &str| format!("{header}.{}.", parts[1]);
    let by = |algorithm: Algorithm, kid: Option<String>| Header { kid, ..Header::new(algorithm) };
    let hmac = |kid: Option<String>| {
        let secret = EncodingKey::from_secret(key.public_pem.as_bytes());
        encode(&by(Algorithm::HS256, kid), &good, &secret).unwrap()
    };
    let mut logout = by(Algorithm::RS256, Some(key.id()));
    logout.typ = Some("logout+jwt".to_owned());
    let mut critical = by(Algorithm::RS256, Some(key.id()));
    critical.crit = Some(vec!["urn:example:extension".to_owned()]);
    let unmarked = json!({
        "sub": "s", "iss": pool.issuer(), "aud": "client-1", "iat": in_seconds(-60), "exp": in_seconds(3600),
    });
    let replaced = key.sign(&with(&good, &[("sub", json!("somebody-else"))]));
    let tampered = format!("{}.{}.{}", parts[0], replaced.split('.').nth(1).unwrap(), parts[2]);
    let cases = [
        ("expired", key.sign(&with(&good, &[("exp", json!(in_seconds(-120)))]))),
        ("without an end", key.sign(&with(&good, &[("exp", Value::Null)]))),
        ("not valid yet", key.sign(&with(&good, &[("nbf", json!(in_seconds(600)))]))),
        ("of another issuer", key.sign(&with(&good, &[("iss", json!("https://evil.example"))]))),
        ("without an issuer", key.sign(&with(&good, &[("iss", Value::Null)]))),
        ("without a subject", key.sign(&with(&good, &[("sub", Value::Null)]))),
        ("for another audience", key.sign(&with(&good, &[("aud", json!("client-2"))]))),
        ("for nobody", key.sign(&with(&good, &[("client_id", Value::Null)]))),
        ("of another key under its id", other.sign_under(&by(Algorithm::RS256, Some(key.id())), &good)),
        ("of another key", other.sign(&good)),
        ("of another key without an id", other.sign_under(&by(Algorithm::RS256, None), &good)),
        (
            "by an algorithm that the key is not for",
            key.sign_under(&by(Algorithm::RS512, Some(key.id())), &good),
        ),
        ("by the public key as a secret", hmac(Some(key.id()))),
        ("by the public key as a secret, without an id", hmac(None)),
        ("unsigned", none("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0")),
        ("unsigned, written otherwise", none("eyJhbGciOiJOb25lIn0")),
        ("without a signature", format!("{}.{}.", parts[0], parts[1])),
        ("tampered with", tampered),
        ("of another kind", key.sign_under(&logout, &good)),
        ("with a critical extension", key.sign_under(&critical, &good)),
        ("an ID token", key.sign(&with(&good, &[("token_use", json!("id")), ("aud", json!("client-1"))]))),
        ("an ID token that nothing marks", key.sign(&unmarked)),
        ("an ID token by its nonce", key.sign(&with(&unmarked, &[("nonce", json!("n"))]))),
        ("no token", "nonsense".to_owned()),
        ("an unknown API token", "ing_nonsense".to_owned()),
        ("endless", "a.".repeat(20_000)),
    ];
    for (what, token) in cases {
        let bearer = format!("Bearer {token}");
        let answer = server.send(Method::GET, "/api/v1/me", None, &[("authorization", &bearer)]).await;
        let challenge =
            answer.headers().get("www-authenticate").map(|value| value.to_str().unwrap().to_owned());
        let (status, problem) = status_and_json(answer).await;
        assert_eq!(status, 401, "{what}: {problem}");
        assert!(challenge.is_some_and(|text| text.contains("invalid_token")), "{what}");
        assert!(!problem.to_string().contains(&token), "{what}");
    }
    for header in [[("authorization", "Basic YTpi")].as_slice(), &[], &[("cookie", "ingest_session=guess")]] {
        assert_eq!(status_and_json(server.send(Method::GET, "/api/v1/me", None, header).await).await.0, 401);
    }
    assert!(
        pool.key_requests() <= before + 2,
        "made-up tokens caused {} requests to the provider",
        pool.key_requests() - before
    );
    assert!(!server.world.log().contains(&signed));
}

#[tokio::test]
async fn a_new_key_is_accepted_after_a_pause() {
    let (old, new) = (SigningKey::make(), SigningKey::make());
    let (server, pool) = with_cognito(&old).await;
    let claims = cognito_access_token(&pool);
    assert_eq!(server.get_as("/api/v1/me", &old.sign(&claims)).await.0, 200);
    pool.rotate_to(&new);
    let (before, fresh) = (pool.key_requests(), new.sign(&claims));
    for _ in 0..20 {
        server.get_as("/api/v1/me", &fresh).await;
    }
    assert!(pool.key_requests() <= before + 1);
    eventually("the new key is accepted", async || server.get_as("/api/v1/me", &fresh).await.0 == 200).await;
    assert_eq!(server.get_as("/api/v1/me", &old.sign(&claims)).await.0, 401);
}

#[tokio::test]
async fn an_unreachable_provider_is_reported() {
    let world =
        World::database().await.with(&[("OIDC_ISSUER", "http://127.0.0.1:1/pool"), ("OIDC_CLIENT_ID", "us")]);
    let server = Server::start(world).await;
    let key = SigningKey::make();
    let (status, problem) = server.get_as("/api/v1/me", &key.sign(&json!({ "sub": "a" }))).await;
    assert_eq!(status, 503);
    assert!(!problem.to_string().contains("127.0.0.1:1"), "{problem}");
    assert_eq!(server.get("/sign-in").await.0, 503);
    let doctor = server.world.ingest(&["doctor"]).await;
    doctor.expect_status(1);
    assert!(doctor.stdout.contains("OIDC_ISSUER"), "{}", doctor.stdout);
}

#[tokio::test]
async fn inconsistent_oidc_settings_are_refused() {
    let cases: [(&[(&str, &str)], &str); 7] = [
        (&[("LISTEN_ADDRESS", "0.0.0.0:0")], "OIDC_ISSUER"),
        (&[("LISTEN_ADDRESS", "[::]:0")], "OIDC_ISSUER"),
        (&[("OIDC_CLIENT_ID", "us")], "OIDC_ISSUER"),
        (&[("OIDC_ISSUER", "https://id.example")], "OIDC_AUDIENCE"),
        (&[("OIDC_ISSUER", "http://id.example")], "https://"),
        (
            &[
                ("OIDC_ISSUER", "https://id.example"),
                ("OIDC_CLIENT_ID", "us"),
                ("LISTEN_ADDRESS", "0.0.0.0:0"),
            ],
            "PUBLIC_URL",
        ),
        (&[("PUBLIC_URL", "contacts.example.com")], "PUBLIC_URL"),
    ];
    for (env, named) in cases {
        let world = World::database().await.with(env).with(&[("OIDC_CLIENT_SECRET", "hunter2")]);
        let run = tokio::time::timeout(Duration::from_secs(60), world.ingest(&["serve"]))
            .await
            .expect("the process ends");
        run.expect_status(2);
        assert!(run.stderr.contains(named) && !run.stderr.contains("hunter2"), "{}", run.stderr);
    }
}
