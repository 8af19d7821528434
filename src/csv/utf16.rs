//! UTF-16 made into UTF-8, block by block.
//!
//! A unit that is no character becomes a stand-in of three bytes that UTF-8 reads as one broken
//! sequence, and that still tells which bytes stood in the file. So what follows needs to know of
//! broken UTF-8 only.

use super::encoding::Encoding;

const LONE_SURROGATE: u8 = 0xF1;
const ODD_BYTE: u8 = 0xF2;

/// Turns UTF-16 into UTF-8.
#[derive(Debug)]
pub(super) struct Utf16 {
    from_bytes: fn([u8; 2]) -> u16,
    /// The first byte of a unit that was cut in two.
    half_unit: Option<u8>,
    /// A high surrogate that waits for its low one.
    high: Option<u16>,
}

impl Utf16 {
    /// A converter for `encoding`; `None` when that is not UTF-16.
    pub(crate) fn new(encoding: Encoding) -> Option<Utf16> {
        let from_bytes = match encoding {
            Encoding::Utf16Le => u16::from_le_bytes,
            Encoding::Utf16Be => u16::from_be_bytes,
            _ => return None,
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

    /// Appends what is left over at the end of the file.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        if let Some(high) = self.high.take() {
            out.extend(stand_in(LONE_SURROGATE, high));
        }
        if let Some(byte) = self.half_unit.take() {
            out.extend(stand_in(ODD_BYTE, byte.into()));
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
            out.extend(stand_in(LONE_SURROGATE, high));
        }
        match unit {
            0xD800..=0xDBFF => self.high = Some(unit),
            0xDC00..=0xDFFF => out.extend(stand_in(LONE_SURROGATE, unit)),
            _ => push_char(unit.into(), out),
        }
    }
}

/// The bytes of the file that `broken`, a sequence that is not UTF-8, stands for.
pub(super) fn bytes_in_file(broken: &[u8], encoding: Encoding) -> Vec<u8> {
    let to_bytes = match encoding {
        Encoding::Utf16Le => u16::to_le_bytes,
        Encoding::Utf16Be => u16::to_be_bytes,
        Encoding::Utf8 => return broken.to_vec(),
        // Other encodings have stand-ins of single bytes alone.
        _ => u16::to_be_bytes,
    };
    let unit = |high: u8, low: u8| u16::from(high & 0x3F) << 6 | u16::from(low & 0x3F);
    match *broken {
        // A surrogate's upper four bits, which the stand-in has no room for, are always the same.
        [LONE_SURROGATE, high, low] => to_bytes(0xD000 | unit(high, low)).to_vec(),
        [ODD_BYTE, high, low] => vec![unit(high, low) as u8],
        _ => broken.to_vec(),
    }
}

fn push_char(code: u32, out: &mut Vec<u8>) {
    if let Some(character) = char::from_u32(code) {
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// Appends what stands for a byte without a character.
pub(super) fn push_byte(byte: u8, out: &mut Vec<u8>) {
    out.extend(stand_in(ODD_BYTE, byte.into()));
}

fn stand_in(lead: u8, unit: u16) -> [u8; 3] {
    let [high, low] = [unit >> 6 & 0x3F, unit & 0x3F].map(|bits| 0x80 | bits as u8);
    [lead, high, low]
}
