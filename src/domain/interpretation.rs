//! How a file was read, for people to check: its encoding, its table, and the lines that are not contacts.

use super::field::Field;
use super::job::{FixedValues, Quote};
use super::words::words;

/// Maximum number of skipped lines that are listed, and of characters of each.
const LISTED: usize = 20;
const CHARACTERS: usize = 120;

/// How a file was read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Interpretation {
    /// What the table was packed in, from the outside in; empty for text.
    #[serde(default)]
    pub containers: Vec<Container>,
    /// The name of the encoding.
    pub encoding: String,
    /// How sure the encoding is.
    pub certainty: Certainty,
    /// If the encoding is in doubt: the likely readings, the one in use first.
    #[serde(default)]
    pub readings: Vec<EncodingReading>,
    /// The character between two cells.
    pub delimiter: String,
    /// The quote around cells.
    #[serde(default)]
    pub quote: Quote,
    /// The physical line of the header, from 1; of the first row if there is no header.
    pub header_line: u64,
    /// Whether the file has a header.
    pub has_header: bool,
    /// The column of each field.
    pub columns: Vec<ReadColumn>,
    /// Who has assigned the columns.
    #[serde(default)]
    pub columns_by: ColumnsBy,
    /// The fields that have the same value in every row.
    #[serde(default)]
    pub values: FixedValues,
    /// The names of the other columns, which are kept with rows and contacts, at most twenty.
    #[serde(default)]
    pub kept: Vec<String>,
    /// The number of the other columns that are kept.
    #[serde(default)]
    pub kept_count: u64,
    /// What rows that repeat an earlier one say differently in the other columns.
    #[serde(default)]
    pub repeats: RepeatDifferences,
    /// The names of the columns that are not imported, at most twenty.
    pub unused: Vec<String>,
    /// The number of columns that are not imported.
    pub unused_count: u64,
    /// The lines that are not contacts.
    pub skipped: SkippedLines,
}

words! {
    /// How sure the encoding of a file is.
    Certainty, "certainty" {
        /// A person has set it.
        Set = "SET",
        /// It was detected without doubt.
        Sure = "SURE",
        /// Another one is nearly as likely.
        Doubtful = "DOUBTFUL",
    }
}

words! {
    /// Who has assigned the columns of a file to the fields.
    #[derive(Default)]
    ColumnsBy, "origin of columns" {
        /// Their names and content.
        #[default]
        Names = "NAMES",
        /// A person, for this file.
        Person = "PERSON",
        /// A person, for an earlier file with the same header.
        Remembered = "REMEMBERED",
    }
}

/// A file in which the table was packed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Container {
    /// Its format.
    pub format: ContainerFormat,
    /// The name of the sheet that was read, or of the file in an archive.
    pub part: Option<String>,
    /// The names of the other sheets with cells, or of the other files, which are not imported.
    pub others: Vec<String>,
}

words! {
    /// The format of a container.
    ContainerFormat, "format of a container" {
        /// Compressed with gzip.
        Gzip = "GZIP",
        /// Compressed with zstd.
        Zstd = "ZSTD",
        /// Compressed with bzip2.
        Bzip2 = "BZIP2",
        /// Compressed with xz.
        Xz = "XZ",
        /// A ZIP archive.
        Zip = "ZIP",
        /// A workbook of Excel since 2007, with or without macros.
        Xlsx = "XLSX",
        /// A binary workbook of Excel since 2007.
        Xlsb = "XLSB",
        /// A workbook of Excel 97 to 2003.
        Xls = "XLS",
        /// An OpenDocument spreadsheet, as LibreOffice saves it.
        Ods = "ODS",
        /// Cards of an address book (RFC 6350).
        Vcard = "VCARD",
    }
}

impl Container {
    /// Returns whether the table in these containers is in cells, which have neither an encoding nor a delimiter.
    pub(crate) fn hold_cells(containers: &[Container]) -> bool {
        containers.last().is_some_and(|container| container.format.is_workbook())
    }
}

