//! The picture of where a job's rows went.

use super::words;
use crate::store::jobs::RowCounts;

/// A part of the bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// Its style, and what the filter calls it.
    pub slug: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its rows.
    pub rows: i64,
    /// Its rows as people read them.
    pub number: String,
    /// Where it starts, in thousandths of the bar.
    pub at: i64,
    /// How long it is.
    pub width: i64,
}

/// A bar of parts whose lengths say how many rows each has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bar {
    /// The parts in their order, those without rows too.
    pub parts: Vec<Part>,
    /// Of all parts.
    pub rows: i64,
}

/// What a part has at least, so that a few rows in a million can be seen.
const LEAST: i64 = 6;
const WHOLE: i64 = 1000;

impl Bar {
    /// The bar of a job.
    pub(crate) fn of(counts: &RowCounts) -> Bar {
        let parts = [
            ("imported", "Imported", counts.consolidated),
            ("ready", "Ready", counts.ready),
            ("issue", "With issues", counts.with_issues),
            ("left-out", "Left out", counts.discarded),
            ("repeated", "Repeated", counts.repeated),
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
            let part = Part { slug, name, rows: count, number: words::number(count), at, width };
            at += width;
            part
        });
        Bar { parts: parts.into(), rows }
    }

    /// What it shows, in words.
    pub(crate) fn words(&self) -> String {
        let told: Vec<String> = self
            .parts
            .iter()
            .filter(|part| part.rows > 0)
            .map(|part| format!("{} {}", part.number, part.name.to_lowercase()))
            .collect();
        match told.is_empty() {
            true => "no rows yet".to_owned(),
            false => told.join(", "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_fill_the_bar_and_few_rows_are_seen() {
        let counts = RowCounts { ready: 999_999, with_issues: 1, ..RowCounts::default() };
        let bar = Bar::of(&counts);
        let widths: Vec<i64> = bar.parts.iter().map(|part| part.width).collect();
        assert_eq!(widths.iter().sum::<i64>(), WHOLE);
        assert!((LEAST..=LEAST + 1).contains(&widths[2]), "{widths:?}");
        assert_eq!(bar.words(), "999,999 ready, 1 with issues");
        let none = Bar::of(&RowCounts::default());
        assert_eq!((none.rows, none.words().as_str()), (0, "no rows yet"));
        assert!(none.parts.iter().all(|part| part.width == 0));
    }
}
