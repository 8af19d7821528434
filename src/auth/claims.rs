//! Reads a verified token: who it is for, who its subject is, and which roles they have. Pure.

use serde_json::{Map, Value};

use super::{Role, Roles};

/// The claims of a token with a valid signature, issuer and times.
pub(crate) type Claims = Map<String, Value>;

/// A user known to the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The token's `sub`: the owner.
    pub subject: String,
    /// The display name.
    pub name: String,
    /// What the user may do.
    pub roles: Roles,
    /// When the token was issued, in seconds since 1970, if it says so.
    pub issued_at: Option<i64>,
}

/// How roles are read from claims.
#[derive(Debug, Clone)]
pub(crate) struct RolesBy {
    /// Claims that contain them: each is a name, or else a path with dots.
    pub claims: Vec<String>,
    /// Names that grant the uploader role.
    pub uploaders: Vec<String>,
    /// Names that grant the editor role.
    pub editors: Vec<String>,
    /// Names that grant the operator role.
    pub operators: Vec<String>,
}

impl RolesBy {
    fn of(&self, claims: &Claims) -> Roles {
        let found: Vec<&str> = self.claims.iter().flat_map(|name| names(find(claims, name))).collect();
        let any = |wanted: &[String]| wanted.iter().any(|name| found.contains(&name.as_str()));
        let names = |role| match role {
            Role::Uploader => &self.uploaders,
            Role::Editor => &self.editors,
            Role::Operator => &self.operators,
        };
        Role::ALL.iter().copied().filter(|role| any(names(*role))).collect()
    }
}

/// Returns the claim with that name, or at that path: `cognito:groups`, `https://example.com/roles` and
/// `realm_access.roles` are all in use.
fn find<'c>(claims: &'c Claims, name: &str) -> Option<&'c Value> {
    let at_path = || {
        let (first, rest) = name.split_once('.')?;
        rest.split('.').try_fold(claims.get(first)?, |value, step| value.get(step))
    };
    claims.get(name).or_else(at_path)
}

/// Returns the names in an array, or in a string separated by spaces.
fn names(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(text)) => text.split_whitespace().collect(),
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Returns whether the token is for one of `audiences`. Cognito's access tokens name their client in `client_id`
/// and have no `aud`.
pub(crate) fn is_for(claims: &Claims, audiences: &[String]) -> bool {
    let ours = |name: &str| audiences.iter().any(|audience| audience == name);
    match claims.get("aud") {
        Some(Value::String(name)) => ours(name),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).any(ours),
        Some(_) => false,
        None => {
            let text = |name: &str| claims.get(name).and_then(Value::as_str);
            text("token_use") == Some("access") && text("client_id").is_some_and(ours)
        }
    }
}

/// The purpose of a signed token of the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// Access to a service such as this one.
    Access,
    /// Telling a client who signed in; also assumed if nothing marks the token as an access token.
    Id,
    /// Anything else, such as a refresh token or one bound to a key that the sender must prove.
    Other,
}

/// Claims that only access tokens have: of RFC 9068 and RFC 8693 (`scope`, `client_id`), Okta (`cid`, `scp`),
/// Microsoft Entra and AD FS (`scp`, `appid`, `azpacr`) and Auth0 (`gty`).
const OF_ACCESS_TOKENS: [&str; 7] = ["scope", "scp", "client_id", "cid", "appid", "azpacr", "gty"];

/// Claims that only ID tokens have (OpenID Connect Core 1.0, sections 2 and 3.3.2.11).
const OF_ID_TOKENS: [&str; 4] = ["nonce", "at_hash", "c_hash", "s_hash"];

