//! The reasons for which a file is rejected. `texts` has their sentences.

use serde::{Deserialize, Serialize};

use super::field::Field;
use super::interpretation::ContainerFormat;
use super::words::words;

/// Maximum number of header names in one message, and of characters of each.
const NAMES_SHOWN: usize = 20;
const NAME_CHARS: usize = 40;

/// The reason why a file cannot be imported as it is, for its owner, who can correct it. Contains only column names and
/// names of sheets and files from the file.
///
/// Displayed as an English sentence, in which commands that get the file in name its job as `JOB`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Rejection {
    /// The file is empty or contains only a byte order mark.
    Empty,
    /// The file contains only empty lines, white space and delimiters.
    Blank,
    /// No row has a value in a required column.
    HeaderOnly {
        /// The line of the header.
        line: u64,
    },
    /// The file is of another format.
    NotCsv {
        /// The format.
        format: ForeignFormat,
    },
    /// The file has no header, and its content does not identify the columns.
    NoHeader {
        /// The line of the first contact.
        line: u64,
        /// The number of columns.
        columns: usize,
        /// The fields that need a column.
        missing: Vec<Field>,
        /// The columns that the fields may be.
        proposals: Vec<ColumnProposal>,
    },
    /// A required column is missing or ambiguous.
    Columns {
        /// The line of the header.
        line: u64,
        /// Required columns that neither a name nor the content identifies.
        missing: Vec<Field>,
        /// Required columns for which there are several with the same name.
        doubled: Vec<Field>,
        /// The names in the header.
        names: HeaderNames,
        /// The columns that the missing fields may be.
        proposals: Vec<ColumnProposal>,
    },
    /// The encoding that was set for the file does not exist.
    UnknownEncoding {
        /// Its name.
        name: String,
    },
    /// The header line that was set for the file is beyond the lines that are searched.
    NoSuchLine {
        /// The line.
        line: u64,
        /// The last line that is searched.
        last: u64,
    },
    /// The number of columns differs from that of the mapping.
    Mapping {
        /// The line of the header.
        line: u64,
        /// The number of columns in the file.
        found: usize,
        /// The number of columns for which the mapping was made.
        expected: usize,
    },
    /// The quotes of a row are ambiguous.
    BrokenQuotes {
        /// The line on which the row starts.
        line: u64,
    },
    /// A row exceeds the limits of the reader.
    RowTooLong {
        /// The line on which the row starts.
        line: u64,
    },
    /// A row contains too many bytes that are beyond the header's columns or not text.
    TooDamaged {
        /// The line on which the row starts.
        line: u64,
        /// The limit for the bytes as they would be stored with the row.
        limit_bytes: usize,
    },
    /// An archive has no file that may be a table, or a workbook no sheet with cells.
    NoTable {
        /// What the file is.
        format: ContainerFormat,
    },
    /// An archive contains more than one table.
    SeveralTables {
        /// The names of their files.
        names: Vec<String>,
    },
    /// There is no such sheet or file.
    NoSuchPart {
        /// The name.
        part: String,
        /// The names that there are; empty if the file is no container.
        names: Vec<String>,
    },
    /// The container is of a format that contains no table that can be read.
    ForeignContainer {
        /// The format.
        format: ForeignFormat,
    },
    /// The content of the container is encrypted.
    Protected {
        /// What the file is.
        format: ContainerFormat,
    },
    /// The text is in UTF-7.
    Utf7,
    /// The container is damaged, or uses what no library here supports.
    BrokenContainer {
        /// What the file is.
        format: ContainerFormat,
        /// What the library reports, in English.
        reason: String,
    },
    /// Unpacked, the content is too large for the size of the file.
    GrowsTooLarge {
        /// The limit in bytes.
        limit_bytes: u64,
    },
    /// Too many containers are nested.
    NestedTooDeep,
    /// Only the beginning is known, and the format needs the whole file.
    Incomplete,
}

