//! Secrets that somebody else holds and we recognise: API tokens, cookies, the state of a sign-in.

use std::fmt;

use oauth2::CsrfToken;

/// What an API token starts with: secret scanners find it by this.
const API_TOKEN: &str = "ing_";

/// The random bytes of a secret: too many to be guessed, so a plain fast hash keeps it as well as a slow
/// one would.
const RANDOM_BYTES: u32 = 32;

/// A secret. `Debug` does not show it.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl Secret {
    /// 256 random bits in 43 characters of base64url.
    pub(crate) fn random() -> Secret {
        // The one source of random secrets in the dependencies; what it is for is told by its holder.
        Secret(CsrfToken::new_random_len(RANDOM_BYTES).into_secret())
    }

    /// A new API token.
    pub(crate) fn random_api_token() -> Secret {
        Secret(format!("{API_TOKEN}{}", Secret::random().0))
    }

    /// Whether a bearer token is one of ours and not of the provider.
    pub(crate) fn is_api_token(text: &str) -> bool {
        text.starts_with(API_TOKEN)
    }

    /// The secret itself, to hand it out.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub(crate) fn hash(&self) -> [u8; 32] {
        *blake3::hash(self.0.as_bytes()).as_bytes()
    }

    /// Another secret, which follows from this one and does not reveal it. `context` says what it is for.
    pub(crate) fn derive(&self, context: &'static str) -> Secret {
        let derived = blake3::derive_key(context, self.0.as_bytes());
        Secret(blake3::Hash::from_bytes(derived).to_hex().to_string())
    }

    /// Whether `text` is it. Takes the same time whatever it is.
    pub(crate) fn is(&self, text: &str) -> bool {
        blake3::hash(self.0.as_bytes()) == blake3::hash(text.as_bytes())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Secret(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_are_not_shown() {
        let (one, other) = (Secret::random_api_token(), Secret::random_api_token());
        assert!(Secret::is_api_token(one.expose()) && one.expose().len() == 4 + 43);
        assert!(one.is(one.expose()) && !one.is(other.expose()));
        assert_ne!(one.hash(), other.hash());
        assert_eq!(one.hash(), Secret::from(one.expose().to_owned()).hash());
        assert_eq!(format!("{one:?}"), "***");
    }
}