/// Determines what a token is for. `typed` says that its header has the type `at+jwt` (RFC 9068).
///
/// Most providers sign both kinds with the same keys and the header type `JWT`, so their claims must tell.
/// A token counts as an access token only on evidence: an ID token names its client as audience, and each
/// web application that a user signs in to receives one.
pub(crate) fn kind(typed: bool, claims: &Claims) -> TokenKind {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_ascii_lowercase);
    let has = |names: &[&str]| names.iter().any(|name| claims.contains_key(*name));
    // Cognito says `token_use`, Keycloak `typ`.
    let stated = text("token_use").or_else(|| text("typ"));
    match stated.as_deref() {
        Some("access" | "bearer") => TokenKind::Access,
        Some("id") => TokenKind::Id,
        Some(_) => TokenKind::Other,
        None if typed => TokenKind::Access,
        None if !has(&OF_ID_TOKENS) && has(&OF_ACCESS_TOKENS) => TokenKind::Access,
        None => TokenKind::Id,
    }
}

/// Returns whether the ID token was issued to this client, in answer to the request with this nonce (OpenID
/// Connect Core 1.0, section 3.1.3.7).
pub(crate) fn answers(claims: &Claims, client_id: &str, nonce: &str) -> bool {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let many = claims.get("aud").and_then(Value::as_array).is_some_and(|names| names.len() > 1);
    let party = match text("azp") {
        Some(party) => party == client_id,
        None => !many,
    };
    claims.contains_key("aud")
        && is_for(claims, &[client_id.to_owned()])
        && party
        && text("nonce") == Some(nonce)
}

