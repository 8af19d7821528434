//! Converts UTF-16 to UTF-8, block by block.
//!
//! A code unit that is not part of a character becomes a placeholder of three bytes that is one invalid sequence in UTF-8
//! and encodes the original bytes. Later steps therefore only handle invalid UTF-8.

use super::encoding::Encoding;

const LONE_SURROGATE: u8 = 0xF1;
const ODD_BYTE: u8 = 0xF2;

/// A converter from UTF-16 to UTF-8.
#[derive(Debug)]
pub(super) struct Utf16 {
    from_bytes: fn([u8; 2]) -> u16,
    /// The first byte of an incomplete code unit.
    half_unit: Option<u8>,
    /// A high surrogate without its low surrogate so far.
    high: Option<u16>,
}

impl Utf16 {
    /// Returns a converter for `encoding`, or `None` if that is not UTF-16.
    pub(crate) fn new(encoding: Encoding) -> Option<Utf16> {
        let from_bytes = match encoding {
            Encoding::Utf16Le => u16::from_le_bytes,
            Encoding::Utf16Be => u16::from_be_bytes,
            Encoding::Utf8
            | Encoding::Utf32Le
            | Encoding::Utf32Be
            | Encoding::Windows1252
            | Encoding::Cp437
            | Encoding::Cp850
            | Encoding::Cp852
            | Encoding::Other(_) => return None,
        };
        Some(Utf16 { from_bytes, half_unit: None, high: None })
    }

    /// Appends `block` to `out` as UTF-8.
    pub(crate) fn push(&mut self, mut block: &[u8], out: &mut Vec<u8>) {
        if let (Some(first), [second, rest @ ..]) = (self.half_unit, block) {
            self.half_unit = None;
            self.push_unit((self.from_bytes)([first, *second]), out);
            block = rest;
        }
        let (units, rest) = block.as_chunks::<2>();
        out.reserve(units.len());
        for &unit in units {
            self.push_unit((self.from_bytes)(unit), out);
        }
        if let [byte] = rest {
            self.half_unit = Some(*byte);
        }
    }

    /// Appends the placeholders for an incomplete character at the end of the file.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        if let Some(high) = self.high.take() {
            out.extend(placeholder(LONE_SURROGATE, high));
        }
        if let Some(byte) = self.half_unit.take() {
            out.extend(placeholder(ODD_BYTE, byte.into()));
        }
    }

    fn push_unit(&mut self, unit: u16, out: &mut Vec<u8>) {
        if unit < 0x80 && self.high.is_none() {
            out.push(unit as u8);
            return;
        }
        let high = self.high.take();
        if let (Some(high), 0xDC00..=0xDFFF) = (high, unit) {
            let bits = (u32::from(high) & 0x3FF) << 10 | (u32::from(unit) & 0x3FF);
            push_char(0x1_0000 + bits, out);
            return;
        }
        if let Some(high) = high {
            out.extend(placeholder(LONE_SURROGATE, high));
        }
        match unit {
            0xD800..=0xDBFF => self.high = Some(unit),
            0xDC00..=0xDFFF => out.extend(placeholder(LONE_SURROGATE, unit)),
            _ => push_char(unit.into(), out),
        }
    }
}

/// Returns the bytes of the file that `invalid`, an invalid sequence of UTF-8, replaces.
pub(super) fn bytes_in_file(invalid: &[u8], encoding: Encoding) -> Vec<u8> {
    let to_bytes = match encoding {
        Encoding::Utf16Le => u16::to_le_bytes,
        Encoding::Utf16Be => u16::to_be_bytes,
        Encoding::Utf8 => return invalid.to_vec(),
        // In other encodings a placeholder encodes a single byte.
        Encoding::Utf32Le
        | Encoding::Utf32Be
        | Encoding::Windows1252
        | Encoding::Cp437
        | Encoding::Cp850
        | Encoding::Cp852
        | Encoding::Other(_) => u16::to_be_bytes,
    };
    let unit = |high: u8, low: u8| u16::from(high & 0x3F) << 6 | u16::from(low & 0x3F);
    match *invalid {
        // The placeholder omits the upper four bits of a surrogate, which are always the same.
        [LONE_SURROGATE, high, low] => to_bytes(0xD000 | unit(high, low)).to_vec(),
        [ODD_BYTE, high, low] => vec![unit(high, low) as u8],
        _ => invalid.to_vec(),
    }
}

fn push_char(code: u32, out: &mut Vec<u8>) {
    if let Some(character) = char::from_u32(code) {
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// Appends the placeholder for a byte that is not text.
pub(super) fn push_byte(byte: u8, out: &mut Vec<u8>) {
    out.extend(placeholder(ODD_BYTE, byte.into()));
}

fn placeholder(lead: u8, unit: u16) -> [u8; 3] {
    let [high, low] = [unit >> 6 & 0x3F, unit & 0x3F].map(|bits| 0x80 | bits as u8);
    [lead, high, low]
}
