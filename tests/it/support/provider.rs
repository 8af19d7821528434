//! Token providers on loopback: oidc-provider as a process, and one in the test's process that signs any claims.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::routing::get;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::servers::{await_port, free_port};

fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers")
}

/// A running oidc-provider.
pub(crate) struct OidcProvider {
    port: u16,
    redirect: String,
    log: tempfile::TempDir,
    process: Child,
}

impl OidcProvider {
    /// Starts a provider whose client redirects to `redirect`.
    pub(crate) fn start(redirect: &str) -> OidcProvider {
        assert!(
            peers().join("node_modules").exists(),
            "oidc-provider is not installed: run scripts/setup --test"
        );
        let (port, log) = (free_port(), tempfile::tempdir().unwrap());
        let process = spawn(port, redirect, log.path());
        OidcProvider { port, redirect: redirect.to_owned(), log, process }
    }

    /// Returns its URL.
    pub(crate) fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Restarts it with new keys.
    pub(crate) fn rotate(&mut self) {
        self.stop();
        self.process = spawn(self.port, &self.redirect, self.log.path());
    }

    /// Stops it.
    pub(crate) fn stop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Redeems an authorization code of the client `ingest`; returns the token endpoint's answer.
    pub(crate) async fn redeem(&self, secret: &str, code: &str, callback: &str, verifier: &str) -> Value {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", callback),
            ("code_verifier", verifier),
        ];
        let request = reqwest::Client::new().post(format!("{}/token", self.issuer())).form(&form);
        let answer = request.basic_auth("ingest", Some(encoded(secret))).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// Returns an access token of the client `machine` for an audience.
    pub(crate) async fn machine_token(&self, audience: &str) -> String {
        let form = [("grant_type", "client_credentials"), ("resource", audience)];
        let request = reqwest::Client::new().post(format!("{}/token", self.issuer())).form(&form);
        let answer = request.basic_auth("machine", Some("machine-secret")).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }
}

/// Percent-encodes a client's id or secret for the header (RFC 6749, section 2.3.1).
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn spawn(port: u16, redirect: &str, folder: &Path) -> Child {
    let log = folder.join("log");
    let output = std::fs::File::options().create(true).append(true).open(&log).unwrap();
    let process = Command::new("node")
        .args(["oidc.mjs", &port.to_string(), redirect])
        .current_dir(peers())
        .stdin(Stdio::piped())
        .stdout(output.try_clone().unwrap())
        .stderr(output)
        .spawn()
        .unwrap();
    await_port(port, &log);
    process
}

impl Drop for OidcProvider {
    fn drop(&mut self) {
        // It may already be stopped.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A key pair for signing tokens.
pub(crate) struct SigningKey {
    private_pem: String,
    /// The public key, which an attacker might use as a shared secret.
    pub public_pem: String,
    jwk: Value,
}

impl SigningKey {
    /// Generates a key pair.
    pub(crate) fn make() -> SigningKey {
        let made = Command::new("node").arg("key.mjs").current_dir(peers()).output().unwrap();
        let made: Value = serde_json::from_slice(&made.stdout).unwrap();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        SigningKey {
            private_pem: text("private_pem"),
            public_pem: text("public_pem"),
            jwk: made["jwk"].clone(),
        }
    }

    /// Returns the key's id.
    pub(crate) fn id(&self) -> String {
        self.jwk["kid"].as_str().unwrap().to_owned()
    }

    /// Signs a token with these claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some(self.id()), ..Header::new(Algorithm::RS256) };
        self.sign_under(&header, claims)
    }

    /// Signs a token with this header.
    pub(crate) fn sign_under(&self, header: &Header, claims: &Value) -> String {
        encode(header, claims, &EncodingKey::from_rsa_pem(self.private_pem.as_bytes()).unwrap()).unwrap()
    }
}

/// A provider that only serves two documents, like Cognito at a user pool's URL.
pub(crate) struct StaticProvider {
    issuer: String,
    keys: Arc<Mutex<Vec<Value>>>,
    key_requests: Arc<Mutex<u32>>,
}

impl StaticProvider {
    /// Serves the public key.
    pub(crate) async fn serve(key: &SigningKey) -> StaticProvider {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let issuer = format!("{origin}/us-east-1_Pool");
        let keys = Arc::new(Mutex::new(vec![key.jwk.clone()]));
        let key_requests = Arc::new(Mutex::new(0));
        let discovery = json!({
            "issuer": issuer,
            "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
            "authorization_endpoint": format!("{origin}/oauth2/authorize"),
            "token_endpoint": format!("{origin}/oauth2/token"),
            "id_token_signing_alg_values_supported": ["RS256"],
            "subject_types_supported": ["public"],
        });
        let (served, counted) = (keys.clone(), key_requests.clone());
        let router = Router::new()
            .route(
                "/us-east-1_Pool/.well-known/openid-configuration",
                get(async move || axum::Json(discovery)),
            )
            .route(
                "/us-east-1_Pool/.well-known/jwks.json",
                get(async move || {
                    *counted.lock().unwrap() += 1;
                    axum::Json(json!({ "keys": *served.lock().unwrap() }))
                }),
            );
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        StaticProvider { issuer, keys, key_requests }
    }

    /// Returns its URL.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Serves this key instead.
    pub(crate) fn rotate_to(&self, key: &SigningKey) {
        *self.keys.lock().unwrap() = vec![key.jwk.clone()];
    }

    /// Returns how often its keys were requested.
    pub(crate) fn key_requests(&self) -> u32 {
        *self.key_requests.lock().unwrap()
    }
}

/// Returns the Unix time plus this many seconds.
pub(crate) fn in_seconds(seconds: i64) -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().cast_signed() + seconds
}
