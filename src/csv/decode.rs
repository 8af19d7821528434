//! Decodes records to text.
//!
//! Nearly all records are valid UTF-8 without a NUL and are borrowed. The others are copied, with U+FFFD for an invalid
//! sequence and U+2400 for a NUL, which PostgreSQL does not accept.

use super::encoding::Encoding;
use super::records::Record;
use super::utf16;

/// Decodes the records of a file.
#[derive(Debug)]
pub(super) struct Decoder {
    encoding: Encoding,
    text: String,
    ends: Vec<usize>,
}

/// The cells of one record as text, at least one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cells<'a> {
    text: &'a str,
    ends: &'a [usize],
}

/// A record as text.
#[derive(Clone, Debug)]
pub(super) struct Decoded<'a> {
    /// All cells.
    pub cells: Cells<'a>,
    /// Each cell that contains a NUL or invalid bytes. Those bytes are written `\xNN`, and a backslash is doubled, so
    /// that different cells never look the same.
    pub undecodable: Vec<String>,
    /// The classes of characters in the record.
    pub classes: CharClasses,
}

/// The classes of unusual characters in a record, collected in one pass, so that only records that contain any are
/// examined further.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct CharClasses(u8);

/// Number of bytes classified at a time.
const BLOCK: usize = 16;

impl CharClasses {
    const CONTROLS: u8 = 1;
    const MARKUP: u8 = 2;
    const QUESTION_MARKS: u8 = 4;
    const AMPERSANDS: u8 = 8;
    const SEMICOLONS: u8 = 16;
    const SYMBOLS: u8 = 32;
    const BEYOND_LATIN: u8 = 64;
    const NON_ASCII: u8 = 0x80;

    fn of(bytes: &[u8]) -> CharClasses {
        let add = |mut all: [u8; BLOCK], block: &[u8; BLOCK]| {
            all.iter_mut().zip(block).for_each(|(all, byte)| *all |= CharClasses::bits(*byte));
            all
        };
        let (blocks, rest) = bytes.as_chunks();
        let mut all = blocks.iter().fold([0; BLOCK], add);
        if !rest.is_empty() {
            // The last bytes of a long record are examined twice, since a whole block takes less time than single bytes.
            let mut block = [b' '; BLOCK];
            match bytes.last_chunk() {
                Some(last) => block = *last,
                None => block[..rest.len()].copy_from_slice(rest),
            }
            all = add(all, &block);
        }
        CharClasses(all.into_iter().fold(0, |all, bits| all | bits))
    }

    #[expect(clippy::needless_bitwise_bool, reason = "without branches, the compiler vectorizes it")]
    fn bits(byte: u8) -> u8 {
        let is_control =
            ((byte < b' ') & (byte != b'\t') & (byte != b'\n') & (byte != b'\r')) | (byte == 0x7F);
        let is_markup = (byte == b'=') | (byte == b'<') | (byte == b'\\');
        let is_symbol = (byte == 0xC2) | (byte == 0xE2) | (byte == 0xE3) | (byte == 0xEF);
        let is_beyond_latin = (byte >= 0xC0) & (byte != 0xC3);
        (u8::from(is_control) * CharClasses::CONTROLS)
            | (u8::from(is_markup) * CharClasses::MARKUP)
            | (u8::from(byte == b'?') * CharClasses::QUESTION_MARKS)
            | (u8::from(byte == b'&') * CharClasses::AMPERSANDS)
            | (u8::from(byte == b';') * CharClasses::SEMICOLONS)
            | (u8::from(is_symbol) * CharClasses::SYMBOLS)
            | (u8::from(is_beyond_latin) * CharClasses::BEYOND_LATIN)
            | (byte & CharClasses::NON_ASCII)
    }

    /// Returns whether there are characters other than letters that need a closer look.
    pub(super) fn has_signs(self) -> bool {
        let alone = CharClasses::CONTROLS | CharClasses::QUESTION_MARKS | CharClasses::SYMBOLS;
        self.0 & alone != 0 || self.has_markup()
    }

    /// Returns whether there are control characters other than tabs and line breaks.
    pub(super) fn has_controls(self) -> bool {
        self.0 & CharClasses::CONTROLS != 0
    }

    /// Returns whether there are characters beyond ASCII.
    pub(super) fn has_non_ascii(self) -> bool {
        self.0 & CharClasses::NON_ASCII != 0
    }

    /// Returns whether there are characters beyond ASCII other than the letters U+00C0 to U+00FF. In UTF-8 those begin with
    /// the byte C3.
    pub(super) fn has_beyond_latin(self) -> bool {
        self.0 & CharClasses::BEYOND_LATIN != 0
    }

