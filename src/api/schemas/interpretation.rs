//! How a file was read.

use crate::domain;
use crate::domain::field::Field;
use crate::domain::interpretation::{Certainty, ReadColumn, SkippedLine, SkippedLines};

schema! {
    /// How a file was read.
    domain::interpretation::Interpretation as Interpretation {
        /// The name of the encoding.
        encoding: String,
        /// How sure the encoding is.
        certainty: Certainty,
        /// The character between two cells.
        delimiter: String,
        /// The physical line of the header, from 1; of the first row if there is no header.
        header_line: u64,
        /// Whether the file has a header.
        has_header: bool,
        /// The column of each field.
        columns: Vec<ReadColumn>,
        /// The names of the columns that are not imported, at most twenty.
        unused: Vec<String>,
        /// The number of columns that are not imported.
        unused_count: u64,
        /// The lines that are not contacts.
        skipped: SkippedLines,
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
