//! How a file was read.

use crate::domain;
use crate::domain::field::Field;
use crate::domain::interpretation::{
    Certainty, ColumnsBy, Container, ContainerFormat, EncodingReading, ReadColumn, SkippedLine, SkippedLines,
};
use crate::domain::job::FixedValues;

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
        /// The names of the columns that are not imported, at most twenty.
        unused: Vec<String>,
        /// The number of columns that are not imported.
        unused_count: u64,
        /// The lines that are not contacts.
        skipped: SkippedLines,
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
