//! Converts text from any encoding to UTF-8, block by block, so that a delimiter is one byte in all later steps.
//!
//! Each byte that is not text becomes a placeholder of three bytes that is one invalid sequence in UTF-8 and encodes the
//! original byte: see [`utf16`](super::utf16).

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use encoding_rs::DecoderResult;

use super::code_pages::{CP437, CP850, CP852};
use super::encoding::Encoding;
use super::utf16::{Utf16, push_byte};

/// Turns text into UTF-8.
pub(super) enum Converter {
    Utf16(Utf16),
    Utf32 { from_bytes: fn([u8; 4]) -> u32, unit: Vec<u8> },
    OneByte(&'static Table),
    ManyBytes { decoder: Box<encoding_rs::Decoder>, recent: Vec<u8> },
}

/// The characters of bytes 80 to FF.
pub(super) type Table = [Option<char>; 128];

/// Maximum length of a malformed sequence and the bytes that the decoder has read after it.
const MALFORMED_BYTES: usize = 8;

impl Converter {
    /// Returns a converter for an encoding, or `None` for UTF-8.
    pub(super) fn new(encoding: Encoding) -> Option<Converter> {
        if let Some(table) = table(encoding) {
            return Some(Converter::OneByte(table));
        }
        Some(match encoding {
            Encoding::Utf32Le => Converter::Utf32 { from_bytes: u32::from_le_bytes, unit: Vec::new() },
            Encoding::Utf32Be => Converter::Utf32 { from_bytes: u32::from_be_bytes, unit: Vec::new() },
            Encoding::Other(standard) => {
                let decoder = Box::new(standard.new_decoder_without_bom_handling());
                Converter::ManyBytes { decoder, recent: Vec::new() }
            }
            Encoding::Utf8
            | Encoding::Utf16Le
            | Encoding::Utf16Be
            | Encoding::Windows1252
            | Encoding::Cp437
            | Encoding::Cp850
            | Encoding::Cp852 => Converter::Utf16(Utf16::new(encoding)?),
        })
    }

    /// Appends `block` to `out` as UTF-8.
    pub(super) fn push(&mut self, block: &[u8], out: &mut Vec<u8>) {
        match self {
            Converter::Utf16(utf16) => utf16.push(block, out),
            Converter::Utf32 { from_bytes, unit } => {
                for byte in block {
                    unit.push(*byte);
                    if let Ok(whole) = <[u8; 4]>::try_from(unit.as_slice()) {
                        push_unit(from_bytes(whole), &whole, out);
                        unit.clear();
                    }
                }
            }
            Converter::OneByte(table) => push_bytes(table, block, out),
            Converter::ManyBytes { decoder, recent } => decode(decoder, recent, block, false, out),
        }
    }

    /// Appends the placeholders for an incomplete character at the end of the file.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        match self {
            Converter::Utf16(utf16) => utf16.finish(out),
            Converter::Utf32 { unit, .. } => unit.drain(..).for_each(|byte| push_byte(byte, out)),
            Converter::OneByte(_) => {}
            Converter::ManyBytes { decoder, recent } => decode(decoder, recent, b"", true, out),
        }
    }
}

impl std::fmt::Debug for Converter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Converter")
    }
}

impl Encoding {
    /// Returns whether the encoding contains the character.
    pub fn has(self, character: char) -> bool {
        bytes_of(self, character).is_some()
    }
}

/// Encodes a text. Returns `None` if the encoding lacks one of its characters.
pub(super) fn encode(text: &str, encoding: Encoding) -> Option<Vec<u8>> {
    if let Some(standard) = encoding.standard().filter(|standard| standard.output_encoding() == *standard) {
        let (bytes, _, failed) = standard.encode(text);
        return (!failed).then(|| bytes.into_owned());
    }
    let mut bytes = Vec::new();
    for character in text.chars() {
        bytes.extend(bytes_of(encoding, character)?);
    }
    Some(bytes)
}

