//! Previews a file before its import: how its beginning is parsed, and which column is which.

use super::ActionError;
use crate::csv::{Encoding, Preview, Rejection, UnknownEncoding, preview};
use crate::domain::field::{Field, PerField, folded};
use crate::domain::interpretation::{Certainty, SkippedLine};
use crate::domain::job::{Columns, Owner, ParseSettings};
use crate::store::{OwnerPool, column_mappings};

/// Maximum number of rows in a preview.
const ROWS: usize = 10;
/// Bytes of a file that are enough for a preview.
pub(crate) const PREVIEW_BYTES: usize = 256 << 10;

/// The parsed beginning of a file.
#[derive(Debug, Clone, serde::Serialize)]
pub struct FilePreview {
    /// The encoding, detected from the beginning.
    pub encoding: String,
    /// How sure the encoding is.
    pub certainty: Certainty,
    /// The character between two cells.
    pub delimiter: String,
    /// The line on which the header starts, from 1; without a header that of the first row.
    pub header_line: u64,
    /// Whether the file has a header.
    pub has_header: bool,
    /// The names in the header.
    pub names: Vec<String>,
    /// Which columns are which.
    pub columns: Vec<MatchedColumn>,
    /// Whether the owner matched these columns by hand in an earlier file with the same header.
    pub remembered: bool,
    /// The lines above the header, which are skipped.
    pub skipped: Vec<SkippedLine>,
    /// The cells of the first rows.
    pub rows: Vec<Vec<String>>,
    /// The lines on which these rows start, from 1.
    pub row_lines: Vec<u64>,
}

/// The column of a field.
#[derive(Debug, Clone, serde::Serialize)]
pub struct MatchedColumn {
    /// The field.
    pub field: Field,
    /// Its position in the file, from 0; `None` if the names do not show it.
    pub place: Option<u16>,
    /// The positions of all names that match, if more than one does.
    pub candidates: Vec<u16>,
}

impl FilePreview {
    /// Returns the columns, if those of all required fields are known.
    pub(crate) fn matched(&self) -> Option<Columns> {
        let mut places = PerField::default();
        for column in &self.columns {
            *places.get_mut(column.field) = column.place;
        }
        let is_complete = places.iter().all(|(field, place)| place.is_some() || !field.is_required());
        let columns = u16::try_from(self.names.len()).ok().filter(|_| is_complete)?;
        Some(Columns { places, columns })
    }
}

/// Returns the settings with the usual name of the encoding.
///
/// Fails if the encoding is unknown or the line is not one.
pub(crate) fn parse_settings(
    encoding: Option<&str>,
    header_line: Option<i64>,
) -> Result<ParseSettings, ActionError> {
    let encoding = encoding.map(str::parse::<Encoding>).transpose();
    let unknown =
        |error: UnknownEncoding| ActionError::Invalid { field: "encoding", reason: error.to_string() };
    let encoding = encoding.map_err(unknown)?.map(|encoding| encoding.as_str().to_owned());
    let line = |line| match i32::try_from(line) {
        Ok(line) if line > 0 => Ok(line.unsigned_abs()),
        _ => Err(ActionError::Invalid {
            field: "header_line",
            reason: format!(
                "the lines of a file are numbered from 1, so the header cannot be on line {line}"
            ),
        }),
    };
    Ok(ParseSettings { encoding, header_line: header_line.map(line).transpose()? })
}

/// Parses the beginning of a file of the owner. `whole` means that `head` is the whole file.
///
/// Fails as invalid, in words for the file's owner, if it cannot be parsed.
pub(crate) async fn preview_file(
    owners: &OwnerPool,
    owner: &Owner,
    head: &[u8],
    whole: bool,
    settings: &ParseSettings,
) -> Result<FilePreview, ActionError> {
    let found = read(head, whole, settings).map_err(|error| {
        let field = match error {
            Rejection::NoSuchLine { .. } => "header_line",
            _ => "file",
        };
        ActionError::Invalid { field, reason: error.to_string() }
    })?;
    let mut db = owners.read(owner).await?;
    // Made-up names of columns are the same in all files without a header.
    let remembered = match found.is_named {
        true => column_mappings::find(&mut db, owner, &shape(&found.names)).await?,
        false => None,
    };
    let remembered = remembered.filter(|columns| usize::from(columns.columns) == found.names.len());
    let column = |(field, places): (Field, &Vec<usize>)| {
        let candidates: Vec<u16> = places.iter().filter_map(|place| u16::try_from(*place).ok()).collect();
        let by_name = if let [place] = candidates[..] { Some(place) } else { None };
        MatchedColumn {
            field,
            place: remembered.and_then(|columns| *columns.places.get(field)).or(by_name),
            candidates,
        }
    };
    let columns = found.matches.iter().map(column).collect();
    let Preview { encoding, certainty, delimiter, line, is_named, names, rows, row_lines, skipped, .. } =
        found;
    Ok(FilePreview {
        encoding: encoding.as_str().to_owned(),
        certainty,
        delimiter: char::from(delimiter).to_string(),
        header_line: line,
        has_header: is_named,
        names,
        columns,
        remembered: remembered.is_some(),
        skipped,
        rows,
        row_lines,
    })
}

fn read(head: &[u8], whole: bool, settings: &ParseSettings) -> Result<Preview, Rejection> {
    let encoding = settings.encoding.as_deref().map(str::parse::<Encoding>).transpose()?;
    preview(head, whole, ROWS, encoding, settings.header_line.map(u64::from))
}

/// Returns a normalised form of a header, equal for headers whose names differ only in ways that do not count.
pub(super) fn shape(names: &[String]) -> String {
    let mut hash = blake3::Hasher::new();
    for name in names {
        let name = folded(name);
        hash.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
    }
    hash.finalize().to_hex()[..32].to_owned()
}
