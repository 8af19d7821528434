//! The header of a file, and the mapping of columns to fields that a person may set instead.

use super::columns::{Beginning, Source};
use super::extra::ExtraColumn;
use super::header_row::meaning;
use super::table_start::TableStart;
use crate::domain::field::{Field, PerField};
use crate::domain::job::{Columns, FixedValues, Quote};
use crate::domain::rejection::{ColumnProposal, HeaderNames, Rejection};
use crate::domain::required::RequiredFields;

/// The columns that a person has assigned to the fields, for a file whose column names do not identify them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The column of each field, from 0; `None` if the file has none.
    columns: PerField<Option<u16>>,
    /// The columns that are not imported, from 0.
    excluded: Vec<u16>,
    /// The number of columns of the header. A file with another number is rejected.
    width: u16,
}

impl Mapping {
    /// Returns a mapping, or `None` if a column is not less than `width` or assigned twice. First and last name may share a
    /// column: it contains full names, which are split.
    pub fn new(columns: PerField<Option<u16>>, width: u16) -> Option<Mapping> {
        let is_in_name = |field: Field| matches!(field, Field::FirstName | Field::LastName);
        let is_valid = |(field, column): (Field, &Option<u16>)| {
            let shares = |(other, at): (Field, &Option<u16>)| {
                other != field && at == column && !(is_in_name(field) && is_in_name(other))
            };
            match column {
                Some(at) => *at < width && !columns.iter().any(shares),
                None => true,
            }
        };
        columns.iter().all(is_valid).then_some(Mapping { columns, excluded: Vec::new(), width })
    }

    /// Returns the mapping of a job's columns. Returns `None` as [`Mapping::new`] does, or if a column that is not imported
    /// does not exist or belongs to a field.
    pub(crate) fn of(columns: &Columns) -> Option<Mapping> {
        let Columns { positions, columns: width, excluded, .. } = columns;
        let is_free = |at: &u16| at < width && !positions.values().contains(&&Some(*at));
        let mapping = Mapping::new(*positions, *width).filter(|_| excluded.iter().all(is_free))?;
        Some(Mapping { excluded: excluded.clone(), ..mapping })
    }

    fn excludes(&self, column: usize) -> bool {
        self.excluded.iter().any(|excluded| usize::from(*excluded) == column)
    }
}

/// What is set about the columns of a file rather than detected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ColumnSettings {
    pub mapping: Option<Mapping>,
    /// The fields for which the file must have a column or a fixed value.
    pub required: RequiredFields,
    pub values: FixedValues,
}

/// The header of a file and the source of each field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The column names in order; `column 1` and so on if the file has no header.
    pub names: Vec<String>,
    /// Whether the file has a header.
    pub is_named: bool,
    /// The physical line of the header, from 1; of the first row if there is no header.
    pub line: u64,
    /// The delimiter.
    pub delimiter: u8,
    /// The quote around cells.
    pub quote: Quote,
    /// The fields that have the same value in every row.
    pub values: FixedValues,
    /// Whether the file is one of our own exports of contacts, with apostrophes in front of formulas.
    pub(crate) is_export: bool,
    /// The columns that belong to no field and are imported.
    pub(crate) extra: Vec<ExtraColumn>,
    /// The columns that a person has excluded from the import.
    pub(crate) excluded: Vec<ExtraColumn>,
    sources: PerField<Source>,
}

/// The first and the last column of our own CSV files of contacts.
pub(crate) const EXPORT_EDGES: [&str; 2] = ["contact", "created_at"];

/// Returns whether a table is an export of contacts: its formulas have apostrophes in front (see
/// [`defused`](super::defused)), and its first and last column say nothing about a contact.
fn is_export(start: &TableStart) -> bool {
    let fields = Field::ALL.iter().map(|field| field.as_str());
    let [first, last] = EXPORT_EDGES;
    let begins = std::iter::once(first).chain(fields).zip(&start.names).all(|(own, name)| own == name);
    start.is_named() && begins && start.names.last().is_some_and(|name| name == last)
}

