//! What looks odd in a row: the sentences that describe it in the row's residue, and what they say.
//!
//! The database contains the sentences, and they are part of the hash of a row. So they never change; pages have texts of their own.

use std::fmt;

use super::field::Field;
use super::rules::BETWEEN_PARTS;

/// Maximum number of characters of a value in a sentence.
const CHARACTERS: usize = 200;

/// A value in quotes, as a sentence contains it: whole as a JSON string, or the beginning of a long one and `…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quoted(String);

impl Quoted {
    /// Quotes a value without the space around it.
    pub(crate) fn new(value: &str) -> Quoted {
        let value = value.trim();
        Quoted(match value.char_indices().nth(CHARACTERS) {
            Some((end, _)) => format!("{:?}…", &value[..end]),
            None => serde_json::Value::from(value).to_string(),
        })
    }

    /// Reads a value at the beginning of a text. Returns what follows it, too.
    fn read(text: &str) -> Option<(Quoted, &str)> {
        let mut is_escaped = false;
        let end = text.strip_prefix('"')?.find(|letter| {
            let ends = letter == '"' && !is_escaped;
            is_escaped = letter == '\\' && !is_escaped;
            ends
        })?;
        // The quotes at both ends take a byte each.
        let (quoted, rest) = text.split_at(end + 2);
        Some(match rest.strip_prefix('…') {
            Some(rest) => (Quoted(format!("{quoted}…")), rest),
            None => (Quoted(quoted.to_owned()), rest),
        })
    }
}

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where an odd value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a field.
    Field(Field),
    /// In a column that belongs to no field, by its name.
    Column(Quoted),
}

impl Place {
    fn read(text: &str) -> Option<(Place, &str)> {
        let of_field = |field: Field| Some((Place::Field(field), text.strip_prefix(&field.to_string())?));
        let of_column = || Quoted::read(text).map(|(name, rest)| (Place::Column(name), rest));
        Field::ALL.iter().copied().find_map(of_field).or_else(of_column)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Field(field) => field.fmt(f),
            Place::Column(name) => name.fmt(f),
        }
    }
}

/// Why a value is probably another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suspicion {
    /// It is written in the codes of another program, such as those of HTML.
    Codes,
    /// It has invisible characters in it.
    Invisible,
    /// It differs in the second candidate for the encoding of the file.
    OtherEncoding,
    /// It was encoded twice.
    EncodedTwice,
    /// It has letters of two alphabets.
    TwoAlphabets,
    /// It has wide letters.
    Wide,
    /// It stands in quotes.
    InQuotes,
    /// Another header above the row names another column.
    OtherHeader,
}

impl Suspicion {
    const ALL: [Suspicion; 8] = [
        Suspicion::Codes,
        Suspicion::Invisible,
        Suspicion::OtherEncoding,
        Suspicion::EncodedTwice,
        Suspicion::TwoAlphabets,
        Suspicion::Wide,
        Suspicion::InQuotes,
        Suspicion::OtherHeader,
    ];

    /// Returns the words between the value and the likely one.
    fn words(self) -> &'static str {
        match self {
            Suspicion::Codes => "is written in the codes of another program:",
            Suspicion::Invisible => "has invisible characters in it; without them it is",
            Suspicion::OtherEncoding => "may be in another encoding:",
            Suspicion::EncodedTwice => "was encoded twice:",
            Suspicion::TwoAlphabets => "has letters of two alphabets; in Latin letters it is",
            Suspicion::Wide => "has wide letters:",
            Suspicion::InQuotes => "stands in quotes:",
            Suspicion::OtherHeader => "is by that header",
        }
    }
}

