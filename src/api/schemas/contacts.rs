//! Contacts and the audit trail.

use chrono::{DateTime, Utc};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::actions;
use crate::domain;
use crate::domain::decision::ActionKind;
use crate::domain::extra::Extra;
use crate::domain::field::PerField;
use crate::domain::ids::{ActionId, ContactId, JobId, RowId};
use crate::store;

schema! {
    /// A contact.
    store::contacts::Contact as Contact {
        /// The id.
        #[schema(value_type = i64)]
        id: ContactId,
        /// The {}.
        #[schema(value_type = String)]
        values: PerField<String>,
        /// When it was created.
        created_at: DateTime<Utc>,
        /// The row that it was created from, which may have been deleted.
        #[schema(value_type = i64)]
        row: RowId,
        /// Its values in columns that belong to no field, by the names of the columns, in the order in which the owner's
        /// files first had them.
        #[schema(value_type = HashMap<String, String>)]
        extra: Extra,
    } spread { values }
}

schema! {
    /// A change.
    store::contact_changes::Change as Change {
        /// The time of the change.
        at: chrono::DateTime<chrono::Utc>,
        /// The job of the row that made the change.
        #[schema(value_type = Option<i64>)]
        job: Option<JobId>,
        /// The row that made the change.
        #[schema(value_type = Option<i64>)]
        row: Option<RowId>,
        /// The action that made the change.
        #[schema(value_type = Option<i64>)]
        action: Option<ActionId>,
        /// The action that undid the change.
        #[schema(value_type = Option<i64>)]
        undone_by: Option<ActionId>,
        /// The values before, in the order of the fields.
        before: Vec<String>,
        /// The values after, in the same order.
        after: Vec<String>,
        /// The values before in columns that belong to no field.
        #[schema(value_type = HashMap<String, String>)]
        extra_before: Extra,
        /// The same after.
        #[schema(value_type = HashMap<String, String>)]
        extra_after: Extra,
    }
}

schema! {
    /// The result of editing a contact.
    actions::EditedContact as EditedContact {
        /// The recorded action; `null` if nothing had to change.
        #[schema(value_type = Option<i64>)]
        action: Option<ActionId>,
        /// The contact.
        #[schema(value_type = i64)]
        contact: ContactId,
    }
}

schema! {
    /// A filter of contacts: contacts that meet every given condition. One of them, or `all`, is required.
    #[derive(Default)]
    #[serde(default, deny_unknown_fields)]
    domain::contact_filter::ContactFilter as ContactFilter {
        /// Contacts with these ids.
        #[schema(value_type = Option<Vec<i64>>)]
        contacts: Option<Vec<ContactId>>,
        /// Contacts whose values contain each word of this text, ignoring case. A complete e-mail address of a contact selects
        /// this contact alone.
        #[schema(max_length = 200, pattern = "^[^\\x00]*$")]
        text: Option<String>,
        /// Whether letters of the text with and without accents match each other: `muller` selects Müller, and `strasse` Straße.
        fold_accents: bool,
        /// Contacts that were created from rows of this job.
        #[schema(value_type = Option<i64>)]
        job: Option<JobId>,
        /// All contacts; without other conditions.
        all: bool,
    }
}

schema! {
    /// The result of a deletion of contacts.
    actions::DeletedContacts as DeletedContacts {
        /// The recorded action, with which the deletion can be undone; `null` if no contact matched.
        #[schema(value_type = Option<i64>)]
        action: Option<ActionId>,
        /// The number of deleted contacts.
        deleted: i64,
    }
}

schema! {
    /// An action.
    store::actions::Action as Action {
        /// The id.
        #[schema(value_type = i64)]
        id: ActionId,
        /// The person who performed it.
        actor: String,
        /// The time.
        at: DateTime<Utc>,
        /// The kind of action.
        kind: ActionKind,
        /// The job that it changed.
        #[schema(value_type = Option<i64>)]
        job: Option<JobId>,
        /// The request.
        #[schema(value_type = Value)]
        request: Box<RawValue>,
        /// The result.
        result: Value,
        /// The action that undid it.
        #[schema(value_type = Option<i64>)]
        undone_by: Option<ActionId>,
    }
}
