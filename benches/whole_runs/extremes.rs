//! What must not grow: memory with the size of a file or with what is wrong with it, cost with its rows.

use super::Bench;
use super::dataset::Kind;
use super::report::Line;

impl Bench {
    /// Files of the worst kinds, then ten times the rows and a tenth of them.
    pub async fn extremes(&self) -> anyhow::Result<Vec<Line>> {
        let (rows, mut lines) = (self.rows, Vec::new());
        let kinds = [
            ("every row broken in its own way", rows, Kind::Broken(1000), 3),
            ("one address in every row", rows, Kind::OneAddress, 1),
            ("clean, a tenth of the rows", rows / 10, Kind::Clean, 5),
            ("clean, ten times the rows", rows * 10, Kind::Clean, 1),
            ("dirty, ten times the rows", rows * 10, Kind::Dirty, 1),
        ];
        for (name, rows, kind, runs) in kinds {
            let file = self.file("extreme.csv", rows, kind)?;
            let mut line = Line::new(name, rows);
            for run in 0..runs {
                self.server.empty().await?;
                line.push(self.server.import(&file, &format!("extreme-{}-{run}", lines.len())).await?.1);
            }
            lines.push(line);
        }
        Ok(lines)
    }
}
