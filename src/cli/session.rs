//! What a command works with, opened as configured: a given database or the private one, the bucket or the folder,
//! SQS or the queue in the database.

use std::io::IsTerminal;
use std::os::unix::fs::DirBuilderExt;
use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;
use sqlx::postgres::{PgConnectOptions, PgPool};

use super::connections::Connections;
use super::{Status, monitoring, output};
use crate::actions::Request;
use crate::config::{DatabaseUrl, Settings, sdk_config};
use crate::domain::job::Owner;
use crate::metrics::watch_pool;
use crate::objects::{BucketOptions, Objects};
use crate::pipeline::retention::Retention;
use crate::pipeline::{Context, DEFAULT_CHUNK_ROWS, SortMemory};
use crate::queue::{self, Queue, ReceiveOptions};
use crate::shutdown::Shutdown;
use crate::store::iam::{self, IamSignIn};
use crate::store::local::LocalCluster;
use crate::store::{self, OwnerPool, OwnerTransaction, Wall, schema};
use crate::topic::Publisher;
use crate::webhooks::{AllowedNetworks, Sender};
use crate::worker::run::Policy;
use crate::worker::{self, Worker};

/// Whether the schema may be changed at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Migrate {
    /// Apply pending migrations.
    Apply,
    /// Fail if migrations are pending.
    Refuse,
}

impl Migrate {
    /// Returns the value for `--no-migrate`.
    pub(crate) fn from_flag(no_migrate: bool) -> Migrate {
        if no_migrate { Migrate::Refuse } else { Migrate::Apply }
    }
}

/// The resources that are open while a command runs.
pub(crate) struct Session {
    /// Database and file store.
    pub context: Context,
    /// The database, on behalf of owners.
    pub owners: OwnerPool,
    /// The database, for short statements that must not wait for the work of others.
    pub control: PgPool,
    /// Retries and leases.
    pub policy: Policy,
    /// The owner whose data the command sees.
    pub owner: Owner,
    /// The settings.
    pub settings: Settings,
    /// Whether results are printed as JSON.
    pub json: bool,
    /// Maximum number of concurrent jobs.
    concurrency: usize,
    /// Whether one more job may run if it is small.
    small_job: bool,
    webhooks: Sender,
    publisher: Option<Publisher>,
    cluster: Option<LocalCluster>,
}

impl Session {
    /// Opens what is configured, and migrates or checks the schema.
    pub(crate) async fn open(settings: &Settings, migrate: Migrate, json: bool) -> anyhow::Result<Session> {
        let connections = Connections::share(settings.max_connections(), settings.worker_concurrency)?;
        let (pool, cluster) = database(settings, connections.worker).await?;
        schema::server(&pool).await?.check()?;
        match migrate {
            Migrate::Apply => schema::migrate(&pool).await,
            Migrate::Refuse => schema::require_current(&pool).await,
        }
        .context(match &cluster {
            None => "the database of DATABASE_URL",
            Some(_) => "the private local database",
        })?;
        Wall::of(&pool).await?.check()?;
        let chunk_rows = settings.progress_update_interval().and_then(|rows| usize::try_from(rows).ok());
        let chunk_rows = chunk_rows.unwrap_or(DEFAULT_CHUNK_ROWS).min(DEFAULT_CHUNK_ROWS);
        let sort_memory = SortMemory::new(settings.memory_budget());
        let context = Context { pool, objects: objects(settings).await?, chunk_rows, sort_memory };
        let policy = Policy {
            max_retries: settings.max_retries,
            max_deliveries: settings.max_deliveries,
            retry_delay: settings.retry_delay(),
            lease: lease(settings),
            required: settings.required_fields,
        };
        let owner = Owner(settings.owner());
        let options = context.pool.connect_options();
        let control = store::lasting_pool(PgConnectOptions::clone(&options), connections.control);
        let requests = store::lasting_pool(PgConnectOptions::clone(&options), connections.requests);
        for (name, pool) in [("worker", &context.pool), ("control", &control), ("requests", &requests)] {
            watch_pool(name, pool);
        }
        if let Some(url) = settings.database_url()?
            && let Some(sign_in) = iam_sign_in(settings, &url).await?
        {
            sign_in.keep_fresh(vec![context.pool.clone(), control.clone(), requests.clone()]);
        }
        let owners = OwnerPool::new(requests, control.clone());
        Ok(Session {
            context,
            owners,
            control,
            policy,
            owner,
            settings: settings.clone(),
            json,
            concurrency: connections.jobs,
            small_job: connections.small_job,
            webhooks: sender(settings)?,
            publisher: publisher(settings).await,
            cluster,
        })
    }