words! {
    /// A format that is neither a table nor a container of tables.
    ForeignFormat, "format of a file" {
        /// A workbook or an archive.
        Zip = "zip",
        /// A workbook of Excel 97 to 2003.
        OldExcel = "old-excel",
        /// Compressed with gzip.
        Gzip = "gzip",
        /// Compressed with zstd.
        Zstd = "zstd",
        /// Compressed with bzip2.
        Bzip2 = "bzip2",
        /// Compressed with xz.
        Xz = "xz",
        /// A 7-Zip archive.
        SevenZip = "seven-zip",
        /// A RAR archive.
        Rar = "rar",
        /// A PDF document.
        Pdf = "pdf",
        /// A text document in RTF.
        Rtf = "rtf",
        /// A document of Word.
        Document = "document",
        /// A presentation of PowerPoint.
        Presentation = "presentation",
        /// A document of Apple Numbers or Pages.
        Apple = "apple",
        /// A program in Java.
        JavaProgram = "java-program",
        /// A database of SQLite.
        Sqlite = "sqlite",
        /// A picture.
        Picture = "picture",
        /// A picture, a sound or a film.
        Media = "media",
        /// A database of Access.
        Access = "access",
        /// A data file of Outlook.
        Outlook = "outlook",
        /// A program.
        Program = "program",
        /// A Parquet file.
        Parquet = "parquet",
        /// Nothing but NUL bytes.
        Nuls = "nuls",
        /// A page with a table.
        HtmlTable = "html-table",
        /// Another page.
        WebPage = "web-page",
        /// An XML document.
        Xml = "xml",
        /// A card of an address book.
        Vcard = "vcard",
        /// A JSON document.
        Json = "json",
        /// A calendar.
        Calendar = "calendar",
        /// A file of a directory.
        Ldif = "ldif",
        /// An e-mail message.
        Mail = "mail",
        /// A dump of a database.
        SqlDump = "sql-dump",
    }
}

impl Rejection {
    /// Returns the rejection for a name that no sheet or file has.
    pub(crate) fn no_part(part: &str, names: Vec<String>) -> Rejection {
        Rejection::NoSuchPart { part: part.to_owned(), names }
    }

    /// Returns whether the file becomes importable once a person has matched its columns.
    pub(crate) fn needs_columns(&self) -> bool {
        match self {
            Rejection::NoHeader { .. } | Rejection::Columns { .. } | Rejection::Mapping { .. } => true,
            Rejection::Empty
            | Rejection::Blank
            | Rejection::HeaderOnly { .. }
            | Rejection::NotCsv { .. }
            | Rejection::UnknownEncoding { .. }
            | Rejection::NoSuchLine { .. }
            | Rejection::BrokenQuotes { .. }
            | Rejection::RowTooLong { .. }
            | Rejection::TooDamaged { .. }
            | Rejection::NoTable { .. }
            | Rejection::SeveralTables { .. }
            | Rejection::NoSuchPart { .. }
            | Rejection::ForeignContainer { .. }
            | Rejection::Protected { .. }
            | Rejection::Utf7
            | Rejection::BrokenContainer { .. }
            | Rejection::GrowsTooLarge { .. }
            | Rejection::NestedTooDeep
            | Rejection::Incomplete => false,
        }
    }

    /// Returns whether another encoding, header line or dialect may make the file importable.
    pub(crate) fn may_be_misread(&self) -> bool {
        match self {
            Rejection::NoHeader { .. }
            | Rejection::Columns { .. }
            | Rejection::Mapping { .. }
            | Rejection::HeaderOnly { .. }
            | Rejection::TooDamaged { .. }
            | Rejection::Utf7 => true,
            Rejection::Empty
            | Rejection::Blank
            | Rejection::NotCsv { .. }
            | Rejection::UnknownEncoding { .. }
            | Rejection::NoSuchLine { .. }
            | Rejection::BrokenQuotes { .. }
            | Rejection::RowTooLong { .. }
            | Rejection::NoTable { .. }
            | Rejection::SeveralTables { .. }
            | Rejection::NoSuchPart { .. }
            | Rejection::ForeignContainer { .. }
            | Rejection::Protected { .. }
            | Rejection::BrokenContainer { .. }
            | Rejection::GrowsTooLarge { .. }
            | Rejection::NestedTooDeep
            | Rejection::Incomplete => false,
        }
    }
}

/// The names in a header, shortened for a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderNames {
    /// The first names.
    pub(crate) shown: Vec<ShownName>,
    /// The number of further names.
    pub(crate) more: usize,
}

impl HeaderNames {
    /// Shortens the names of a header.
    pub(crate) fn new(names: &[String]) -> HeaderNames {
        HeaderNames {
            shown: names.iter().take(NAMES_SHOWN).map(|name| ShownName::of(name)).collect(),
            more: names.len().saturating_sub(NAMES_SHOWN),
        }
    }
}

/// The name of a column as a message shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShownName {
    /// The name, shortened.
    Name(String),
    /// There is none.
    Nameless,
    /// It is an e-mail address, which no message repeats.
    Address,
}

impl ShownName {
    /// Shortens a name.
    pub(crate) fn of(name: &str) -> ShownName {
        match name.trim() {
            "" => ShownName::Nameless,
            name if name.contains('@') => ShownName::Address,
            name => ShownName::Name(shortened(name)),
        }
    }
}

fn shortened(name: &str) -> String {
    let mut characters = name.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut shown: String = characters.by_ref().take(NAME_CHARS).collect();
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}

/// A column that may be a field, by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnProposal {
    /// The field.
    pub field: Field,
    /// The column, from 0.
    pub column: usize,
}
