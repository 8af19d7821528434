//! Previews a file before its import: how its beginning is parsed, and which column is which.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::sync::atomic::AtomicBool;

use super::ActionError;
use super::beginning::{Beginning, PREVIEW_BYTES, UNPACKED_BYTES};
use crate::containers::{Signature, UnpackError, Unpacked, Wanted, unpack};
use crate::csv::{self, Encoding, Preview, TableSettings, kept_columns, other_columns, preview};
use crate::domain::field::{Field, PerField};
use crate::domain::interpretation::{Certainty, Container, EncodingReading, SkippedLine};
use crate::domain::job::{Columns, FixedValues, Owner, ParseSettings, Quote, header_shape};
use crate::domain::refusal::{Refusal, ValueFlaw};
use crate::domain::rejection::Rejection;
use crate::domain::required::RequiredFields;
use crate::store::{OwnerPool, StoreError, column_mappings};

/// Maximum number of rows in a preview.
const ROWS: usize = 10;

/// The parsed beginning of a file.
#[derive(Debug, Clone, serde::Serialize)]
pub struct FilePreview {
    /// What the table is packed in, from the outside in; empty for text.
    pub containers: Vec<Container>,
    /// The encoding, detected from the beginning.
    pub encoding: String,
    /// How sure the encoding is.
    pub certainty: Certainty,
    /// If the encoding is in doubt: the likely readings, the one in use first.
    pub readings: Vec<EncodingReading>,
    /// The character between two cells.
    pub delimiter: String,
    /// The quote around cells.
    pub quote: Quote,
    /// The sheets or files from which a person can choose one, if there are several.
    pub parts: Vec<String>,
    /// Whether the file is an archive with several tables and no table is chosen. The first is shown; an upload makes a job
    /// of each.
    pub is_split: bool,
    /// The line on which the header starts, from 1; without a header that of the first row.
    pub header_line: u64,
    /// Whether the file has a header.
    pub has_header: bool,
    /// The names in the header.
    pub names: Vec<String>,
    /// The column of each field.
    pub columns: Vec<MatchedColumn>,
    /// The names of the other columns, which are kept.
    pub kept: Vec<String>,
    /// The positions of the columns that are not imported, from 0, as remembered.
    pub excluded: Vec<u16>,
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
    /// Whether every contact must have a value of the field.
    pub required: bool,
    /// The value of the field in every row, instead of a column.
    pub value: Option<String>,
}

impl FilePreview {
    /// Returns the columns, if those of all required fields without a fixed value are known.
    pub(crate) fn matched(&self) -> Option<Columns> {
        let mut positions = PerField::default();
        for column in &self.columns {
            if column.required && column.place.is_none() && column.value.is_none() {
                return None;
            }
            *positions.get_mut(column.field) = column.place;
        }
        let columns = u16::try_from(self.names.len()).ok()?;
        let excluded = self.excluded.clone();
        Some(Columns { positions, columns, excluded, remembered: self.remembered })
    }

    /// Returns the names of the columns that are not imported.
    pub(crate) fn excluded_names(&self) -> Vec<String> {
        let is_excluded = |at: usize| self.excluded.iter().any(|excluded| usize::from(*excluded) == at);
        other_columns(&self.names, self.has_header, is_excluded).into_iter().map(|(_, name)| name).collect()
    }

    /// Returns the fields that have the same value in every row.
    pub(crate) fn values(&self) -> FixedValues {
        let mut values = FixedValues::default();
        for column in &self.columns {
            values.set(column.field, column.value.clone());
        }
        values
    }

    /// Returns the normalised header, if there is one.
    pub(crate) fn shape(&self) -> Option<String> {
        self.has_header.then(|| header_shape(&self.names))
    }
}

/// What a person has set about how a file is read, as text.
#[derive(Debug, Default)]
pub(crate) struct GivenSettings<'a> {
    pub encoding: Option<&'a str>,
    pub header_line: Option<i64>,
    pub part: Option<&'a str>,
    pub delimiter: Option<&'a str>,
    pub quote: Option<&'a str>,
    pub values: FixedValues,
}

