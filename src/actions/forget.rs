//! Erases one person from all data of an owner.
//!
//! Guarantees: nothing is erased if a job that has the person is running, or has not read its whole file. Each job is
//! erased in one transaction, with its file, so that a program that is killed leaves jobs that are done and jobs that are
//! not: erasing the person again finishes the others. The record of the erasure does not say whose data it was. No undo
//! restores the person, since what decisions have recorded of the person is gone.

use super::job::unclaimed;
use super::person::{Found, FoundInTables, FoundJob};
use super::undo_import::wait_for_turn;
use super::{ActionError, Request};
use crate::domain::ids::{ActionId, ErasureId, RowId};
use crate::domain::job::JobId;
use crate::domain::person::{Part, PersonAddress};
use crate::objects::Objects;
use crate::store::erasures::{self, PersonCounts};
use crate::store::jobs::{self, RowCounts};
use crate::store::person::{self, Image, Sharing};
use crate::store::{OwnerPool, StoreError};

/// The result of an erasure, or what it would be.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Forgotten {
    /// The record of the erasure; `None` if nothing was erased.
    pub erasure: Option<ErasureId>,
    /// How much of each kind was erased, or would be.
    pub counts: PersonCounts,
    /// The jobs that had the person.
    pub jobs: Vec<JobId>,
    /// Jobs whose rows only the stored file has, which may contain the person: those that have not read it to its end, and
    /// those whose rows were removed. Run or delete them, and erase the person again.
    pub unread_jobs: Vec<JobId>,
    /// Jobs whose stored files contain the person and stay, since another owner's jobs read them too.
    pub shared_files: Vec<JobId>,
}

/// Erases a person: the person's contacts, rows and issues, what decisions have recorded of them, and the stored files.
/// Values of other people's rows and contacts that name the person are removed. With `dry_run`, changes nothing.
pub async fn forget(
    owners: &OwnerPool,
    objects: &Objects,
    request: &Request,
    address: &PersonAddress,
    dry_run: bool,
) -> Result<Forgotten, ActionError> {
    let owner = &request.owner;
    let mut db = owners.snapshot(owner).await?;
    let found = Found::of(&mut db, owner, address).await?;
    db.rollback().await?;
    let shared_files = erasable(owners, &found).await?;
    let mut counts = found.counts();
    counts.files -= shared_files.len() as i64;
    let mut forgotten = Forgotten {
        erasure: None,
        counts,
        jobs: found.jobs.iter().map(|job| job.job.id).collect(),
        unread_jobs: found.unread.clone(),
        shared_files,
    };
    if dry_run || counts.is_empty() {
        return Ok(forgotten);
    }
    let mut transaction = owners.begin(owner).await?;
    let erasure = erasures::begin(&mut transaction, owner, &request.actor).await?;
    transaction.commit().await?;
    let mut erasing = Erasing { owners, objects, request, address, erasure, counts: PersonCounts::default() };
    for job in &forgotten.jobs {
        erasing.job(*job).await?;
    }
    erasing.contacts(&found).await?;
    erasing.records(&found).await?;
    (forgotten.erasure, forgotten.counts) = (Some(erasure), erasing.counts);
    Ok(forgotten)
}

/// Checks that all jobs can be erased. Returns those whose files stay.
async fn erasable(owners: &OwnerPool, found: &Found) -> Result<Vec<JobId>, ActionError> {
    let mut shared = Vec::new();
    for FoundJob { job, staged, .. } in &found.jobs {
        if job.running {
            return Err(ActionError::Running(job.id));
        }
        if !staged {
            return Err(ActionError::Unread(job.id));
        }
        match person::sharing(owners.control(), job.id).await? {
            Sharing::None => {}
            Sharing::Unread(other) => return Err(ActionError::Unread(other)),
            Sharing::Foreign => shared.push(job.id),
        }
    }
    Ok(shared)
}

/// An erasure in progress.
struct Erasing<'a> {
    owners: &'a OwnerPool,
    objects: &'a Objects,
    request: &'a Request,
    address: &'a PersonAddress,
    erasure: ErasureId,
    /// What is erased so far.
    counts: PersonCounts,
}

