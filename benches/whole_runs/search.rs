//! Searches among all contacts of an owner, with and without the optional index, and what the index costs an import.

use std::fmt::Write;
use std::time::Instant;

use ingest::domain::job::Owner;
use ingest::domain::search::SearchText;
use ingest::store::contacts::{self, SearchIndex};
use ingest::store::{OwnerPool, StoreError};
use sqlx::postgres::PgPoolOptions;

use super::Bench;
use super::dataset::Kind;
use super::idle;
use super::report::median;

/// The owner's contacts, in multiples of the rows of a file.
const FILES: u64 = 10;
/// Contacts of a page, as on the page of contacts.
const PAGE: i64 = 50;
/// The most requests that are measured for one search.
const MOST_REQUESTS: usize = 4_000;
/// The searches: what they are, the text, and whether accents are folded. One contact, the oldest, has the rare word.
const SEARCHES: [(&str, &str, bool); 8] = [
    ("rare word", "xylánder", false),
    ("rare word, accents folded", "xylander", true),
    ("two words, one of them rare", "person xylánder", false),
    ("common word", "müller", false),
    ("common word, accents folded", "muller", true),
    ("in one of 100 contacts", "mail42", false),
    ("no hit", "philodendron", false),
    ("no hit, two letters", "qq", false),
];

/// What all requests of one search took.
struct Answer {
    /// Milliseconds of each request.
    requests: Vec<f64>,
    /// Requests until the first contact, or the end.
    until_first: usize,
    found: usize,
}

impl Bench {
    /// Returns both tables. `ROUNDS` imports are measured with and without the index, by turns.
    pub(crate) async fn search(&self, rounds: u64) -> anyhow::Result<String> {
        let mut report = self.imports_with_index(rounds).await?;
        let (server, owner) = (self.server(), Owner("the-owner".to_owned()));
        server.empty().await?;
        server.import(&self.file("clean.csv", self.rows, Kind::Clean)?, &owner.0).await?;
        self.multiply().await?;
        let without = self.answers(&owner).await?;
        let started = Instant::now();
        SearchIndex::build(&server.pool).await?;
        let seconds = started.elapsed().as_secs_f64();
        let with = self.answers(&owner).await?;
        let size = "SELECT pg_relation_size('contacts_search')::float8 / 1e6";
        let size: f64 = sqlx::query_scalar(size).fetch_one(&server.pool).await?;
        SearchIndex::drop(&server.pool).await?;
        let _ = write!(
            report,
            "\nSearches among {} contacts of one owner; the index was built in {seconds:.0} s and has {size:.0} MB. Requests until \
             the first contact or the end, and milliseconds per request: median, 95 % and the slowest.\n\n\
             | search | without the index | ms | with it | ms |\n| --- | --- | --- | --- | --- |\n",
            self.rows * FILES
        );
        for ((label, ..), (without, with)) in SEARCHES.iter().zip(without.iter().zip(&with)) {
            let _ = writeln!(report, "| {label} | {} | {} |", without.cells(), with.cells());
        }
        Ok(report)
    }

    async fn imports_with_index(&self, rounds: u64) -> anyhow::Result<String> {
        let server = self.server();
        let file = self.file("clean.csv", self.rows, Kind::Clean)?;
        let mut costs: [(Vec<f64>, Vec<f64>, Vec<f64>); 2] = Default::default();
        for _ in 0..rounds {
            for (is_built, (seconds, wal, cpu)) in [false, true].into_iter().zip(&mut costs) {
                server.empty().await?;
                if is_built {
                    SearchIndex::build(&server.pool).await?;
                }
                server.checkpoint().await?;
                let before = server.cpu()?;
                let (_, cost) = server.import(&file, "search").await?;
                cpu.push(server.cpu()? - before);
                seconds.push(cost.seconds);
                wal.push(cost.wal_bytes as f64 / 1e6);
                SearchIndex::drop(&server.pool).await?;
            }
        }
        let mut table =
            "| clean file → COMPLETED | s | server's processor, s | WAL, MB |\n| --- | --- | --- | --- |\n"
                .to_owned();
        for (label, (seconds, wal, cpu)) in ["without the index", "with it"].iter().zip(costs) {
            let [seconds, cpu, wal] = [seconds, cpu, wal].map(|values| median(values.into_iter()));
            let _ = writeln!(table, "| {label} | {seconds:.1} | {cpu:.1} | {wal:.0} |");
        }
        Ok(table)
    }

    /// Repeats the imported contacts with other addresses, and gives the oldest contact a name of its own.
    async fn multiply(&self) -> anyhow::Result<()> {
        let repeat = format!(
            "INSERT INTO contacts (staging_id, contacts_user_id, contact_email, contact_first_name, contact_last_name,
                 contact_company, contact_key)
             SELECT staging_id, contacts_user_id, copy || contact_email, contact_first_name, contact_last_name, contact_company,
                    gen_random_uuid()
             FROM generate_series(2, {FILES}) AS copy, contacts"
        );
        let rare = "UPDATE contacts SET contact_last_name = 'Xylánder' WHERE contact_id = (SELECT min(contact_id) FROM contacts)";
        for statement in [repeat.as_str(), rare, "VACUUM (ANALYZE) contacts"] {
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&self.server().pool).await?;
        }
        Ok(())
    }

    async fn answers(&self, owner: &Owner) -> anyhow::Result<Vec<Answer>> {
        let options = self.server().pool.connect_options().as_ref().clone();
        let pool = PgPoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        let owners = OwnerPool::new(pool, PgPoolOptions::new().max_connections(1).connect_lazy_with(options));
        let mut answers = Vec::new();
        idle::wait().await;
        for (_, text, fold_accents) in SEARCHES {
            let search = SearchText { text: text.to_owned(), fold_accents };
            answers.push(answer(&owners, owner, &search).await?);
        }
        owners.close().await;
        Ok(answers)
    }
}

/// Sends all requests of a search, as a page does.
async fn answer(owners: &OwnerPool, owner: &Owner, search: &SearchText) -> Result<Answer, StoreError> {
    let mut answer = Answer { requests: Vec::new(), until_first: 0, found: 0 };
    let mut before = None;
    while answer.requests.len() < MOST_REQUESTS {
        let started = Instant::now();
        let mut db = owners.read(owner).await?;
        let page = contacts::search(&mut db, owner, Some(search), before, PAGE).await?;
        db.rollback().await?;
        answer.requests.push(started.elapsed().as_secs_f64() * 1e3);
        if answer.found == 0 {
            answer.until_first += 1;
        }
        answer.found += page.contacts.len();
        before = page.next;
        // Pages of a common word are all alike.
        if before.is_none() || answer.found >= 100 * PAGE as usize {
            break;
        }
    }
    Ok(answer)
}

impl Answer {
    fn cells(&self) -> String {
        let mut sorted = self.requests.clone();
        sorted.sort_by(f64::total_cmp);
        let part = |share: f64| {
            sorted.get(((sorted.len() - 1) as f64 * share) as usize).copied().unwrap_or_default()
        };
        format!("{} | {:.1}, {:.1}, {:.1}", self.until_first, part(0.5), part(0.95), part(1.0))
    }
}
