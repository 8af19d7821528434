//! A job: the import of one file of one owner.

use std::fmt;

use super::field::{Field, PerField, by_name, folded};
pub use super::ids::JobId;
use super::words::words;

/// The user who owns a job (`jobs.job_user_id`) and every contact that the job creates.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Owner(pub String);

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

words! {
    /// `job_status_enum`.
    JobStatus, "job status" {
        /// Waiting for its first run.
        Pending = "PENDING",
        /// A run has its lease, or died with it.
        Processing = "PROCESSING",
        /// Has open issues for a person to decide.
        NeedsReview = "NEEDS_REVIEW",
        /// Its contacts have been created.
        Completed = "COMPLETED",
        /// Ended with an error; runs again on request.
        Failed = "FAILED",
    }
}

words! {
    /// When a job's valid rows become contacts (`jobs.job_import_policy`).
    #[derive(Default)]
    ImportPolicy, "import policy" {
        /// When the review is finished.
        #[default]
        Hold = "HOLD",
        /// Immediately; rows with issues follow once these are resolved.
        AtOnce = "AT_ONCE",
    }
}

/// Whether a run of a job takes about a second, or longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JobSize {
    /// The job has at most [`JobSize::SMALL_ROWS`] rows and [`JobSize::SMALL_FILE_BYTES`].
    Small,
    /// The job is larger.
    Large,
}

impl JobSize {
    /// Maximum number of rows of a small job: they are staged as one chunk.
    pub(crate) const SMALL_ROWS: i32 = 50_000;
    /// Maximum size of the file of a small job. A file of usual rows of this size has about 60,000 of them.
    pub(crate) const SMALL_FILE_BYTES: i64 = 4 << 20;

    /// Returns the size of a job by its rows and the size of its file; 0 for either counts as unknown.
    pub(crate) fn of(rows: i32, file_bytes: i64) -> JobSize {
        match rows <= JobSize::SMALL_ROWS && file_bytes <= JobSize::SMALL_FILE_BYTES {
            true => JobSize::Small,
            false => JobSize::Large,
        }
    }
}

/// The columns of a file that a person has assigned to the fields.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Columns {
    /// The position of each field's column, from 0; `None` if the file has none.
    #[serde(rename = "places")]
    pub positions: PerField<Option<u16>>,
    /// The number of columns in the file.
    pub columns: u16,
    /// The positions of the columns that are not imported, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded: Vec<u16>,
    /// Whether they were assigned in an earlier file of the owner with the same header, and remembered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub remembered: bool,
}

/// Returns a normalised form of a header, equal for headers whose names differ only in ways that do not count.
pub(crate) fn header_shape(names: &[String]) -> String {
    let mut hash = blake3::Hasher::new();
    for name in names {
        let name = folded(name);
        hash.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
    }
    hash.finalize().to_hex()[..32].to_owned()
}

/// The values of fields that are the same in every row, since the file has no column for them.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct FixedValues {
    #[serde(serialize_with = "by_name::serialize_given", deserialize_with = "by_name::deserialize_only")]
    pub(crate) values: PerField<Option<String>>,
}

impl FixedValues {
    /// Returns the value of a field.
    pub fn get(&self, field: Field) -> Option<&str> {
        self.values.get(field).as_deref()
    }

    /// Sets the value of a field.
    pub(crate) fn set(&mut self, field: Field, value: Option<String>) {
        *self.values.get_mut(field) = value;
    }

    /// Returns whether no field has a value.
    pub(crate) fn is_empty(&self) -> bool {
        self.values.values().into_iter().all(Option::is_none)
    }

    /// Returns the fields that have a value, with it.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Field, &str)> {
        self.values.iter().filter_map(|(field, value)| Some((field, value.as_deref()?)))
    }
}

words! {
    /// The quote around cells of a file.
    #[derive(Default)]
    Quote, "quote" {
        /// `"`.
        #[default]
        Double = "double",
        /// `'`.
        Single = "single",
        /// Quotes are letters like any other.
        None = "none",
    }
}

/// What a person has set about how a file is read; the rest is detected.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ParseSettings {
    /// The name of the encoding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// The physical line of the header, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_line: Option<u32>,
    /// The sheet of a workbook or the file of an archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// The character between two cells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// The quote around cells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<Quote>,
    /// The fields that have the same value in every row.
    #[serde(default, skip_serializing_if = "FixedValues::is_empty")]
    pub values: FixedValues,
}

impl ParseSettings {
    /// Returns the settings; those that are not set, except values, are those of `other`.
    pub(crate) fn or(self, other: &ParseSettings) -> ParseSettings {
        ParseSettings {
            encoding: self.encoding.or_else(|| other.encoding.clone()),
            header_line: self.header_line.or(other.header_line),
            part: self.part.or_else(|| other.part.clone()),
            delimiter: self.delimiter.or(other.delimiter),
            quote: self.quote.or(other.quote),
            values: self.values,
        }
    }

    /// Returns the line of the header as its column has it.
    pub(crate) fn line(&self) -> Option<i32> {
        self.header_line.map(|line| i32::try_from(line).unwrap_or(i32::MAX))
    }

    /// Returns the fixed values, if there are any.
    pub(crate) fn fixed(&self) -> Option<&FixedValues> {
        Some(&self.values).filter(|values| !values.is_empty())
    }

    /// Returns whether everything is detected.
    pub fn is_empty(&self) -> bool {
        *self == ParseSettings::default()
    }
}

words! {
    /// The flow of a run, logged as `flow_type`.
    Flow, "flow" {
        /// Rows come from the file.
        Initial = "INITIAL_PROCESSING",
        /// Rows come from the staging table; the file is not read again.
        Reprocess = "REPROCESSING",
    }
}
