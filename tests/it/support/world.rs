//! The world of one test: its database, object store and queue, and the program that runs in it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ingest::domain::job::Owner;
use ingest::store::{OwnerPool, OwnerTransaction};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tempfile::TempDir;

use super::cloud::Cloud;
use super::process::{self, Child, Ended};
use super::servers::{self, Postgres};

/// An open issue in a comparable form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OpenIssue {
    /// The rule.
    pub issue_type: String,
    /// The lines of its rows in the file.
    pub lines: Vec<i64>,
    /// The key.
    pub key: String,
}

/// A database, an object store and a queue of one test.
pub(crate) struct World {
    /// The database, for the test's own queries.
    pub pool: PgPool,
    /// The database as the program uses it on behalf of owners.
    pub owners: OwnerPool,
    /// The bucket and the queue, if the world has them.
    pub cloud: Option<Cloud>,
    folder: Folder,
    env: Vec<(String, String)>,
}

/// The folder in which the program runs. If the test fails, the program's warnings are printed.
struct Folder(TempDir);

/// The maximum number of warnings and errors printed, from the end of the log.
const SHOWN_WARNINGS: usize = 40;

impl Folder {
    fn path(&self) -> &Path {
        self.0.path()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let is_warning = |line: &&str| line.contains("WARN") || line.contains("ERROR");
            let warnings: Vec<&str> = log.lines().rev().filter(is_warning).take(SHOWN_WARNINGS).collect();
            for line in warnings.iter().rev() {
                eprintln!("{line}");
            }
        }
    }
}

impl World {
    /// Creates a world with a database without tables, a local object store and a local queue.
    pub(crate) async fn empty_database() -> World {
        World::empty_database_with("").await
    }

    /// Creates the same with options of CREATE DATABASE.
    pub(crate) async fn empty_database_with(options: &str) -> World {
        World::empty_database_on(servers::postgres(), options).await
    }