    /// Begins a transaction that reads the data of the command line's owner.
    pub(crate) async fn read(&self) -> Result<OwnerTransaction, store::StoreError> {
        self.owners.read(&self.owner).await
    }

    /// Returns a request in the name of the command line's user.
    pub(crate) fn request(&self) -> Request {
        Request {
            owner: self.owner.clone(),
            actor: format!("{} (command line)", self.owner),
            idempotency: None,
        }
    }

    /// Prints the result of a command, if it is wanted as JSON. Otherwise stderr has it in words.
    pub(crate) fn result(&self, result: &impl Serialize) -> std::io::Result<()> {
        if self.json { output::print_json(result) } else { Ok(()) }
    }

    /// Returns the name by which the workers of the configured queue are listed and paused.
    pub(crate) fn queue_name(&self) -> &str {
        self.settings.queue_url().unwrap_or(queue::DATABASE)
    }

    /// Returns the private cluster; `None` if a database is configured.
    pub(crate) fn cluster(&self) -> Option<&LocalCluster> {
        self.cluster.as_ref()
    }

    /// Runs the worker until a signal stops it.
    pub(crate) async fn work(&self) -> anyhow::Result<Status> {
        let shutdown = Shutdown::on_signals()?;
        shutdown.quiet_on_signal()?;
        let queue = queue(&self.settings, &self.context.pool).await?;
        let work = worker::work(self.worker(queue.clone()), shutdown.clone());
        monitoring::run_monitored(&self.settings, &self.control, queue, &shutdown, work).await?;
        Ok(Status::Done)
    }

    /// Returns the configured worker, on this queue.
    pub(crate) fn worker(&self, queue: Queue) -> Worker {
        let (wanted, concurrency) = (self.settings.worker_concurrency, self.concurrency);
        if concurrency < wanted {
            tracing::warn!(
                concurrency,
                wanted,
                "MAX_CONNECTIONS allows fewer jobs at once than WORKER_CONCURRENCY"
            );
        }
        if !self.small_job {
            tracing::warn!("MAX_CONNECTIONS leaves no place for small jobs; they wait while large jobs run");
        }
        Worker {
            context: self.context.clone(),
            control: self.control.clone(),
            queue,
            policy: self.policy,
            concurrency,
            small_job: self.small_job,
            owner_patterns: self.settings.owner_pattern.clone(),
            retention: self.retention(),
            webhooks: self.webhooks.clone(),
            publisher: self.publisher.clone(),
            stranded_after: 2 * self.settings.visibility_timeout(),
        }
    }

    /// Returns how long things are kept.
    pub(crate) fn retention(&self) -> Retention {
        let kept = &self.settings.retention;
        Retention { staging: kept.staging(), audit: kept.audit(), files: kept.files() }
    }

    /// Closes the connections, and stops the private server if nobody else uses it.
    pub(crate) async fn close(self) {
        self.owners.close().await;
        self.context.pool.close().await;
        if let Some(cluster) = self.cluster
            && let Err(error) = cluster.stop().await
        {
            tracing::warn!(%error, "cannot stop the private database server");
        }
    }
}

/// How long the job of a killed program can stay locked for the next one, at most.
const LONGEST_LEASE: Duration = Duration::from_secs(30);

/// Returns how long a lease lasts without renewal: no longer than its message stays hidden.
fn lease(settings: &Settings) -> Duration {
    settings.visibility_timeout().min(LONGEST_LEASE)
}

