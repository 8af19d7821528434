//! The character encodings of files, their names and their byte order marks.

use std::fmt;
use std::str::FromStr;

use crate::domain::rejection::Rejection;

/// A character encoding that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16 with the low byte first, with or without a byte order mark.
    Utf16Le,
    /// UTF-16 with the high byte first, with or without a byte order mark.
    Utf16Be,
    /// UTF-32 with the low byte first, with a byte order mark.
    Utf32Le,
    /// UTF-32 with the high byte first, with a byte order mark.
    Utf32Be,
    /// Windows-1252, a superset of the printable characters of ISO 8859-1.
    Windows1252,
    /// The code page of MS-DOS in the United States.
    Cp437,
    /// The code page of MS-DOS in western Europe.
    Cp850,
    /// The code page of MS-DOS in central Europe.
    Cp852,
    /// Another encoding of the WHATWG Encoding Standard.
    Other(&'static encoding_rs::Encoding),
}

/// The encoding in which a file is read, and a second candidate if that is in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reading {
    /// The encoding.
    pub encoding: Encoding,
    /// The second candidate if it is nearly as likely. A person then has to choose.
    pub rival: Option<Encoding>,
}

impl Reading {
    /// Returns a reading without doubt.
    pub fn sure(encoding: Encoding) -> Reading {
        Reading { encoding, rival: None }
    }
}

impl From<Encoding> for Reading {
    fn from(encoding: Encoding) -> Reading {
        Reading::sure(encoding)
    }
}

/// The encodings with a variant of their own, longer byte order marks first.
pub(super) const NAMED: [Encoding; 9] = [
    Encoding::Utf8,
    Encoding::Utf32Le,
    Encoding::Utf32Be,
    Encoding::Utf16Le,
    Encoding::Utf16Be,
    Encoding::Windows1252,
    Encoding::Cp437,
    Encoding::Cp850,
    Encoding::Cp852,
];

/// Other encodings of the standard, for lists of encodings. Labels that the standard treats as one of these are accepted
/// too.
#[rustfmt::skip]
static STANDARD: [&encoding_rs::Encoding; 31] = [
    &encoding_rs::WINDOWS_1250_INIT, &encoding_rs::WINDOWS_1251_INIT, &encoding_rs::WINDOWS_1253_INIT, &encoding_rs::WINDOWS_1254_INIT,
    &encoding_rs::WINDOWS_1255_INIT, &encoding_rs::WINDOWS_1256_INIT, &encoding_rs::WINDOWS_1257_INIT, &encoding_rs::WINDOWS_1258_INIT,
    &encoding_rs::WINDOWS_874_INIT, &encoding_rs::ISO_8859_2_INIT, &encoding_rs::ISO_8859_3_INIT, &encoding_rs::ISO_8859_4_INIT,
    &encoding_rs::ISO_8859_5_INIT, &encoding_rs::ISO_8859_6_INIT, &encoding_rs::ISO_8859_7_INIT, &encoding_rs::ISO_8859_8_INIT,
    &encoding_rs::ISO_8859_10_INIT, &encoding_rs::ISO_8859_13_INIT, &encoding_rs::ISO_8859_14_INIT, &encoding_rs::ISO_8859_15_INIT,
    &encoding_rs::ISO_8859_16_INIT, &encoding_rs::KOI8_R_INIT, &encoding_rs::KOI8_U_INIT, &encoding_rs::IBM866_INIT,
    &encoding_rs::MACINTOSH_INIT, &encoding_rs::X_MAC_CYRILLIC_INIT, &encoding_rs::SHIFT_JIS_INIT, &encoding_rs::EUC_JP_INIT,
    &encoding_rs::GB18030_INIT, &encoding_rs::BIG5_INIT, &encoding_rs::EUC_KR_INIT,
];

/// Other names in use that the standard lacks.
const ALIASES: [(&str, Encoding); 14] = [
    ("utf-32", Encoding::Utf32Le),
    ("cp437", Encoding::Cp437),
    ("437", Encoding::Cp437),
    ("oem-us", Encoding::Cp437),
    ("cp850", Encoding::Cp850),
    ("850", Encoding::Cp850),
    ("cp852", Encoding::Cp852),
    ("852", Encoding::Cp852),
    ("mac-roman", Encoding::Other(&encoding_rs::MACINTOSH_INIT)),
    ("mac_roman", Encoding::Other(&encoding_rs::MACINTOSH_INIT)),
    ("macroman", Encoding::Other(&encoding_rs::MACINTOSH_INIT)),
    ("cp936", Encoding::Other(&encoding_rs::GB18030_INIT)),
    ("cp949", Encoding::Other(&encoding_rs::EUC_KR_INIT)),
    ("cp932", Encoding::Other(&encoding_rs::SHIFT_JIS_INIT)),
];

