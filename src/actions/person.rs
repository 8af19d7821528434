//! Everything that is known of one person: every row and contact that has the person's address or had it, what happened to
//! them, and what else names the person.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::ActionError;
use crate::domain::decision::ActionKind;
use crate::domain::extra::Extra;
use crate::domain::field::{PerField, by_name};
use crate::domain::ids::{ActionId, ContactId, RowId};
use crate::domain::job::{JobId, Owner};
use crate::domain::person::{Part, PersonAddress};
use crate::store::contact_changes::{self, Change};
use crate::store::contacts::{self, Contact};
use crate::store::deleted_contacts::{self, DeletedContact};
use crate::store::erasures::PersonCounts;
use crate::store::jobs::{self, Job};
use crate::store::person::{self, FoundContacts, FoundIssue, FoundRecords, Image};
use crate::store::staging::{self, RowView};
use crate::store::{JobTables, OwnerPool};

/// Maximum number of rows, and of contacts, in a description of what is known of a person.
const MOST: usize = 1_000;

/// What a job contains of a person.
pub(super) struct FoundJob {
    pub(super) job: Job,
    /// Whether its file is never read again.
    pub(super) staged: bool,
    /// By the tables of its rows: a large job can have rows in the shared ones too.
    pub(super) tables: Vec<FoundInTables>,
}

/// What the tables of a job contain of a person.
pub(super) struct FoundInTables {
    pub(super) tables: JobTables,
    /// The person's rows.
    pub(super) own: Vec<RowId>,
    /// Other rows that name the person.
    pub(super) beside: Vec<RowId>,
    /// Issues about the person or about these rows.
    pub(super) issues: Vec<FoundIssue>,
}

/// What an owner has of a person.
pub(super) struct Found {
    pub(super) jobs: Vec<FoundJob>,
    /// Jobs whose rows only the stored file has: it may contain the person.
    pub(super) unread: Vec<JobId>,
    pub(super) contacts: FoundContacts,
    /// Changes of these contacts.
    pub(super) changes: i64,
    /// What decisions have recorded of the person's rows, and of others when they named the person.
    pub(super) images: Vec<Image>,
    pub(super) records: FoundRecords,
}

impl FoundJob {
    /// Returns the rows and issues of the job.
    pub(super) async fn of(
        connection: &mut PgConnection,
        job: Job,
        staged: bool,
        address: &PersonAddress,
        former: &[RowId],
    ) -> Result<FoundJob, ActionError> {
        let tables = match job.tables() {
            // Other programs may have inserted rows into the shared tables.
            own @ JobTables::Own(_) => vec![JobTables::Shared(job.id), own],
            all @ (JobTables::Shared(_) | JobTables::Announced(_) | JobTables::Moving(_)) => vec![all],
        };
        let mut found = Vec::new();
        for tables in tables {
            let rows = person::rows(connection, tables, address, former).await?;
            let of =
                |part: Part| rows.iter().filter(move |row| row.part == part).map(|row| row.row).collect();
            let (own, beside): (Vec<RowId>, Vec<RowId>) = (of(Part::Own), of(Part::Beside));
            let issues = person::issues(connection, tables, address, &own).await?;
            found.push(FoundInTables { tables, own, beside, issues });
        }
        Ok(FoundJob { job, staged, tables: found })
    }

    fn is_empty(&self) -> bool {
        let is_empty = |found: &FoundInTables| {
            found.own.is_empty() && found.beside.is_empty() && found.issues.is_empty()
        };
        self.tables.iter().all(is_empty)
    }
}

impl Found {
    /// Searches all data of an owner.
    pub(super) async fn of(
        connection: &mut PgConnection,
        owner: &Owner,
        address: &PersonAddress,
    ) -> Result<Found, ActionError> {
        let mut images = person::images(connection, owner, None, address).await?;
        let mut former: BTreeMap<JobId, Vec<RowId>> = BTreeMap::new();
        for image in images.iter().filter(|image| image.part == Part::Own) {
            former.entry(image.job.unwrap_or(JobId(0))).or_default().push(image.row);
        }
        let named = person::jobs_naming(connection, owner, address).await?;
        let (mut found, mut unread) = (Vec::new(), Vec::new());
        for state in person::jobs(connection, owner, None).await? {
            let Some(job) = jobs::get(connection, owner, state.id).await? else { continue };
            let former = former.get(&state.id).map(Vec::as_slice).unwrap_or_default();
            let in_job = FoundJob::of(connection, job, state.staged, address, former).await?;
            if !in_job.is_empty() || !former.is_empty() || named.contains(&state.id) {
                found.push(in_job);
            } else if state.only_in_file {
                unread.push(state.id);
            }
        }
        let of_rows = found.iter().flat_map(|job| &job.tables).flat_map(|found| &found.own);
        let rows: HashSet<RowId> = of_rows.chain(former.values().flatten()).copied().collect();
        let all: Vec<RowId> = rows.iter().copied().collect();
        images.retain(|image| image.part == Part::Beside && !rows.contains(&image.row));
        images.extend(person::images_of_rows(connection, owner, &all).await?);
        let contacts = person::contacts(connection, owner, address).await?;
        let changes = person::count_changes(connection, owner, &contacts).await?;
        let records = person::records(connection, owner, address).await?;
        Ok(Found { jobs: found, unread, contacts, changes, images, records })
    }

