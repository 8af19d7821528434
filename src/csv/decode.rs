//! A record's bytes made into text.
//!
//! Nearly all records are valid UTF-8 without a NUL and are handed on where they lie. The others are
//! put together anew, with U+FFFD for what is no character and U+2400 for a NUL, which a database
//! would not take.

use super::encoding::Encoding;
use super::records::Record;
use super::utf16;

/// The characters of Windows-1252 where it differs from ISO 8859-1: bytes 80 to 9F.
#[rustfmt::skip]
const WINDOWS_1252: [Option<char>; 32] = [
    Some('€'), None,      Some('‚'), Some('ƒ'), Some('„'), Some('…'), Some('†'), Some('‡'),
    Some('ˆ'), Some('‰'), Some('Š'), Some('‹'), Some('Œ'), None,      Some('Ž'), None,
    None,      Some('‘'), Some('’'), Some('“'), Some('”'), Some('•'), Some('–'), Some('—'),
    Some('˜'), Some('™'), Some('š'), Some('›'), Some('œ'), None,      Some('ž'), Some('Ÿ'),
];

impl Encoding {
    /// Whether a file in this encoding can hold the character.
    pub(crate) fn has(self, character: char) -> bool {
        self != Encoding::Windows1252 || windows_1252_byte(character).is_some()
    }
}

/// The byte that stands for a character in Windows-1252, or in ISO 8859-1 where only that has it.
pub(super) fn windows_1252_byte(character: char) -> Option<u8> {
    let place = WINDOWS_1252.iter().position(|known| *known == Some(character));
    match place {
        Some(place) => Some(0x80 + place as u8),
        None => u8::try_from(character).ok(),
    }
}

/// Makes text of records in one encoding.
#[derive(Debug)]
pub(crate) struct Decoder {
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
pub(crate) struct Decoded<'a> {
    /// All cells.
    pub cells: Cells<'a>,
    /// Each cell that held a NUL or bytes that are no character. Those bytes are written `\xNN`, and a
    /// backslash is doubled, so that cells that differ never look the same.
    pub undecodable: Vec<String>,
}

impl<'a> Cells<'a> {
    /// The cell at `index`, from 0; `None` past the last one.
    pub(crate) fn get(&self, index: usize) -> Option<&'a str> {
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
    /// A decoder of records whose file is in `encoding`. UTF-16 is expected as UTF-8 already, as
    /// [`Reader`](super::Reader) makes it.
    pub(crate) fn new(encoding: Encoding) -> Decoder {
        Decoder { encoding, text: String::new(), ends: Vec::new() }
    }

    /// The encoding that records are read in.
    pub(crate) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The record as text. Never fails: see [`Decoded::undecodable`].
    pub(crate) fn decode<'d>(&'d mut self, record: &Record<'d>) -> Decoded<'d> {
        let bytes = record.bytes();
        let is_utf8 = self.encoding != Encoding::Windows1252 || bytes.is_ascii();
        if is_utf8
            && !bytes.contains(&0)
            && let Ok(text) = simdutf8::basic::from_utf8(bytes)
        {
            return Decoded { cells: Cells { text, ends: record.ends() }, undecodable: Vec::new() };
        }
        self.decode_each(record)
    }

    fn decode_each(&mut self, record: &Record<'_>) -> Decoded<'_> {
        self.text.clear();
        self.ends.clear();
        let mut undecodable = Vec::new();
        for cell in record.cells() {
            if !self.ends.is_empty() {
                self.text.push('\n');
            }
            if !push_text(cell, self.encoding, &mut self.text) {
                undecodable.push(escaped(cell, self.encoding));
            }
            self.ends.push(self.text.len());
        }
        Decoded { cells: Cells { text: &self.text, ends: &self.ends }, undecodable }
    }
}

/// One cell as text, whatever it holds.
pub(super) fn text_of(cell: &[u8], encoding: Encoding) -> String {
    let mut text = String::new();
    push_text(cell, encoding, &mut text);
    text
}

/// Appends a cell to `text`; whether all of it could be decoded.
fn push_text(cell: &[u8], encoding: Encoding, text: &mut String) -> bool {
    let mut whole = true;
    for_each_piece(cell, encoding, |piece| match piece {
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
    for_each_piece(cell, encoding, |piece| match piece {
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

fn for_each_piece(cell: &[u8], encoding: Encoding, mut each: impl FnMut(Piece<'_>)) {
    if encoding == Encoding::Windows1252 {
        for byte in cell {
            let character = match byte {
                0x80..=0x9F => WINDOWS_1252[usize::from(byte - 0x80)],
                _ => Some(char::from(*byte)),
            };
            each(character.map_or(Piece::Broken(&[*byte]), Piece::Character));
        }
        return;
    }
    for chunk in cell.utf8_chunks() {
        chunk.valid().chars().for_each(|character| each(Piece::Character(character)));
        if !chunk.invalid().is_empty() {
            each(Piece::Broken(chunk.invalid()));
        }
    }
}
