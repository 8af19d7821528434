//! Patterns of object keys that say whose file an object is.

use std::fmt;
use std::str::FromStr;

use super::job::Owner;

/// Patterns of keys. The first pattern that matches a key names its owner. Without patterns, no key has an owner.
///
/// A pattern consists of segments with `/` between them: `{owner}` is the owner, `{filename}` is any last segment, `**` is any
/// number of segments, and `*` in any other segment is any number of characters.
///
/// ```
/// use ingest::domain::owner_pattern::OwnerPatterns;
///
/// let patterns: OwnerPatterns = "uploads/{owner}/{filename}, archive/**/for-*/{owner}/*.csv".parse().unwrap();
/// let owner = |key| patterns.owner(key).map(|owner| owner.0);
/// assert_eq!(owner("uploads/ann/contacts.csv").as_deref(), Some("ann"));
/// assert_eq!(owner("archive/2026/11/for-us/bob/contacts.csv").as_deref(), Some("bob"));
/// assert_eq!(owner("uploads/ann/2026/contacts.csv"), None);
/// assert!("uploads/{filename}".parse::<OwnerPatterns>().is_err());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnerPatterns(Vec<Pattern>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern(Vec<Segment>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    /// The owner.
    Owner,
    /// Any number of segments.
    Many,
    /// One segment, in which `*` is any number of characters.
    Name(Vec<char>),
}

/// Why a pattern is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OwnerPatternError {
    /// The pattern does not say where the owner is, or says it twice.
    #[error("`{0}` must contain {{owner}} once")]
    NotOneOwner(String),
    /// A name of a file is not the last segment.
    #[error("`{0}` must have {{filename}} at its end")]
    FilenameNotLast(String),
    /// A slash at an end, or two in a row.
    #[error("`{0}` must not begin or end with a slash, or have two in a row")]
    EmptySegment(String),
    /// A segment that combines what must be alone.
    #[error(
        "in `{pattern}`, `{segment}` must be {{owner}}, {{filename}}, ** or a name without braces, in which * is anything"
    )]
    Segment {
        /// The pattern.
        pattern: String,
        /// The segment.
        segment: String,
    },
}

impl OwnerPatterns {
    /// Returns whether there are no patterns.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the owner of the object with this key; `None` if no pattern matches.
    pub fn owner(&self, key: &str) -> Option<Owner> {
        let segments: Vec<&str> = key.split('/').collect();
        self.0.iter().find_map(|pattern| pattern.owner(&segments))
    }
}

impl FromStr for OwnerPatterns {
    type Err = OwnerPatternError;

    /// Parses patterns with commas or white space between them.
    fn from_str(text: &str) -> Result<OwnerPatterns, OwnerPatternError> {
        let patterns = text.split(|letter: char| letter == ',' || letter.is_whitespace());
        patterns.filter(|pattern| !pattern.is_empty()).map(Pattern::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for OwnerPatterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patterns: Vec<String> = self.0.iter().map(Pattern::to_string).collect();
        f.write_str(&patterns.join(","))
    }
}

impl Pattern {
    fn parse(text: &str) -> Result<Pattern, OwnerPatternError> {
        let count = text.split('/').count();
        let segments = text.split('/').enumerate().map(|(at, segment)| match segment {
            "" => Err(OwnerPatternError::EmptySegment(text.to_owned())),
            "{owner}" => Ok(Segment::Owner),
            "{filename}" if at + 1 < count => Err(OwnerPatternError::FilenameNotLast(text.to_owned())),
            "{filename}" => Ok(Segment::Name(vec!['*'])),
            "**" => Ok(Segment::Many),
            name if name.contains(['{', '}']) || name.contains("**") => {
                Err(OwnerPatternError::Segment { pattern: text.to_owned(), segment: name.to_owned() })
            }
            name => Ok(Segment::Name(name.chars().collect())),
        });
        let segments = segments.collect::<Result<Vec<Segment>, _>>()?;
        match segments.iter().filter(|segment| **segment == Segment::Owner).count() {
            1 => Ok(Pattern(segments)),
            _ => Err(OwnerPatternError::NotOneOwner(text.to_owned())),
        }
    }