    /// Counts what an erasure would erase.
    pub(super) fn counts(&self) -> PersonCounts {
        let tables = || self.jobs.iter().flat_map(|job| &job.tables);
        let sum = |count: fn(&FoundInTables) -> usize| tables().map(count).sum::<usize>() as i64;
        PersonCounts {
            contacts: self.contacts.own.len() as i64,
            changes: self.changes,
            rows: sum(|found| found.own.len()),
            deleted_contacts: self.contacts.deleted.len() as i64,
            issues: sum(|found| found.issues.iter().filter(|issue| issue.goes).count()),
            decisions: self.images.len() as i64,
            mentions: sum(|found| found.beside.len())
                + self.contacts.beside.len() as i64
                + self.contacts.deleted_beside.len() as i64,
            records: self.records.len() as i64,
            files: self.jobs.len() as i64,
        }
    }
}

/// Everything that is known of a person.
#[derive(Debug, Clone, serde::Serialize)]
pub struct AboutPerson {
    /// The person's contacts.
    pub contacts: Vec<KnownContact>,
    /// The person's deleted contacts.
    pub deleted_contacts: Vec<DeletedContact>,
    /// The person's rows.
    pub rows: Vec<KnownRow>,
    /// Issues about the person or about these rows.
    pub issues: Vec<FoundIssue>,
    /// What people have decided about these rows.
    pub decisions: Vec<KnownDecision>,
    /// Rows of other people with a value that names the person.
    pub named_in_rows: Vec<RowId>,
    /// Contacts of other people with a value that names the person.
    pub named_in_contacts: Vec<ContactId>,
    /// The files that contain the person.
    pub files: Vec<KnownFile>,
    /// Jobs whose rows only the stored file has, which may contain the person.
    pub unread_jobs: Vec<JobId>,
    /// Whether this is all: lists end after a thousand rows and contacts.
    pub complete: bool,
}

/// A contact of a person, with its history.
#[derive(Debug, Clone, serde::Serialize)]
pub struct KnownContact {
    /// The contact as it is; `None` if it was deleted and only its history is known.
    pub contact: Option<Contact>,
    /// Its changes, oldest first.
    pub changes: Vec<Change>,
}

/// A row of a person.
#[derive(Debug, Clone, serde::Serialize)]
pub struct KnownRow {
    /// The job.
    pub job: JobId,
    /// The name of the job's file.
    pub filename: String,
    /// The row.
    pub row: RowView,
}

/// A row before and after a decision.
#[derive(Debug, Clone, serde::Serialize)]
pub struct KnownDecision {
    /// The action.
    pub action: ActionId,
    /// Its kind.
    pub kind: ActionKind,
    /// The person who decided.
    pub actor: String,
    /// When they decided.
    pub at: DateTime<Utc>,
    /// The job.
    pub job: Option<JobId>,
    /// The row.
    pub row: RowId,
    /// Its values before.
    #[serde(serialize_with = "by_name::serialize")]
    pub before: PerField<String>,
    /// Its values after.
    #[serde(serialize_with = "by_name::serialize")]
    pub after: PerField<String>,
    /// Its values before in columns that belong to no field, if the decision changed them.
    pub extra_before: Extra,
    /// The same after.
    pub extra_after: Extra,
}

/// A file that contains a person.
#[derive(Debug, Clone, serde::Serialize)]
pub struct KnownFile {
    /// The job.
    pub job: JobId,
    /// The name of the file.
    pub filename: String,
}

/// Returns everything that an owner has of a person.
pub async fn about(
    owners: &OwnerPool,
    owner: &Owner,
    address: &PersonAddress,
) -> Result<AboutPerson, ActionError> {
    let mut db = owners.snapshot(owner).await?;
    let found = Found::of(&mut db, owner, address).await?;
    let mut complete = found.contacts.past.len() <= MOST;
    let mut known = Vec::new();
    for id in found.contacts.past.iter().take(MOST) {
        let contact = contacts::get(&mut db, owner, *id).await?;
        let changes = contact_changes::of_contact(&mut db, owner, *id).await?;
        complete &= !changes.more;
        known.push(KnownContact { contact, changes: changes.items });
    }
    let deleted = &found.contacts.deleted;
    complete &= deleted.len() <= MOST;
    let deleted: Vec<ContactId> = deleted.iter().take(MOST).copied().collect();
    let deleted = deleted_contacts::get(&mut db, owner, &deleted).await?;
    let mut rows = Vec::new();
    for FoundJob { job, tables, .. } in &found.jobs {
        for FoundInTables { tables, own, .. } in tables {
            for row in own {
                if rows.len() == MOST {
                    complete = false;
                    break;
                }
                let row = staging::get(&mut db, owner, *tables, *row).await?;
                let filename = job.filename.clone();
                rows.extend(row.map(|row| KnownRow { job: job.id, filename, row }));
            }
        }
    }
    db.rollback().await?;
    let tables = || found.jobs.iter().flat_map(|job| &job.tables);
    let file = |job: &FoundJob| KnownFile { job: job.job.id, filename: job.job.filename.clone() };
    Ok(AboutPerson {
        contacts: known,
        deleted_contacts: deleted,
        rows,
        issues: tables().flat_map(|found| found.issues.clone()).collect(),
        named_in_rows: tables().flat_map(|found| found.beside.clone()).collect(),
        named_in_contacts: found.contacts.beside.clone(),
        files: found.jobs.iter().map(file).collect(),
        unread_jobs: found.unread.clone(),
        complete,
        decisions: found.images.into_iter().filter(|image| image.part == Part::Own).map(decision).collect(),
    })
}

fn decision(image: Image) -> KnownDecision {
    KnownDecision {
        action: image.action,
        kind: image.kind,
        actor: image.actor,
        at: image.at,
        job: image.job,
        row: image.row,
        extra_before: image.before.extra(),
        extra_after: image.after.extra(),
        before: image.before.values,
        after: image.after.values,
    }
}
