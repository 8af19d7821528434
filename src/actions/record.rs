//! Who asks, and the record of what was done.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::PgConnection;

use super::ActionError;
use crate::domain::decision::ActionKind;
use crate::domain::ids::ActionId;
use crate::domain::job::{JobId, Owner};
use crate::store::actions::{self, New};

/// A request by a person, or by a program in a person's name.
#[derive(Debug, Clone)]
pub struct Request {
    /// Whose data it is about: nothing of anybody else is seen or changed.
    pub owner: Owner,
    /// Who asks, as the audit trail is to have it.
    pub actor: String,
    /// How it is known when it is sent again.
    pub idempotency: Option<Idempotency>,
}

/// How a request is known when it is sent again.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// The key that its sender gave it.
    pub key: String,
    /// What stands for all that it asks: another one under the same key is refused.
    pub fingerprint: String,
}

impl Request {
    /// What came of the same request when it was carried out before.
    pub(super) async fn earlier<T: DeserializeOwned>(
        &self,
        connection: &mut PgConnection,
    ) -> Result<Option<T>, ActionError> {
        let Some(Idempotency { key, fingerprint }) = &self.idempotency else { return Ok(None) };
        match actions::by_key(connection, &self.owner, key).await? {
            None => Ok(None),
            Some((_, other)) if other != *fingerprint => Err(ActionError::KeyReused),
            Some((result, _)) => Ok(Some(serde_json::from_value(result)?)),
        }
    }

    /// Puts the action on record; gives its number.
    pub(super) async fn record(
        &self,
        connection: &mut PgConnection,
        kind: ActionKind,
        job: Option<JobId>,
        asked: &impl Serialize,
    ) -> Result<ActionId, ActionError> {
        let idempotency =
            self.idempotency.as_ref().map(|known| (known.key.as_str(), known.fingerprint.as_str()));
        let request = serde_json::to_value(asked)?;
        let new = New { owner: &self.owner, actor: &self.actor, kind, job, request: &request, idempotency };
        Ok(actions::insert(connection, &new).await?)
    }

    /// Puts on record what came of it.
    pub(super) async fn finish(
        &self,
        connection: &mut PgConnection,
        action: ActionId,
        job: Option<JobId>,
        result: &impl Serialize,
    ) -> Result<(), ActionError> {
        Ok(actions::finish(connection, action, job, &serde_json::to_value(result)?).await?)
    }
}