impl ContainerFormat {
    /// Returns the name of the format in a sentence.
    pub(crate) fn words(self) -> &'static str {
        match self {
            ContainerFormat::Gzip => "gzip file",
            ContainerFormat::Zstd => "zstd file",
            ContainerFormat::Bzip2 => "bzip2 file",
            ContainerFormat::Xz => "xz file",
            ContainerFormat::Zip => "ZIP archive",
            ContainerFormat::Xlsx => "XLSX workbook",
            ContainerFormat::Xlsb => "XLSB workbook",
            ContainerFormat::Xls => "XLS workbook",
            ContainerFormat::Ods => "ODS spreadsheet",
            ContainerFormat::Vcard => "vCard file",
        }
    }

    /// Returns whether the table is in cells rather than in text.
    pub(crate) fn is_workbook(self) -> bool {
        match self {
            ContainerFormat::Xlsx | ContainerFormat::Xlsb | ContainerFormat::Xls | ContainerFormat::Ods => {
                true
            }
            ContainerFormat::Gzip
            | ContainerFormat::Zstd
            | ContainerFormat::Bzip2
            | ContainerFormat::Xz
            | ContainerFormat::Zip
            | ContainerFormat::Vcard => false,
        }
    }
}

/// The letters in question as they are in one encoding.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct EncodingReading {
    /// The name of the encoding.
    pub encoding: String,
    /// Values with letters in question, the same values for each reading, at most five.
    pub samples: Vec<String>,
}

/// A field and the column that it is read from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ReadColumn {
    /// The field.
    pub field: Field,
    /// The name of the column, shortened.
    pub name: String,
}

/// The skipped lines of a file: titles, notes, comments, repeated headers, totals.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SkippedLines {
    /// Their number.
    pub count: u64,
    /// The first of them, at most twenty.
    pub first: Vec<SkippedLine>,
}

/// A skipped line.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SkippedLine {
    /// The physical line, from 1.
    pub line: u64,
    /// Its text, shortened.
    pub text: String,
}

/// What rows that repeat an earlier row say differently in columns that belong to no field. Repeats are not imported.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RepeatDifferences {
    /// The number of values that filled an empty one of the row that is kept.
    pub filled: u64,
    /// The number of repeats with a value that differs from that of the row that is kept.
    pub count: u64,
    /// The first of them, at most twenty.
    pub first: Vec<RepeatDifference>,
    /// The number of other repeats that differ, which were not compared value by value because there are too many.
    pub uncompared: u64,
}

/// A repeat with values that differ from those of the row that is kept.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RepeatDifference {
    /// The physical line of the repeat, from 1.
    pub line: u64,
    /// The physical line of the row that is kept.
    pub kept_line: u64,
    /// The names of the columns, shortened, at most twenty.
    pub columns: Vec<String>,
}

impl RepeatDifferences {
    /// Adds those of another run.
    pub(crate) fn extend(&mut self, more: RepeatDifferences) {
        self.filled += more.filled;
        self.count += more.count;
        self.uncompared += more.uncompared;
        let listed = LISTED.saturating_sub(self.first.len());
        self.first.extend(more.first.into_iter().take(listed));
    }

    /// Counts a repeat, and lists it if it is one of the first.
    pub(crate) fn add(&mut self, mut repeat: RepeatDifference) {
        self.count += 1;
        if self.first.len() < LISTED {
            repeat.columns.truncate(LISTED);
            self.first.push(repeat);
        }
    }
}

impl SkippedLine {
    /// Returns the line with the text of its cells, shortened.
    pub(crate) fn new<T: AsRef<str>>(line: u64, cells: impl IntoIterator<Item = T>) -> SkippedLine {
        let mut text = String::new();
        for cell in cells {
            let cell = cell.as_ref().trim();
            if !cell.is_empty() && text.len() < CHARACTERS * 4 {
                text.push_str(if text.is_empty() { "" } else { " " });
                text.extend(cell.chars().take(CHARACTERS).map(|c| if c.is_control() { ' ' } else { c }));
            }
        }
        if let Some((end, _)) = text.char_indices().nth(CHARACTERS) {
            text.truncate(end);
            text.push('…');
        }
        SkippedLine { line, text }
    }
}

impl SkippedLines {
    /// Counts a line, and lists it if it is one of the first.
    pub(crate) fn add(&mut self, line: SkippedLine) {
        self.count += 1;
        if self.first.len() < LISTED {
            self.first.push(line);
        }
    }
}
