//! `backup` and `restore-backup`: the local data folder as one file, and back.
//!
//! The file is a ZIP archive of a dump of the database and the files of the jobs. The database is dumped first: each job in
//! it has its file, unless the file was deleted in between.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufReader, ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tempfile::NamedTempFile;
use uuid::Uuid;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::Status;
use super::output::{counted, print_json};
use super::session::{self, Session};
use crate::config::Settings;
use crate::objects;
use crate::store::local::LocalCluster;
use crate::store::{self, schema};

/// The version of the form of the file.
const FORM: u32 = 1;
const MANIFEST: &str = "manifest.json";
const DATABASE: &str = "database.dump";
const OBJECTS: &str = "objects";

/// The first entry of a backup.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    /// [`FORM`].
    form: u32,
    /// The version of the program that wrote it.
    version: String,
    /// When.
    created_at: DateTime<Utc>,
}

/// Writes a backup. Other programs may go on using the data folder.
pub(crate) async fn back_up(session: &Session, file: &Path) -> anyhow::Result<Status> {
    let shown = file.display();
    let Some(cluster) = session.cluster() else {
        bail!(
            "DATABASE_URL is set: back up that database by its own means, and the bucket or folder of the files with it; \
             `ingest backup` is for the local data folder"
        );
    };
    ensure!(!file.exists(), "{shown} exists already; name another file, or remove it first");
    let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Only its owner can read it: it contains personal data and secrets.
    let partial =
        NamedTempFile::new_in(folder).with_context(|| format!("cannot write to {}", folder.display()))?;
    let scratch = tempfile::tempdir().context("cannot write to the folder for temporary files (TMPDIR)")?;
    let dump = scratch.path().join(DATABASE);
    cluster.dump(&dump).await?;
    let stored = session.settings.data_dir().join(OBJECTS);
    let packing = tokio::task::spawn_blocking(move || pack(partial, &dump, &stored));
    let (partial, files) = packing.await?.with_context(|| format!("cannot write {shown}"))?;
    let written = partial.persist_noclobber(file).with_context(|| format!("cannot write {shown}"))?;
    written.sync_all()?;
    let bytes = written.metadata()?.len();
    if session.settings.bucket().is_some() {
        eprintln!("CSV_BUCKET_NAME is set: the files in the bucket are not part of the backup");
    }
    eprintln!("wrote {shown}, {} KiB: the database, and {}", bytes.div_ceil(1024), counted(files, "file"));
    eprintln!("restore it with `ingest restore-backup {shown} --data-dir <empty folder>`");
    session.result(&json!({ "file": file, "bytes": bytes, "files": files }))?;
    Ok(Status::Done)
}

/// Writes the archive. Returns it with the number of files of jobs.
fn pack(partial: NamedTempFile, dump: &Path, stored: &Path) -> anyhow::Result<(NamedTempFile, u64)> {
    let mut archive = ZipWriter::new(partial);
    let manifest =
        Manifest { form: FORM, version: env!("CARGO_PKG_VERSION").to_owned(), created_at: Utc::now() };
    let options = SimpleFileOptions::default().large_file(true);
    archive.start_file(MANIFEST, options)?;
    serde_json::to_writer(&mut archive, &manifest)?;
    // The dump is compressed already.
    archive.start_file(DATABASE, options.compression_method(CompressionMethod::Stored))?;
    io::copy(&mut File::open(dump)?, &mut archive)?;
    let mut files = 0;
    for (key, path) in objects::files(stored)? {
        let mut content = match File::open(&path) {
            // Deleted since the list was made.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            opened => opened?,
        };
        archive.start_file(format!("{OBJECTS}/{key}"), options)?;
        io::copy(&mut content, &mut archive)?;
        files += 1;
    }
    Ok((archive.finish()?, files))
}

