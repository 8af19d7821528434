//! Detects the encoding from the first bytes of a file, and rejects files of other formats.

use super::encoding::{Encoding, NAMED, Reading};
use super::evidence;
use super::utf7::is_utf7;
use crate::domain::rejection::{ForeignFormat, Rejection};

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
        let detected =
            marked.or_else(|| utf32_by_nuls(head)).or_else(|| utf16_by_nuls(head)).or_else(|| escaped(head));
        match detected {
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

/// Detects UTF-32 without a mark. Each of its units has a NUL in the highest byte, and nearly always in the second highest.
fn utf32_by_nuls(head: &[u8]) -> Option<Encoding> {
    let (units, _) = head[..head.len().min(1024)].as_chunks::<4>();
    let is_text = |code: u32| code != 0 && code < 0x2_0000;
    let are = |from_bytes: fn([u8; 4]) -> u32| {
        units.len() > 3 && units.iter().all(|unit| is_text(from_bytes(*unit)))
    };
    match () {
        () if are(u32::from_le_bytes) => Some(Encoding::Utf32Le),
        () if are(u32::from_be_bytes) => Some(Encoding::Utf32Be),
        () => None,
    }
}

/// Detects ISO-2022-JP, which consists of ASCII bytes and has escape sequences around its letters.
fn escaped(head: &[u8]) -> Option<Encoding> {
    let is_shift = |bytes: &[u8]| matches!(bytes, b"\x1B$B" | b"\x1B$@" | b"\x1B(J" | b"\x1B(I");
    let found = head.is_ascii() && head.contains(&0x1B) && head.windows(3).any(is_shift);
    found.then_some(Encoding::Other(encoding_rs::ISO_2022_JP))
}

/// Rejects text that begins in UTF-7.
pub(super) fn refuse_utf7(head: &[u8]) -> Result<(), Rejection> {
    if is_utf7(head) { Err(Rejection::Utf7) } else { Ok(()) }
}

/// Rejects files of other formats that people mistake for CSV.
pub(super) fn refuse_foreign(head: &[u8]) -> Result<(), Rejection> {
    const SIGNATURES: [(&[u8], ForeignFormat); 19] = [
        (b"PK\x03\x04", ForeignFormat::Zip),
        (b"\xD0\xCF\x11\xE0", ForeignFormat::OldExcel),
        (b"\x1F\x8B", ForeignFormat::Gzip),
        (b"\x28\xB5\x2F\xFD", ForeignFormat::Zstd),
        (b"BZh", ForeignFormat::Bzip2),
        (b"\xFD7zXZ\x00", ForeignFormat::Xz),
        (b"7z\xBC\xAF\x27\x1C", ForeignFormat::SevenZip),
        (b"Rar!", ForeignFormat::Rar),
        (b"%PDF-", ForeignFormat::Pdf),
        (b"{\\rtf", ForeignFormat::Rtf),
        (b"SQLite format 3", ForeignFormat::Sqlite),
        (b"\x89PNG", ForeignFormat::Picture),
        (b"\xFF\xD8\xFF", ForeignFormat::Picture),
        (b"GIF8", ForeignFormat::Picture),
        (b"RIFF", ForeignFormat::Media),
        (b"\x00\x01\x00\x00Standard ", ForeignFormat::Access),
        (b"!BDN", ForeignFormat::Outlook),
        (b"\x7FELF", ForeignFormat::Program),
        (b"PAR1", ForeignFormat::Parquet),
    ];
    if let Some(&(_, format)) = SIGNATURES.iter().find(|(mark, _)| head.starts_with(mark)) {
        return Err(Rejection::NotCsv { format });
    }
    if head.len() > 3 && head.iter().all(|byte| *byte == 0) {
        return Err(Rejection::NotCsv { format: ForeignFormat::Nuls });
    }
    match markup(head).or_else(|| listing(head)) {
        Some(format) => Err(Rejection::NotCsv { format }),
        None => Ok(()),
    }
}

/// Returns the format of a text that is not CSV.
fn markup(head: &[u8]) -> Option<ForeignFormat> {
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    let start = text[..text.len().min(1024)].to_ascii_lowercase();
    let contains = |part: &[u8]| start.windows(part.len()).any(|window| window == part);
    let begins = |marks: &[&[u8]]| marks.iter().any(|mark| start.starts_with(mark));
    if begins(&[b"<!doctype html", b"<html", b"<head", b"<body", b"<table", b"<meta"]) {
        return Some(if contains(b"<table") || contains(b"excel") {
            ForeignFormat::HtmlTable
        } else {
            ForeignFormat::WebPage
        });
    }
    if begins(&[b"<?xml", b"<workbook", b"<contacts"]) {
        return Some(ForeignFormat::Xml);
    }
    if begins(&[b"begin:vcard"]) {
        return Some(ForeignFormat::Vcard);
    }
    let is_json = match text {
        [b'{', rest @ ..] => {
            rest.trim_ascii_start().starts_with(b"\"") || rest.trim_ascii_start().starts_with(b"}")
        }
        [b'[', rest @ ..] => matches!(rest.trim_ascii_start().first(), Some(b'{' | b'[' | b'"' | b']')),
        _ => false,
    };
    is_json.then_some(ForeignFormat::Json)
}

/// Returns the format of a text that lists its values line by line, or that a database or a mail program has written.
fn listing(head: &[u8]) -> Option<ForeignFormat> {
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    let start = text[..text.len().min(4096)].to_ascii_lowercase();
    let mut lines = start.split(|byte| matches!(byte, b'\r' | b'\n')).map(<[u8]>::trim_ascii);
    let begins = |line: &[u8], marks: &[&[u8]]| marks.iter().any(|mark| line.starts_with(mark));
    let is_sql = |line: &[u8]| {
        begins(
            line,
            &[
                b"insert into ",
                b"create table ",
                b"drop table ",
                b"copy public.",
                b"-- mysql dump",
                b"-- postgresql database dump",
            ],
        )
    };
    let first = lines.next()?;
    if begins(first, &[b"begin:vcalendar"]) {
        return Some(ForeignFormat::Calendar);
    }
    if begins(first, &[b"dn: ", b"dn:: "])
        || first == b"version: 1" && start.windows(4).any(|part| part == b"\ndn:")
    {
        return Some(ForeignFormat::Ldif);
    }
    const MAIL_LINES: usize = 40;
    const MAIL: [&[u8]; 7] =
        [b"from:", b"to:", b"subject:", b"date:", b"received:", b"return-path:", b"mime-version:"];
    if begins(first, &[b"from "]) || begins(first, &MAIL) {
        let mails = lines.clone().take(MAIL_LINES).filter(|line| begins(line, &MAIL)).count();
        return (mails > 1).then_some(ForeignFormat::Mail);
    }
    let is_remark = |line: &&[u8]| line.is_empty() || begins(line, &[b"--", b"/*", b"set ", b"use ", b"#"]);
    let statement = lines.find(|line| !is_remark(line));
    (is_sql(first) || is_remark(&first) && statement.is_some_and(is_sql)).then_some(ForeignFormat::SqlDump)
}