/// Something that looks odd in a row. It is written as the sentence that is stored.
///
/// ```
/// use ingest::domain::oddity::Oddity;
///
/// let stored = r#"first_name "InÃ©s" was encoded twice: "Inés"; company "n/a" stands for a missing value"#;
/// let oddities = Oddity::read_all(stored).unwrap();
/// assert_eq!(oddities.len(), 2);
/// assert!(stored.starts_with(&oddities[0].to_string()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Oddity {
    /// A value is probably another one.
    Suspect {
        /// Where it is.
        place: Place,
        /// The value.
        value: Quoted,
        /// Why.
        suspicion: Suspicion,
        /// The value that it probably is.
        likely: Quoted,
    },
    /// A value stands for a missing one.
    Placeholder {
        /// Where it is.
        place: Place,
        /// The value.
        value: Quoted,
    },
    /// Question marks may stand for letters that another program has lost.
    MayHaveLostLetters {
        /// Where the value is.
        place: Place,
        /// The value.
        value: Quoted,
    },
    /// Another program has lost letters.
    HasLostLetters {
        /// Where the value is.
        place: Place,
        /// The value.
        value: Quoted,
    },
    /// A value was cut off.
    CutValue {
        /// Where it is.
        place: Place,
    },
    /// Cells at the end of the row were left out.
    CutRow,
    /// The quotes of the row are broken.
    BrokenQuotes,
    /// A name has several places where it can be split.
    AmbiguousName {
        /// The name.
        name: Quoted,
    },
    /// The row is below another header, whose columns are in another order.
    BelowOtherHeader {
        /// The line of that header in the file.
        line: u64,
    },
}

const PLACEHOLDER: &str = "stands for a missing value";
const MAY_HAVE_LOST: &str = "may have lost letters:";
const HAS_LOST: &str = "has lost letters:";
const CUT_VALUE: &str = "is too long and was cut off";
const CUT_ROW: &str = "it is too long: cells at its end were left out";
const BROKEN_QUOTES: &str = "its quotes are broken and can be read in another way";
const AMBIGUOUS_NAME: &str = "the name can be split in more than one place:";
const OTHER_HEADER: &str = "it is below another header, on line";
const OTHER_ORDER: &str = ", whose columns are in another order";

impl Oddity {
    /// Reads the sentences that a residue joins. Returns `None` if one of them is unknown, for instance because a later version
    /// has written it.
    pub fn read_all(text: &str) -> Option<Vec<Oddity>> {
        let (mut all, mut text) = (Vec::new(), text);
        loop {
            let (oddity, rest) = Oddity::read(text)?;
            all.push(oddity);
            if rest.is_empty() {
                return Some(all);
            }
            text = rest.strip_prefix(BETWEEN_PARTS)?;
        }
    }

    /// Reads a sentence at the beginning of a text. Returns what follows it, too.
    fn read(text: &str) -> Option<(Oddity, &str)> {
        if let Some(rest) = text.strip_prefix(CUT_ROW) {
            return Some((Oddity::CutRow, rest));
        }
        if let Some(rest) = text.strip_prefix(BROKEN_QUOTES) {
            return Some((Oddity::BrokenQuotes, rest));
        }
        if let Some(rest) = text.strip_prefix(AMBIGUOUS_NAME) {
            let (name, rest) = Quoted::read(rest.strip_prefix(' ')?)?;
            return Some((Oddity::AmbiguousName { name }, rest));
        }
        if let Some(rest) = text.strip_prefix(OTHER_HEADER) {
            let (line, rest) = rest.strip_prefix(' ')?.split_once(OTHER_ORDER)?;
            return Some((Oddity::BelowOtherHeader { line: line.parse().ok()? }, rest));
        }
        Oddity::read_of_place(text)
    }

