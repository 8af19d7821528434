//! Tables for people: aligned columns that fit the terminal.
//!
//! Only a terminal limits the width. In a file or a pipe, no cell is cut for it.

use std::io::{self, Write};

use unicode_width::UnicodeWidthChar;

/// Spaces between two columns, and in front of a note.
const GAP: usize = 2;
/// The width to which a column is cut at most.
const NARROWEST: usize = 5;

/// Returns the width of the terminal, in columns; `None` if the standard output is none.
pub(super) fn terminal_width() -> Option<usize> {
    let (terminal_size::Width(columns), _) = terminal_size::terminal_size_of(io::stdout())?;
    Some(usize::from(columns)).filter(|columns| *columns > 0)
}

/// How to print a table.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Layout<'h> {
    /// The width to fit; `None` for any width.
    pub width: Option<usize>,
    /// The heading of a column of sentences, which are printed below their rows if the table is too wide.
    pub note: Option<&'h str>,
}

impl Layout<'_> {
    /// Prints rows below a header.
    ///
    /// If they are too wide, columns without values are left out, then the notes go below their rows, then the longest
    /// headings and the widest columns are cut.
    pub(super) fn print(
        &self,
        out: &mut impl Write,
        header: &[String],
        rows: &[Vec<String>],
    ) -> io::Result<()> {
        let note = header.iter().position(|name| Some(name.as_str()) == self.note);
        let mut columns = Columns::of(header, rows);
        let mut below = None;
        if let Some(width) = self.width {
            if columns.width() > width && !rows.is_empty() {
                columns.retain(|column| rows.iter().any(|row| !cell(row, column).is_empty()));
            }
            if columns.width() > width && columns.retain(|column| Some(column) != note) {
                below = note;
            }
            columns.narrow(width);
        }
        self.line(out, &columns, header)?;
        for row in rows {
            self.line(out, &columns, row)?;
            for line in below.iter().flat_map(|note| self.wrapped(cell(row, *note))) {
                writeln!(out, "{:GAP$}{line}", "")?;
            }
        }
        Ok(())
    }

    fn line(&self, out: &mut impl Write, columns: &Columns, cells: &[String]) -> io::Result<()> {
        let mut line = String::new();
        for Column { at, width, .. } in &columns.0 {
            let cell = cut(cell(cells, *at), *width);
            let padding = width - width_of(&cell) + GAP;
            line.push_str(&cell);
            line.extend(std::iter::repeat_n(' ', padding));
        }
        let line = line.trim_end();
        // So many columns do not fit, however narrow they are.
        writeln!(out, "{}", self.width.map_or_else(|| line.to_owned(), |width| cut(line, width)))
    }

    /// Breaks a note into lines, between words where possible.
    fn wrapped(&self, note: &str) -> Vec<String> {
        let width = self.width.unwrap_or(usize::MAX).saturating_sub(GAP).max(1);
        let mut lines: Vec<String> = Vec::new();
        for word in note.split_whitespace() {
            match lines.last_mut() {
                Some(line) if width_of(line) + 1 + width_of(word) <= width => {
                    line.push(' ');
                    line.push_str(word);
                }
                Some(_) | None => lines.extend(pieces(word, width)),
            }
        }
        lines
    }
}

/// Columns to print.
struct Columns(Vec<Column>);

#[derive(Clone, Copy)]
struct Column {
    /// Its position in a row.
    at: usize,
    width: usize,
    /// The width of its widest value, without the heading.
    values: usize,
}

impl Column {
    /// How much narrower it can be if only its heading is cut.
    fn slack(self) -> usize {
        self.width.saturating_sub(self.values.max(NARROWEST))
    }
}

impl Columns {
    fn of(header: &[String], rows: &[Vec<String>]) -> Columns {
        let column = |at: usize| {
            let values = rows.iter().map(|row| width_of(cell(row, at))).max().unwrap_or_default();
            Column { at, width: values.max(width_of(cell(header, at))), values }
        };
        let columns = rows.iter().map(Vec::len).fold(header.len(), usize::max);
        Columns((0..columns).map(column).collect())
    }

    /// The width of a line.
    fn width(&self) -> usize {
        let widths = self.0.iter().map(|column| column.width + GAP);
        widths.sum::<usize>().saturating_sub(GAP)
    }

    /// Leaves out other columns. Returns whether there were any.
    fn retain(&mut self, is_kept: impl Fn(usize) -> bool) -> bool {
        let before = self.0.len();
        self.0.retain(|column| is_kept(column.at));
        self.0.len() < before
    }

