//! What is known of a person, and erasures.

use chrono::{DateTime, Utc};

use crate::actions;
use crate::domain::decision::ActionKind;
use crate::domain::extra::Extra;
use crate::domain::field::PerField;
use crate::domain::ids::{ActionId, ContactId, ErasureId, IssueId, JobId, RowId};
use crate::store;
use crate::store::contact_changes::Change;
use crate::store::contacts::Contact;
use crate::store::erasures::PersonCounts;
use crate::store::staging::RowView;

schema! {
    /// Everything that is known of a person.
    actions::AboutPerson as AboutPerson {
        /// The person's contacts.
        contacts: Vec<actions::KnownContact>,
        /// The person's deleted contacts.
        deleted_contacts: Vec<store::deleted_contacts::DeletedContact>,
        /// The person's rows.
        rows: Vec<actions::KnownRow>,
        /// Issues about the person or about these rows.
        issues: Vec<store::person::FoundIssue>,
        /// What people have decided about these rows.
        decisions: Vec<actions::KnownDecision>,
        /// Rows of other people with a value that names the person.
        #[schema(value_type = Vec<i64>)]
        named_in_rows: Vec<RowId>,
        /// Contacts of other people with a value that names the person.
        #[schema(value_type = Vec<i64>)]
        named_in_contacts: Vec<ContactId>,
        /// The files that contain the person.
        files: Vec<actions::KnownFile>,
        /// Jobs whose rows only the stored file has, which may contain the person.
        #[schema(value_type = Vec<i64>)]
        unread_jobs: Vec<JobId>,
        /// Whether this is all: lists end after a thousand rows and contacts.
        complete: bool,
    }
}

schema! {
    /// A contact of a person, with its history.
    actions::KnownContact as KnownContact {
        /// The contact as it is; `null` if it was deleted and only its history is known.
        contact: Option<Contact>,
        /// Its changes, oldest first.
        changes: Vec<Change>,
    }
}

schema! {
    /// A deleted contact of a person.
    store::deleted_contacts::DeletedContact as DeletedContact {
        /// Its id, which it has again if the deletion is undone.
        #[schema(value_type = i64)]
        id: ContactId,
        /// The {}.
        #[schema(value_type = String)]
        values: PerField<String>,
        /// When it was created.
        created_at: DateTime<Utc>,
        /// The row that it was created from.
        #[schema(value_type = i64)]
        row: RowId,
        /// Its values in columns that belong to no field.
        #[schema(value_type = HashMap<String, String>)]
        extra: Extra,
        /// The action that deleted it.
        #[schema(value_type = Option<i64>)]
        action: Option<ActionId>,
    } spread { values }
}

schema! {
    /// A row of a person.
    actions::KnownRow as KnownRow {
        /// The job.
        #[schema(value_type = i64)]
        job: JobId,
        /// The name of the job's file.
        filename: String,
        /// The row.
        row: RowView,
    }
}

schema! {
    /// An issue about a person.
    store::person::FoundIssue as KnownIssue {
        /// The job.
        #[schema(value_type = i64)]
        job: JobId,
        /// The issue.
        #[schema(value_type = i64)]
        issue: IssueId,
        /// Its type.
        issue_type: String,
        /// The address or row that it is about.
        key: String,
        /// Its description.
        description: Option<String>,
        /// Whether it is resolved.
        resolved: bool,
        /// When it was resolved.
        resolved_at: Option<DateTime<Utc>>,
        /// Who resolved it.
        resolved_by: Option<String>,
        /// What they said about it.
        comment: Option<String>,
    } without { goes }
}

schema! {
    /// A row before and after a decision.
    actions::KnownDecision as KnownDecision {
        /// The action.
        #[schema(value_type = i64)]
        action: ActionId,
        /// Its kind.
        kind: ActionKind,
        /// The person who decided.
        actor: String,
        /// When they decided.
        at: DateTime<Utc>,
        /// The job.
        #[schema(value_type = Option<i64>)]
        job: Option<JobId>,
        /// The row.
        #[schema(value_type = i64)]
        row: RowId,
        /// Its values before, by the names of the fields.
        #[schema(value_type = HashMap<String, String>)]
        before: PerField<String>,
        /// Its values after.
        #[schema(value_type = HashMap<String, String>)]
        after: PerField<String>,
        /// Its values before in columns that belong to no field, if the decision changed them.
        #[schema(value_type = HashMap<String, String>)]
        extra_before: Extra,
        /// The same after.
        #[schema(value_type = HashMap<String, String>)]
        extra_after: Extra,
    }
}

schema! {
    /// A file that contains a person.
    actions::KnownFile as KnownFile {
        /// The job.
        #[schema(value_type = i64)]
        job: JobId,
        /// The name of the file.
        filename: String,
    }
}

schema! {
    /// The result of an erasure, or what it would be.
    actions::Forgotten as Forgotten {
        /// The record of the erasure; `null` if nothing was erased.
        #[schema(value_type = Option<i64>)]
        erasure: Option<ErasureId>,
        /// How much of each kind was erased, or would be.
        counts: PersonCounts,
        /// The jobs that had the person.
        #[schema(value_type = Vec<i64>)]
        jobs: Vec<JobId>,
        /// Jobs whose rows only the stored file has, which may contain the person: those that have not read it to its end,
        /// and those whose rows were removed. Run or delete them, and erase the person again.
        #[schema(value_type = Vec<i64>)]
        unread_jobs: Vec<JobId>,
        /// Jobs whose stored files contain the person and stay, since another owner's jobs read them too.
        #[schema(value_type = Vec<i64>)]
        shared_files: Vec<JobId>,
    }
}

schema! {
    /// How much of a person was found or erased, by kind.
    store::erasures::PersonCounts as PersonCounts {
        /// Contacts.
        contacts: i64,
        /// Changes of contacts, with their values before and after.
        changes: i64,
        /// Rows of jobs.
        rows: i64,
        /// Deleted contacts; their values go.
        deleted_contacts: i64,
        /// Issues.
        issues: i64,
        /// Rows as decisions have recorded them, before and after.
        decisions: i64,
        /// Rows and contacts of other people with a value that names the person; the value goes.
        mentions: i64,
        /// Actions, remembered columns and names of columns with a text that names the person; the text goes.
        records: i64,
        /// Jobs whose files contain the person; the stored files go.
        files: i64,
    }
}

schema! {
    /// An erasure.
    store::erasures::Erasure as Erasure {
        /// The number.
        #[schema(value_type = i64)]
        id: ErasureId,
        /// The person who erased.
        actor: String,
        /// When it began.
        started_at: DateTime<Utc>,
        /// When it ended; `null` if it is in progress, or was cut off.
        ended_at: Option<DateTime<Utc>>,
        /// How much was erased.
        counts: PersonCounts,
    }
}