/// Returns the identity in the claims, or `None` if the subject cannot be an owner.
pub(crate) fn identity(claims: &Claims, roles_by: &RolesBy) -> Option<Identity> {
    let text = |name: &str| {
        let text = claims.get(name).and_then(Value::as_str);
        text.filter(|text| !text.trim().is_empty() && !text.contains(char::is_control))
    };
    // The database accepts no NUL, and an owner that looks empty would be nobody.
    let subject = text("sub")?;
    let called = ["preferred_username", "username", "cognito:username", "email", "name"];
    let name = called.iter().find_map(|name| text(name)).unwrap_or(subject);
    Some(Identity {
        subject: subject.to_owned(),
        name: name.to_owned(),
        roles: roles_by.of(claims),
        // A number with or without a fraction (RFC 7519, section 2).
        issued_at: claims.get("iat").and_then(Value::as_f64).map(|seconds| seconds as i64),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(value: Value) -> Claims {
        value.as_object().unwrap().clone()
    }

    fn roles_by(claims: &[&str]) -> RolesBy {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        RolesBy {
            claims: owned(claims),
            uploaders: owned(&["uploader"]),
            editors: owned(&["editor", "Staff"]),
            operators: owned(&["operator"]),
        }
    }

    #[test]
    fn roles_are_read_from_the_configured_claim() {
        let both = Roles::default().with(Role::Uploader).with(Role::Editor);
        let (none, editor) = (Roles::default(), Roles::default().with(Role::Editor));
        let cases = [
            ("roles", json!({ "roles": ["uploader", "editor", "other"] }), both),
            ("roles", json!({ "roles": "uploader  editor" }), both),
            ("roles", json!({ "roles": "uploaders" }), none),
            ("roles", json!({ "roles": [["uploader"], 1, null] }), none),
            ("roles", json!({ "roles": { "uploader": true } }), none),
            ("roles", json!({ "roles": ["uploader", "editor", "operator"] }), Roles::ALL),
            ("cognito:groups", json!({ "cognito:groups": ["Staff"] }), editor),
            ("realm_access.roles", json!({ "realm_access": { "roles": ["editor"] } }), editor),
            ("realm_access.roles", json!({ "realm_access": ["editor"] }), none),
            ("https://a.example/roles", json!({ "https://a.example/roles": ["editor"] }), editor),
            ("roles", json!({}), none),
        ];
        for (claim, value, expected) in cases {
            assert_eq!(roles_by(&[claim]).of(&claims(value.clone())), expected, "{claim} {value}");
        }
        let two = json!({ "roles": ["uploader"], "cognito:groups": ["editor"] });
        assert_eq!(roles_by(&["roles", "cognito:groups"]).of(&claims(two)), both);
    }

    #[test]
    fn a_token_is_for_the_audiences_it_names() {
        let cases = [
            (json!({ "aud": "api" }), true),
            (json!({ "aud": ["x", "api"] }), true),
            (json!({ "aud": "apis" }), false),
            (json!({ "aud": [] }), false),
            (json!({ "aud": 1, "token_use": "access", "client_id": "api" }), false),
            (json!({ "token_use": "access", "client_id": "api" }), true),
            (json!({ "token_use": "access", "client_id": "x" }), false),
            (json!({ "token_use": "id", "client_id": "api" }), false),
            (json!({ "client_id": "api" }), false),
            (json!({}), false),
        ];
        for (value, expected) in cases {
            assert_eq!(is_for(&claims(value.clone()), &["api".to_owned()]), expected, "{value}");
        }
    }

    #[test]
    fn the_kind_of_a_token_follows_its_claims() {
        let cases = [
            // oidc-provider and others that follow RFC 9068.
            (true, json!({ "aud": "api", "client_id": "web" }), TokenKind::Access),
            (true, json!({ "aud": "api" }), TokenKind::Access),
            // Cognito.
            (false, json!({ "token_use": "access", "client_id": "web" }), TokenKind::Access),
            (false, json!({ "token_use": "id", "aud": "web", "at_hash": "h" }), TokenKind::Id),
            // Keycloak, whose older access tokens repeat the nonce.
            (false, json!({ "typ": "Bearer", "aud": "api", "nonce": "n", "scope": "" }), TokenKind::Access),
            (false, json!({ "typ": "ID", "aud": "web", "azp": "web" }), TokenKind::Id),
            (false, json!({ "typ": "Refresh", "scope": "openid" }), TokenKind::Other),
            (false, json!({ "typ": "DPoP", "scope": "openid" }), TokenKind::Other),
            // Okta, Microsoft Entra, Auth0.
            (false, json!({ "aud": "api", "cid": "web", "scp": ["openid"] }), TokenKind::Access),
            (false, json!({ "aud": "api", "azp": "web", "azpacr": "1" }), TokenKind::Access),
            (false, json!({ "aud": "api", "azp": "web", "gty": "client-credentials" }), TokenKind::Access),
            // ID tokens, by claims that only they have and by claims that they lack.
            (false, json!({ "aud": "web", "nonce": "n", "scp": "openid" }), TokenKind::Id),
            (false, json!({ "aud": "web", "azp": "web", "auth_time": 1 }), TokenKind::Id),
        ];
        for (typed, value, expected) in cases {
            assert_eq!(kind(typed, &claims(value.clone())), expected, "{value}");
        }
    }

    #[test]
    fn an_id_token_answers_one_request_of_one_client() {
        let cases = [
            (json!({ "aud": "us", "nonce": "n" }), true),
            (json!({ "aud": ["us"], "nonce": "n", "azp": "us" }), true),
            (json!({ "aud": ["us", "x"], "nonce": "n", "azp": "us" }), true),
            (json!({ "aud": ["us", "x"], "nonce": "n" }), false),
            (json!({ "aud": "us", "nonce": "n", "azp": "x" }), false),
            (json!({ "aud": "us", "nonce": "m" }), false),
            (json!({ "aud": "us" }), false),
            (json!({ "token_use": "access", "client_id": "us", "nonce": "n" }), false),
        ];
        for (value, expected) in cases {
            assert_eq!(answers(&claims(value.clone()), "us", "n"), expected, "{value}");
        }
    }

    #[test]
    fn a_subject_that_cannot_be_an_owner_is_refused() {
        let by = roles_by(&["roles"]);
        let known = identity(&claims(json!({ "sub": "7", "email": "ann@example.com" })), &by).unwrap();
        assert_eq!((known.subject.as_str(), known.name.as_str()), ("7", "ann@example.com"));
        for value in [json!({}), json!({ "sub": " " }), json!({ "sub": "a\0b" }), json!({ "sub": 7 })] {
            assert_eq!(identity(&claims(value), &by), None);
        }
    }
}
