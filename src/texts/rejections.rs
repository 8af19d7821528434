//! The sentences for why a file is rejected.

use std::fmt;

use super::names::{column_name, container_format, header_names};
use super::remedies::Reader;
use super::text::{Text, english};
use crate::csv::Encoding;
use crate::domain::field::Field;
use crate::domain::job::JobId;
use crate::domain::rejection::{ColumnProposal, ForeignFormat, HeaderNames, Rejection, ShownName};

/// Maximum number of names of sheets or files in a message.
const NAMES_SHOWN: usize = 10;

/// Returns why the file of a job is rejected, in English, with the commands for the job.
pub(crate) fn rejection_for_job(rejection: &Rejection, job: JobId) -> String {
    sentence(Reader::of_commands_for(job), rejection)
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&sentence(Reader::of_commands(), self))
    }
}

impl std::error::Error for Rejection {}

impl fmt::Display for ShownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&column_name(english(), self))
    }
}

/// Returns why a file is rejected.
pub(super) fn sentence(reader: Reader<'_>, rejection: &Rejection) -> String {
    let text = reader.text;
    match rejection {
        Rejection::Empty => text.reason_empty(),
        Rejection::Blank => text.reason_blank(),
        Rejection::HeaderOnly { line } => {
            text.reason_header_only(line.to_string(), reader.reread("--header-line N"))
        }
        Rejection::Utf7 => text.reason_utf_7(reader.reread("--encoding NAME")),
        Rejection::NotCsv { format } => text.reason_not_csv(foreign_format(text, *format)),
        Rejection::NoHeader { line, columns, missing, proposals } => {
            let how = reader.match_columns(missing, proposals);
            let what = text.reason_no_header(line.to_string(), columns.to_string(), how);
            let hints = [Some(what), fixed_value(reader, missing), Some(text.reason_first_row_kept())];
            joined(hints)
        }
        Rejection::Columns { line, missing, doubled, names, proposals } => {
            columns(reader, *line, (&missing[..], &doubled[..]), names, proposals)
        }
        Rejection::UnknownEncoding { name } => {
            let known = Encoding::all().map(Encoding::as_str).collect::<Vec<&str>>().join(", ");
            let what = text.reason_unknown_encoding(name.escape_debug().to_string(), known);
            set_it(reader, what, "--encoding NAME")
        }
        Rejection::NoSuchLine { line, last } => {
            let how =
                "`ingest preview FILE` shows the lines, and without `--header-line` the header is detected";
            let how = reader.either(how, |text| text.reason_detect_line());
            let what = text.reason_no_such_line(line.to_string(), last.to_string(), how);
            set_it(reader, what, "--header-line N")
        }
        Rejection::Mapping { line, found, expected } => text.reason_other_width(
            line.to_string(),
            found.to_string(),
            expected.to_string(),
            reader.match_any(),
        ),
        Rejection::BrokenQuotes { line } => text.reason_broken_quotes(line.to_string()),
        Rejection::RowTooLong { line } => text.reason_row_too_long(line.to_string()),
        Rejection::TooDamaged { line, limit_bytes } => {
            text.reason_too_damaged(line.to_string(), limit_bytes.to_string())
        }
        Rejection::NoTable { format } => text.reason_no_table(container_format(text, *format)),
        Rejection::SeveralTables { names } => {
            text.reason_several_tables(names.len().to_string(), shown(names), reader.reread("--part NAME"))
        }
        Rejection::NoSuchPart { part, names } if names.is_empty() => {
            let how = reader.either("leave out `--part`", |text| text.reason_leave_part_empty());
            text.reason_no_parts(part, how)
        }
        Rejection::NoSuchPart { part, names } => {
            let how = reader.either("`--part` chooses one of", |text| text.reason_choose_part());
            text.reason_no_such_part(part, how, shown(names))
        }
        Rejection::ForeignContainer { format } => {
            text.reason_foreign_container(foreign_format(text, *format))
        }
        Rejection::Protected { format } => text.reason_protected(container_format(text, *format)),
        Rejection::BrokenContainer { format, reason } => {
            let reason = reader.either(&format!(" ({reason})"), |_| String::new());
            text.reason_broken_container(container_format(text, *format), reason)
        }
        Rejection::GrowsTooLarge { limit_bytes } => {
            text.reason_grows_too_large((limit_bytes / 1_000_000).to_string())
        }
        Rejection::NestedTooDeep => text.reason_nested_too_deep(),
        Rejection::Incomplete => text.reason_incomplete(),
    }
}

