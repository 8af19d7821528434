//! Files: uploads and previews.

use crate::actions;
use crate::actions::{MatchedColumn, UploadedPart};
use crate::domain::field::Field;
use crate::domain::ids::JobId;
use crate::domain::interpretation::{Certainty, Container, EncodingReading, SkippedLine};
use crate::domain::job::Quote;

schema! {
    /// The result of an upload.
    actions::Uploaded as Uploaded {
        /// The new PENDING job, or the earlier job of the same file.
        #[schema(value_type = i64)]
        job: JobId,
        /// Whether the owner had already uploaded the same file; `job` is then the earlier job.
        earlier: bool,
        /// Size of the file in bytes.
        bytes: u64,
        /// The jobs of an archive with several tables, one for each table; `job` is the first of them.
        parts: Vec<UploadedPart>,
    }
}

schema! {
    /// The job of a table in an archive.
    actions::UploadedPart as UploadedPart {
        /// The name of the table's file.
        part: String,
        /// Its job.
        #[schema(value_type = i64)]
        job: JobId,
        /// Whether the owner had already uploaded the same file; `job` is then the earlier job.
        earlier: bool,
    }
}

schema! {
    /// The parsed beginning of a file.
    actions::FilePreview as FilePreview {
        /// The containers of the table, such as a workbook, from the outside in; empty for a file of text.
        containers: Vec<Container>,
        /// The encoding, detected from the beginning.
        encoding: String,
        /// How sure the encoding is.
        certainty: Certainty,
        /// If the encoding is in doubt: the likely readings, the one in use first.
        readings: Vec<EncodingReading>,
        /// The delimiter.
        delimiter: String,
        /// The quote around cells.
        quote: Quote,
        /// The sheets or files from which `part` can choose one, if there are several.
        parts: Vec<String>,
        /// Whether the file is an archive with several tables and no table is chosen. The first is shown; an upload makes a
        /// job of each.
        is_split: bool,
        /// The line on which the header starts, from 1; without a header, the line of the first row.
        header_line: u64,
        /// Whether the file has a header.
        has_header: bool,
        /// The names in the header.
        names: Vec<String>,
        /// The column of each field.
        columns: Vec<MatchedColumn>,
        /// The names of the other columns, which are kept with rows and contacts.
        kept: Vec<String>,
        /// The positions of the columns that are not imported, from 0: those that are remembered as excluded.
        excluded: Vec<u16>,
        /// Whether the columns were matched by hand in an earlier file of the owner with the same header.
        remembered: bool,
        /// The lines above the header, which are skipped.
        skipped: Vec<SkippedLine>,
        /// The cells of the first rows.
        rows: Vec<Vec<String>>,
        /// The lines on which these rows start, from 1.
        row_lines: Vec<u64>,
    }
}

schema! {
    /// The column of a field.
    actions::MatchedColumn as MatchedColumn {
        /// The field.
        field: Field,
        /// Its position in the file, from 0; `null` if the names do not show it.
        place: Option<u16>,
        /// The positions of all matching columns, if there are several.
        candidates: Vec<u16>,
        /// Whether every contact must have a value of the field.
        required: bool,
        /// The value of the field in every row, instead of a column.
        value: Option<String>,
    }
}