    /// Creates the same on another server than the shared one.
    pub(crate) async fn empty_database_on(server: &Postgres, options: &str) -> World {
        let name = unique();
        let admin = PgPool::connect(&server.admin_url()).await.unwrap();
        let mut connection = admin.acquire().await.unwrap();
        sqlx::raw_sql(servers::INGEST_ROLE).execute(&mut *connection).await.unwrap();
        let make = format!("CREATE DATABASE {name} OWNER ingest {options}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(make)).execute(&mut *connection).await.unwrap();
        drop(connection);
        admin.close().await;
        let url = server.url(&name);
        let world = World::without_database().await.with(&[("DATABASE_URL", &url)]);
        let pool = PgPoolOptions::new().max_connections(3).connect(&url).await.unwrap();
        let others = PgPoolOptions::new().max_connections(5).connect_lazy(&url).unwrap();
        let owners = OwnerPool::new(others, pool.clone());
        World { pool, owners, ..world }
    }

    /// Creates a world with a migrated database, a local object store and a local queue. The first command builds the wall.
    pub(crate) async fn database() -> World {
        World::empty_database_with(&format!("TEMPLATE {}", servers::migrated_template().await)).await
    }

    /// Creates a world with a migrated database, S3, and SQS with a dead-letter queue.
    pub(crate) async fn cloud() -> World {
        World::on_cloud(true).await
    }

    /// Creates a world with a migrated database, S3, and SQS with or without a dead-letter queue.
    pub(crate) async fn on_cloud(dead_letters: bool) -> World {
        World::database().await.with_cloud(dead_letters).await
    }

    /// Migrates the database, and adds S3 and SQS.
    pub(crate) async fn with_cloud(self, dead_letters: bool) -> World {
        ingest::store::schema::migrate(&self.pool).await.unwrap();
        self.with_queues(dead_letters).await
    }

    /// Adds S3 and SQS.
    pub(crate) async fn with_queues(mut self, dead_letters: bool) -> World {
        let cloud = Cloud::make(&unique().replace('_', "-"), dead_letters).await;
        self.env.extend(cloud.env());
        self.cloud = Some(cloud);
        self
    }

    /// Creates a world with nothing configured, for the program's local default. `pool` cannot connect.
    pub(crate) async fn without_database() -> World {
        let folder = Folder(tempfile::Builder::new().prefix("ingest-world-").tempdir().unwrap());
        // If the test runs as root, the private cluster belongs to another user.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).unwrap();
        let pool = PgPoolOptions::new().connect_lazy("postgresql://nobody@127.0.0.1:1/none").unwrap();
        let data = folder.path().join("data").display().to_string();
        let env =
            vec![("INGEST_DATA_DIR".to_owned(), data), ("INGEST_OWNER".to_owned(), "tester".to_owned())];
        let owners = OwnerPool::new(pool.clone(), pool.clone());
        World { pool, owners, cloud: None, folder, env }
    }

    /// Adds variables to the program's environment.
    pub(crate) fn with(mut self, env: &[(&str, &str)]) -> World {
        self.env.extend(env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self
    }

    /// Returns the value of a variable of the program's environment.
    pub(crate) fn variable(&self, name: &str) -> String {
        let variable = self.env.iter().rev().find(|(known, _)| known == name);
        variable.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// Returns the program's environment. If a variable is in it twice, the last one counts.
    pub(crate) fn variables(&self) -> &[(String, String)] {
        &self.env
    }

    /// Returns the port of the database's server.
    pub(crate) fn database_port(&self) -> u16 {
        servers::postgres().port()
    }

    /// Replaces the pool of the test's own queries.
    pub(crate) fn with_pool(self, pool: PgPool) -> World {
        World { pool, ..self }
    }

    /// Returns the name of the database.
    pub(crate) async fn database_name(&self) -> String {
        let query = "SELECT current_database()::text";
        sqlx::query_scalar(query).fetch_one(&self.pool).await.unwrap()
    }

    /// Returns the superuser's URL of the database.
    pub(crate) async fn superuser_url(&self) -> String {
        let url = servers::postgres().admin_url();
        let (server, _) = url.rsplit_once('/').unwrap();
        format!("{server}/{}", self.database_name().await)
    }

    /// Lets the program connect to its database through another port.
    pub(crate) async fn through_port(self, port: u16) -> World {
        let database = self.database_name().await;
        self.with(&[("DATABASE_URL", &format!("postgresql://ingest:secret@127.0.0.1:{port}/{database}"))])
    }

    /// Returns a path in the folder in which the program runs.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file to that folder and returns its path.
    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        std::fs::write(self.path(name), content).unwrap();
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Runs the program to its end.
    pub(crate) async fn ingest(&self, arguments: &[&str]) -> Ended {
        process::run(process::command(self.folder.path(), &self.env, arguments)).await
    }

    /// Runs another program, which receives the command line of the program as its last arguments.
    pub(crate) async fn ingest_by(&self, wrapper: &[&str], arguments: &[&str]) -> Ended {
        process::run(process::command_by(wrapper, self.folder.path(), &self.env, arguments)).await
    }

    /// Starts the program; its output goes to `log`.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Child {
        Child::spawn(process::command(self.folder.path(), &self.env, arguments), &self.path("log"))
    }

    /// Starts the program with a soft limit of open files.
    pub(crate) fn spawn_with_open_files(&self, soft: u32, arguments: &[&str]) -> Child {
        let command = process::command(self.folder.path(), &self.env, arguments);
        Child::spawn(process::with_open_files(command, soft), &self.path("log"))
    }

    /// Starts the program with additional variables.
    pub(crate) fn spawn_with(&self, arguments: &[&str], env: &[(String, String)]) -> Child {
        let env = [&self.env, env].concat();
        Child::spawn(process::command(self.folder.path(), &env, arguments), &self.path("log"))
    }

    /// Starts the program through another one, which receives the command line as its last arguments.
    pub(crate) fn spawn_by(&self, wrapper: &[&str], arguments: &[&str]) -> Child {
        let command = process::command_by(wrapper, self.folder.path(), &self.env, arguments);
        Child::spawn(command, &self.path("log"))
    }

    /// Starts another build of the program.
    pub(crate) fn spawn_program(&self, program: &str, arguments: &[&str]) -> Child {
        let line = [&[program], arguments].concat();
        Child::spawn(process::command_of(&line, self.folder.path(), &self.env), &self.path("log"))
    }

    /// Runs another build of the program to its end.
    pub(crate) async fn run_program(&self, program: &str, arguments: &[&str]) -> Ended {
        let line = [&[program], arguments].concat();
        process::run(process::command_of(&line, self.folder.path(), &self.env)).await
    }

    /// Returns what started programs have printed so far.
    pub(crate) fn log(&self) -> String {
        self.folder.log()
    }

    /// Does what a producer does: stores the file, inserts the job, sends the message.
    pub(crate) async fn enqueue(&self, name: &str, content: &str, owner: &str) -> i32 {
        let job = self.enqueue_silently(name, content, owner).await;
        if self.cloud.is_some() {
            self.send_again(job).await;
        }
        job
    }

    /// Does what a producer does that dies before it sends the message.
    pub(crate) async fn enqueue_silently(&self, name: &str, content: &str, owner: &str) -> i32 {
        let key = format!("uploads/{owner}/{name}");
        self.put_object(&key, content).await;
        sqlx::query_scalar(
            "INSERT INTO jobs (job_user_id, job_original_filename, job_s3_object_key, job_status, job_total_rows,
                               job_processed_rows, job_issue_count)
             VALUES ($1, $2, $3, 'PENDING', 0, 0, 0) RETURNING job_id",
        )
        .bind(owner)
        .bind(name)
        .bind(&key)
        .fetch_one(&self.pool)
        .await
        .unwrap()
    }

    /// Puts an object into the object store.
    pub(crate) async fn put_object(&self, key: &str, content: &str) {
        match &self.cloud {
            Some(cloud) => {
                cloud.objects.put(key, content.as_bytes()).await.unwrap();
            }
            None => {
                let path = self.path("data/objects").join(key);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, content).unwrap();
            }
        }
    }

