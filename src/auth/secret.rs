//! Secrets that others have and we recognise: API tokens, cookies, the state of a sign-in.

use std::fmt;

use oauth2::CsrfToken;

/// Prefix of API tokens, by which secret scanners recognise them.
const API_TOKEN: &str = "ing_";

/// Random bytes of a secret: too many to guess, so a fast hash protects it as well as a slow one.
const RANDOM_BYTES: u32 = 32;

/// A secret. `Debug` does not show it.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl Secret {
    /// Generates 256 random bits, in 43 characters of base64url.
    pub(crate) fn random() -> Secret {
        // The only source of random secrets among the dependencies, here used for all of them.
        Secret(CsrfToken::new_random_len(RANDOM_BYTES).into_secret())
    }

    /// Generates an API token.
    pub(crate) fn random_api_token() -> Secret {
        Secret(format!("{API_TOKEN}{}", Secret::random().0))
    }

    /// Returns whether a bearer token is an API token of ours rather than a token of the provider.
    pub(crate) fn is_api_token(text: &str) -> bool {
        text.starts_with(API_TOKEN)
    }

    /// Returns the secret itself, to give it to its owner.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Returns the hash that is stored.
    pub(crate) fn hash(&self) -> [u8; 32] {
        *blake3::hash(self.0.as_bytes()).as_bytes()
    }

    /// Derives another secret that does not reveal this one. `context` names its purpose.
    pub(crate) fn derive(&self, context: &'static str) -> Secret {
        let derived = blake3::derive_key(context, self.0.as_bytes());
        Secret(blake3::Hash::from_bytes(derived).to_hex().to_string())
    }

    /// Returns whether `text` equals the secret, in constant time.
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
