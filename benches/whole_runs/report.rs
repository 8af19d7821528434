//! The cost of runs, as a table in Markdown.

use std::fmt::Write;

use super::cost::Cost;
use super::server::Setting;

/// A line of the table: runs of the same kind.
pub(crate) struct Line {
    name: String,
    setting: Setting,
    rows: u64,
    costs: Vec<Cost>,
}

impl Line {
    /// Creates a line for runs over files of `rows` rows.
    pub(crate) fn new(name: &str, setting: Setting, rows: u64) -> Line {
        Line { name: name.to_owned(), setting, rows, costs: Vec::new() }
    }

    /// Adds a run.
    pub(crate) fn push(&mut self, cost: Cost) {
        eprintln!("{} ({}): {:.2} s{}", self.name, self.setting.name(), cost.seconds, parts(&cost));
        self.costs.push(cost);
    }

    /// Returns the median of the runs' times.
    pub(crate) fn seconds(&self) -> f64 {
        median(self.costs.iter().map(|cost| cost.seconds))
    }

    /// Returns the seconds per row.
    pub(crate) fn per_row(&self) -> f64 {
        self.seconds() / self.rows as f64
    }
}

fn parts(cost: &Cost) -> String {
    cost.parts.iter().map(|(part, seconds)| format!(", {part} {seconds:.2}")).collect()
}

/// Returns the median.
pub(crate) fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Returns the table of lines after BASE.
pub(crate) fn table(lines: &[Line]) -> String {
    table_against("BASE", lines)
}

/// Returns the table. Ratios compare the median per row with that of the first line of the same setting, called `first`.
pub(crate) fn table_against(first: &str, lines: &[Line]) -> String {
    let mut text = format!(
        "| | database | runs | seconds | min–max | × {first} | rows/s | peak MiB | CPU s worker | CPU s server | WAL MB | parts of the median run, seconds |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for line in lines {
        let base = lines.iter().find(|base| base.setting == line.setting).map_or(f64::NAN, Line::per_row);
        let (seconds, costs) = (line.seconds(), &line.costs);
        let of = |figure: fn(&Cost) -> f64| costs.iter().map(figure);
        let low = of(|cost| cost.seconds).fold(f64::MAX, f64::min);
        let high = of(|cost| cost.seconds).fold(0.0, f64::max);
        let peak = of(|cost| cost.peak_kib as f64 / 1024.0).fold(0.0, f64::max);
        let middle = costs.iter().find(|cost| cost.seconds == seconds).map(parts).unwrap_or_default();
        let (worker, server) = (median(of(|cost| cost.worker_cpu)), median(of(|cost| cost.server_cpu)));
        let wal = median(of(|cost| cost.wal_bytes as f64 / 1e6));
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} | {} | {seconds:.2} | {low:.2}–{high:.2} | {:.2} | {:.0} | {} | {} | {server:.1} | {wal:.0} | {} |",
            line.name,
            line.setting.name(),
            costs.len(),
            line.per_row() / base,
            line.rows as f64 / seconds,
            if peak > 0.0 { format!("{peak:.0}") } else { String::new() },
            if worker > 0.0 { format!("{worker:.1}") } else { String::new() },
            middle.trim_start_matches(", "),
        );
    }
    text
}