impl Header {
    /// Finds the columns of a table.
    ///
    /// Fails if a required field has neither a column nor a fixed value, or if its column is ambiguous. With a mapping,
    /// ignores the names and fails if the table has another number of columns.
    pub(super) fn find(start: &TableStart, settings: &ColumnSettings) -> Result<Header, Rejection> {
        let sources = match &settings.mapping {
            Some(mapping) => mapping.sources(start)?,
            None => detected(start, settings)?,
        };
        let is_fixed = |field: Field| settings.values.get(field).is_some();
        let source = |field: Field| sources.get(field).filter(|_| !is_fixed(field));
        let missing = settings.missing(|field| source(field).is_some());
        if !missing.is_empty() {
            return Err(refused(start, missing, Vec::new(), Vec::new()));
        }
        let sources = PerField::from_fn(|field| source(field).unwrap_or(Source::NONE));
        let is_export = is_export(start);
        let is_edge = |at: usize| is_export && (at == 0 || at + 1 == start.names.len());
        let is_excluded = |at: usize| settings.mapping.as_ref().is_some_and(|mapping| mapping.excludes(at));
        let is_other =
            |at: usize| sources.values().iter().all(|source| source.column() != at) && !is_edge(at);
        let is_extra = |at: usize| is_other(at) && !is_excluded(at);
        Ok(Header {
            is_export,
            names: start.names.clone(),
            is_named: start.is_named(),
            line: start.line,
            delimiter: start.dialect.delimiter,
            quote: start.dialect.quotes(),
            values: settings.values.clone(),
            extra: match is_export {
                true => ExtraColumn::all_defused(&start.names, is_extra),
                false => ExtraColumn::all(&start.names, start.is_named(), is_extra),
            },
            excluded: ExtraColumn::all(&start.names, start.is_named(), is_excluded),
            sources,
        })
    }

    /// Returns the source of a field's value.
    pub(super) fn source(&self, field: Field) -> Source {
        *self.sources.get(field)
    }
}

impl Mapping {
    fn sources(&self, start: &TableStart) -> Result<PerField<Option<Source>>, Rejection> {
        let (found, expected) = (start.names.len(), usize::from(self.width));
        if found != expected {
            return Err(Rejection::Mapping { line: start.line, found, expected });
        }
        let columns = self.columns.map(|column| column.map(usize::from));
        let mut sources = columns.map(|column| column.map(Source::Column));
        if let Some(column) = columns.first_name.filter(|_| columns.first_name == columns.last_name) {
            let order = meaning(&start.names[column]).full_name.unwrap_or_default();
            (sources.first_name, sources.last_name) =
                (Some(Source::FirstOf(column, order)), Some(Source::LastOf(column, order)));
        }
        Ok(sources)
    }
}

impl ColumnSettings {
    /// Returns the required fields that have neither a column nor a fixed value.
    fn missing(&self, has_column: impl Fn(Field) -> bool) -> Vec<Field> {
        let is_missing = |field: &Field| self.values.get(*field).is_none() && !has_column(*field);
        self.required.iter().filter(is_missing).collect()
    }
}

/// Detects the columns by their names and content.
fn detected(start: &TableStart, settings: &ColumnSettings) -> Result<PerField<Option<Source>>, Rejection> {
    let rows = start.rows();
    let beginning = Beginning { names: &start.names, rows: &rows };
    let columns = beginning.columns();
    let missing = settings.missing(|field| columns.sources.get(field).is_some());
    let is_needed = |field: &Field| settings.values.get(*field).is_none();
    let doubled: Vec<Field> = columns.doubled.iter().copied().filter(is_needed).collect();
    if missing.is_empty() && doubled.is_empty() {
        return Ok(columns.sources);
    }
    let proposals = beginning.proposals(&columns, &missing);
    // Without a header, all columns have to be assigned.
    let missing = if start.is_named() { missing } else { settings.missing(|_| false) };
    Err(refused(start, missing, doubled, proposals))
}

fn refused(
    start: &TableStart,
    missing: Vec<Field>,
    doubled: Vec<Field>,
    proposals: Vec<ColumnProposal>,
) -> Rejection {
    let line = start.line;
    match start.is_named() {
        true => {
            Rejection::Columns { line, missing, doubled, names: HeaderNames::new(&start.names), proposals }
        }
        false => Rejection::NoHeader { line, columns: start.names.len(), missing, proposals },
    }
}
