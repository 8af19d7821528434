//! The keys of uploads: `uploads/{owner}/{uuid}/{filename}`, and of their parts.

use uuid::Uuid;

use crate::domain::ids::UploadId;
use crate::domain::job::Owner;

/// The first segment.
const FOLDER: &str = "uploads";

/// Maximum bytes of a segment. File systems allow 255 in a name, and an upload first writes a file with a longer
/// name beside the final one; S3 allows 1024 in a key.
const SEGMENT_BYTES: usize = 200;

/// Returns a new key for a file that an owner uploads.
pub(crate) fn new_upload_key(owner: &Owner, filename: &str) -> String {
    format!("{FOLDER}/{}/{}/{}", segment(&owner.0), Uuid::new_v4(), segment(filename))
}

/// Returns a new key for a part of a file that arrives in several requests.
pub(crate) fn new_part_key(owner: &Owner, upload: UploadId) -> String {
    format!("{FOLDER}/{}/{upload}/{}.part", segment(&owner.0), Uuid::new_v4())
}

/// Returns whether a key is one of [`new_upload_key`] or [`new_part_key`]: an upload makes the job of its file itself.
pub(crate) fn is_upload_key(key: &str) -> bool {
    let segments: Vec<&str> = key.split('/').collect();
    matches!(segments.as_slice(), [FOLDER, _, id, _] if Uuid::try_parse(id).is_ok_and(|id| id.get_version_num() == 4))
}

/// Turns a name into one segment of a key: keeps letters, digits and `.-_@`, and replaces all else by `_`.
fn segment(name: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || ".-_@".contains(letter);
    let safe: String = name.chars().map(|letter| if plain(letter) { letter } else { '_' }).collect();
    match safe[..safe.floor_char_boundary(SEGMENT_BYTES)].trim_matches('.') {
        "" => "unnamed".to_owned(),
        safe => safe.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_one_segment() {
        let cases = [
            ("ann@example.com", "ann@example.com"),
            ("../../etc", "_.._etc"),
            ("..", "unnamed"),
            ("a b/é.csv", "a_b_é.csv"),
        ];
        for (name, expected) in cases {
            assert_eq!(segment(name), expected, "{name}");
        }
        for letter in ["x", "é", "名", "𠀋"] {
            let cut = segment(&letter.repeat(255));
            assert!((197..=SEGMENT_BYTES).contains(&cut.len()), "{}", cut.len());
        }
    }

    #[test]
    fn keys_of_uploads_are_recognised() {
        let owner = Owner("a/b".to_owned());
        assert!(is_upload_key(&new_upload_key(&owner, "c/d.csv")));
        assert!(is_upload_key(&new_part_key(&owner, UploadId(Uuid::new_v4()))));
        for key in [
            "uploads/ann/a.csv",
            "uploads/ann/2026/a.csv",
            "files/ann/0b0c1d5e-51b1-4a3b-8f4e-0123456789ab/a.csv",
            "uploads/ann/00000000-0000-0000-0000-000000000000/a.csv",
        ] {
            assert!(!is_upload_key(key), "{key}");
        }
    }
}
