//! A record's bytes made into text.
//!
//! Nearly all records are valid UTF-8 without a NUL and are handed on where they lie. The others are
//! put together anew, with U+FFFD for what is no character and U+2400 for a NUL, which a database
//! would not take.

use super::encoding::Encoding;
use super::records::Record;
use super::utf16;

/// Makes text of records in one encoding.
#[derive(Debug)]
pub(super) struct Decoder {
    encoding: Encoding,
    text: String,
    ends: Vec<usize>,
}

/// The cells of one record as text; at least one.
#[derive(Clone, Copy, Debug)]
pub struct Cells<'a> {
    text: &'a str,
    ends: &'a [usize],
}

/// A record as text.
#[derive(Clone, Debug)]
pub(super) struct Decoded<'a> {
    /// All cells.
    pub cells: Cells<'a>,
    /// Each cell that held a NUL or bytes that are no character. Those bytes are written `\xNN`, and a
    /// backslash is doubled, so that cells that differ never look the same.
    pub undecodable: Vec<String>,
    /// What there is besides plain letters.
    pub signs: Signs,
}

/// What a record has besides plain letters: seen in one pass, so that values are looked at only where it matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Signs(u8);

impl Signs {
    const CONTROLS: u8 = 1;
    const MARKUP: u8 = 2;
    const LETTERS: u8 = 0x80;

    fn of(bytes: &[u8]) -> Signs {
        // Without a branch, so that the compiler makes vectors of it.
        let bits = |byte: u8| {
            let is_control =
                ((byte < b' ') & (byte != b'\t') & (byte != b'\n') & (byte != b'\r')) | (byte == 0x7F);
            let is_markup = (byte == b'&') | (byte == b'=');
            (u8::from(is_control) * Signs::CONTROLS)
                | (u8::from(is_markup) * Signs::MARKUP)
                | (byte & Signs::LETTERS)
        };
        Signs(bytes.iter().fold(0, |all, byte| all | bits(*byte)))
    }

    /// Whether there is anything but plain letters.
    pub(super) fn has_any(self) -> bool {
        self.0 != 0
    }

    /// Whether there are control characters, other than tabs and line breaks.
    pub(super) fn has_controls(self) -> bool {
        self.0 & Signs::CONTROLS != 0
    }

    /// Whether there are letters beyond ASCII.
    pub(super) fn has_letters(self) -> bool {
        self.0 & Signs::LETTERS != 0
    }

    /// Whether there is an ampersand or an equals sign.
    pub(super) fn has_markup(self) -> bool {
        self.0 & Signs::MARKUP != 0
    }
}

impl<'a> Cells<'a> {
    /// The cell at `index`, from 0; `None` past the last one.
    pub fn get(&self, index: usize) -> Option<&'a str> {
        let end = *self.ends.get(index)?;
        let start = match index.checked_sub(1) {
            Some(previous) => self.ends[previous] + 1,
            None => 0,
        };
        Some(&self.text[start..end])
    }

    /// The cells in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let cells = *self;
        (0..cells.ends.len()).filter_map(move |index| cells.get(index))
    }
}

impl Decoder {
    /// A decoder of records whose file is in `encoding`. They are expected in UTF-8 already, as
    /// [`Reader`](super::Reader) makes them; the encoding tells which bytes of the file a broken sequence stands for.
    pub(super) fn new(encoding: Encoding) -> Decoder {
        Decoder { encoding, text: String::new(), ends: Vec::new() }
    }

    /// The record as text. Never fails: see [`Decoded::undecodable`].
    pub(super) fn decode<'d>(&'d mut self, record: &Record<'d>) -> Decoded<'d> {
        let bytes = record.bytes();
        let signs = Signs::of(bytes);
        let has_nul = signs.has_controls() && bytes.contains(&0);
        if !has_nul && let Ok(text) = simdutf8::basic::from_utf8(bytes) {
            let cells = Cells { text, ends: record.ends() };
            return Decoded { cells, undecodable: Vec::new(), signs };
        }
        self.decode_each(record, signs)
    }

    fn decode_each(&mut self, record: &Record<'_>, signs: Signs) -> Decoded<'_> {
        self.text.clear();
        self.ends.clear();
        let mut undecodable = Vec::new();
        for cell in record.cells() {
            if !self.ends.is_empty() {
                self.text.push('\n');
            }
            if !push_text(cell, &mut self.text) {
                undecodable.push(escaped(cell, self.encoding));
            }
            self.ends.push(self.text.len());
        }
        Decoded { cells: Cells { text: &self.text, ends: &self.ends }, undecodable, signs }
    }
}

/// Appends a cell to `text`; whether all of it could be decoded.
fn push_text(cell: &[u8], text: &mut String) -> bool {
    let mut whole = true;
    for_each_piece(cell, |piece| match piece {
        Piece::Character('\0') => {
            whole = false;
            text.push('\u{2400}');
        }
        Piece::Character(character) => text.push(character),
        Piece::Broken(_) => {
            whole = false;
            text.push(char::REPLACEMENT_CHARACTER);
        }
    });
    whole
}

fn escaped(cell: &[u8], encoding: Encoding) -> String {
    let mut text = String::new();
    for_each_piece(cell, |piece| match piece {
        Piece::Character('\0') => text.push_str(r"\x00"),
        Piece::Character('\\') => text.push_str(r"\\"),
        Piece::Character(character) => text.push(character),
        Piece::Broken(bytes) => {
            for byte in utf16::bytes_in_file(bytes, encoding) {
                text.push_str(&format!(r"\x{byte:02X}"));
            }
        }
    });
    text
}

enum Piece<'a> {
    Character(char),
    Broken(&'a [u8]),
}

fn for_each_piece(cell: &[u8], mut each: impl FnMut(Piece<'_>)) {
    for chunk in cell.utf8_chunks() {
        chunk.valid().chars().for_each(|character| each(Piece::Character(character)));
        if !chunk.invalid().is_empty() {
            each(Piece::Broken(chunk.invalid()));
        }
    }
}