impl Encoding {
    /// Returns the encodings from which a person can choose.
    pub fn all() -> impl Iterator<Item = Encoding> {
        NAMED.into_iter().chain(STANDARD.iter().map(|standard| Encoding::Other(standard)))
    }

    /// Returns the usual name, such as `UTF-8`. [`FromStr`] parses it.
    pub fn as_str(self) -> &'static str {
        match self {
            Encoding::Utf8 => "UTF-8",
            Encoding::Utf16Le => "UTF-16LE",
            Encoding::Utf16Be => "UTF-16BE",
            Encoding::Utf32Le => "UTF-32LE",
            Encoding::Utf32Be => "UTF-32BE",
            Encoding::Windows1252 => "windows-1252",
            Encoding::Cp437 => "IBM437",
            Encoding::Cp850 => "IBM850",
            Encoding::Cp852 => "IBM852",
            Encoding::Other(encoding) => encoding.name(),
        }
    }

    /// Returns whether the encoding has all characters of Unicode.
    pub(super) fn is_unicode(self) -> bool {
        match self {
            Encoding::Utf8
            | Encoding::Utf16Le
            | Encoding::Utf16Be
            | Encoding::Utf32Le
            | Encoding::Utf32Be => true,
            Encoding::Windows1252
            | Encoding::Cp437
            | Encoding::Cp850
            | Encoding::Cp852
            | Encoding::Other(_) => false,
        }
    }

    /// Returns the encoding of `encoding_rs`, or `None` if there is none or this module converts it itself.
    pub(super) fn standard(self) -> Option<&'static encoding_rs::Encoding> {
        match self {
            Encoding::Windows1252 => Some(encoding_rs::WINDOWS_1252),
            Encoding::Other(encoding) => Some(encoding),
            Encoding::Utf8
            | Encoding::Utf16Le
            | Encoding::Utf16Be
            | Encoding::Utf32Le
            | Encoding::Utf32Be
            | Encoding::Cp437
            | Encoding::Cp850
            | Encoding::Cp852 => None,
        }
    }

    pub(super) fn from_standard(encoding: &'static encoding_rs::Encoding) -> Encoding {
        let named = NAMED.into_iter().find(|named| named.as_str().eq_ignore_ascii_case(encoding.name()));
        match named {
            Some(named) => named,
            // GB18030 is a superset of GBK.
            None if encoding == encoding_rs::GBK => Encoding::Other(encoding_rs::GB18030),
            None => Encoding::Other(encoding),
        }
    }

    pub(super) fn byte_order_mark(self) -> &'static [u8] {
        match self {
            Encoding::Utf8 => b"\xEF\xBB\xBF",
            Encoding::Utf16Le => b"\xFF\xFE",
            Encoding::Utf16Be => b"\xFE\xFF",
            Encoding::Utf32Le => b"\xFF\xFE\x00\x00",
            Encoding::Utf32Be => b"\x00\x00\xFE\xFF",
            Encoding::Windows1252
            | Encoding::Cp437
            | Encoding::Cp850
            | Encoding::Cp852
            | Encoding::Other(_) => b"",
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Encoding {
    type Err = Rejection;

    /// Parses the name that [`as_str`](Encoding::as_str) returns, or one that other programs use. Case does not matter.
    fn from_str(name: &str) -> Result<Self, Rejection> {
        let name = name.trim();
        let named = NAMED.into_iter().find(|encoding| encoding.as_str().eq_ignore_ascii_case(name));
        let alias =
            || ALIASES.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(name)).map(|(_, known)| *known);
        let standard = || {
            let label = name.to_ascii_lowercase();
            let with_prefix = label.strip_prefix("cp").map(|number| format!("windows-{number}"));
            let found = encoding_rs::Encoding::for_label_no_replacement(label.as_bytes());
            let found =
                found.or_else(|| encoding_rs::Encoding::for_label_no_replacement(with_prefix?.as_bytes()));
            found.map(Encoding::from_standard)
        };
        named
            .or_else(alias)
            .or_else(standard)
            .ok_or_else(|| Rejection::UnknownEncoding { name: name.to_owned() })
    }
}
