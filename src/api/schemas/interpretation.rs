//! How a file was read.

use crate::domain;
use crate::domain::field::Field;
use crate::domain::interpretation::{
    Certainty, ColumnsBy, Container, ContainerFormat, EncodingReading, ReadColumn, RepeatDifference,
    RepeatDifferences, SkippedLine, SkippedLines,
};
use crate::domain::job::{FixedValues, Quote};

schema! {
    /// How a file was read.
    domain::interpretation::Interpretation as Interpretation {
        /// The containers of the table, such as a workbook, from the outside in; empty for a file of text.
        containers: Vec<Container>,
        /// The name of the encoding.
        encoding: String,
        /// How sure the encoding is.
        certainty: Certainty,
        /// If the encoding is in doubt: the likely readings, the one in use first.
        readings: Vec<EncodingReading>,
        /// The character between two cells.
        delimiter: String,
        /// The quote around cells.
        quote: Quote,
        /// The physical line of the header, from 1; of the first row if there is no header.
        header_line: u64,
        /// Whether the file has a header.
        has_header: bool,
        /// The column of each field.
        columns: Vec<ReadColumn>,
        /// Who has assigned the columns.
        columns_by: ColumnsBy,
        /// The fields that have the same value in every row.
        values: FixedValues,
        /// The names of the other columns, which are kept with rows and contacts, at most twenty.
        kept: Vec<String>,
        /// The number of the other columns that are kept.
        kept_count: u64,
        /// What rows that repeat an earlier one say differently in the other columns.
        repeats: RepeatDifferences,
        /// The names of the columns that a person has excluded from the import, at most twenty. Older versions did not
        /// import other columns.
        unused: Vec<String>,
        /// The number of columns that are not imported.
        unused_count: u64,
        /// The lines that are not contacts.
        skipped: SkippedLines,
    }
}

schema! {
    /// What rows that repeat an earlier row say differently in columns that belong to no field. Repeats are not imported.
    domain::interpretation::RepeatDifferences as RepeatDifferences {
        /// The number of values that filled an empty one of the row that is kept.
        filled: u64,
        /// The number of repeats with a value that differs from that of the row that is kept.
        count: u64,
        /// The first of them, at most twenty.
        first: Vec<RepeatDifference>,
        /// The number of other repeats that differ, which were not compared value by value because there are too many.
        uncompared: u64,
    }
}

schema! {
    /// A repeat with values that differ from those of the row that is kept.
    domain::interpretation::RepeatDifference as RepeatDifference {
        /// The physical line of the repeat, from 1.
        line: u64,
        /// The physical line of the row that is kept.
        kept_line: u64,
        /// The names of the columns, shortened, at most twenty.
        columns: Vec<String>,
    }
}

schema! {
    /// A file that contains the table in another form than text: a compressed file, an archive or a workbook.
    domain::interpretation::Container as Container {
        /// Its format.
        format: ContainerFormat,
        /// The name of the sheet that was read, or of the file in an archive.
        part: Option<String>,
        /// The names of the other sheets with cells, or of the other files, which are not imported.
        others: Vec<String>,
    }
}

schema! {
    /// The letters in question as they are in one encoding.
    domain::interpretation::EncodingReading as EncodingReading {
        /// The name of the encoding.
        encoding: String,
        /// Values with letters in question, the same values for each reading, at most five.
        samples: Vec<String>,
    }
}

schema! {
    /// A field and the column that it is read from.
    domain::interpretation::ReadColumn as ReadColumn {
        /// The field.
        field: Field,
        /// The name of the column, shortened.
        name: String,
    }
}

schema! {
    /// The lines of a file that are not contacts.
    domain::interpretation::SkippedLines as SkippedLines {
        /// Their number.
        count: u64,
        /// The first of them, at most twenty.
        first: Vec<SkippedLine>,
    }
}

schema! {
    /// A line of a file that is not a contact.
    domain::interpretation::SkippedLine as SkippedLine {
        /// The physical line, from 1.
        line: u64,
        /// Its text, shortened.
        text: String,
    }
}
