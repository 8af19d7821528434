//! The sender of a request, and the record of what was done.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::PgConnection;

use super::{ActionError, MarkedIssues};
use crate::domain::decision::ActionKind;
use crate::domain::ids::ActionId;
use crate::domain::job::{JobId, Owner};
use crate::store::actions::{self, New};

/// A request by a person, or by a program on a person's behalf.
#[derive(Debug, Clone)]
pub struct Request {
    /// Whose data it concerns: no other data is read or changed.
    pub owner: Owner,
    /// The sender, as the audit trail names them.
    pub actor: String,
    /// How a repeated request is recognised.
    pub idempotency: Option<Idempotency>,
}

/// How a repeated request is recognised.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// The sender's key.
    pub key: String,
    /// A hash of the whole request: a different request with the same key is refused.
    pub fingerprint: String,
}

impl Request {
    /// Returns the recorded result if the same request was carried out before.
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

    /// Records the action and returns its number.
    pub(super) async fn record(
        &self,
        connection: &mut PgConnection,
        kind: ActionKind,
        job: Option<JobId>,
        request: &impl Serialize,
    ) -> Result<ActionId, ActionError> {
        let idempotency =
            self.idempotency.as_ref().map(|known| (known.key.as_str(), known.fingerprint.as_str()));
        let request = serde_json::to_value(request)?;
        let new = New { owner: &self.owner, actor: &self.actor, kind, job, request: &request, idempotency };
        Ok(actions::insert(connection, &new).await?)
    }

    /// Records the result of the action.
    pub(super) async fn finish(
        &self,
        connection: &mut PgConnection,
        action: ActionId,
        job: Option<JobId>,
        result: &impl Serialize,
    ) -> Result<(), ActionError> {
        Ok(actions::finish(connection, action, job, &serde_json::to_value(result)?).await?)
    }

    /// Records what was changed about issues, if anything was, or if the request has to be recognised again.
    pub(super) async fn mark(
        &self,
        connection: &mut PgConnection,
        kind: ActionKind,
        job: JobId,
        parameters: &serde_json::Value,
        marked: MarkedIssues,
    ) -> Result<MarkedIssues, ActionError> {
        if marked.issues == 0 && self.idempotency.is_none() {
            return Ok(marked);
        }
        let action = self.record(connection, kind, Some(job), parameters).await?;
        let marked = MarkedIssues { action: (marked.issues > 0).then_some(action), ..marked };
        self.finish(connection, action, Some(job), &marked).await?;
        Ok(marked)
    }
}