fn columns(
    reader: Reader<'_>,
    line: u64,
    (missing, doubled): (&[Field], &[Field]),
    names: &HeaderNames,
    proposals: &[ColumnProposal],
) -> String {
    let (text, line) = (reader.text, line.to_string());
    let how = reader.match_columns(&[missing, doubled].concat(), proposals);
    let names = header_names(text, names);
    let what = match (missing, doubled) {
        (_, []) => text.reason_columns_missing(line, reader.fields(missing), names, how),
        ([], _) => text.reason_columns_doubled(line, reader.fields(doubled), names, how),
        _ => text.reason_columns_both(line, reader.fields(missing), reader.fields(doubled), names, how),
    };
    joined([Some(what), fixed_value(reader, missing)])
}

/// Returns the hint that a value can take the place of a column, if one of the missing fields can have one.
fn fixed_value(reader: Reader<'_>, missing: &[Field]) -> Option<String> {
    missing.iter().any(|field| *field != Field::Email).then(|| {
        let how = reader.either(": `--value FIELD=TEXT`", |_| String::new());
        format!("{}{how}", reader.text.reason_fixed_value())
    })
}

fn joined<const N: usize>(parts: [Option<String>; N]) -> String {
    parts.into_iter().flatten().collect::<Vec<String>>().join("; ")
}

fn set_it(reader: Reader<'_>, what: String, option: &str) -> String {
    match reader.set(option) {
        Some(how) => reader.text.reason_set_it(what, how),
        None => what,
    }
}

fn foreign_format(text: &Text, format: ForeignFormat) -> String {
    text.foreign_format(format.as_str())
}

fn shown(names: &[String]) -> String {
    let mut shown = names.iter().take(NAMES_SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > NAMES_SHOWN {
        shown.push_str(", …");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::text;

    #[test]
    fn every_language_names_each_format() {
        for language in ["en", "de", "es"] {
            let text = text(language);
            for format in ForeignFormat::ALL {
                assert_ne!(foreign_format(&text, *format), text.foreign_format(""), "{language}: {format}");
            }
        }
    }

    #[test]
    fn pages_name_what_is_on_them_and_commands_what_can_be_entered() {
        let rejection = Rejection::Columns {
            line: 1,
            missing: vec![Field::Company],
            doubled: Vec::new(),
            names: HeaderNames::new(&["E-Mail".to_owned(), String::new()]),
            proposals: vec![ColumnProposal { field: Field::Company, column: 1 }],
        };
        let command = rejection_for_job(&rejection, JobId(7));
        assert!(command.contains("`ingest map 7 company=2`"), "{command}");
        let expected = "die Kopfzeile in Zeile 1 hat keine Spalte für Firma (gefunden: E-Mail, (ohne Namen)); ordnen Sie die \
                        Spalten unter „Spalten zuordnen“ zu; ein Feld ohne Spalte kann in jeder Zeile denselben Wert haben";
        assert_eq!(sentence(Reader::of_page(&text("de")), &rejection), expected);
        let page = sentence(Reader::of_page(&text("en")), &rejection);
        assert!(
            page.contains("match the columns under “Match the columns”") && !page.contains("ingest"),
            "{page}"
        );
    }

    #[test]
    fn options_of_the_command_line_are_not_on_pages() {
        let rejections = [
            Rejection::UnknownEncoding { name: "x\u{7}".to_owned() },
            Rejection::NoSuchLine { line: 9, last: 3 },
            Rejection::no_part("b", Vec::new()),
            Rejection::no_part("b", vec!["a".to_owned()]),
            Rejection::SeveralTables { names: vec!["a".to_owned(), "b".to_owned()] },
            Rejection::HeaderOnly { line: 1 },
            Rejection::Mapping { line: 1, found: 2, expected: 3 },
        ];
        for rejection in rejections {
            for language in ["en", "de", "es"] {
                let page = sentence(Reader::of_page(&text(language)), &rejection);
                assert!(!page.contains("--") && !page.contains("ingest"), "{page}");
            }
            let command = rejection_for_job(&rejection, JobId(7));
            assert!(command.contains("--") || command.contains("ingest map 7 "), "{command}");
            assert!(!command.contains("JOB"), "{command}");
        }
    }
}