    /// Reads a sentence that begins with a place.
    fn read_of_place(text: &str) -> Option<(Oddity, &str)> {
        let (place, rest) = Place::read(text)?;
        let rest = rest.strip_prefix(' ')?;
        let after = |words: &str| rest.strip_prefix(words)?.strip_prefix(' ').and_then(Quoted::read);
        if let Some(rest) = rest.strip_prefix(CUT_VALUE) {
            return Some((Oddity::CutValue { place }, rest));
        }
        if let Some((value, rest)) = after(MAY_HAVE_LOST) {
            return Some((Oddity::MayHaveLostLetters { place, value }, rest));
        }
        if let Some((value, rest)) = after(HAS_LOST) {
            return Some((Oddity::HasLostLetters { place, value }, rest));
        }
        let (value, rest) = Quoted::read(rest)?;
        let rest = rest.strip_prefix(' ')?;
        if let Some(rest) = rest.strip_prefix(PLACEHOLDER) {
            return Some((Oddity::Placeholder { place, value }, rest));
        }
        let of = |suspicion: Suspicion| Some((suspicion, rest.strip_prefix(suspicion.words())?));
        let (suspicion, rest) = Suspicion::ALL.into_iter().find_map(of)?;
        let (likely, rest) = Quoted::read(rest.strip_prefix(' ')?)?;
        Some((Oddity::Suspect { place, value, suspicion, likely }, rest))
    }
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Oddity::Suspect { place, value, suspicion, likely } => {
                write!(f, "{place} {value} {} {likely}", suspicion.words())
            }
            Oddity::Placeholder { place, value } => write!(f, "{place} {value} {PLACEHOLDER}"),
            Oddity::MayHaveLostLetters { place, value } => write!(f, "{place} {MAY_HAVE_LOST} {value}"),
            Oddity::HasLostLetters { place, value } => write!(f, "{place} {HAS_LOST} {value}"),
            Oddity::CutValue { place } => write!(f, "{place} {CUT_VALUE}"),
            Oddity::CutRow => f.write_str(CUT_ROW),
            Oddity::BrokenQuotes => f.write_str(BROKEN_QUOTES),
            Oddity::AmbiguousName { name } => write!(f, "{AMBIGUOUS_NAME} {name}"),
            Oddity::BelowOtherHeader { line } => write!(f, "{OTHER_HEADER} {line}{OTHER_ORDER}"),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Returns an oddity of every kind.
    pub(crate) fn one_of_each() -> Vec<Oddity> {
        let place = || Place::Field(Field::FirstName);
        let value = || Quoted::new("a \"b\\\"; its quotes\n");
        let long = || Quoted::new(&"é\u{200b}\"\\".repeat(100));
        let suspects = Suspicion::ALL.map(|suspicion| Oddity::Suspect {
            place: place(),
            value: value(),
            suspicion,
            likely: long(),
        });
        let column = Place::Column(Quoted::new("company \"x\""));
        let others = [
            Oddity::Placeholder { place: place(), value: long() },
            Oddity::MayHaveLostLetters { place: place(), value: value() },
            Oddity::HasLostLetters { place: Place::Field(Field::Company), value: long() },
            Oddity::CutValue { place: column },
            Oddity::CutRow,
            Oddity::BrokenQuotes,
            Oddity::AmbiguousName { name: value() },
            Oddity::BelowOtherHeader { line: 1_234 },
        ];
        suspects.into_iter().chain(others).collect()
    }

    #[test]
    fn every_sentence_is_read_back_alone_and_among_others() {
        let all = one_of_each();
        for oddity in &all {
            assert_eq!(Oddity::read_all(&oddity.to_string()), Some(vec![oddity.clone()]));
        }
        let sentences: Vec<String> = all.iter().map(Oddity::to_string).collect();
        assert_eq!(Oddity::read_all(&sentences.join("; ")), Some(all));
    }

    #[test]
    fn other_texts_are_not_read() {
        for text in [
            "",
            "first_name",
            "first_name ",
            "first_name \"a",
            "first_name \"a\" was encoded twice:",
            "first_name \"a\" was encoded twice: \"b\"; ",
            "first_name \"a\" was encoded twice: \"b\" and more",
            "it is below another header, on line x, whose columns are in another order",
            "a sentence of a later version",
        ] {
            assert_eq!(Oddity::read_all(text), None, "{text}");
        }
    }
}
