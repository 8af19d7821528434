//! How the text of a file is read: readers for its passes.

use crate::csv::{Encoding, Limits, Mapping, Reader, Reading, TableSettings};
use crate::domain::job::{Columns, ParseSettings};
use crate::domain::rejection::Rejection;
use crate::domain::required::RequiredFields;

/// What is known about a text before it is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadAs<'a> {
    /// The columns of the fields, if a person matched them or they are remembered.
    pub columns: Option<&'a Columns>,
    /// How the file is read, as far as a person has set it.
    pub settings: &'a ParseSettings,
    /// The fields that its rows must have.
    pub required: RequiredFields,
    /// Whether the text is our own, of the cells of a workbook, and so in UTF-8.
    pub is_ours: bool,
}

impl ReadAs<'_> {
    /// Returns a reader for the first pass, which detects the encoding unless it is known or a person has set it.
    pub(crate) fn first_reader(&self) -> Result<Reader, Rejection> {
        let reader = match self.encoding()? {
            Some(encoding) => Reader::with_encoding(encoding, Limits::default()),
            None => Reader::sniffing(Limits::default()),
        };
        Ok(self.as_set(reader))
    }

    /// Returns a reader for a later pass, with the encoding that the first pass has found.
    pub(crate) fn reader(&self, reading: Reading) -> Reader {
        self.as_set(Reader::with_encoding(reading, Limits::default()))
    }

    /// Returns the encoding if it is known or a person has set it.
    pub(crate) fn encoding(&self) -> Result<Option<Encoding>, Rejection> {
        Ok(match (self.is_ours, &self.settings.encoding) {
            (true, _) => Some(Encoding::Utf8),
            (false, Some(name)) => Some(name.parse::<Encoding>()?),
            (false, None) => None,
        })
    }

    /// Returns what is set about the table. The cells of a workbook have neither a delimiter nor quotes.
    pub(crate) fn table(&self) -> TableSettings {
        let ParseSettings { header_line, delimiter, quote, .. } = *self.settings;
        let header_line = header_line.map(u64::from);
        match self.is_ours {
            true => header_line.into(),
            false => TableSettings { header_line, delimiter, quote },
        }
    }

    /// Applies what is set to a reader.
    fn as_set(&self, reader: Reader) -> Reader {
        let reader = reader.mapped(self.columns.and_then(Mapping::of)).of_table(self.table());
        reader.requiring(self.required).fixing(self.settings.values.clone())
    }
}