    /// Returns whether there are characters from the blocks of symbols, U+0080 to U+00BF, U+2000 to U+3FFF and U+F000 to
    /// U+FFFF: signs, invisible and wide characters, and U+FFFD.
    pub(super) fn has_symbols(self) -> bool {
        self.0 & CharClasses::SYMBOLS != 0
    }

    /// Returns whether there are question marks.
    pub(super) fn has_question_marks(self) -> bool {
        self.0 & CharClasses::QUESTION_MARKS != 0
    }

    /// Returns whether there are characters of a code of another program: `=`, `<`, a backslash, or `&` and `;`.
    pub(super) fn has_markup(self) -> bool {
        let entity = CharClasses::AMPERSANDS | CharClasses::SEMICOLONS;
        self.0 & CharClasses::MARKUP != 0 || self.0 & entity == entity
    }
}

impl<'a> Cells<'a> {
    /// Returns cells of a text, by the end of each.
    #[cfg(test)]
    pub(super) fn new(text: &'a str, ends: &'a [usize]) -> Cells<'a> {
        Cells { text, ends }
    }

    /// Returns the cell at `index`, or `None` if the record has fewer cells.
    pub fn get(&self, index: usize) -> Option<&'a str> {
        let end = *self.ends.get(index)?;
        let start = match index.checked_sub(1) {
            Some(previous) => self.ends[previous] + 1,
            None => 0,
        };
        Some(&self.text[start..end])
    }

    /// Returns the cells in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let cells = *self;
        (0..cells.ends.len()).filter_map(move |index| cells.get(index))
    }
}

impl Decoder {
    /// Returns a decoder for records that were converted from `encoding` to UTF-8. The encoding determines which bytes of
    /// the file a placeholder encodes.
    pub(super) fn new(encoding: Encoding) -> Decoder {
        Decoder { encoding, text: String::new(), ends: Vec::new() }
    }

    /// Decodes a record. Never fails: see [`Decoded::undecodable`].
    pub(super) fn decode<'d>(&'d mut self, record: &Record<'d>) -> Decoded<'d> {
        let bytes = record.bytes();
        let classes = CharClasses::of(bytes);
        let has_nul = classes.has_controls() && bytes.contains(&0);
        if !has_nul && let Ok(text) = simdutf8::basic::from_utf8(bytes) {
            let cells = Cells { text, ends: record.ends() };
            return Decoded { cells, undecodable: Vec::new(), classes };
        }
        self.decode_each(record, classes)
    }

    fn decode_each(&mut self, record: &Record<'_>, classes: CharClasses) -> Decoded<'_> {
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
        Decoded { cells: Cells { text: &self.text, ends: &self.ends }, undecodable, classes }
    }
}

/// Appends a cell to `text`. Returns whether all of it could be decoded.
fn push_text(cell: &[u8], text: &mut String) -> bool {
    let mut is_text = true;
    for_each_piece(cell, |piece| match piece {
        Piece::Character('\0') => {
            is_text = false;
            text.push('\u{2400}');
        }
        Piece::Character(character) => text.push(character),
        Piece::Invalid(_) => {
            is_text = false;
            text.push(char::REPLACEMENT_CHARACTER);
        }
    });
    is_text
}

fn escaped(cell: &[u8], encoding: Encoding) -> String {
    let mut text = String::new();
    for_each_piece(cell, |piece| match piece {
        Piece::Character('\0') => text.push_str(r"\x00"),
        Piece::Character('\\') => text.push_str(r"\\"),
        Piece::Character(character) => text.push(character),
        Piece::Invalid(bytes) => {
            for byte in utf16::bytes_in_file(bytes, encoding) {
                text.push_str(&format!(r"\x{byte:02X}"));
            }
        }
    });
    text
}

enum Piece<'a> {
    Character(char),
    Invalid(&'a [u8]),
}

fn for_each_piece(cell: &[u8], mut each: impl FnMut(Piece<'_>)) {
    for chunk in cell.utf8_chunks() {
        chunk.valid().chars().for_each(|character| each(Piece::Character(character)));
        if !chunk.invalid().is_empty() {
            each(Piece::Invalid(chunk.invalid()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_classes_of_a_record_are_those_of_all_its_bytes() {
        let random = &mut fastrand::Rng::with_seed(3);
        for _ in 0..2_000 {
            let mut bytes = vec![b'a'; random.usize(..70)];
            for _ in 0..random.usize(..3) {
                if let Some(byte) = random.choice(&mut bytes) {
                    *byte = random.u8(..);
                }
            }
            let expected = bytes.iter().fold(0, |all, byte| all | CharClasses::bits(*byte));
            assert_eq!(CharClasses::of(&bytes), CharClasses(expected), "{}", bytes.escape_ascii());
        }
    }
}