    /// Removes an object from the bucket.
    pub(crate) async fn remove_object(&self, key: &str) {
        self.cloud_or_fail().objects.delete(key).await.unwrap();
    }

    /// Sends a message.
    pub(crate) async fn send(&self, body: &str) {
        self.cloud_or_fail().send(body).await;
    }

    /// Returns the number of messages in the dead-letter queue.
    pub(crate) async fn dead_letters(&self) -> u64 {
        self.cloud_or_fail().dead_letters().await
    }

    fn cloud_or_fail(&self) -> &Cloud {
        self.cloud.as_ref().expect("a world on the cloud")
    }

    /// Sends the job's message.
    pub(crate) async fn send_again(&self, job: impl Into<i64>) {
        self.send_again_with(job, &[]).await;
    }

    /// Sends the job's message with attributes.
    pub(crate) async fn send_again_with(&self, job: impl Into<i64>, attributes: &[(&str, &str)]) {
        let job = job.into();
        let query = "SELECT job_s3_object_key FROM jobs WHERE job_id = $1";
        let key: String = sqlx::query_scalar(query).bind(job).fetch_one(&self.pool).await.unwrap();
        let body = serde_json::json!({ "job_id": job.to_string(), "s3_key": key, "more": [1] });
        self.cloud_or_fail().send_with(&body.to_string(), attributes).await;
    }

    /// Returns the numbers of visible and of hidden messages.
    pub(crate) async fn messages(&self) -> (u64, u64) {
        self.cloud_or_fail().messages().await
    }

