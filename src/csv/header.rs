//! The header of a file, and the mapping of columns to fields that a person may set instead.

use super::columns::{Beginning, Source};
use super::rejection::{HeaderNames, Rejection};
use super::table_start::TableStart;
use crate::domain::field::{Field, PerField};
use crate::domain::required::RequiredFields;

/// The columns that a person has assigned to the fields, for a file whose column names do not identify them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The column of each field, from 0; `None` if the file has none.
    columns: PerField<Option<u16>>,
    /// The number of columns of the header. A file with another number is rejected.
    width: u16,
}

impl Mapping {
    /// Returns a mapping, or `None` if a required field has no column, or a column is not less than `width` or assigned
    /// twice. First and last name may share a column: it contains full names, which are split.
    pub fn new(columns: PerField<Option<u16>>, width: u16) -> Option<Mapping> {
        let is_in_name = |field: Field| matches!(field, Field::FirstName | Field::LastName);
        let is_valid = |(field, column): (Field, &Option<u16>)| {
            let shares = |(other, at): (Field, &Option<u16>)| {
                other != field && at == column && !(is_in_name(field) && is_in_name(other))
            };
            match column {
                Some(at) => *at < width && !columns.iter().any(shares),
                None => !field.is_required(),
            }
        };
        columns.iter().all(is_valid).then_some(Mapping { columns, width })
    }
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
    sources: PerField<Source>,
}

/// The first and the last column of our own CSV files of contacts.
pub(crate) const EXPORT_EDGES: [&str; 2] = ["contact", "created_at"];

impl Header {
    /// Returns whether the file is an export of contacts, in which formulas have apostrophes in front: see
    /// [`defused`](super::defused).
    pub(crate) fn is_export(&self) -> bool {
        let fields = Field::ALL.iter().map(|field| field.as_str());
        let [first, last] = EXPORT_EDGES;
        let begins = std::iter::once(first).chain(fields).zip(&self.names).all(|(own, name)| own == name);
        self.is_named && begins && self.names.last().is_some_and(|name| name == last)
    }

    /// Finds the columns of a table.
    ///
    /// Fails if the column of a required field is missing, or one is ambiguous. With a `mapping`, ignores the names and fails
    /// if the table has another number of columns.
    pub(super) fn find(
        start: &TableStart,
        mapping: Option<&Mapping>,
        required: RequiredFields,
    ) -> Result<Header, Rejection> {
        let (names, line) = (start.names.clone(), start.line);
        let (is_named, delimiter) = (start.is_named(), start.dialect.delimiter);
        if let Some(Mapping { columns, width }) = mapping {
            let (found, expected) = (names.len(), usize::from(*width));
            if found != expected {
                return Err(Rejection::Mapping { line, found, expected });
            }
            let columns = columns.map(|column| column.map(usize::from));
            let mut sources = columns.map(|column| column.map_or(Source::NONE, Source::Column));
            if let Some(column) = columns.first_name.filter(|_| columns.first_name == columns.last_name) {
                (sources.first_name, sources.last_name) = (Source::FirstOf(column), Source::LastOf(column));
            }
            return Ok(Header { names, is_named, line, delimiter, sources });
        }
        let rows = start.rows();
        let beginning = Beginning { names: &names, rows: &rows };
        let columns = beginning.columns();
        let is_missing = |field: &Field| required.has(*field) && columns.sources.get(*field).is_none();
        let missing: Vec<Field> = Field::ALL.iter().copied().filter(is_missing).collect();
        if !missing.is_empty() || !columns.doubled.is_empty() {
            let proposals = beginning.proposals(&columns);
            let (width, names) = (names.len(), HeaderNames::new(&names));
            return Err(match is_named {
                true => Rejection::Columns { line, missing, doubled: columns.doubled, names, proposals },
                false => Rejection::NoHeader { line, columns: width, proposals },
            });
        }
        let sources = columns.sources.map(|source| source.unwrap_or(Source::NONE));
        Ok(Header { names, is_named, line, delimiter, sources })
    }

    /// Returns the source of a field's value.
    pub(super) fn source(&self, field: Field) -> Source {
        *self.sources.get(field)
    }
}
