//! How a file was read, as shown on the page of its job and in the preview of an upload.

use askama::Template;

use super::{settings, words};
use crate::actions::FilePreview;
use crate::domain::interpretation::{
    Certainty, ColumnsBy, Container, EncodingReading, Interpretation, RepeatDifference, RepeatDifferences,
    SkippedLine,
};
use crate::domain::job::Quote;
use crate::texts::{Text, container_format};

/// The likely readings of a file whose encoding is in doubt, side by side.
#[derive(Template)]
#[template(path = "readings.html")]
pub(crate) struct Readings {
    text: Text,
    readings: Vec<EncodingReading>,
    /// Whether the viewer can choose one.
    can_choose: bool,
    /// Whether a choice changes the preview, instead of reading the file of a job again.
    is_preview: bool,
}

impl Readings {
    /// Returns the readings of the file of a job, `None` if its encoding is not in doubt.
    pub(crate) fn of(text: &Text, read: &Interpretation, can_choose: bool) -> Option<Readings> {
        let readings = read.readings.clone();
        let has_doubt = !readings.is_empty();
        has_doubt.then(|| Readings { text: text.clone(), readings, can_choose, is_preview: false })
    }

    /// Returns the readings of the beginning of a file, `None` if its encoding is not in doubt.
    pub(crate) fn of_preview(text: &Text, preview: &FilePreview) -> Option<Readings> {
        let readings = preview.readings.clone();
        let has_doubt = !readings.is_empty();
        has_doubt.then(|| Readings { text: text.clone(), readings, can_choose: true, is_preview: true })
    }

    /// Returns the number of samples of each reading.
    fn samples(&self) -> usize {
        self.readings.iter().map(|reading| reading.samples.len()).min().unwrap_or(0)
    }
}

/// How a file was read.
#[derive(Template)]
#[template(path = "reading.html")]
pub(crate) struct ReadingView {
    text: Text,
    /// What was unpacked, each with the names of what else is in it.
    containers: Vec<(String, Vec<String>)>,
    /// Whether the table is in cells, which have neither an encoding nor a delimiter.
    is_workbook: bool,
    encoding: String,
    delimiter: String,
    /// The quotes, unless they are the usual ones.
    quotes: Option<String>,
    header: String,
    /// The fields and the columns that they are read from.
    columns: Vec<(String, String)>,
    /// Who has assigned them, if a person has.
    origin: Option<String>,
    /// The other columns, which are kept, and the number of those that are not listed.
    kept: Vec<String>,
    more_kept: Option<String>,
    /// The columns that are not imported, and the number of those that are not listed.
    unused: Vec<String>,
    more: Option<String>,
    /// The number of skipped lines.
    skipped: Option<String>,
    lines: Vec<(String, String)>,
    /// What repeats say in other columns.
    repeats: Vec<String>,
    /// The first repeats that differ: their lines, and the columns.
    repeat_lines: Vec<(String, String)>,
}

impl ReadingView {
    /// Describes how the file of a job was read.
    pub(crate) fn of(text: &Text, read: &Interpretation) -> ReadingView {
        let columns = read.columns.iter();
        let columns = columns.map(|column| (words::field(text, column.field), column.name.clone()));
        let values = read.values.iter();
        let values = values.map(|(field, value)| (words::field(text, field), text.reading_value(value)));
        let more = |names: &[String], count: u64| {
            let more = count.saturating_sub(names.len() as u64);
            (more > 0).then(|| text.reading_more(text.number(number(more))))
        };
        ReadingView {
            containers: containers(text, &read.containers),
            is_workbook: Container::hold_cells(&read.containers),
            encoding: encoding(text, &read.encoding, read.certainty),
            delimiter: delimiter(text, &read.delimiter),
            quotes: quotes(text, read.quote),
            header: header(text, read.has_header, read.header_line),
            columns: columns.chain(values).collect(),
            origin: origin(text, read.columns_by),
            kept: read.kept.clone(),
            more_kept: more(&read.kept, read.kept_count),
            unused: read.unused.clone(),
            more: more(&read.unused, read.unused_count),
            skipped: (read.skipped.count > 0).then(|| text.reading_skipped(number(read.skipped.count))),
            lines: lines(text, &read.skipped.first),
            repeats: repeats(text, &read.repeats),
            repeat_lines: read.repeats.first.iter().map(|repeat| repeat_line(text, repeat)).collect(),
            text: text.clone(),
        }
    }