/// Encodes a character. Returns `None` if the encoding lacks it.
pub(super) fn bytes_of(encoding: Encoding, character: char) -> Option<Vec<u8>> {
    if character.is_ascii() {
        return Some(vec![character as u8]);
    }
    if let Some(table) = table(encoding) {
        let index = table.iter().position(|known| *known == Some(character));
        return index.map(|index| vec![0x80 + index as u8]);
    }
    match encoding.standard() {
        Some(standard) => {
            let text = character.to_string();
            let (bytes, _, failed) = standard.encode(&text);
            (!failed).then(|| bytes.into_owned())
        }
        None => Some(character.to_string().into_bytes()),
    }
}

/// The characters of Windows-1252.
pub(super) static WINDOWS_1252: LazyLock<&'static Table> =
    LazyLock::new(|| table(Encoding::Windows1252).unwrap_or(&[None; 128]));

/// The tables made so far, at most one per encoding.
static TABLES: LazyLock<Mutex<HashMap<Encoding, Option<&'static Table>>>> = LazyLock::new(Mutex::default);

/// Returns the table of a single-byte encoding, or `None` for any other encoding.
fn table(encoding: Encoding) -> Option<&'static Table> {
    let mut tables = TABLES.lock().unwrap_or_else(PoisonError::into_inner);
    let make = || make_table(encoding).map(|table| &*Box::leak(Box::new(table)));
    *tables.entry(encoding).or_insert_with(make)
}

fn make_table(encoding: Encoding) -> Option<Table> {
    let page = match encoding {
        Encoding::Cp437 => CP437,
        Encoding::Cp850 => CP850,
        Encoding::Cp852 => CP852,
        Encoding::Utf8
        | Encoding::Utf16Le
        | Encoding::Utf16Be
        | Encoding::Utf32Le
        | Encoding::Utf32Be
        | Encoding::Windows1252
        | Encoding::Other(_) => {
            let standard = encoding.standard().filter(|standard| standard.is_single_byte())?;
            // The standard maps bytes that Windows does not assign to control characters.
            let is_control = |letter: char| ('\u{80}'..='\u{9f}').contains(&letter);
            let mut table = [None; 128];
            for (byte, character) in (0x80..=0xFF).zip(&mut table) {
                let text =
                    standard.decode_without_bom_handling_and_without_replacement(std::slice::from_ref(&byte));
                *character = text.and_then(|text| text.chars().next()).filter(|letter| !is_control(*letter));
            }
            return Some(table);
        }
    };
    let mut table = [None; 128];
    table.iter_mut().zip(page.chars()).for_each(|(entry, character)| *entry = Some(character));
    Some(table)
}

fn push_bytes(table: &Table, mut block: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = block.iter().position(|byte| !byte.is_ascii()) {
        out.extend_from_slice(&block[..at]);
        match table[usize::from(block[at] - 0x80)] {
            Some(character) => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            None => push_byte(block[at], out),
        }
        block = &block[at + 1..];
    }
    out.extend_from_slice(block);
}

fn push_unit(code: u32, bytes: &[u8], out: &mut Vec<u8>) {
    match char::from_u32(code) {
        Some(character) => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        None => bytes.iter().for_each(|byte| push_byte(*byte, out)),
    }
}

/// Decodes a block. `recent` contains the last bytes of earlier blocks, since the decoder reports malformed bytes by their
/// distance from its position.
fn decode(
    decoder: &mut encoding_rs::Decoder,
    recent: &mut Vec<u8>,
    mut block: &[u8],
    last: bool,
    out: &mut Vec<u8>,
) {
    let mut piece = [0; 1024];
    loop {
        let (result, read, written) = decoder.decode_to_utf8_without_replacement(block, &mut piece, last);
        out.extend_from_slice(&piece[..written]);
        recent.extend_from_slice(&block[read.saturating_sub(MALFORMED_BYTES)..read]);
        recent.drain(..recent.len().saturating_sub(MALFORMED_BYTES));
        block = &block[read..];
        match result {
            DecoderResult::InputEmpty => return,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(length, consumed_after) => {
                let end = recent.len().saturating_sub(usize::from(consumed_after));
                let start = end.saturating_sub(usize::from(length));
                recent[start..end].iter().for_each(|byte| push_byte(*byte, out));
            }
        }
    }
}