    fn owner(&self, key: &[&str]) -> Option<Owner> {
        let fits = |segment: &Segment, text: &&str| match segment {
            // A database text cannot contain NUL.
            Segment::Owner => !text.is_empty() && !text.contains('\0'),
            Segment::Many => false,
            Segment::Name(name) => {
                let letters: Vec<char> = text.chars().collect();
                align(name, &letters, |letter| *letter == '*', |letter, other| letter == other).is_some()
            }
        };
        let positions = align(&self.0, key, |segment| *segment == Segment::Many, fits)?;
        let owner = self.0.iter().position(|segment| *segment == Segment::Owner)?;
        Some(Owner((*key.get(positions[owner])?).to_owned()))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let segments = self.0.iter().map(|segment| match segment {
            Segment::Owner => "{owner}".to_owned(),
            Segment::Many => "**".to_owned(),
            Segment::Name(name) => name.iter().collect(),
        });
        f.write_str(&segments.collect::<Vec<String>>().join("/"))
    }
}

/// Matches `items` against a pattern in which each part fits one item, except that a wildcard fits any number. Returns the
/// position of the item of each part, that of a wildcard being where it begins; `None` if they do not match.
///
/// A wildcard takes as few items as possible. Only the last wildcard is extended, so the time is at most the product of both
/// lengths.
fn align<P, T>(
    pattern: &[P],
    items: &[T],
    is_wildcard: impl Fn(&P) -> bool,
    fits: impl Fn(&P, &T) -> bool,
) -> Option<Vec<usize>> {
    let mut positions = vec![0; pattern.len()];
    let (mut part, mut item) = (0, 0);
    let mut last_wildcard = None;
    loop {
        match (pattern.get(part), items.get(item)) {
            (None, None) => return Some(positions),
            (Some(wanted), _) if is_wildcard(wanted) => {
                positions[part] = item;
                last_wildcard = Some((part, item));
                part += 1;
            }
            (Some(wanted), Some(found)) if fits(wanted, found) => {
                positions[part] = item;
                (part, item) = (part + 1, item + 1);
            }
            (None, Some(_)) | (Some(_), Some(_) | None) => {
                let (wildcard, end) = last_wildcard?;
                if end >= items.len() {
                    return None;
                }
                last_wildcard = Some((wildcard, end + 1));
                (part, item) = (wildcard + 1, end + 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(pattern: &str, key: &str) -> Option<String> {
        pattern.parse::<OwnerPatterns>().unwrap().owner(key).map(|owner| owner.0)
    }

    #[test]
    fn the_first_pattern_that_matches_names_the_owner() {
        for (pattern, key, expected) in [
            ("{owner}/{filename}", "ann/a.csv", Some("ann")),
            ("{owner}/{filename}", "ann/b/a.csv", None),
            ("{owner}/{filename}", "a.csv", None),
            ("{owner}/{filename}", "/a.csv", None),
            ("{owner}/**", "ann/a.csv", Some("ann")),
            ("{owner}/**", "ann", Some("ann")),
            ("**/{owner}/{filename}", "ann/a.csv", Some("ann")),
            ("**/{owner}/{filename}", "x/y/ann/a.csv", Some("ann")),
            ("in/**/by/{owner}/**/*.csv", "in/by/by/by/ann/a.csv", Some("by")),
            ("in/**/by/{owner}/*.csv", "in/by/x/by/ann/a.csv", Some("ann")),
            ("in-*/{owner}/*.csv", "in-2026/ann@example.com/a b+c%20ü.csv", Some("ann@example.com")),
            ("in-*/{owner}/*.csv", "in-2026/ann/a.xlsx", None),
            ("*a*b*/{owner}", "xaxbx/ann", Some("ann")),
            ("*a*b*/{owner}", "xbxax/ann", None),
            ("a/{owner}/x b/{owner}/x", "b/ann/x", Some("ann")),
            ("{owner}/x", "a\0n/x", None),
        ] {
            assert_eq!(owner(pattern, key).as_deref(), expected, "{pattern} {key}");
        }
        assert_eq!(OwnerPatterns::default().owner("a/b"), None);
    }

    #[test]
    fn patterns_print_as_they_are_parsed() {
        let patterns: OwnerPatterns = " uploads/{owner}/*.csv,\n in/**/{owner}/{filename} ".parse().unwrap();
        assert_eq!(patterns.to_string(), "uploads/{owner}/*.csv,in/**/{owner}/*");
        assert_eq!("".parse(), Ok(OwnerPatterns::default()));
    }

    #[test]
    fn invalid_patterns_are_refused_with_a_reason() {
        for (pattern, reason) in [
            ("uploads/*", "must contain {owner} once"),
            ("{owner}/{owner}", "must contain {owner} once"),
            ("{filename}/{owner}", "must have {filename} at its end"),
            ("/{owner}", "must not begin or end with a slash"),
            ("{owner}/", "must not begin or end with a slash"),
            ("a//{owner}", "must not begin or end with a slash"),
            ("x-{owner}/a", "`x-{owner}` must be"),
            ("{user}/a", "`{user}` must be"),
            ("{owner}/a**", "`a**` must be"),
        ] {
            let refused = pattern.parse::<OwnerPatterns>().unwrap_err().to_string();
            assert!(refused.contains(reason), "{pattern}: {refused}");
        }
    }

    #[test]
    fn many_wildcards_take_no_exponential_time() {
        let pattern = "**/a/".repeat(20) + "{owner}/x";
        assert_eq!(owner(&pattern, &"a/".repeat(500)), None);
        let stars = "*a".repeat(100) + "/{owner}";
        assert_eq!(owner(&stars, &("a".repeat(1000) + "b/ann")), None);
    }
}