/// Returns the settings with the usual name of the encoding.
///
/// Fails if one of them cannot be right for any file.
pub(crate) fn parse_settings(given: GivenSettings<'_>) -> Result<ParseSettings, ActionError> {
    let GivenSettings { encoding, header_line, part, delimiter, quote, values } = given;
    let refused = |field, reason| ActionError::Invalid { field, reason };
    let delimiter =
        delimiter.map(|text| csv::delimiter(text).ok_or_else(|| refused("delimiter", Refusal::Delimiter)));
    let quote = quote.map(|text| csv::quote(text).ok_or_else(|| refused("quote", Refusal::Quote)));
    if part.is_some_and(|part| part.contains('\0')) {
        return Err(refused("part", Refusal::Nul));
    }
    let encoding = encoding.map(str::parse::<Encoding>).transpose();
    let unknown = |unknown: Rejection| refused("encoding", unknown.into());
    let encoding = encoding.map_err(unknown)?.map(|encoding| encoding.as_str().to_owned());
    let line = |line| match i32::try_from(line) {
        Ok(line) if line > 0 => Ok(line.unsigned_abs()),
        _ => Err(refused("header_line", Refusal::HeaderLine { line })),
    };
    Ok(ParseSettings {
        encoding,
        header_line: header_line.map(line).transpose()?,
        part: part.map(str::to_owned),
        delimiter: delimiter.transpose()?,
        quote: quote.transpose()?,
        values: checked_values(values)?,
    })
}

/// Maximum number of characters of a fixed value.
const VALUE_CHARACTERS: usize = 1000;

/// Returns the values without white space around them.
///
/// Fails if one of them cannot be the value of every row.
pub(crate) fn checked_values(given: FixedValues) -> Result<FixedValues, ActionError> {
    let mut values = FixedValues::default();
    for (field, value) in given.iter() {
        let value = value.trim();
        let flaw = match value {
            _ if field == Field::Email => ValueFlaw::IdentifiesContact,
            "" => ValueFlaw::Empty,
            value if value.contains(char::is_control) => ValueFlaw::ControlCharacter,
            value if value.chars().count() > VALUE_CHARACTERS => {
                ValueFlaw::TooLong { limit: VALUE_CHARACTERS }
            }
            _ => {
                values.set(field, Some(value.to_owned()));
                continue;
            }
        };
        return Err(ActionError::Invalid { field: "values", reason: Refusal::FixedValue { field, flaw } });
    }
    Ok(values)
}

/// Parses the beginning of a file of the owner.
///
/// Fails as invalid, in words for the file's owner, if it cannot be parsed.
pub(crate) async fn preview_file(
    owners: &OwnerPool,
    owner: &Owner,
    beginning: &Beginning,
    settings: &ParseSettings,
    required: RequiredFields,
) -> Result<FilePreview, ActionError> {
    let text = Text::of(beginning, settings.part.as_deref()).await?;
    let found = text.preview(settings).map_err(|rejection| refusal(rejection, beginning))?;
    let mut db = owners.read(owner).await?;
    // Made-up names of columns are the same in all files without a header.
    let remembered = match found.is_named {
        true => column_mappings::find(&mut db, owner, &header_shape(&found.names)).await?,
        false => None,
    };
    let remembered = remembered.filter(|known| usize::from(known.columns.columns) == found.names.len());
    let values = match &remembered {
        Some(known) => known.completed(&settings.values),
        None => settings.values.clone(),
    };
    let excluded = remembered.as_ref().map(|known| known.columns.excluded.clone()).unwrap_or_default();
    let column = |(field, matches): (Field, &Vec<usize>)| {
        let candidates: Vec<u16> = matches.iter().filter_map(|column| u16::try_from(*column).ok()).collect();
        let by_name = if let [only] = candidates[..] { Some(only) } else { None };
        let by_name = by_name.filter(|at| !excluded.contains(at));
        let known = remembered.as_ref().and_then(|known| *known.columns.positions.get(field));
        let value = values.get(field).map(str::to_owned);
        let place = if value.is_some() { None } else { known.or(by_name) };
        MatchedColumn { field, place, candidates, required: required.has(field), value }
    };
    let columns: Vec<MatchedColumn> = found.matches.iter().map(column).collect();
    let is_field = |at: usize| columns.iter().any(|column| column.place.map(usize::from) == Some(at));
    let is_excluded = |at: usize| excluded.iter().any(|excluded| usize::from(*excluded) == at);
    let kept = kept_columns(&found.names, found.is_named, |at| !is_field(at) && !is_excluded(at));
    let Preview {
        encoding,
        certainty,
        readings,
        delimiter,
        quote,
        line,
        is_named,
        names,
        rows,
        row_lines,
        skipped,
        ..
    } = found;
    Ok(FilePreview {
        containers: text.containers,
        encoding: encoding.as_str().to_owned(),
        certainty,
        readings,
        delimiter: char::from(delimiter).to_string(),
        quote,
        parts: text.parts,
        is_split: text.is_first,
        header_line: line,
        has_header: is_named,
        names,
        columns,
        kept,
        excluded,
        remembered: remembered.is_some(),
        skipped,
        rows,
        row_lines,
    })
}

