//! A contact, and the key by which an owner has it once.

use super::job::Owner;

/// The keys of one owner's contacts: 128 bits of BLAKE3 (keyed mode) over owner and compared e-mail.
///
/// Stored in `contacts.contact_key`, whose unique index is the judge of what exists. The owner is in the
/// hash, so that no two owners share a key.
#[derive(Debug, Clone, Copy)]
pub struct ContactKeys([u8; 32]);

impl ContactKeys {
    /// The keys of an owner's contacts.
    pub fn of(owner: &Owner) -> ContactKeys {
        ContactKeys(*blake3::hash(owner.0.as_bytes()).as_bytes())
    }

    /// The key of an e-mail in the form in which it is compared ([`super::email::key`]).
    ///
    /// Always odd: even numbers are left to values that are no e-mails and still stand for a group of rows.
    pub fn key(&self, email_key: &str) -> u128 {
        first_16(&blake3::keyed_hash(&self.0, email_key.as_bytes())) | 1
    }

    /// What groups rows with the same invalid value, in lower case: even and never 0.
    pub(crate) fn invalid(&self, lower_case: &str) -> u128 {
        (first_16(&blake3::keyed_hash(&self.0, lower_case.as_bytes())) & !1).max(2)
    }
}

pub(super) fn first_16(hash: &blake3::Hash) -> u128 {
    let (first, _) = hash.as_bytes().split_at(16);
    first.iter().fold(0, |sum, byte| (sum << 8) | u128::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_owners_and_the_same_on_any_machine() {
        let ann = ContactKeys::of(&Owner("ann".to_owned()));
        let bob = ContactKeys::of(&Owner("bob".to_owned()));
        assert_eq!(format!("{:032x}", ann.key("x@example.com")), "59cc24eca0a5e0ee363f04d7b50d30d7");
        assert_ne!(ann.key("x@example.com"), bob.key("x@example.com"));
        assert_ne!(ann.key("x@example.com"), ann.key("y@example.com"));
    }

    #[test]
    fn an_invalid_value_is_no_key() {
        let keys = ContactKeys::of(&Owner("ann".to_owned()));
        assert_eq!((keys.key("x") & 1, keys.invalid("x") & 1), (1, 0));
    }
}
