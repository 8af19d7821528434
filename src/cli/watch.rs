//! `watch`: imports the files of a folder as they arrive.
//!
//! The folder is polled. Events of the operating system do not exist for network folders, and would not say that a file is
//! complete: that shows only when it stops changing. Which files were imported, the database knows by their content.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, anyhow, ensure};

use super::output::{printable, with_causes};
use super::session::Session;
use super::{Status, import};
use crate::actions::Uploaded;
use crate::domain::job::{JobId, JobStatus};
use crate::shutdown::Shutdown;
use crate::store::StoreError;
use crate::store::jobs;

/// Options of `watch`.
#[derive(Debug, clap::Args)]
pub(crate) struct WatchArgs {
    /// The folder. Its subfolders are not watched.
    folder: PathBuf,
    /// Import the files that are there, and end.
    #[arg(long)]
    once: bool,
    /// Seconds for which the size and the time of a file must stay the same before it is imported.
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = clap::value_parser!(u64).range(0..=86_400))]
    settle: u64,
    /// Seconds between two looks at the folder.
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    interval: u64,
    /// Folder on the same file system to which files are moved once they are imported or under review.
    #[arg(long, value_name = "FOLDER")]
    move_to: Option<PathBuf>,
    #[command(flatten)]
    how: import::How,
}

/// The wait before a file is tried again after a failure that is not the file's.
const RETRY: Duration = Duration::from_secs(30);

/// Imports files until a signal or, with `once`, until none is left. Returns the worst status of `once`, and otherwise that of
/// a signal that has interrupted an import.
pub(crate) async fn run(session: &Session, args: &WatchArgs) -> anyhow::Result<Status> {
    let shutdown = Shutdown::on_signals()?;
    if let Some(folder) = &args.move_to {
        check_destination(&args.folder, folder)?;
    }
    let mut files = Files::default();
    let unreadable = |error| format!("cannot read the folder {}: {error}", args.folder.display());
    files.look(&args.folder).map_err(|error| anyhow!(unreadable(error)))?;
    if !args.once {
        eprintln!("watching {}; stop with Ctrl-C", printable(&args.folder.display().to_string()));
    }
    let mut worst = Status::Done;
    while !shutdown.stop_receiving.is_cancelled() {
        if let Some(file) = files.next(Duration::from_secs(args.settle)) {
            let (status, fate) = import_file(session, args, &file, &shutdown).await;
            worst = worst.max(status);
            files.finish(&file, fate);
        } else if args.once && files.are_done() {
            break;
        } else {
            pause(Duration::from_secs(args.interval), &shutdown).await;
        }
        if let Err(error) = files.look(&args.folder) {
            // A network folder may come back.
            eprintln!("{}", printable(&unreadable(error)));
            pause(RETRY, &shutdown).await;
        }
    }
    import::remove_leftovers(session, &shutdown).await;
    Ok(match (args.once, worst) {
        (true, _) | (false, Status::Stopped(_)) => worst,
        (false, Status::Done | Status::NeedsReview | Status::Failed) => Status::Done,
    })
}

async fn pause(duration: Duration, shutdown: &Shutdown) {
    tokio::select! {
        () = shutdown.stop_receiving.cancelled() => {}
        () = tokio::time::sleep(duration) => {}
    }
}

/// Checks that imported files can be moved to a folder, and do not arrive again there.
fn check_destination(watched: &Path, folder: &Path) -> anyhow::Result<()> {
    let canonical = |folder: &Path| {
        folder.canonicalize().with_context(|| format!("cannot use the folder {}", folder.display()))
    };
    let destination = canonical(folder)?;
    ensure!(destination.is_dir(), "--move-to: {} is no folder", folder.display());
    ensure!(
        destination != canonical(watched)?,
        "--move-to must name another folder than the one that is watched"
    );
    Ok(())
}

/// What follows for a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Nothing, until it changes.
    Done,
    /// It is tried again later.
    TryAgain,
}

