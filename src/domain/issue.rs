//! The keys that make issues unique, and who resolves them.

use super::row::RowHash;

/// The key of the issue about the encoding of a job's file. Its type is MALFORMED_ROW, and it is the only one of that type
/// that several rows share.
pub const ENCODING_ISSUE_KEY: &str = "encoding";

/// The value of `issues.issue_resolved_by` if a run resolved the issue, not a person.
pub(crate) const RESOLVED_BY_RUN: &str = "recheck";

/// Maximum length of an `issue_key` in bytes. An entry of a B-tree index is limited to about 2,700.
const KEY_BYTES: usize = 1024;

/// Returns the key of an issue about an e-mail: the value in lower case. If that is too long for an index entry, it is
/// truncated and its hash appended.
pub fn email_issue_key(lower_case: &str) -> String {
    if lower_case.len() <= KEY_BYTES {
        return lower_case.to_owned();
    }
    let mut end = KEY_BYTES - 64;
    while !lower_case.is_char_boundary(end) {
        end -= 1;
    }
    let digest = blake3::hash(lower_case.as_bytes()).to_hex();
    format!("{}…{}", &lower_case[..end], &digest[..32])
}

/// Returns the key of an issue about a single row: its hash, unique within the job and the same in every run.
pub(crate) fn row_issue_key(hash: RowHash) -> String {
    hash.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_keys_fit_an_index_and_differ() {
        let (one, two) = ("é".repeat(5000) + "1", "é".repeat(5000) + "2");
        assert!(email_issue_key(&one).len() <= KEY_BYTES);
        assert_ne!(email_issue_key(&one), email_issue_key(&two));
        assert_eq!(email_issue_key("a@b"), "a@b");
    }
}
