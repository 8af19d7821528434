//! Finds values that are probably not meant literally, such as letters from a guessed encoding or text that was encoded
//! twice. A person decides about them; the description contains the corrected value.

mod look_alikes;
mod placeholders;

use super::converter::{Converter, encode};
use super::decode::CharClasses;
use super::encoding::{Encoding, Reading};
use super::extra::{ExtraCells, ExtraColumn};
use super::header::Header;
use super::mangled::{may_be_mangled, unmangled, unmangled_from_others};
use super::markup;
use super::records::Flaws;
use crate::domain::field::{Field, PerField};
use crate::domain::oddity::{Oddity, Place, Quoted, Suspicion};
use crate::domain::row;

/// Adds descriptions of the odd values of a row; of those that another encoding changes, to `doubts`.
pub(super) fn add(
    values: &PerField<&str>,
    reading: Reading,
    classes: CharClasses,
    oddities: &mut Vec<String>,
    doubts: &mut Vec<String>,
) {
    for (field, value) in values.iter() {
        // As an e-mail, a placeholder is an invalid address anyway.
        if field != Field::Email && placeholders::may_be(value) && placeholders::is(field, value.trim()) {
            let oddity = Oddity::Placeholder { place: Place::Field(field), value: Quoted::new(value) };
            oddities.push(oddity.to_string());
        }
    }
    let has_letters = has_examined_letters(reading, classes);
    if !has_letters && !classes.has_signs() {
        return;
    }
    for (field, value) in values.iter() {
        let value = value.trim();
        if classes.has_question_marks() && field != Field::Email && has_lost_letter(value) {
            let (place, value) = (Place::Field(field), Quoted::new(value));
            oddities.push(Oddity::MayHaveLostLetters { place, value }.to_string());
        }
        if has_letters && !value.is_ascii() {
            add_letters(field, value, reading, oddities, doubts);
        }
        if classes.has_symbols() && !value.is_ascii() {
            add_symbols(field, value, oddities);
        }
        if classes.has_markup()
            && let Some(decoded) = markup::decoded(value)
        {
            oddities.push(suggestion(field, value, Suspicion::Codes, &decoded));
        }
        if classes.has_controls() && value.contains(is_control) {
            let visible = value.replace(is_control, "");
            oddities.push(suggestion(field, &visible, Suspicion::Invisible, &visible));
        }
    }
}

/// Returns whether a row has letters for [`add_letters`] to examine. With every character of Unicode at hand, a text of
/// only ASCII and letters from U+00C0 to U+00FF was neither encoded twice nor mixed from two alphabets.
fn has_examined_letters(reading: Reading, classes: CharClasses) -> bool {
    let may_be_misread = !reading.encoding.is_unicode() || reading.rival.is_some();
    classes.has_beyond_latin() || may_be_misread && classes.has_non_ascii()
}

/// Adds descriptions of the values in columns that belong to no field that the second candidate for the encoding changes.
pub(super) fn add_extra_doubts(extra: ExtraCells<'_>, reading: Reading, doubts: &mut Vec<String>) {
    for (_, column, cell) in extra.iter().filter(|(_, _, cell)| !cell.is_ascii()) {
        let value = cell.trim();
        if let Some(other) = reading.rival.and_then(|rival| reread(value, reading.encoding, rival)) {
            let oddity = Oddity::Suspect {
                place: Place::Column(Quoted::new(column.name())),
                value: Quoted::new(value),
                suspicion: Suspicion::OtherEncoding,
                likely: Quoted::new(&other),
            };
            doubts.push(oddity.to_string());
        }
    }
}

fn add_letters(
    field: Field,
    value: &str,
    reading: Reading,
    oddities: &mut Vec<String>,
    doubts: &mut Vec<String>,
) {
    let rival = || reading.rival.and_then(|rival| reread(value, reading.encoding, rival));
    if let Some(original) = encoded_twice(value, reading.encoding) {
        oddities.push(suggestion(field, value, Suspicion::EncodedTwice, &original));
    } else if let Some(other) = rival() {
        doubts.push(suggestion(field, value, Suspicion::OtherEncoding, &other));
    }
    if field == Field::Email
        && let Some(latin) = look_alikes::in_latin(value)
    {
        oddities.push(suggestion(field, value, Suspicion::TwoAlphabets, &latin));
    }
}

