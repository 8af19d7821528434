//! Creates, tests and deletes webhooks, and sends events again.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::domain::ids::{DeliveryId, WebhookId};
use crate::domain::job::Owner;
use crate::domain::webhook::{WebhookEvent, WebhookUrl};
use crate::store::webhooks::{self, Delivery, Webhook};
use crate::store::{OwnerPool, StoreError};

/// A new webhook, and the secret with which its receiver verifies requests.
pub(crate) struct NewWebhook {
    /// The webhook.
    pub webhook: Webhook,
    /// The secret, in the form of Standard Webhooks: `whsec_` and 32 bytes in base64.
    pub secret: String,
}

/// Creates a webhook. Returns `None` if the owner already has [`webhooks::MOST_WEBHOOKS`].
pub(crate) async fn create_webhook(
    owners: &OwnerPool,
    owner: &Owner,
    url: &WebhookUrl,
    events: &[WebhookEvent],
) -> Result<Option<NewWebhook>, StoreError> {
    // Two random UUIDs contain 244 random bits.
    let random = [uuid::Uuid::new_v4().into_bytes(), uuid::Uuid::new_v4().into_bytes()].concat();
    let secret = format!("whsec_{}", STANDARD.encode(random));
    let mut transaction = owners.begin(owner).await?;
    let made = webhooks::insert(&mut transaction, owner, url, &secret, events).await?;
    transaction.commit().await?;
    Ok(made.map(|webhook| NewWebhook { webhook, secret }))
}

/// Deletes a webhook with its deliveries. Returns whether there was such a webhook.
pub(crate) async fn delete_webhook(
    owners: &OwnerPool,
    owner: &Owner,
    id: WebhookId,
) -> Result<bool, StoreError> {
    let mut transaction = owners.begin(owner).await?;
    let deleted = webhooks::delete(&mut transaction, owner, id).await?;
    transaction.commit().await?;
    Ok(deleted)
}

/// Requests a test event, also of a disabled webhook, which is enabled by it. Returns `None` if there is no such webhook.
pub(crate) async fn test_webhook(
    owners: &OwnerPool,
    owner: &Owner,
    id: WebhookId,
) -> Result<Option<Delivery>, StoreError> {
    let mut transaction = owners.begin(owner).await?;
    let delivery = webhooks::test(&mut transaction, owner, id).await?;
    transaction.commit().await?;
    Ok(delivery)
}

/// Requests that an event is sent again, with all retries. Returns whether there is such a delivery.
pub(crate) async fn resend_event(
    owners: &OwnerPool,
    owner: &Owner,
    webhook: WebhookId,
    id: DeliveryId,
) -> Result<bool, StoreError> {
    let mut transaction = owners.begin(owner).await?;
    let found = webhooks::resend(&mut transaction, owner, webhook, id).await?;
    transaction.commit().await?;
    Ok(found)
}
