//! The notice about a deletion of contacts or its undo.

use sqlx::PgConnection;

use crate::actions::{DeletedContacts, Effect, RestoredContacts};
use crate::auth::Principal;
use crate::domain::access::Role;
use crate::domain::decision::ActionKind;
use crate::domain::ids::ActionId;
use crate::http::Problem;
use crate::store::{actions as trail, deleted_contacts};
use crate::texts::Text;

/// A notice about a deletion of contacts or its undo, on the page of contacts.
pub(super) struct Notice {
    pub(super) words: String,
    pub(super) is_warning: bool,
    /// The deletion, if the viewer can undo it.
    pub(super) undo: Option<ActionId>,
}

impl Notice {
    /// Returns the notice about an action; `None` if it is neither a deletion of contacts nor the undo of one.
    pub(super) async fn of(
        db: &mut PgConnection,
        text: &Text,
        principal: &Principal,
        id: ActionId,
    ) -> Result<Option<Notice>, Problem> {
        let Some(action) = trail::get(db, &principal.owner, id).await? else { return Ok(None) };
        if action.kind == ActionKind::DeleteContacts {
            let Ok(done) = serde_json::from_value::<DeletedContacts>(action.result) else { return Ok(None) };
            let undoable = deleted_contacts::undoable(db, &principal.owner, &[id]).await?;
            let undo = undoable.first().copied().filter(|_| principal.roles.has(Role::Editor));
            let words = text.contacts_deleted(done.deleted);
            return Ok(Some(Notice { words, is_warning: false, undo }));
        }
        let effect = serde_json::from_value::<Effect>(action.result).ok();
        Ok(effect.and_then(|effect| effect.contacts).map(|contacts| Notice::of_undo(text, &contacts)))
    }

    /// Returns the notice about what an undo did.
    pub(super) fn of_undo(text: &Text, contacts: &RestoredContacts) -> Notice {
        let RestoredContacts { restored, email_taken, first_taken: _, values_removed } = *contacts;
        let mut words = vec![text.contacts_restored(restored)];
        words.extend((email_taken > 0).then(|| text.contacts_email_taken(email_taken)));
        words.extend((values_removed > 0).then(|| text.contacts_values_removed(values_removed)));
        Notice { is_warning: words.len() > 1, words: words.join(" "), undo: None }
    }
}