    /// Waits until the queue is empty.
    pub(crate) async fn queue_empty(&self) {
        eventually("the queue is empty", async || self.messages().await == (0, 0)).await;
    }

    /// Begins a transaction that reads the data of `tester`.
    pub(crate) async fn read(&self) -> OwnerTransaction {
        self.owners.read(&Owner("tester".to_owned())).await.unwrap()
    }

    /// Waits until the job's run has ended and returns the job's status.
    pub(crate) async fn status_after_run(&self, job: impl Into<i64>) -> String {
        let job = job.into();
        let query = "SELECT job_status::text FROM jobs
             WHERE job_id = $1 AND job_status IN ('NEEDS_REVIEW', 'COMPLETED', 'FAILED')";
        for _ in 0..3600 {
            let status = sqlx::query_scalar(query).bind(job).fetch_optional(&self.pool).await.unwrap();
            if let Some(status) = status {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the run of job {job} did not end:\n{}", self.log());
    }

    /// Waits until the job is COMPLETED.
    pub(crate) async fn eventually_completed(&self, job: impl Into<i64>) {
        let job = job.into();
        eventually("the job is completed", async || self.job(job).await.starts_with("COMPLETED")).await;
    }

    /// Returns a job's status and counts in words.
    pub(crate) async fn job(&self, job: impl Into<i64>) -> String {
        let job = job.into();
        let query = "SELECT job_status || ' total ' || job_total_rows || ' processed ' || job_processed_rows
                     || ' issues ' || job_issue_count || ' repeated ' || job_repeated_rows FROM jobs WHERE job_id = $1";
        sqlx::query_scalar(query).bind(job).fetch_one(&self.pool).await.unwrap()
    }

    /// Returns a job's rows with their statuses in words, in the order of the file.
    pub(crate) async fn statuses(&self, job: impl Into<i64>) -> String {
        let job = job.into();
        let query = "SELECT string_agg(staging_id || ' ' || staging_status, ', ' ORDER BY staging_id)
             FROM staging WHERE staging_job_id = $1";
        sqlx::query_scalar(query).bind(job).fetch_one(&self.pool).await.unwrap()
    }

    /// Returns a job's open issues, by type and line.
    pub(crate) async fn issues(&self, job: impl Into<i64>) -> Vec<OpenIssue> {
        let job = job.into();
        let query = "SELECT issue_type::text, issue_key AS key,
                            array_agg(coalesce(staging_line, 0) ORDER BY staging_line) AS lines
                     FROM issues JOIN issue_items ON item_issue_id = issue_id JOIN staging ON staging_id = item_staging_id
                     WHERE issues_job_id = $1 AND NOT issue_resolved GROUP BY issue_id";
        let found: Vec<(String, String, Vec<i64>)> =
            sqlx::query_as(query).bind(job).fetch_all(&self.pool).await.unwrap();
        let issue = |(issue_type, key, lines)| OpenIssue { issue_type, lines, key };
        let mut issues: Vec<OpenIssue> = found.into_iter().map(issue).collect();
        issues.sort();
        issues
    }

    /// Returns an owner's contacts, each as `email|first|last|company`, sorted.
    pub(crate) async fn contacts(&self, owner: &str) -> Vec<String> {
        let query =
            "SELECT concat_ws('|', contact_email, contact_first_name, contact_last_name, contact_company)
                     FROM contacts WHERE contacts_user_id = $1";
        let mut contacts: Vec<String> =
            sqlx::query_scalar(query).bind(owner).fetch_all(&self.pool).await.unwrap();
        contacts.sort();
        contacts
    }
}

/// Returns a name that no other test has, valid for a database, a bucket and a queue.
fn unique() -> String {
    format!("test_{}", uuid::Uuid::new_v4().simple())
}

/// Waits until `is_so` returns true; a failure names `what`.
pub(crate) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..1200 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it never came to it that {what}");
}
