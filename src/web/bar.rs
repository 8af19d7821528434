//! The bar that shows how many of a job's rows have which status.

use crate::store::jobs::{Job, RowCounts};
use crate::texts::Text;

/// A part of the bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// The name of its style and of its filter.
    pub(crate) slug: &'static str,
    /// Its name.
    pub(crate) name: String,
    /// The number of its rows.
    pub(crate) rows: i64,
    /// The number of its rows, formatted.
    pub(crate) number: String,
    /// Its start, in thousandths of the bar.
    pub(crate) at: i64,
    /// Its width, in thousandths of the bar.
    pub(crate) width: i64,
}

/// A bar of parts whose widths show their numbers of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bar {
    /// The parts in order, including those without rows.
    pub(crate) parts: Vec<Part>,
    /// The number of rows of all parts.
    pub(crate) rows: i64,
    /// The description of the bar.
    pub(crate) words: String,
}

/// Minimum width of a part, so that a few rows in a million are visible.
const MIN_WIDTH: i64 = 6;
const BAR_WIDTH: i64 = 1000;

impl Bar {
    /// Returns the bar of a job.
    pub(crate) fn of(text: &Text, job: &Job) -> Bar {
        // Rows keep their status until the next run checks them again, whatever is decided about them.
        let issue = if job.open_issues > 0 { text.part_issue() } else { text.part_decided() };
        Bar::of_counts(text, &job.counts, issue)
    }

    fn of_counts(text: &Text, counts: &RowCounts, issue: String) -> Bar {
        let parts = [
            ("imported", text.part_imported(), counts.consolidated),
            ("ready", text.part_ready(), counts.ready),
            ("issue", issue, counts.with_issues),
            ("discarded", text.part_discarded(), counts.discarded),
            ("repeated", text.part_repeated(), counts.repeated),
        ];
        let rows: i64 = parts.iter().map(|part| part.2).sum();
        let visible = parts.iter().filter(|part| part.2 > 0).count() as i64;
        let mut at = 0;
        let (mut width_left, mut rows_left) = (BAR_WIDTH - MIN_WIDTH * visible, rows);
        let parts = parts.map(|(slug, name, count)| {
            // A share of the remaining width, so that rounding causes no gap at the end.
            let width = match count {
                0 => 0,
                _ => MIN_WIDTH + width_left * count / rows_left.max(1),
            };
            if count > 0 {
                (width_left, rows_left) = (width_left - (width - MIN_WIDTH), rows_left - count);
            }
            let part = Part { slug, name, rows: count, number: text.number(count), at, width };
            at += width;
            part
        });
        let words = words(text, &parts);
        Bar { parts: parts.into(), rows, words }
    }
}

fn words(text: &Text, parts: &[Part]) -> String {
    let shown = parts.iter().filter(|part| part.rows > 0);
    let words: Vec<String> = shown.map(|part| format!("{}: {}", part.name, part.number)).collect();
    match words.is_empty() {
        true => text.no_rows_yet(),
        false => words.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::text;

    #[test]
    fn parts_fill_the_bar_and_few_rows_are_visible() {
        let counts = RowCounts { ready: 999_999, with_issues: 1, ..RowCounts::default() };
        let bar = Bar::of_counts(&text("en"), &counts, "With issues".to_owned());
        let widths: Vec<i64> = bar.parts.iter().map(|part| part.width).collect();
        assert_eq!(widths.iter().sum::<i64>(), BAR_WIDTH);
        assert!((MIN_WIDTH..=MIN_WIDTH + 1).contains(&widths[2]), "{widths:?}");
        assert_eq!(bar.words, "Ready: 999,999, With issues: 1");
        let none = Bar::of_counts(&text("en"), &RowCounts::default(), String::new());
        assert_eq!((none.rows, none.words.as_str()), (0, "No rows yet"));
        assert!(none.parts.iter().all(|part| part.width == 0));
    }
}