    /// Describes how the beginning of a file is read. Its columns and the lines above the header are shown with the rows.
    pub(crate) fn of_preview(text: &Text, preview: &FilePreview) -> ReadingView {
        ReadingView {
            containers: containers(text, &preview.containers),
            is_workbook: Container::hold_cells(&preview.containers),
            encoding: encoding(text, &preview.encoding, preview.certainty),
            delimiter: delimiter(text, &preview.delimiter),
            quotes: quotes(text, preview.quote),
            header: header(text, preview.has_header, preview.header_line),
            columns: Vec::new(),
            origin: None,
            kept: preview.kept.clone(),
            more_kept: None,
            unused: preview.excluded_names(),
            more: None,
            skipped: None,
            lines: Vec::new(),
            repeats: Vec::new(),
            repeat_lines: Vec::new(),
            text: text.clone(),
        }
    }
}

fn containers(text: &Text, containers: &[Container]) -> Vec<(String, Vec<String>)> {
    let described = |container: &Container| {
        let format = container_format(text, container.format);
        let words = match (&container.part, container.format.is_workbook()) {
            (None, _) => format,
            (Some(sheet), true) => text.reading_sheet(format, sheet),
            (Some(file), false) => text.reading_file(format, file),
        };
        (words, container.others.clone())
    };
    containers.iter().map(described).collect()
}

fn quotes(text: &Text, quote: Quote) -> Option<String> {
    (quote != Quote::Double).then(|| settings::quote(text, quote))
}

fn origin(text: &Text, columns_by: ColumnsBy) -> Option<String> {
    match columns_by {
        ColumnsBy::Names => None,
        ColumnsBy::Person => Some(text.reading_by_person()),
        ColumnsBy::Remembered => Some(text.reading_as_remembered()),
    }
}

fn encoding(text: &Text, name: &str, certainty: Certainty) -> String {
    match certainty {
        Certainty::Set => text.reading_encoding_set(name),
        Certainty::Sure => text.reading_encoding_sure(name),
        Certainty::Doubtful => text.reading_encoding_doubtful(name),
    }
}

fn delimiter(text: &Text, delimiter: &str) -> String {
    match delimiter {
        "," => text.delimiter_comma(),
        ";" => text.delimiter_semicolon(),
        "\t" => text.delimiter_tab(),
        "|" => text.delimiter_bar(),
        " " => text.delimiter_space(),
        other => other.to_owned(),
    }
}

fn header(text: &Text, has_header: bool, line: u64) -> String {
    let line = text.number(number(line));
    if has_header { text.reading_header_line(line) } else { text.reading_no_header(line) }
}

fn lines(text: &Text, lines: &[SkippedLine]) -> Vec<(String, String)> {
    lines.iter().map(|line| (text.case_line(text.number(number(line.line))), line.text.clone())).collect()
}

fn repeats(text: &Text, found: &RepeatDifferences) -> Vec<String> {
    let all = [
        (found.filled, text.reading_filled(number(found.filled))),
        (found.count, text.reading_differing(number(found.count))),
        (found.uncompared, text.reading_uncompared(number(found.uncompared))),
    ];
    all.into_iter().filter(|(count, _)| *count > 0).map(|(_, words)| words).collect()
}

fn repeat_line(text: &Text, repeat: &RepeatDifference) -> (String, String) {
    let line = |line: u64| text.number(number(line));
    (text.reading_repeat(line(repeat.line), line(repeat.kept_line)), repeat.columns.join(", "))
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
