//! Staging rows.

use crate::actions;
use crate::actions::Effect;
use crate::domain::extra::Extra;
use crate::domain::field::{Field, PerField};
use crate::domain::ids::RowId;
use crate::domain::row::{OnExisting, RowStatus};
use crate::store;
use crate::store::contacts::Contact;
use crate::store::corrections::FileRow;

schema! {
    /// A row.
    store::staging::RowView as RowView {
        /// The id, as used in decisions.
        #[schema(value_type = i64)]
        row: RowId,
        /// The line of the file on which the row starts.
        line: Option<i64>,
        /// The current {}; empty if there is none.
        #[schema(value_type = String)]
        values: PerField<String>,
        /// The current status.
        status: Option<RowStatus>,
        /// The text of a malformed row that does not fit in its values.
        residue: Option<String>,
        /// Whether a person accepted or edited it although it is malformed.
        accepted: bool,
        /// A person's decision on the existing contact with its e-mail; `null` if there is none.
        on_existing: Option<OnExisting>,
        /// Its values in columns that belong to no field, by the names of the columns, in the order of the file.
        #[schema(value_type = HashMap<String, String>)]
        extra: Extra,
    } spread { values }
}

schema! {
    /// The result of importing a file of corrections.
    actions::Corrected as Corrected {
        /// The effect. Undoing its action undoes all corrections.
        effect: Effect,
        /// Rows in the file.
        read: u64,
        /// Rows whose values equal those of the job or of an earlier row of the file.
        unchanged: u64,
        /// Rows whose key is missing or unknown.
        unknown_count: u64,
        /// The first hundred of these rows.
        #[serde(default)]
        unknown: Vec<FileRow>,
        /// Rows skipped because they are already imported.
        contact_count: u64,
        /// The first hundred of these rows.
        #[serde(default)]
        contacts: Vec<FileRow>,
    }
}

schema! {
    /// A row of a file of corrections.
    store::corrections::FileRow as FileRow {
        /// The line on which it starts, counted from 1.
        line: u64,
        /// The start of its value in the column `row_key`, to find it in the file.
        row_key: String,
    }
}

schema! {
    /// A contact next to a row with the same e-mail.
    actions::Existing as Existing {
        /// The contact.
        contact: Contact,
        /// The fields in which row and contact differ.
        differs: Vec<Field>,
    }
}
