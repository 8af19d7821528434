//! Validates object keys before any request to the store.

use object_store::path::Path;

use super::{Location, ObjectError};
use crate::domain::failure::KeyFlaw;

/// S3's limit; that of file systems for a whole path is higher.
const KEY_BYTES: usize = 1024;
/// The limit of a name in common file systems.
const NAME_BYTES: usize = 255;

/// Returns the key as an `object_store` path with exactly the characters of `key`.
pub(super) fn path(place: &Location, key: &str) -> Result<Path, ObjectError> {
    let bad = |flaw| ObjectError::BadKey { store: place.to_string(), key: key.to_owned(), flaw };
    let local = matches!(place, Location::Local { .. });
    let flaw = match key {
        "" => Some(KeyFlaw::Empty),
        _ if key.len() > KEY_BYTES => Some(KeyFlaw::TooLong),
        _ if key.chars().any(|character| character.is_ascii_control()) => Some(KeyFlaw::ControlCharacter),
        _ if key.starts_with('/') || key.ends_with('/') => Some(KeyFlaw::SlashAtEdge),
        _ => key.split('/').find_map(|segment| match segment {
            "" => Some(KeyFlaw::EmptyName),
            "." | ".." => Some(KeyFlaw::DotName),
            _ if local && segment.len() > NAME_BYTES => Some(KeyFlaw::LongName),
            _ if local && is_upload(segment) => Some(KeyFlaw::UploadName),
            _ => None,
        }),
    };
    if let Some(flaw) = flaw {
        return Err(bad(flaw));
    }
    // `Path` drops slashes at either end; after the checks above there are none to drop.
    match Path::parse(key) {
        Ok(path) if path.as_ref() == key => Ok(path),
        _ => Err(bad(KeyFlaw::OtherForm)),
    }
}

/// Returns whether a name is that of an unfinished upload: the local store writes `name#1` beside `name` before it
/// renames it.
pub(super) fn is_upload(name: &str) -> bool {
    let number = name.rsplit_once('#').map(|(_, number)| number);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> [Location; 2] {
        [Location::S3 { bucket: "b".into() }, Location::Local { folder: std::path::Path::new("/f").into() }]
    }

    #[test]
    fn keys_are_used_unchanged() {
        for key in
            ["a.csv", "uploads/user-1/a b+c%20d&é=日本.csv", "..a/b..", "a\\b", "~", "-", "%2e%2e/x", " x "]
        {
            for place in places() {
                assert_eq!(path(&place, key).unwrap().as_ref(), key);
            }
        }
    }

    #[test]
    fn keys_that_leave_the_folder_are_refused() {
        let long = "x".repeat(1025);
        for key in [
            "",
            "/",
            "/etc/passwd",
            "a/",
            "a//b",
            "..",
            "../a",
            "a/../../b",
            "./a",
            "a/.",
            "a\0b",
            "a\nb",
            &long,
        ] {
            for place in places() {
                let error = path(&place, key).unwrap_err();
                assert!(matches!(error, ObjectError::BadKey { .. }) && !error.is_transient(), "{key:?}");
            }
        }
    }

    #[test]
    fn a_name_too_long_for_a_file_is_refused() {
        let [s3, local] = places();
        assert!(path(&s3, &"x".repeat(256)).is_ok());
        assert!(path(&local, &"x".repeat(256)).is_err());
        assert!(path(&s3, "a#1").is_ok() && path(&local, "a#").is_ok());
        assert!(path(&local, "a#1").is_err());
    }
}
