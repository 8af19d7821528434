//! Files: uploads, previews and checks.

use crate::actions;
use crate::actions::{MatchedColumn, UploadedPart};
use crate::domain::field::{Field, PerField};
use crate::domain::file_check::{self, CheckedRow, FoundIssues, MisspeltDomain, RowIssue};
use crate::domain::ids::JobId;
use crate::domain::interpretation::{Certainty, Container, EncodingReading, ReadColumn, SkippedLine};
use crate::domain::job::Quote;
use crate::domain::rules::IssueType;

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

schema! {
    /// What an import of a file would find.
    file_check::FileCheck as FileCheck {
        /// The rows that were checked.
        rows: u64,
        /// Whether these are all rows of the file.
        is_whole: bool,
        /// Whether the file is an archive with several tables and no table is chosen. The first was checked.
        is_split: bool,
        /// Rows that become contacts without a question.
        valid_rows: u64,
        /// Rows that raise issues.
        issue_rows: u64,
        /// Rows that are skipped because they repeat an earlier one.
        repeated_rows: u64,
        /// Rows whose e-mail a contact has with the same values in all fields; `null` if there are too many to compare.
        identical_rows: Option<u64>,
        /// Whether there are contacts that another program has just inserted, with which rows cannot be compared yet.
        has_unknown_contacts: bool,
        /// The issues by rule; rules that no row breaks are left out.
        issues: Vec<FoundIssues>,
        /// Up to ten domains of valid rows that look misspelt, the most frequent first. No issue asks about them.
        misspelt_domains: Vec<MisspeltDomain>,
        /// The columns of the fields.
        columns: Vec<ReadColumn>,
        /// Lines that are not rows: titles, notes, totals.
        skipped_lines: u64,
        /// Up to ten rows that raise issues, of as many rules as possible, in the order of the file.
        examples: Vec<CheckedRow>,
    }
}

schema! {
    /// A domain of e-mail addresses that looks misspelt.
    file_check::MisspeltDomain as MisspeltDomain {
        /// The domain, in lower case.
        domain: String,
        /// The domain that was probably intended.
        intended: String,
        /// The valid rows with an address in it.
        rows: u64,
    }
}

schema! {
    /// The issues of one rule that an import would raise.
    file_check::FoundIssues as FoundIssues {
        /// The rule.
        issue_type: IssueType,
        /// The number of issues. Rows with the same e-mail share one.
        issues: u64,
        /// The rows that raise them.
        rows: u64,
    }
}

schema! {
    /// A row of a file that raises issues.
    file_check::CheckedRow as CheckedRow {
        /// Its number among the rows, from 1.
        number: u64,
        /// The line on which it starts, from 1.
        line: u64,
        /// Its {}, shortened to 200 characters.
        #[schema(value_type = String)]
        values: PerField<String>,
        /// The text of a malformed row that does not fit in its values.
        residue: Option<String>,
        /// Its issues.
        issues: Vec<RowIssue>,
    } without { verdict } spread { values }
}

schema! {
    /// An issue that a row raises.
    file_check::RowIssue as RowIssue {
        /// The rule.
        issue_type: IssueType,
        /// The fields whose values break it; none if the whole row does.
        fields: Vec<Field>,
        /// What is wrong, in English.
        reason: String,
    }
}
