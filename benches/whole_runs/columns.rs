//! What columns that belong to no field cost, beside the same bytes in a column of a field.

use super::Bench;
use super::dataset::Kind;
use super::report::Line;

impl Bench {
    /// Imports clean files by turns: with four columns, with ten more, and with the bytes of those in the company.
    pub(crate) async fn columns(&self, rounds: u64) -> anyhow::Result<String> {
        let (server, rows) = (self.server(), self.rows);
        let kinds = [
            ("clean, four columns", Kind::Clean),
            ("clean, ten more columns", Kind::TenMoreColumns),
            ("clean, the same bytes in the company", Kind::LongCompany),
        ];
        let (mut files, mut lines) = (Vec::new(), Vec::new());
        for (name, kind) in kinds {
            let file = self.file(&format!("{kind:?}.csv"), rows, kind)?;
            let megabytes = std::fs::metadata(&file)?.len() / 1_000_000;
            lines.push(Line::new(&format!("{name}, {megabytes} MB"), server.setting, rows));
            files.push(file);
        }
        server.import(&files[0], "warm-up").await?;
        for _ in 0..rounds {
            for (line, file) in lines.iter_mut().zip(&files) {
                server.empty().await?;
                line.push(server.import(file, "columns").await?.1);
            }
        }
        Ok(super::report::table_against("four columns", &lines))
    }
}