/// Restores a backup into the data folder, which must be empty or missing.
pub(crate) async fn restore(settings: &Settings, file: &Path, json: bool) -> anyhow::Result<Status> {
    if settings.database_url()?.is_some() {
        bail!("DATABASE_URL is set; a backup of a local data folder is restored into a local data folder");
    }
    let data_dir = settings.data_dir();
    let is_free = match fs::read_dir(&data_dir) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == ErrorKind::NotFound,
    };
    let shown = data_dir.display();
    ensure!(is_free, "the data folder {shown} is not empty; name another one with --data-dir");
    let opened = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    let archive =
        read(opened).with_context(|| format!("{} is no backup that can be read", file.display()))?;
    let unfinished = beside(&data_dir)?;
    let restored = fill(&unfinished, archive).await;
    // A folder that is not empty by now is not replaced.
    let moved = restored.and_then(|files| {
        fs::rename(&unfinished, &data_dir).with_context(|| format!("cannot create {shown}"))?;
        Ok(files)
    });
    let files = moved.inspect_err(|_| {
        if let Err(error) = fs::remove_dir_all(&unfinished) {
            tracing::warn!(folder = %unfinished.display(), %error, "cannot remove an unfinished data folder");
        }
    })?;
    eprintln!("restored the database and {} into {shown}", counted(files, "file"));
    if json {
        print_json(&json!({ "data_dir": data_dir, "files": files }))?;
    }
    Ok(Status::Done)
}

type Archive = ZipArchive<BufReader<File>>;

fn read(file: File) -> anyhow::Result<Archive> {
    let mut archive = ZipArchive::new(BufReader::new(file))?;
    let manifest: Manifest = serde_json::from_reader(archive.by_name(MANIFEST)?)?;
    let Manifest { form, version, .. } = manifest;
    ensure!(form <= FORM, "version {version} of the program has written it; use that version or a later one");
    Ok(archive)
}

/// Returns the path of a new folder beside the data folder, so that it can be renamed.
fn beside(data_dir: &Path) -> anyhow::Result<PathBuf> {
    let absolute = std::path::absolute(data_dir)?;
    let name = absolute.file_name().context("--data-dir must name a folder")?.to_string_lossy().into_owned();
    Ok(absolute.with_file_name(format!("{name}.restoring-{}", &Uuid::new_v4().to_string()[..8])))
}

/// Creates a data folder with the content of a backup. Returns the number of files of jobs.
async fn fill(data_dir: &Path, archive: Archive) -> anyhow::Result<u64> {
    let cluster = LocalCluster::start(data_dir).await?;
    let filled = fill_cluster(&cluster, data_dir, archive).await;
    cluster.stop().await?;
    filled
}

async fn fill_cluster(cluster: &LocalCluster, data_dir: &Path, archive: Archive) -> anyhow::Result<u64> {
    let scratch = tempfile::tempdir().context("cannot write to the folder for temporary files (TMPDIR)")?;
    let (dump, stored) = (scratch.path().join(DATABASE), data_dir.join(OBJECTS));
    let to = dump.clone();
    let files = tokio::task::spawn_blocking(move || unpack(archive, &to, &stored)).await??;
    cluster.restore(&dump).await?;
    let pool = store::pool(session::options_of(cluster), 2);
    let migrated = schema::migrate(&pool).await;
    pool.close().await;
    migrated?;
    Ok(files)
}

/// Writes the dump to `dump`, and the files of jobs to the folder `stored`. Returns the number of files.
fn unpack(mut archive: Archive, dump: &Path, stored: &Path) -> anyhow::Result<u64> {
    let folders = |folder: &Path| DirBuilder::new().recursive(true).mode(0o700).create(folder);
    io::copy(&mut archive.by_name(DATABASE)?, &mut File::create(dump)?)?;
    folders(stored)?;
    let mut files = 0;
    for number in 0..archive.len() {
        let mut entry = archive.by_index(number)?;
        let name = entry.name()?.into_owned();
        let Some(key) = name.strip_prefix(OBJECTS).and_then(|rest| rest.strip_prefix('/')) else {
            continue;
        };
        let is_inside = Path::new(key).components().all(|part| matches!(part, Component::Normal(_)));
        ensure!(is_inside && !key.is_empty(), "it has a file outside of its folder");
        let path = stored.join(key);
        path.parent().map_or(Ok(()), folders)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        copy_all(&mut entry, &mut file)?;
        files += 1;
    }
    Ok(files)
}

/// Copies an entry, and waits until it is on disk.
fn copy_all(entry: &mut impl Read, file: &mut File) -> io::Result<()> {
    io::copy(entry, file)?;
    file.sync_all()
}
