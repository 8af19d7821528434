//! A file of corrections as a spreadsheet program shows it, and a job to correct.

use ingest::actions::{self, Corrected, Request};
use ingest::domain::job::{JobId, Owner};
use tokio::io::AsyncReadExt;

use crate::support::World;

pub(super) const HEADER: &str = "email,first_name,last_name,company\n";
pub(super) const JOB: JobId = JobId(1);

pub(super) fn request(owner: &str) -> Request {
    Request { owner: Owner(owner.to_owned()), actor: format!("{owner} at work"), idempotency: None }
}

pub(super) fn tester() -> Request {
    request("tester")
}

/// Creates a world with one job of these rows under review.
pub(super) async fn under_review(rows: &str) -> World {
    let world = World::database().await;
    let file = world.file("a.csv", &format!("{HEADER}{rows}"));
    world.ingest(&["import", &file]).await.expect_status(3);
    world
}

/// A file of corrections as a spreadsheet program shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sheet {
    pub names: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Sheet {
    pub(super) async fn of(world: &World, job: JobId) -> Sheet {
        Sheet::read(&export(world, job).await)
    }

    pub(super) fn read(file: &[u8]) -> Sheet {
        let text = String::from_utf8(file.to_vec()).unwrap().replace('\u{feff}', "");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let cells = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect();
        let names = cells(reader.headers().unwrap());
        Sheet { names, rows: reader.records().map(|record| cells(&record.unwrap())).collect() }
    }

    pub(super) fn column_index(&self, name: &str) -> usize {
        self.names.iter().position(|known| known == name).unwrap()
    }

    pub(super) fn column(&self, name: &str) -> Vec<&str> {
        self.rows.iter().map(|row| row[self.column_index(name)].as_str()).collect()
    }

    pub(super) fn set(&mut self, row: usize, name: &str, value: &str) {
        let index = self.column_index(name);
        self.rows[row][index] = value.to_owned();
    }

    pub(super) fn written(&self, writer: &mut csv::WriterBuilder) -> Vec<u8> {
        let mut writer = writer.from_writer(Vec::new());
        writer.write_record(&self.names).unwrap();
        self.rows.iter().for_each(|row| writer.write_record(row).unwrap());
        writer.into_inner().unwrap()
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.written(&mut csv::WriterBuilder::new())
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8(self.bytes()).unwrap()
    }
}

pub(super) async fn export(world: &World, job: JobId) -> Vec<u8> {
    let file = actions::corrections_file(&world.owners, &tester().owner, job).await.unwrap();
    let (mut bytes, length) = (Vec::new(), file.bytes);
    file.into_reader().read_to_end(&mut bytes).await.unwrap();
    assert_eq!(bytes.len() as u64, length);
    bytes
}

pub(super) async fn correct(world: &World, file: impl AsRef<[u8]>) -> Corrected {
    actions::correct(&world.owners, &tester(), JOB, file.as_ref()).await.unwrap()
}

/// Returns the job's rows as `email|first|last|company`; discarded rows are marked.
pub(super) async fn rows(world: &World) -> Vec<String> {
    let query = "SELECT coalesce(staging_email, '') || '|' || coalesce(staging_first_name, '') || '|' ||
                        coalesce(staging_last_name, '') || '|' || coalesce(staging_company, '') ||
                        CASE staging_status WHEN 'DISCARD' THEN ' (discarded)' ELSE '' END
                 FROM staging WHERE staging_job_id = 1 ORDER BY staging_id";
    sqlx::query_scalar(query).fetch_all(&world.pool).await.unwrap()
}
