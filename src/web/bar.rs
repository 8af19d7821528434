//! The picture of where a job's rows went.

use super::text::Text;
use crate::store::jobs::RowCounts;

/// A part of the bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// Its style, and what the filter calls it.
    pub(crate) slug: &'static str,
    /// Its name.
    pub(crate) name: String,
    /// Its rows.
    pub(crate) rows: i64,
    /// Its rows as people read them.
    pub(crate) number: String,
    /// Where it starts, in thousandths of the bar.
    pub(crate) at: i64,
    /// How long it is.
    pub(crate) width: i64,
}

/// A bar of parts whose lengths say how many rows each has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bar {
    /// The parts in their order, those without rows too.
    pub(crate) parts: Vec<Part>,
    /// Of all parts.
    pub(crate) rows: i64,
    /// What it shows, in words.
    pub(crate) words: String,
}

/// What a part has at least, so that a few rows in a million can be seen.
const LEAST: i64 = 6;
const WHOLE: i64 = 1000;

impl Bar {
    /// The bar of a job.
    pub(crate) fn of(text: &Text, counts: &RowCounts) -> Bar {
        let parts = [
            ("imported", text.part_imported(), counts.consolidated),
            ("ready", text.part_ready(), counts.ready),
            ("issue", text.part_issue(), counts.with_issues),
            ("discarded", text.part_discarded(), counts.discarded),
            ("repeated", text.part_repeated(), counts.repeated),
        ];
        let rows: i64 = parts.iter().map(|part| part.2).sum();
        let seen = parts.iter().filter(|part| part.2 > 0).count() as i64;
        let shared = WHOLE - LEAST * seen;
        let mut at = 0;
        let mut left = (shared, rows);
        let parts = parts.map(|(slug, name, count)| {
            // Of what is left, so that rounding leaves no gap at the end.
            let width = match count {
                0 => 0,
                _ => LEAST + left.0 * count / left.1.max(1),
            };
            if count > 0 {
                left = (left.0 - (width - LEAST), left.1 - count);
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
    use crate::web::text::text;

    #[test]
    fn parts_fill_the_bar_and_few_rows_are_seen() {
        let counts = RowCounts { ready: 999_999, with_issues: 1, ..RowCounts::default() };
        let bar = Bar::of(&text("en"), &counts);
        let widths: Vec<i64> = bar.parts.iter().map(|part| part.width).collect();
        assert_eq!(widths.iter().sum::<i64>(), WHOLE);
        assert!((LEAST..=LEAST + 1).contains(&widths[2]), "{widths:?}");
        assert_eq!(bar.words, "Ready: 999,999, With issues: 1");
        let none = Bar::of(&text("en"), &RowCounts::default());
        assert_eq!((none.rows, none.words.as_str()), (0, "No rows yet"));
        assert!(none.parts.iter().all(|part| part.width == 0));
    }
}
