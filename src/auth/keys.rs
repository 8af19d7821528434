//! The provider's public keys, each with the algorithms it may verify. Pure.
//!
//! Only asymmetric algorithms are supported: a public key can never be used as a shared secret, and `none` is no
//! algorithm.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header};
use serde_json::Value;

/// A set of keys.
#[derive(Debug, Default)]
pub(crate) struct Keys(Vec<Key>);

/// A public key.
#[derive(Debug)]
pub(crate) struct Key {
    id: Option<String>,
    algorithms: Vec<Algorithm>,
    /// Verifies signatures.
    pub verifier: DecodingKey,
}

impl Keys {
    /// Reads the signature keys of a known kind from a JWKS document. Skips others, since providers add kinds that
    /// this program does not know.
    pub(crate) fn from_document(document: &Value) -> Keys {
        let listed = document.get("keys").and_then(Value::as_array);
        let known = |value: &Value| Key::from_jwk(&serde_json::from_value(value.clone()).ok()?);
        Keys(listed.into_iter().flatten().filter_map(known).collect())
    }

    /// Returns the keys that may have signed the token: those with the key id of its header, or all if it names
    /// none, as far as they fit its algorithm.
    pub(crate) fn for_header(&self, header: &Header) -> Vec<&Key> {
        let named = |key: &&Key| header.kid.is_none() || key.id == header.kid;
        self.0.iter().filter(named).filter(|key| key.algorithms.contains(&header.alg)).collect()
    }

    /// Returns whether the set is empty.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Key {
    fn from_jwk(jwk: &Jwk) -> Option<Key> {
        let common = &jwk.common;
        let for_signatures = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature))
            && common.key_operations.as_ref().is_none_or(|list| list.contains(&KeyOperations::Verify));
        let of_kind = algorithms(&jwk.algorithm);
        let algorithms: Vec<Algorithm> = match common.key_algorithm {
            Some(stated) => {
                Algorithm::try_from(stated).into_iter().filter(|one| of_kind.contains(one)).collect()
            }
            None => of_kind.to_vec(),
        };
        if !for_signatures || algorithms.is_empty() {
            return None;
        }
        Some(Key { id: common.key_id.clone(), algorithms, verifier: DecodingKey::from_jwk(jwk).ok()? })
    }
}

/// Returns the algorithms that a key of this kind can be used with.
fn algorithms(parameters: &AlgorithmParameters) -> &'static [Algorithm] {
    use Algorithm::*;
    match parameters {
        AlgorithmParameters::RSA(_) => &[RS256, RS384, RS512, PS256, PS384, PS512],
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => &[ES256],
            EllipticCurve::P384 => &[ES384],
            _ => &[],
        },
        AlgorithmParameters::OctetKeyPair(key) => match key.curve {
            EllipticCurve::Ed25519 => &[EdDSA],
            _ => &[],
        },
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(more: Value) -> Keys {
        let mut key = json!({ "kty": "RSA", "kid": "a", "n": "sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri23bOdgWp4Dy1WlUzewbgBHod5pcM9H95GQRV3JDXboIRROSBigeC5yjU1hGzHHyXss8UDprecbAYxknTcQkhslANGRUZmdTOQ5qTRsLAt6BTYuyvVRdhS8exSZEy_c4gs_7svlJJQ4H9_NxsiIoLwAEk7-Q3UXERGYw_75IDrGA84-lA_-Ct4eTlXHBIY2EaV7t7LjJaynVJCpkv4LKjTTAumiGUIuQhrNhZLuF_RJLqHpM2kgWFLU7-VTdL1VbC2tejvcI2BlMkEpk1BzBZI0KQB0GaDWFLN-aEAw3vRw", "e": "AQAB" });
        key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Keys::from_document(&json!({ "keys": [key, { "kty": "new" }, 7] }))
    }

    fn header(algorithm: Algorithm, kid: Option<&str>) -> Header {
        Header { kid: kid.map(str::to_owned), ..Header::new(algorithm) }
    }

    #[test]
    fn a_key_verifies_its_own_algorithms_only() {
        let any = set(json!({}));
        for algorithm in [Algorithm::RS256, Algorithm::PS512] {
            assert_eq!(any.for_header(&header(algorithm, Some("a"))).len(), 1);
            assert_eq!(any.for_header(&header(algorithm, None)).len(), 1);
            assert_eq!(any.for_header(&header(algorithm, Some("b"))).len(), 0);
        }
        for algorithm in [Algorithm::HS256, Algorithm::HS512, Algorithm::ES256, Algorithm::EdDSA] {
            assert_eq!(any.for_header(&header(algorithm, Some("a"))).len(), 0, "{algorithm:?}");
        }
        let stated = set(json!({ "alg": "RS256", "use": "sig" }));
        assert_eq!(stated.for_header(&header(Algorithm::RS256, Some("a"))).len(), 1);
        assert_eq!(stated.for_header(&header(Algorithm::RS384, Some("a"))).len(), 0);
    }

    #[test]
    fn keys_for_other_purposes_are_skipped() {
        for more in [
            json!({ "use": "enc" }),
            json!({ "alg": "HS256" }),
            json!({ "alg": "RSA-OAEP" }),
            json!({ "key_ops": ["encrypt"] }),
            json!({ "kty": "oct", "k": "c2VjcmV0" }),
        ] {
            assert!(set(more.clone()).is_empty(), "{more}");
        }
        assert!(Keys::from_document(&json!("nonsense")).is_empty());
    }
}