/// Imports a file, and reports the result. An error does not end the command.
async fn import_file(
    session: &Session,
    args: &WatchArgs,
    file: &Path,
    shutdown: &Shutdown,
) -> (Status, Fate) {
    let uploaded = match import::upload(session, file, &args.how, false).await {
        Ok(uploaded) => uploaded,
        Err(error) => {
            let fate = if error.is_transient() { Fate::TryAgain } else { Fate::Done };
            return (import::refused(file, &error), fate);
        }
    };
    match run_jobs(session, args, file, &uploaded, shutdown).await {
        Ok(ended) => ended,
        Err(error) => {
            eprintln!("{}: {}", printable(&import::name(file)), printable(&with_causes(&error)));
            (Status::Failed, Fate::TryAgain)
        }
    }
}

async fn run_jobs(
    session: &Session,
    args: &WatchArgs,
    file: &Path,
    uploaded: &Uploaded,
    shutdown: &Shutdown,
) -> anyhow::Result<(Status, Fate)> {
    let status = import::run_parts(session, uploaded, &import::name(file), shutdown).await?;
    let statuses = statuses(session, &uploaded.jobs()).await?;
    let is_open = |status: &JobStatus| matches!(status, JobStatus::Pending | JobStatus::Processing);
    if statuses.iter().any(is_open) {
        return Ok((status, Fate::TryAgain));
    }
    if let Some(folder) = args.move_to.as_deref().filter(|_| !statuses.contains(&JobStatus::Failed)) {
        move_file(file, folder, uploaded.job)?;
    }
    Ok((status, Fate::Done))
}

async fn statuses(session: &Session, ids: &[JobId]) -> Result<Vec<JobStatus>, StoreError> {
    let mut db = session.read().await?;
    let mut statuses = Vec::new();
    for id in ids {
        statuses.extend(jobs::get(&mut db, &session.owner, *id).await?.map(|job| job.status));
    }
    db.rollback().await?;
    Ok(statuses)
}

/// Moves a file to a folder. If the folder has a file of that name, the new one gets the number of the job.
fn move_file(file: &Path, folder: &Path, job: JobId) -> anyhow::Result<()> {
    let name = import::name(file);
    let plain = folder.join(&name);
    let target = if plain.exists() { folder.join(format!("{job}-{name}")) } else { plain };
    std::fs::rename(file, &target)
        .with_context(|| format!("imported as job {job}, but cannot be moved to {}", target.display()))
}

/// The files of the folder, as far as it was looked at.
#[derive(Debug, Default)]
struct Files(HashMap<PathBuf, File>);

#[derive(Debug)]
struct File {
    stamp: Stamp,
    /// When the stamp was first seen.
    since: Instant,
    state: State,
}

/// What changes when a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not imported yet.
    Waiting,
    /// To be tried again from this time.
    Retry(Instant),
    /// Imported, or refused for good.
    Done,
}

impl Files {
    /// Looks which files there are. Fails if the folder cannot be read.
    fn look(&mut self, folder: &Path) -> std::io::Result<()> {
        let mut present = HashMap::new();
        for entry in folder.read_dir()? {
            let path = entry?.path();
            if path.file_name().is_none_or(is_unfinished) {
                continue;
            }
            // A file that is gone by now is none.
            let Ok(metadata) = path.metadata() else { continue };
            if metadata.is_file() {
                let stamp = Stamp { modified: metadata.modified().ok(), bytes: metadata.len() };
                present.insert(path, stamp);
            }
        }
        self.update(present, Instant::now());
        Ok(())
    }

    fn update(&mut self, present: HashMap<PathBuf, Stamp>, now: Instant) {
        let mut earlier = std::mem::take(&mut self.0);
        let file = |(path, stamp): (PathBuf, Stamp)| {
            let same = earlier.remove(&path).filter(|file| file.stamp == stamp);
            let file = same.unwrap_or(File { stamp, since: now, state: State::Waiting });
            (path, file)
        };
        self.0 = present.into_iter().map(file).collect();
    }

