//! The time of a clean file beside many contacts of other owners.

use std::fmt::Write;
use std::time::Instant;

use super::Bench;
use super::dataset::Kind;
use super::report::median;

/// Contacts of each of the other owners.
const OF_AN_OWNER: u64 = 100_000;

impl Bench {
    /// Imports the clean file beside each number of contacts in `CONTACTS`, `0,1000000,10000000` by default.
    pub(crate) async fn growth(&self, rounds: u64) -> anyhow::Result<String> {
        let numbers = std::env::var("CONTACTS").unwrap_or_else(|_| "0,1000000,10000000".to_owned());
        let file = self.file("clean.csv", self.rows, Kind::Clean)?;
        let mut table = "| contacts of other owners | clean file, s: median | of the first | WAL, MB | index over keys, MB |\n\
                         | --- | --- | --- | --- | --- |\n"
            .to_owned();
        self.server().import(&file, "warm-up").await?;
        let mut first = None;
        for number in numbers.split(',') {
            let number: u64 = number.parse()?;
            let (mut seconds, mut wal) = (Vec::new(), Vec::new());
            self.server().empty().await?;
            self.others(number).await?;
            for round in 0..rounds {
                let (_, cost) = self.server().import(&file, &format!("growth-{round}")).await?;
                seconds.push(cost.seconds);
                wal.push(cost.wal_bytes as f64 / 1e6);
            }
            let query = "SELECT pg_relation_size('contacts_owner_key')::float8 / 1e6";
            let size: f64 = sqlx::query_scalar(query).fetch_one(&self.server().pool).await?;
            let (seconds, wal) = (median(seconds.into_iter()), median(wal.into_iter()));
            let ratio = seconds / *first.get_or_insert(seconds);
            let _ = writeln!(table, "| {number} | {seconds:.1} | {ratio:.2} | {wal:.0} | {size:.0} |");
        }
        Ok(table)
    }

    /// Inserts contacts of other owners, whose ids look like those of sign-in providers. Builds the indexes afterwards, which
    /// is faster.
    async fn others(&self, number: u64) -> anyhow::Result<()> {
        let (pool, started) = (&self.server().pool, Instant::now());
        eprintln!("inserting {number} contacts of others");
        let query = "SELECT indexname::text, indexdef FROM pg_indexes
             WHERE tablename = 'contacts' AND indexname <> 'contacts_pkey'";
        let indexes: Vec<(String, String)> = sqlx::query_as(query).fetch_all(pool).await?;
        let mut statements: Vec<String> =
            indexes.iter().map(|(name, _)| format!("DROP INDEX {name}")).collect();
        // It would collect all of them in a temporary file.
        statements.push("ALTER TABLE contacts DISABLE TRIGGER contacts_log_new".to_owned());
        statements.push(format!(
            "INSERT INTO contacts (staging_id, contacts_user_id, contact_email, contact_first_name, contact_last_name,
                 contact_company, contact_key)
             SELECT n, md5((n / {OF_AN_OWNER})::text)::uuid, 'person' || n || '@example.com', 'First' || n % 1000,
                    'Last' || n % 5000, 'Company ' || n % 700, md5(n::text)::uuid
             FROM generate_series(1, {number}) AS n"
        ));
        statements.extend(indexes.into_iter().map(|(_, definition)| definition));
        statements.push("ALTER TABLE contacts ENABLE TRIGGER contacts_log_new".to_owned());
        statements.push("VACUUM (ANALYZE) contacts".to_owned());
        for statement in statements {
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(pool).await?;
        }
        eprintln!("inserted {number} contacts of others in {:.0} s", started.elapsed().as_secs_f64());
        Ok(())
    }
}
