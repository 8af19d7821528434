//! Detects the encoding from the first bytes of a file, and rejects files of other formats.

use super::encoding::{Encoding, NAMED, Reading};
use super::evidence;
use super::rejection::Rejection;

/// What the first bytes of a file reveal about its encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opening {
    pub reading: Reading,
    /// Whether the rest of the file cannot change the encoding.
    pub is_certain: bool,
    /// Length of the byte order mark.
    pub skip: usize,
}

impl Opening {
    /// Returns the opening of a file whose encoding is known.
    pub(super) fn known(reading: Reading, head: &[u8]) -> Opening {
        let mark = reading.encoding.byte_order_mark();
        let mut skip = if head.starts_with(mark) { mark.len() } else { 0 };
        // Some programs prepend a second mark.
        if reading.encoding == Encoding::Utf8 && skip > 0 {
            while head[skip..].starts_with(mark) {
                skip += mark.len();
            }
        }
        Opening { reading, is_certain: true, skip }
    }

    /// Detects the encoding of a file that begins with `head`, from its mark or from the evidence so far.
    pub(super) fn sniff(head: &[u8]) -> Opening {
        let marked = NAMED.into_iter().find(|encoding| {
            let mark = encoding.byte_order_mark();
            !mark.is_empty() && head.starts_with(mark)
        });
        match marked.or_else(|| utf16_by_nuls(head)).or_else(|| escaped(head)) {
            Some(encoding) => Opening::known(encoding.into(), head),
            None => Opening { reading: evidence::reading(head), is_certain: false, skip: 0 },
        }
    }
}

/// Detects UTF-16 without a mark. Latin letters, digits and delimiters each have one NUL byte there, always on the same
/// side; headers and e-mail addresses contain many of them even if the names are in another script.
fn utf16_by_nuls(head: &[u8]) -> Option<Encoding> {
    let (units, _) = head[..head.len().min(1024)].as_chunks::<2>();
    let first = units.iter().filter(|unit| unit[0] == 0).count();
    let second = units.iter().filter(|unit| unit[1] == 0).count();
    let mostly = |nuls: usize, others: usize| nuls * 5 > units.len() && nuls > others * 8;
    if mostly(second, first) {
        Some(Encoding::Utf16Le)
    } else if mostly(first, second) {
        Some(Encoding::Utf16Be)
    } else {
        None
    }
}

/// Detects ISO-2022-JP, which consists of ASCII bytes and has escape sequences around its letters.
fn escaped(head: &[u8]) -> Option<Encoding> {
    let is_shift = |bytes: &[u8]| matches!(bytes, b"\x1B$B" | b"\x1B$@" | b"\x1B(J" | b"\x1B(I");
    let found = head.is_ascii() && head.contains(&0x1B) && head.windows(3).any(is_shift);
    found.then_some(Encoding::Other(encoding_rs::ISO_2022_JP))
}

/// Rejects files of other formats that people mistake for CSV.
pub(super) fn refuse_foreign(head: &[u8]) -> Result<(), Rejection> {
    const SIGNATURES: [(&[u8], &str); 14] = [
        (b"PK\x03\x04", "an Excel workbook or another ZIP archive"),
        (b"\xD0\xCF\x11\xE0", "an Excel workbook of the old kind"),
        (b"\x1F\x8B", "compressed with gzip"),
        (b"\x28\xB5\x2F\xFD", "compressed with zstd"),
        (b"BZh", "compressed with bzip2"),
        (b"\xFD7zXZ\x00", "compressed with xz"),
        (b"7z\xBC\xAF\x27\x1C", "a 7-Zip archive"),
        (b"Rar!", "a RAR archive"),
        (b"%PDF-", "a PDF document"),
        (b"{\\rtf", "a text document in RTF"),
        (b"SQLite format 3", "an SQLite database"),
        (b"\x89PNG", "a picture"),
        (b"\xFF\xD8\xFF", "a picture"),
        (b"PAR1", "a Parquet file"),
    ];
    if let Some(&(_, format)) = SIGNATURES.iter().find(|(mark, _)| head.starts_with(mark)) {
        return Err(Rejection::NotCsv { format });
    }
    match markup(head) {
        Some(format) => Err(Rejection::NotCsv { format }),
        None => Ok(()),
    }
}

/// Returns the format of a text that is not CSV.
fn markup(head: &[u8]) -> Option<&'static str> {
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    let start = text[..text.len().min(1024)].to_ascii_lowercase();
    let contains = |part: &[u8]| start.windows(part.len()).any(|window| window == part);
    let begins = |marks: &[&[u8]]| marks.iter().any(|mark| start.starts_with(mark));
    if begins(&[b"<!doctype html", b"<html", b"<head", b"<body", b"<table", b"<meta"]) {
        return Some(if contains(b"<table") || contains(b"excel") {
            "an HTML table, such as some programs save as .xls"
        } else {
            "a web page, perhaps one that asks to sign in"
        });
    }
    if begins(&[b"<?xml", b"<workbook", b"<contacts"]) {
        return Some("an XML document");
    }
    if begins(&[b"begin:vcard"]) {
        return Some("a vCard file");
    }
    let is_json = match text {
        [b'{', rest @ ..] => {
            rest.trim_ascii_start().starts_with(b"\"") || rest.trim_ascii_start().starts_with(b"}")
        }
        [b'[', rest @ ..] => matches!(rest.trim_ascii_start().first(), Some(b'{' | b'[' | b'"' | b']')),
        _ => false,
    };
    is_json.then_some("a JSON document")
}