impl Erasing<'_> {
    /// Erases the person from a job, and deletes its file.
    async fn job(&mut self, id: JobId) -> Result<(), ActionError> {
        let (owner, address) = (&self.request.owner, self.address);
        // Uses another connection, so it runs before this one locks the job.
        let sharing = person::sharing(self.owners.control(), id).await?;
        let mut transaction = self.owners.begin(owner).await?;
        let job = match unclaimed(&mut transaction, self.request, id).await {
            // Somebody has deleted it since.
            Err(ActionError::NoJob(_)) => return Ok(()),
            job => job?,
        };
        let staged = person::jobs(&mut transaction, owner, Some(id)).await?.iter().all(|job| job.staged);
        if !staged {
            return Err(ActionError::Unread(id));
        }
        let images = person::images(&mut transaction, owner, Some(id), address).await?;
        let former: Vec<RowId> =
            images.iter().filter(|image| image.part == Part::Own).map(|image| image.row).collect();
        let key = job.object_key.clone();
        let found = FoundJob::of(&mut transaction, job, staged, address, &former).await?;
        let mut counts = self.counts;
        let mut deleted = 0;
        for in_tables in &found.tables {
            deleted += erase_in_tables(&mut transaction, address, in_tables, &mut counts).await?;
        }
        let own = found.tables.iter().flat_map(|found| &found.own).chain(&former);
        let own: Vec<RowId> = own.copied().collect();
        let beside = |image: &&Image| image.part == Part::Beside;
        let (actions, rows): (Vec<ActionId>, Vec<RowId>) =
            images.iter().filter(beside).map(|image| (image.action, image.row)).unzip();
        counts.decisions += person::delete_images(&mut transaction, owner, &own, &actions, &rows).await?;
        person::erase_in_job(&mut transaction, id, address, deleted, sharing == Sharing::None).await?;
        person::erase_in_actions_of(&mut transaction, id).await?;
        counts.files += i64::from(sharing == Sharing::None);
        erasures::report(&mut transaction, self.erasure, &counts, false).await?;
        if sharing == Sharing::None {
            // Before the commit: as long as rows name the person, erasing again finds the file too. All rows are staged, and
            // the lock on the job keeps it so, hence nobody reads the file any more.
            self.objects.delete(&key).await?;
        }
        transaction.commit().await?;
        self.counts = counts;
        Ok(())
    }

    /// Erases the person's contacts, their history, and the values of other contacts that name the person.
    async fn contacts(&mut self, found: &Found) -> Result<(), ActionError> {
        let (owner, found) = (&self.request.owner, &found.contacts);
        if found.is_empty() {
            return Ok(());
        }
        let mut transaction = self.owners.begin(owner).await?;
        wait_for_turn(&mut transaction, self.request).await?;
        let mut counts = self.counts;
        counts.changes += person::delete_changes(&mut transaction, owner, found).await?;
        counts.contacts += person::delete_contacts(&mut transaction, owner, &found.own).await?;
        counts.mentions +=
            person::erase_in_contacts(&mut transaction, owner, self.address, &found.beside).await?;
        counts.deleted_contacts +=
            person::empty_deleted_contacts(&mut transaction, owner, &found.deleted).await?;
        counts.mentions +=
            person::erase_in_deleted_contacts(&mut transaction, owner, self.address, &found.deleted_beside)
                .await?;
        erasures::report(&mut transaction, self.erasure, &counts, false).await?;
        transaction.commit().await?;
        self.counts = counts;
        Ok(())
    }

    /// Erases what is left: recorded requests, remembered columns, and what was recorded of rows that no longer exist.
    async fn records(&mut self, before: &Found) -> Result<(), ActionError> {
        let owner = &self.request.owner;
        let mut transaction = self.owners.begin(owner).await?;
        let mut counts = self.counts;
        let images: Vec<&Image> = before.images.iter().collect();
        let own =
            images.iter().filter(|image| image.part == Part::Own).map(|image| image.row).collect::<Vec<_>>();
        let beside = images.iter().filter(|image| image.part == Part::Beside);
        let (actions, rows): (Vec<ActionId>, Vec<RowId>) =
            beside.map(|image| (image.action, image.row)).unzip();
        counts.decisions += person::delete_images(&mut transaction, owner, &own, &actions, &rows).await?;
        let found = person::records(&mut transaction, owner, self.address).await?;
        person::erase_records(&mut transaction, owner, &found).await?;
        person::erase_in_deletions(&mut transaction, owner).await?;
        counts.records += before.records.len() as i64;
        erasures::report(&mut transaction, self.erasure, &counts, true).await?;
        transaction.commit().await?;
        self.counts = counts;
        Ok(())
    }
}

/// Erases rows and issues of a job in some of its tables. Returns the number of deleted rows.
async fn erase_in_tables(
    connection: &mut sqlx::PgConnection,
    address: &PersonAddress,
    found: &FoundInTables,
    counts: &mut PersonCounts,
) -> Result<i64, StoreError> {
    let FoundInTables { tables, own, beside, issues } = found;
    let (gone, open) = person::erase_issues(connection, *tables, address, issues).await?;
    counts.issues += gone;
    counts.mentions += person::erase_in_rows(connection, *tables, address, beside).await?;
    let (by_status, rows) = person::delete_rows(connection, *tables, own).await?;
    counts.rows += rows;
    let moves = RowCounts {
        ready: -by_status.ready,
        with_issues: -by_status.with_issues,
        discarded: -by_status.discarded,
        consolidated: -by_status.consolidated,
        repeated: 0,
    };
    jobs::move_rows(connection, tables.job(), &moves).await?;
    jobs::add_issues(connection, tables.job(), -open).await?;
    Ok(rows)
}
