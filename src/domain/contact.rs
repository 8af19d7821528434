//! The key that makes a contact unique per owner.

use super::job::Owner;

/// The keys of one owner's contacts: 128 bits of BLAKE3 (keyed mode) over the owner and the e-mail's comparison key.
///
/// Stored in `contacts.contact_key`, whose unique index decides whether a contact exists. The owner is part of the hash,
/// so that no two owners share a key.
#[derive(Debug, Clone, Copy)]
pub struct ContactKeys([u8; 32]);

impl ContactKeys {
    /// Returns the keys of an owner's contacts.
    pub fn of(owner: &Owner) -> ContactKeys {
        ContactKeys(*blake3::hash(owner.0.as_bytes()).as_bytes())
    }

    /// Returns the key of an e-mail, whose comparison key ([`super::email::key`]) is `email_key`.
    ///
    /// Always odd; even keys are reserved for [`ContactKeys::invalid`].
    pub fn key(&self, email_key: &str) -> u128 {
        first_16(&blake3::keyed_hash(&self.0, email_key.as_bytes())) | 1
    }

    /// Returns the key that groups rows with the same invalid e-mail, in lower case. Even and never 0.
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
    fn keys_depend_on_the_owner_and_not_on_the_machine() {
        let ann = ContactKeys::of(&Owner("ann".to_owned()));
        let bob = ContactKeys::of(&Owner("bob".to_owned()));
        assert_eq!(format!("{:032x}", ann.key("x@example.com")), "59cc24eca0a5e0ee363f04d7b50d30d7");
        assert_ne!(ann.key("x@example.com"), bob.key("x@example.com"));
        assert_ne!(ann.key("x@example.com"), ann.key("y@example.com"));
    }

    #[test]
    fn keys_of_invalid_values_differ_from_those_of_valid_ones() {
        let keys = ContactKeys::of(&Owner("ann".to_owned()));
        assert_eq!((keys.key("x") & 1, keys.invalid("x") & 1), (1, 0));
    }
}