/// The beginning of a file as text.
struct Text<'a> {
    bytes: Cow<'a, [u8]>,
    is_whole: bool,
    containers: Vec<Container>,
    /// Whether the text is our own, of the cells of a workbook, and so in UTF-8.
    is_ours: bool,
    parts: Vec<String>,
    /// Whether it is the first of several tables of an archive.
    is_first: bool,
}

impl<'a> Text<'a> {
    /// Unpacks the beginning of a file if it is a container.
    async fn of(beginning: &'a Beginning, part: Option<&str>) -> Result<Text<'a>, ActionError> {
        let plain = Text {
            bytes: beginning.head().into(),
            is_whole: beginning.is_whole(),
            containers: Vec::new(),
            is_ours: false,
            parts: Vec::new(),
            is_first: false,
        };
        if Signature::of(beginning.head()).is_none() {
            let refused = part.map(|part| refusal(Rejection::no_part(part, Vec::new()), beginning));
            return refused.map_or(Ok(plain), Err);
        }
        let (file, is_whole) = beginning.to_file().map_err(StoreError::Scratch)?;
        let part = part.map(str::to_owned);
        let unpacked = tokio::task::spawn_blocking(move || unpacked(file, is_whole, part.as_deref())).await;
        let unpacked = unpacked.map_err(std::io::Error::other).map_err(StoreError::Scratch)?;
        Ok(unpacked.map_err(|error| not_unpacked(error, beginning))?.unwrap_or(plain))
    }

    fn preview(&self, settings: &ParseSettings) -> Result<Preview, Rejection> {
        let encoding = match self.is_ours {
            true => Some(Encoding::Utf8),
            false => settings.encoding.as_deref().map(str::parse::<Encoding>).transpose()?,
        };
        let header_line = settings.header_line.map(u64::from);
        let table = match self.is_ours {
            true => header_line.into(),
            false => TableSettings { header_line, delimiter: settings.delimiter, quote: settings.quote },
        };
        let found = preview(&self.bytes, self.is_whole, ROWS, encoding, table)?;
        let certainty = if self.is_ours { Certainty::Sure } else { found.certainty };
        Ok(Preview { certainty, ..found })
    }
}

/// Returns why a container has no preview.
pub(super) fn not_unpacked(error: UnpackError, beginning: &Beginning) -> ActionError {
    match error {
        UnpackError::Rejected(rejection) => refusal(rejection, beginning),
        UnpackError::Scratch(source) => StoreError::Scratch(source).into(),
        UnpackError::Stopped => StoreError::Scratch(std::io::ErrorKind::Interrupted.into()).into(),
    }
}

/// Returns why a file has no preview, with the parameter that may be the cause.
pub(super) fn refusal(rejection: Rejection, beginning: &Beginning) -> ActionError {
    let (field, reason) = match rejection {
        Rejection::Incomplete | Rejection::GrowsTooLarge { .. } => ("file", beginning.too_large()),
        Rejection::NoSuchLine { .. } => ("header_line", rejection.into()),
        Rejection::NoSuchPart { .. } => ("part", rejection.into()),
        Rejection::Utf7 => ("encoding", rejection.into()),
        Rejection::Empty
        | Rejection::Blank
        | Rejection::HeaderOnly { .. }
        | Rejection::NotCsv { .. }
        | Rejection::NoHeader { .. }
        | Rejection::Columns { .. }
        | Rejection::UnknownEncoding { .. }
        | Rejection::Mapping { .. }
        | Rejection::BrokenQuotes { .. }
        | Rejection::RowTooLong { .. }
        | Rejection::TooDamaged { .. }
        | Rejection::NoTable { .. }
        | Rejection::SeveralTables { .. }
        | Rejection::ForeignContainer { .. }
        | Rejection::Protected { .. }
        | Rejection::BrokenContainer { .. }
        | Rejection::NestedTooDeep => ("file", rejection.into()),
    };
    ActionError::Invalid { field, reason }
}

/// Unpacks the beginning of a container. Returns `None` for any other file.
fn unpacked(packed: File, is_whole: bool, part: Option<&str>) -> Result<Option<Text<'static>>, UnpackError> {
    let wanted = Wanted {
        bytes: PREVIEW_BYTES as u64,
        is_whole,
        in_memory: UNPACKED_BYTES,
        stop: &AtomicBool::new(false),
        part,
        takes_first: true,
    };
    let Some(unpacked) = unpack(packed, &wanted)? else { return Ok(None) };
    let mut bytes = Vec::new();
    (&unpacked.text).take(PREVIEW_BYTES as u64).read_to_end(&mut bytes)?;
    let is_whole = unpacked.is_whole && bytes.len() < PREVIEW_BYTES;
    let Unpacked { containers, is_ours, parts, is_first, .. } = unpacked;
    Ok(Some(Text { bytes: bytes.into(), is_whole, containers, is_ours, parts, is_first }))
}