/// Adds descriptions of invisible and wide characters and of quotes, which are all among [`CharClasses::has_symbols`].
fn add_symbols(field: Field, value: &str, oddities: &mut Vec<String>) {
    if value.contains(is_invisible) {
        let normalised = row::normalise(value);
        let visible = normalised.replace(is_invisible, "");
        if visible != normalised {
            oddities.push(suggestion(field, &visible, Suspicion::Invisible, &visible));
        }
    }
    if field == Field::Email && value.contains(is_wide) {
        oddities.push(suggestion(
            field,
            value,
            Suspicion::Wide,
            &value.chars().map(narrow).collect::<String>(),
        ));
    }
    if let Some(inner) =
        value.strip_prefix(['“', '„', '«']).and_then(|rest| rest.strip_suffix(['”', '“', '»']))
    {
        oddities.push(suggestion(field, value, Suspicion::InQuotes, inner));
    }
}

fn is_control(letter: char) -> bool {
    letter.is_ascii_control() && !matches!(letter, '\t' | '\n' | '\r')
}

/// Returns whether a character is invisible. Joiners do not count, since emoji and some scripts need them.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Adds descriptions of the values in which another program has replaced letters by U+FFFD.
pub(super) fn add_lost_letters(values: &PerField<&str>, oddities: &mut Vec<String>) {
    for (field, value) in values.iter().filter(|(_, value)| value.contains(char::REPLACEMENT_CHARACTER)) {
        let (place, value) = (Place::Field(field), Quoted::new(value));
        oddities.push(Oddity::HasLostLetters { place, value }.to_string());
    }
}

/// Returns whether a question mark stands between two letters, where a program has replaced a letter that it lacked.
fn has_lost_letter(value: &str) -> bool {
    let is_letter = |letter: Option<char>| letter.is_some_and(char::is_lowercase);
    value.match_indices('?').any(|(at, mark)| {
        let before = value[..at].chars().next_back();
        let after = value[at + mark.len()..].trim_start_matches('?').chars().next();
        is_letter(after) && before.is_some_and(char::is_alphabetic)
    })
}

fn is_wide(letter: char) -> bool {
    matches!(letter, '\u{ff01}'..='\u{ff5e}' | '。' | '｡')
}

fn narrow(letter: char) -> char {
    match letter {
        '。' | '｡' => '.',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(letter as u32 - 0xfee0).unwrap_or(letter),
        letter => letter,
    }
}

/// Adds descriptions of a record's flaws.
pub(super) fn add_flaws(header: &Header, flaws: Flaws<'_>, oddities: &mut Vec<String>) {
    if flaws.quoting {
        oddities.push(Oddity::BrokenQuotes.to_string());
    }
    let is_cut = |field: &Field| flaws.cut_cells.contains(&header.source(*field).column());
    for field in Field::ALL.iter().filter(|field| is_cut(field)) {
        oddities.push(Oddity::CutValue { place: Place::Field(*field) }.to_string());
    }
    let is_extra_cut = |column: &&ExtraColumn| flaws.cut_cells.contains(&column.at());
    for column in header.extra.iter().filter(is_extra_cut) {
        let place = Place::Column(Quoted::new(column.name()));
        oddities.push(Oddity::CutValue { place }.to_string());
    }
    if flaws.cut_record {
        oddities.push(Oddity::CutRow.to_string());
    }
}

/// Returns a description of a value with the corrected one.
pub(super) fn suggestion(field: Field, value: &str, suspicion: Suspicion, corrected: &str) -> String {
    let (place, value, likely) = (Place::Field(field), Quoted::new(value), Quoted::new(corrected));
    Oddity::Suspect { place, value, suspicion, likely }.to_string()
}

/// Maximum number of times that a text was encoded.
const ENCODINGS: usize = 3;

/// Returns the original of a text whose UTF-8 was decoded as another encoding, or `None` for any other text.
fn encoded_twice(value: &str, encoding: Encoding) -> Option<String> {
    let mut original = decoded_once(value, encoding)?;
    for _ in 1..ENCODINGS {
        match decoded_once(&original, encoding) {
            Some(decoded) if decoded != original => original = decoded,
            _ => break,
        }
    }
    (original != value).then_some(original)
}

fn decoded_once(value: &str, encoding: Encoding) -> Option<String> {
    if !encoding.is_unicode() {
        let original = encode(value, encoding).and_then(|bytes| String::from_utf8(bytes).ok())?;
        return (!original.is_ascii()).then_some(original);
    }
    if may_be_mangled(value) { Some(unmangled(value)) } else { unmangled_from_others(value) }
}

/// Decodes the bytes of a value from another encoding. Returns `None` if the result is the same.
fn reread(value: &str, encoding: Encoding, other: Encoding) -> Option<String> {
    let bytes = encode(value, encoding)?;
    let mut converted = Vec::new();
    match Converter::new(other) {
        Some(mut converter) => {
            converter.push(&bytes, &mut converted);
            converter.finish(&mut converted);
        }
        None => converted = bytes,
    }
    let text = String::from_utf8_lossy(&converted).into_owned();
    (text != value).then_some(text)
}