/// Opens a pool of at most `connections` on the configured database, or on the private cluster, which it starts if
/// necessary.
pub(crate) async fn database(
    settings: &Settings,
    connections: u32,
) -> anyhow::Result<(PgPool, Option<LocalCluster>)> {
    if let Some(url) = settings.database_url()? {
        let options = match iam_sign_in(settings, &url).await? {
            Some(sign_in) => sign_in.options().await?,
            None => url.connect_options(),
        };
        let pool = store::pool(options, connections);
        await_database(&pool).await.with_context(|| format!("cannot use the database {url}"))?;
        return Ok((pool, None));
    }
    let data_dir = settings.data_dir();
    if !LocalCluster::exists(&data_dir) && std::io::stderr().is_terminal() {
        eprintln!("creating the local database in {} …", data_dir.display());
    }
    let cluster = LocalCluster::start(&data_dir).await?;
    Ok((store::pool(options_of(&cluster), connections), Some(cluster)))
}

/// Returns what makes tokens for the database, if it is configured.
async fn iam_sign_in(settings: &Settings, url: &DatabaseUrl) -> anyhow::Result<Option<IamSignIn>> {
    if !settings.database_iam_auth {
        return Ok(None);
    }
    let options = url.options_for_tokens();
    let region = match iam::region_of(options.get_host()) {
        Some(region) => region.to_owned(),
        None => settings.bucket_region().await,
    };
    let sdk = sdk_config(&region).await;
    let credentials = sdk.credentials_provider().context("DATABASE_IAM_AUTH needs AWS credentials")?;
    Ok(Some(IamSignIn::new(credentials, region, options)))
}

/// Returns how to connect to a private cluster.
pub(crate) fn options_of(cluster: &LocalCluster) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(cluster.socket_dir())
        .port(cluster.port())
        .username(cluster.user())
        .database(cluster.database())
}

/// Fails early with the server's own message, where the pool would only report a time-out.
async fn await_database(pool: &PgPool) -> Result<(), store::StoreError> {
    use sqlx::Connection;
    let options = pool.connect_options();
    let connecting = sqlx::PgConnection::connect_with(&options);
    let connected = tokio::time::timeout(Duration::from_secs(20), connecting).await;
    let connection = connected.map_err(|_| sqlx::Error::PoolTimedOut)??;
    Ok(connection.close().await?)
}

/// Opens the configured file store.
pub(crate) async fn objects(settings: &Settings) -> anyhow::Result<Objects> {
    match settings.bucket() {
        Some(bucket) => {
            let region = settings.bucket_region().await;
            let options = BucketOptions {
                requester_pays: settings.bucket_use.s3_requester_pays,
                kms_key: settings.bucket_use.kms_key().map(str::to_owned),
            };
            Ok(Objects::s3(bucket, &region, &sdk_config(&region).await, &options)?)
        }
        None => {
            let folder = settings.data_dir().join("objects");
            // The files contain personal data: nobody else on the machine may read them.
            let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
            made.with_context(|| format!("cannot create the folder {}", folder.display()))?;
            Ok(Objects::local(folder)?)
        }
    }
}

/// Returns what publishes events to the topic, if one is configured.
pub(crate) async fn publisher(settings: &Settings) -> Option<Publisher> {
    let topic = settings.webhooks.topic()?;
    let sdk = sdk_config(topic.region()).await;
    Some(Publisher::new(&sdk, topic.clone(), settings.serve.public_url()))
}

/// Returns what sends events to webhooks.
fn sender(settings: &Settings) -> anyhow::Result<Sender> {
    let networks = AllowedNetworks::new(settings.webhooks.allowed_networks());
    Sender::new(networks, settings.serve.public_url()).context("cannot send events to webhooks")
}

/// Opens the configured queue.
pub(crate) async fn queue(settings: &Settings, pool: &PgPool) -> anyhow::Result<Queue> {
    let options = ReceiveOptions {
        max_messages: settings.sqs_max_number_of_messages as usize,
        wait: settings.wait_time(),
        visibility: match settings.queue_url() {
            Some(_) => settings.visibility_timeout(),
            None => lease(settings),
        },
    };
    match settings.queue_url() {
        Some(url) => Ok(Queue::sqs(&sdk_config(&settings.queue_region(url).await).await, url, options)),
        None => Ok(Queue::postgres(pool.clone(), options)),
    }
}