    /// Returns the oldest file that is to be imported now: one that has not changed for the time `settle`.
    fn next(&self, settle: Duration) -> Option<PathBuf> {
        let is_due = |file: &File| match file.state {
            State::Waiting => file.since.elapsed() >= settle,
            State::Retry(from) => Instant::now() >= from,
            State::Done => false,
        };
        let due = self.0.iter().filter(|(_, file)| is_due(file));
        due.min_by_key(|(path, file)| (file.stamp.modified, *path)).map(|(path, _)| path.clone())
    }

    fn finish(&mut self, path: &Path, fate: Fate) {
        if let Some(file) = self.0.get_mut(path) {
            file.state = match fate {
                Fate::Done => State::Done,
                Fate::TryAgain => State::Retry(Instant::now() + RETRY),
            };
        }
    }

    /// Returns whether every file was imported, or tried in vain.
    fn are_done(&self) -> bool {
        self.0.values().all(|file| file.state != State::Waiting)
    }
}

/// Returns whether a name is that of a file that a program is still writing, or of none that a person wants to import.
fn is_unfinished(name: &OsStr) -> bool {
    const ENDS: [&str; 8] =
        ["~", ".part", ".partial", ".crdownload", ".download", ".filepart", ".tmp", ".temp"];
    let name = name.to_string_lossy().to_lowercase();
    name.starts_with(['.', '~']) || ENDS.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(second: u64, bytes: u64) -> Stamp {
        Stamp { modified: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(second)), bytes }
    }

    #[test]
    fn files_are_imported_in_the_order_of_their_times_once_they_no_longer_change() {
        let settle = Duration::from_secs(5);
        let settled = Instant::now().checked_sub(settle).unwrap();
        let [old, new, growing] = ["b.csv", "a.csv", "c.csv"].map(PathBuf::from);
        let present = |bytes| {
            HashMap::from([
                (new.clone(), stamp(2, 1)),
                (old.clone(), stamp(1, 1)),
                (growing.clone(), stamp(0, bytes)),
            ])
        };
        let mut files = Files::default();
        files.update(present(1), settled);
        files.update(present(2), Instant::now());
        assert_eq!(files.next(settle), Some(old.clone()));
        files.finish(&old, Fate::Done);
        assert_eq!(files.next(settle), Some(new.clone()));
        files.finish(&new, Fate::TryAgain);
        assert_eq!(files.next(settle), None, "one file grows, and one is tried again later");
        assert!(!files.are_done());
        assert_eq!(files.next(Duration::ZERO), Some(growing.clone()));
        files.finish(&growing, Fate::Done);
        assert!(files.are_done());

        // A file that is replaced is another one, and one that is gone is forgotten.
        files.update(HashMap::from([(old.clone(), stamp(3, 1))]), settled);
        assert_eq!((files.0.len(), files.next(settle)), (1, Some(old)));
    }

    #[test]
    fn unfinished_files_are_known_by_their_names() {
        for name in [
            ".hidden",
            "a.csv.part",
            "a.csv.crdownload",
            "A.CSV.PART",
            "a.csv~",
            "~$contacts.xlsx",
            ".~lock.a#",
        ] {
            assert!(is_unfinished(OsStr::new(name)), "{name}");
        }
        for name in ["a.csv", "party.csv", "a", "part"] {
            assert!(!is_unfinished(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn a_moved_file_replaces_no_other_one() {
        let folder = tempfile::tempdir().unwrap();
        let done = folder.path().join("done");
        std::fs::create_dir(&done).unwrap();
        let file = folder.path().join("a.csv");
        for (content, target) in [("one", "a.csv"), ("two", "7-a.csv")] {
            std::fs::write(&file, content).unwrap();
            move_file(&file, &done, JobId(7)).unwrap();
            assert_eq!(std::fs::read_to_string(done.join(target)).unwrap(), content);
        }
        assert!(!file.exists());
        assert!(check_destination(folder.path(), folder.path()).is_err());
        assert!(check_destination(folder.path(), &done).is_ok());
    }
}
