//! Which character encoding a file is in.
//!
//! A byte order mark settles it, and so does the pattern of NULs that UTF-16 makes of Latin text.
//! What is left is UTF-8 or Windows-1252, which only the whole file can tell: see [`Evidence`].

use std::fmt;
use std::str::FromStr;

use super::rejection::Rejection;

/// A character encoding that files are read in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16 with the low byte first, with or without a byte order mark.
    Utf16Le,
    /// UTF-16 with the high byte first, with or without a byte order mark.
    Utf16Be,
    /// Windows-1252, of which ISO 8859-1 is a part as far as text goes.
    Windows1252,
}

impl Encoding {
    const ALL: [Encoding; 4] = [Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Windows1252];

    /// The usual name, such as `UTF-8`; [`FromStr`] reads it back.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Encoding::Utf8 => "UTF-8",
            Encoding::Utf16Le => "UTF-16LE",
            Encoding::Utf16Be => "UTF-16BE",
            Encoding::Windows1252 => "windows-1252",
        }
    }

    fn byte_order_mark(self) -> &'static [u8] {
        match self {
            Encoding::Utf8 => b"\xEF\xBB\xBF",
            Encoding::Utf16Le => b"\xFF\xFE",
            Encoding::Utf16Be => b"\xFE\xFF",
            Encoding::Windows1252 => b"",
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is none of [`Encoding`]'s.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown encoding {0:?}")]
pub struct UnknownEncoding(pub String);

impl FromStr for Encoding {
    type Err = UnknownEncoding;

    /// Reads a name as [`as_str`](Encoding::as_str) gives it, in any case.
    fn from_str(name: &str) -> Result<Self, UnknownEncoding> {
        Encoding::ALL
            .into_iter()
            .find(|encoding| encoding.as_str().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownEncoding(name.to_owned()))
    }
}

/// What the first bytes of a file say about the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opening {
    pub encoding: Encoding,
    /// Whether the first bytes leave no doubt.
    pub certain: bool,
    /// Length of the byte order mark.
    pub skip: usize,
}

impl Opening {
    /// The opening of a file whose encoding is known.
    pub(crate) fn known(encoding: Encoding, head: &[u8]) -> Opening {
        let mark = encoding.byte_order_mark();
        let skip = if head.starts_with(mark) { mark.len() } else { 0 };
        Opening { encoding, certain: true, skip }
    }

    /// The opening of a file that begins with `head`; UTF-8 when it could be Windows-1252 as well.
    pub(crate) fn sniff(head: &[u8]) -> Opening {
        let marked = Encoding::ALL.into_iter().find(|encoding| {
            let mark = encoding.byte_order_mark();
            !mark.is_empty() && head.starts_with(mark)
        });
        match marked.or_else(|| utf16_by_nuls(head)) {
            Some(encoding) => Opening::known(encoding, head),
            None => Opening { encoding: Encoding::Utf8, certain: false, skip: 0 },
        }
    }
}

/// Latin letters, digits and delimiters have one NUL byte each in UTF-16, always on the same side. A
/// header and e-mail addresses make many of them whatever script the names are in.
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

/// Refuses what people take for a CSV file and is none.
pub(super) fn refuse_foreign(head: &[u8]) -> Result<(), Rejection> {
    const SIGNATURES: [(&[u8], &str); 6] = [
        (b"PK\x03\x04", "an Excel workbook or another ZIP archive"),
        (b"\xD0\xCF\x11\xE0", "an Excel workbook of the old kind"),
        (b"\x1F\x8B", "compressed with gzip"),
        (b"%PDF-", "a PDF document"),
        (b"\xFF\xFE\x00\x00", "UTF-32 text"),
        (b"\x00\x00\xFE\xFF", "UTF-32 text"),
    ];
    match SIGNATURES.iter().find(|(mark, _)| head.starts_with(mark)) {
        Some(&(_, found)) => Err(Rejection::NotCsv { found }),
        None => Ok(()),
    }
}

/// What a file's bytes say for and against UTF-8.
///
/// Text of another encoding is hardly ever valid UTF-8 by chance, so valid sequences of several bytes
/// outweigh as many bytes that fit nowhere: such a file is UTF-8 with damage in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Evidence {
    sequences: u64,
    bad_bytes: u64,
}

impl Evidence {
    /// Takes in bytes of a file.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        if bytes.is_ascii() {
            return;
        }
        for chunk in bytes.utf8_chunks() {
            let leads = chunk.valid().bytes().filter(|&byte| byte >= 0xC0);
            self.sequences += leads.count() as u64;
            self.bad_bytes += chunk.invalid().len() as u64;
        }
    }

    /// [`Encoding::Utf8`] or [`Encoding::Windows1252`].
    pub(crate) fn verdict(&self) -> Encoding {
        if self.sequences >= self.bad_bytes { Encoding::Utf8 } else { Encoding::Windows1252 }
    }
}

/// [`Evidence`] out of blocks that may end within a sequence.
#[derive(Debug, Default)]
pub(super) struct BlockEvidence {
    evidence: Evidence,
    /// Bytes behind the last ASCII byte: a sequence never goes on past one.
    rest: Vec<u8>,
}

impl BlockEvidence {
    /// The most bytes that wait for an ASCII byte. A file without one so far is hardly text.
    const MOST_WAITING: usize = 256 << 10;

    /// Takes the next bytes of a file.
    pub(crate) fn add(&mut self, block: &[u8]) {
        let end = block.iter().rposition(u8::is_ascii).map_or(0, |last| last + 1);
        if self.rest.is_empty() {
            self.evidence.add(&block[..end]);
        } else {
            self.rest.extend_from_slice(&block[..end]);
            if end > 0 || self.rest.len() >= Self::MOST_WAITING {
                self.evidence.add(&self.rest);
                self.rest.clear();
            }
        }
        self.rest.extend_from_slice(&block[end..]);
    }

    /// The verdict over all bytes so far.
    pub(crate) fn verdict(mut self) -> Encoding {
        self.evidence.add(&self.rest);
        self.evidence.verdict()
    }
}
