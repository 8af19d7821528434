//! The first row or contact that an action changed, so that a list of actions says what they are about.

use sqlx::PgConnection;

use super::{StoreError, sql};
use crate::domain::ids::{ActionId, ContactId, RowId};
use crate::domain::job::Owner;

/// The first row or contact that an action changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    /// The action.
    pub action: ActionId,
    /// The row, unless the action changed a contact.
    pub row: Option<RowId>,
    /// The contact, unless the action changed a row.
    pub contact: Option<ContactId>,
    /// Whether the action deleted the contact.
    pub is_deleted: bool,
    /// The e-mail after the action, or before it if there is none after it.
    pub email: String,
}

from_row!(Subject { action, row, contact, is_deleted, email });

/// Returns the first row or contact of each of these actions of an owner. Actions that changed neither, or whose rows have
/// been removed since, have none.
pub(crate) async fn first(
    connection: &mut PgConnection,
    owner: &Owner,
    actions: &[ActionId],
) -> Result<Vec<Subject>, StoreError> {
    let query = "SELECT action, first.* FROM unnest($2::bigint[]) AS action, LATERAL (
             (SELECT row_staging_id AS row, NULL::bigint AS contact, false AS is_deleted,
                     coalesce(nullif(after_email, ''), before_email, '') AS email
              FROM action_rows WHERE row_action_id = action ORDER BY row_staging_id LIMIT 1)
             UNION ALL
             (SELECT NULL, change_contact_id, false, coalesce(nullif(after_email, ''), before_email)
              FROM contact_changes WHERE change_action_id = action AND change_owner = $1
              ORDER BY change_contact_id LIMIT 1)
             UNION ALL
             (SELECT NULL, deleted_contact_id, true, deleted_email
              FROM deleted_contacts
              WHERE deleted_action_id = action AND deleted_owner = $1 AND deleted_email IS NOT NULL
              ORDER BY deleted_contact_id LIMIT 1)
             LIMIT 1) AS first
         WHERE EXISTS (SELECT FROM actions WHERE action_id = action AND action_owner = $1)";
    Ok(sql::query_as(query).bind(&owner.0).bind(actions).fetch_all(connection).await?)
}
