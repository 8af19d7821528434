//! vCard files (RFC 6350, RFC 2426, and version 2.1), as telephones and address books export them: one row for each card.
//!
//! Bytes are kept as they are, so that the encoding of the text is detected like that of any other file. Only values that
//! name their encoding are converted to UTF-8.

mod line;

use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};

use line::{Line, Lines};

use super::error::UnpackError;
use super::output::{Flow, Output};
use crate::domain::field::{Field, PerField};
use crate::domain::full_name::{self, NameOrder};
use crate::domain::interpretation::{Container, ContainerFormat};

/// Maximum number of further properties that get a column.
const MAX_COLUMNS: usize = 50;
/// Properties that say nothing about a person, or that belong to the card itself.
const IGNORED: [&[u8]; 8] = [b"BEGIN", b"END", b"VERSION", b"PRODID", b"REV", b"UID", b"N", b"ORG"];
/// Properties with pictures and keys, whose values are left out.
const BINARY: [&[u8]; 4] = [b"PHOTO", b"LOGO", b"SOUND", b"KEY"];

/// Writes the cards as rows: the fields, then a column for each further property of any card.
pub(super) fn unpack(file: File, output: &mut Output<'_>) -> Result<Container, UnpackError> {
    let mut source = BufReader::new(file);
    let columns = further_properties(&mut source)?;
    source.seek(SeekFrom::Start(0))?;
    let mut header: Vec<Vec<u8>> = Field::ALL.iter().map(|field| field.as_str().into()).collect();
    header.extend(columns.iter().map(|name| [b"vCard ".as_slice(), name].concat()));
    output.write(&row(&header))?;
    let mut card: Option<Card> = None;
    let mut lines = Lines::new(&mut source);
    loop {
        let line = lines.next()?;
        match (line, &mut card) {
            (Some(line), Some(card)) if !line.is_edge() => card.lines.push(line),
            // A card before the first edge, or after the end of one, is none.
            (Some(line), None) if line.name != b"BEGIN" => {}
            // The next card begins, or the file ends, also where a card has no end.
            (line, _) => {
                let begins = line.as_ref().is_some_and(|line| line.name == b"BEGIN");
                let is_cut = line.is_none() && output.is_partial();
                let ended = std::mem::replace(&mut card, begins.then(Card::default));
                if let Some(ended) = ended.filter(|ended| !ended.lines.is_empty() && !is_cut)
                    && output.write(&row(&ended.cells(&columns)))? == Flow::Enough
                {
                    break;
                }
                if line.is_none() {
                    break;
                }
            }
        }
    }
    Ok(Container { format: ContainerFormat::Vcard, part: None, others: Vec::new() })
}

/// Returns the names of the properties for which there is no field, in the order of the file.
fn further_properties(source: &mut dyn BufRead) -> Result<Vec<Vec<u8>>, UnpackError> {
    let mut names: Vec<Vec<u8>> = Vec::new();
    let mut lines = Lines::new(source);
    let mut has_email = false;
    while let Some(line) = lines.next()? {
        if line.name == b"BEGIN" {
            has_email = false;
        }
        // The first e-mail of a card is a field.
        let is_field = line.name == b"EMAIL" && !std::mem::replace(&mut has_email, true);
        let is_known = IGNORED.contains(&line.name.as_slice()) || names.contains(&line.name);
        if !is_field && !is_known && names.len() < MAX_COLUMNS {
            names.push(line.name);
        }
    }
    Ok(names)
}

/// The properties of a card.
#[derive(Default)]
struct Card {
    lines: Vec<Line>,
}

impl Card {
    /// Returns the values of the fields, and those of other properties.
    fn cells(&self, columns: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let email = self.preferred(b"EMAIL");
        let names = self.names();
        let company = self.preferred(b"ORG").map(|org| org.component(0)).unwrap_or_default();
        let fields = PerField {
            email: email.map(Line::text).unwrap_or_default(),
            first_name: names.first,
            last_name: names.last,
            company,
        };
        let mut cells: Vec<Vec<u8>> = fields.into_iter().collect();
        for column in columns {
            let lines = self.lines.iter().filter(|line| line.name == *column);
            let others = lines.filter(|line| !email.is_some_and(|email| std::ptr::eq(*line, email)));
            let shown = others.filter(|line| !BINARY.contains(&line.name.as_slice()));
            cells.push(shown.map(Line::text).collect::<Vec<_>>().join(&b", "[..]));
        }
        cells
    }

    /// Returns the preferred line of a property, or the first.
    fn preferred(&self, name: &[u8]) -> Option<&Line> {
        let lines = || self.lines.iter().filter(|line| line.name == name);
        lines().find(|line| line.is_preferred()).or_else(|| lines().next())
    }

    /// Returns first and last name. Splits the formatted name only if the card has no other, and only where it can be split
    /// in one way.
    fn names(&self) -> Names {
        let parts = self.preferred(b"N");
        let (last, first) = (parts.map(|name| name.component(0)), parts.map(|name| name.component(1)));
        let named = Names { first: first.unwrap_or_default(), last: last.unwrap_or_default() };
        if !named.first.is_empty() || !named.last.is_empty() {
            return named;
        }
        let formatted = self.preferred(b"FN").map(Line::text).unwrap_or_default();
        let split = std::str::from_utf8(&formatted).map(|name| full_name::split(name, NameOrder::default()));
        match split {
            Ok(split) if !split.is_doubtful => Names { first: split.first.into(), last: split.last.into() },
            Ok(_) | Err(_) => named,
        }
    }
}

struct Names {
    first: Vec<u8>,
    last: Vec<u8>,
}

/// Returns cells as a line of CSV, all in quotes.
fn row(cells: &[Vec<u8>]) -> Vec<u8> {
    let quoted = cells.iter().map(|cell| {
        let mut quoted = vec![b'"'];
        for byte in cell {
            if *byte == b'"' {
                quoted.push(b'"');
            }
            quoted.push(*byte);
        }
        quoted.push(b'"');
        quoted
    });
    let mut row = quoted.collect::<Vec<_>>().join(&b',');
    row.push(b'\n');
    row
}

#[cfg(test)]
mod tests;
