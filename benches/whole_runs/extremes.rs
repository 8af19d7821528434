//! What must not grow: memory with the size of a file or its number of issues, cost per row with the number of rows.

use super::Bench;
use super::dataset::Kind;
use super::report::Line;

impl Bench {
    /// Imports files of the worst kinds beside a dirty one, then files with ten times and a tenth of the rows.
    pub(crate) async fn extremes(&self, rounds: u64) -> anyhow::Result<Vec<Line>> {
        let (rows, mut lines) = (self.rows, Vec::new());
        let kinds = [
            ("BASE: psql \\copy into staging", rows, None),
            ("dirty file → NEEDS_REVIEW", rows, Some(Kind::Dirty)),
            ("every row broken in its own way", rows, Some(Kind::Broken(1000))),
            ("one address in every row", rows, Some(Kind::OneAddress)),
            ("clean, a tenth of the rows", rows / 10, Some(Kind::Clean)),
        ];
        lines.extend(kinds.iter().map(|(name, rows, _)| Line::new(name, self.server().setting, *rows)));
        let (job, _) = self.server().import(&self.file("clean.csv", rows, Kind::Clean)?, "warm-up").await?;
        self.server().prepare_base(job).await?;
        // By turns, so that other load on the machine affects all of them.
        for round in 0..rounds {
            for (line, (_, rows, kind)) in lines.iter_mut().zip(kinds) {
                line.push(match kind {
                    None => self.server().base().await?,
                    Some(kind) => self.extreme(rows, kind, &format!("extreme-{round}")).await?,
                });
            }
        }
        for (name, kind) in
            [("clean, ten times the rows", Kind::Clean), ("dirty, ten times the rows", Kind::Dirty)]
        {
            let mut line = Line::new(name, self.server().setting, rows * 10);
            line.push(self.extreme(rows * 10, kind, "extreme").await?);
            lines.push(line);
        }
        Ok(lines)
    }

    async fn extreme(&self, rows: u64, kind: Kind, owner: &str) -> anyhow::Result<super::cost::Cost> {
        let file = self.file(&format!("{kind:?}-{rows}.csv"), rows, kind)?;
        self.server().empty().await?;
        Ok(self.server().import(&file, owner).await?.1)
    }
}
