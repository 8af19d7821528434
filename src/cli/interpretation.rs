//! How a file was read, in the summary of an import and in a preview.

use super::output::printable;
use crate::domain::interpretation::{
    Certainty, ColumnsBy, Container, EncodingReading, Interpretation, RepeatDifference, RepeatDifferences,
    SkippedLine,
};
use crate::domain::job::Quote;

/// Returns how a file was read, as pairs of a name and a value.
pub(crate) fn facts(read: &Interpretation) -> Vec<(&'static str, String)> {
    let line = match read.has_header {
        true => format!("on line {}", read.header_line),
        false => format!("none; the first row is on line {}", read.header_line),
    };
    let columns: Vec<String> = read
        .columns
        .iter()
        .map(|column| format!("{} from {}", column.field, printable(&column.name)))
        .collect();
    let mut facts = containers(&read.containers);
    if !Container::hold_cells(&read.containers) {
        facts.push(("encoding", encoding(&read.encoding, read.certainty)));
        facts.push(("delimiter", delimiter(&read.delimiter)));
        match read.quote {
            Quote::Double => {}
            Quote::Single => facts.push(("quotes", "apostrophes".to_owned())),
            Quote::None => facts.push(("quotes", "none".to_owned())),
        }
    }
    facts.extend([("column names", line), ("columns", columns.join(", "))]);
    match read.columns_by {
        ColumnsBy::Names => {}
        ColumnsBy::Person => facts.push(("columns assigned", "by you".to_owned())),
        ColumnsBy::Remembered => {
            facts.push(("columns assigned", "as remembered (`ingest mappings list`)".to_owned()));
        }
    }
    for (field, value) in read.values.iter() {
        facts.push((field.as_str(), format!("{} for every row", printable(value))));
    }
    if read.kept_count > 0 {
        facts.push(("other columns, kept", names(&read.kept, read.kept_count)));
    }
    if read.unused_count > 0 {
        facts.push(("columns not imported", names(&read.unused, read.unused_count)));
    }
    facts
}

/// Returns what was unpacked, and what else is in it and not imported.
pub(crate) fn containers(containers: &[Container]) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    for container in containers {
        let format = container.format.words();
        let (part, others) = match container.format.is_workbook() {
            true => ("sheet", "sheets not imported"),
            false => ("file", "files not imported"),
        };
        let unpacked = match &container.part {
            Some(name) => format!("{format}, {part} {}", printable(name)),
            None => format.to_owned(),
        };
        facts.push(("unpacked from", unpacked));
        if !container.others.is_empty() {
            let names: Vec<String> = container.others.iter().map(|name| printable(name)).collect();
            facts.push((others, names.join(", ")));
        }
    }
    facts
}

/// Returns the name of an encoding, and how sure it is.
pub(crate) fn encoding(name: &str, certainty: Certainty) -> String {
    match certainty {
        Certainty::Set => format!("{name}, set by you"),
        Certainty::Sure => format!("{name}, detected"),
        Certainty::Doubtful => format!("{name}, in doubt"),
    }
}

fn delimiter(delimiter: &str) -> String {
    match delimiter {
        "," => "comma",
        ";" => "semicolon",
        "\t" => "tab",
        "|" => "vertical bar",
        " " => "space",
        other => return printable(other),
    }
    .to_owned()
}

/// Joins names. `count`: their number, also of those that are not listed.
pub(crate) fn names(names: &[String], count: u64) -> String {
    let mut names: Vec<String> = names.iter().map(|name| printable(name)).collect();
    let more = count.saturating_sub(names.len() as u64);
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    names.join(", ")
}

/// Returns a line for each reading, with samples of its letters.
pub(crate) fn readings(readings: &[EncodingReading]) -> impl Iterator<Item = String> {
    readings.iter().map(|reading| {
        let samples: Vec<String> = reading.samples.iter().map(|sample| printable(sample)).collect();
        format!("  {:<16}{}", reading.encoding, samples.join(" | "))
    })
}

/// Returns what repeats say in other columns: the numbers, each followed by its lines.
pub(crate) fn repeats(found: &RepeatDifferences) -> Vec<(&'static str, u64, Vec<String>)> {
    let line = |repeat: &RepeatDifference| {
        let columns = names(&repeat.columns, 0);
        format!("    line {} differs from line {} in {columns}", repeat.line, repeat.kept_line)
    };
    let all = [
        ("filled from repeats", found.filled, Vec::new()),
        ("repeats that differ", found.count, found.first.iter().map(line).collect()),
        ("repeats not compared", found.uncompared, Vec::new()),
    ];
    all.into_iter().filter(|(_, count, _)| *count > 0).collect()
}

/// Returns a line for each skipped line.
pub(crate) fn skipped(lines: &[SkippedLine]) -> impl Iterator<Item = String> {
    lines.iter().map(|line| format!("    line {}: {}", line.line, printable(&line.text)))
}