    /// Narrows columns until a line fits into `width`, if that is possible: first those with a long heading, then the widest.
    fn narrow(&mut self, width: usize) {
        while self.width() > width {
            let by_heading = self.0.iter_mut().max_by_key(|column| column.slack());
            let narrowed = match by_heading.filter(|column| column.slack() > 0) {
                Some(column) => Some(column),
                None => self.0.iter_mut().max_by_key(|column| column.width),
            };
            match narrowed.filter(|column| column.width > NARROWEST) {
                Some(column) => column.width -= 1,
                None => return,
            }
        }
    }
}

/// Returns a cell of a row, which may have fewer of them than others.
fn cell(row: &[String], column: usize) -> &str {
    row.get(column).map_or("", String::as_str)
}

/// Returns the columns of a terminal that a text takes.
fn width_of(text: &str) -> usize {
    text.chars().map(|letter| letter.width().unwrap_or(0)).sum()
}

/// Returns a text that takes at most `width` columns, with an ellipsis if it is cut.
fn cut(text: &str, width: usize) -> String {
    if width_of(text) <= width {
        return text.to_owned();
    }
    let mut room = width.saturating_sub(1);
    let fits = |letter: &char| {
        let left = room.checked_sub(letter.width().unwrap_or(0));
        room = left.unwrap_or(room);
        left.is_some()
    };
    text.chars().take_while(fits).collect::<String>() + "…"
}

/// Cuts a text into pieces of at most `width` columns.
fn pieces(text: &str, width: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut taken = 0;
    for letter in text.chars() {
        let letter_width = letter.width().unwrap_or(0);
        if taken + letter_width > width && taken > 0 {
            pieces.push(String::new());
            taken = 0;
        }
        taken += letter_width;
        pieces.last_mut().expect("there is always a piece").push(letter);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(layout: Layout<'_>, header: &[&str], rows: &[&[&str]]) -> String {
        let owned = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
        let rows: Vec<Vec<String>> = rows.iter().map(|row| owned(row)).collect();
        let mut out = Vec::new();
        layout.print(&mut out, &owned(header), &rows).unwrap();
        String::from_utf8(out).unwrap()
    }

    const HEADER: &[&str] = &["row", "e-mail", "empty", "problem"];
    const ROWS: &[&[&str]] =
        &[&["1", "ann.lee@example.com", "", "the domain has no dot"], &["22", "bo@x", "", ""]];

    #[test]
    fn a_table_that_fits_is_complete() {
        let whole = "row  e-mail               empty  problem\n\
                     1    ann.lee@example.com         the domain has no dot\n\
                     22   bo@x\n";
        assert_eq!(printed(Layout::default(), HEADER, ROWS), whole);
        assert_eq!(printed(Layout { width: Some(80), note: Some("problem") }, HEADER, ROWS), whole);
    }

    #[test]
    fn a_table_that_does_not_fit_leaves_out_empty_columns_then_moves_notes_then_cuts() {
        let within = |width| printed(Layout { width: Some(width), note: Some("problem") }, HEADER, ROWS);
        assert_eq!(
            within(50),
            "row  e-mail               problem\n\
             1    ann.lee@example.com  the domain has no dot\n\
             22   bo@x\n"
        );
        assert_eq!(within(24), "row  e-mail\n1    ann.lee@example.com\n  the domain has no dot\n22   bo@x\n");
        assert_eq!(within(14), "row  e-mail\n1    ann.lee@…\n  the domain\n  has no dot\n22   bo@x\n");
    }

    #[test]
    fn widths_are_those_of_the_terminal() {
        assert_eq!(cut("漢字かな", 5), "漢字…");
        assert_eq!(cut("漢字かな", 4), "漢…");
        assert_eq!(cut("e\u{301}clair", 6), "e\u{301}clair");
        assert_eq!(cut("e\u{301}clair", 5), "e\u{301}cla…");
        let wide = printed(Layout::default(), &["a", "b"], &[&["漢", "x"], &["yz", "x"]]);
        assert_eq!(wide, "a   b\n漢  x\nyz  x\n");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let cells = vec!["some text"; 40];
        for width in 1..100 {
            let shown = printed(Layout { width: Some(width), note: Some("7") }, &cells, &[&cells]);
            assert!(shown.lines().all(|line| width_of(line) <= width), "{width}: {shown}");
        }
    }
}
