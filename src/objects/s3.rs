//! An S3 bucket, with credentials and endpoint from the AWS SDK.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use object_store::aws::{AmazonS3, AmazonS3Builder, AwsCredential};
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientOptions, CredentialProvider, Error, GetOptions, GetRange, GetResult, ObjectStore,
    RetryConfig,
};
use tokio::sync::Mutex;

use super::{BucketOptions, ObjectError, Objects, Version};

const NAME: &str = "S3";

/// A read that receives no byte for this long is cut and resumed.
const SILENCE: Duration = Duration::from_secs(30);
/// How often a read is resumed without receiving a byte.
const RESUMPTIONS: u32 = 5;

pub(super) fn store(
    bucket: &str,
    region: &str,
    sdk: &SdkConfig,
    options: &BucketOptions,
) -> Result<AmazonS3, Error> {
    let generic = |text: &str| Error::Generic { store: NAME, source: text.into() };
    let provider = sdk.credentials_provider().ok_or_else(|| generic("no AWS credentials are configured"))?;
    let client = ClientOptions::new()
        .with_connect_timeout(Duration::from_secs(5))
        .with_read_timeout(Duration::from_secs(120))
        // A big file may take longer than any limit on the whole answer.
        .with_timeout_disabled();
    let retry = RetryConfig {
        backoff: BackoffConfig { max_backoff: Duration::from_secs(5), ..BackoffConfig::default() },
        max_retries: 4,
        retry_timeout: Duration::from_secs(60),
    };
    let builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(region)
        .with_credentials(Arc::new(Credentials { provider, held: Mutex::new(None) }))
        .with_client_options(client.with_allow_http(true))
        .with_retry(retry)
        .with_request_payer(options.requester_pays);
    let builder = match &options.kms_key {
        Some(key) => builder.with_sse_kms_encryption(key),
        None => builder,
    };
    match endpoint(sdk) {
        // S3 stand-ins have no host name per bucket.
        Some(url) => {
            builder.with_endpoint(url.trim_end_matches('/')).with_virtual_hosted_style_request(false).build()
        }
        None => {
            // There is no TLS certificate for the host name of a bucket with a dot.
            builder.with_virtual_hosted_style_request(!bucket.contains('.')).build()
        }
    }
}

/// Returns the endpoint for S3 if one is set, else the one for all services.
fn endpoint(sdk: &SdkConfig) -> Option<String> {
    let own = std::env::var("AWS_ENDPOINT_URL_S3").ok().filter(|url| !url.trim().is_empty());
    let ignored = std::env::var("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
        .is_ok_and(|value| value.eq_ignore_ascii_case("true"));
    own.filter(|_| !ignored).or_else(|| sdk.endpoint_url().map(str::to_owned))
}

/// The SDK's credentials chain as `object_store` uses it. The chain itself does not cache: without the copy here,
/// every request would query the instance's metadata or run the profile's process again.
#[derive(Debug)]
struct Credentials {
    provider: SharedCredentialsProvider,
    held: Mutex<Option<Held>>,
}

#[derive(Debug, Clone)]
struct Held {
    credential: Arc<AwsCredential>,
    renew_at: SystemTime,
    expires_at: Option<SystemTime>,
}

impl Credentials {
    /// Renew this long before credentials expire, so that a retried request still has valid ones.
    const MARGIN: Duration = Duration::from_secs(5 * 60);
    /// For credentials that do not expire: an operator may replace them in the profile.
    const LOOK_AGAIN: Duration = Duration::from_secs(15 * 60);
    /// After a failed renewal.
    const RETRY: Duration = Duration::from_secs(15);
}

#[async_trait]
impl CredentialProvider for Credentials {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let mut held = self.held.lock().await;
        let now = SystemTime::now();
        if let Some(held) = held.as_ref().filter(|held| now < held.renew_at) {
            return Ok(Arc::clone(&held.credential));
        }
        match self.provider.provide_credentials().await {
            Ok(found) => {
                let credential = Arc::new(AwsCredential {
                    key_id: found.access_key_id().to_owned(),
                    secret_key: found.secret_access_key().to_owned(),
                    token: found.session_token().map(str::to_owned),
                });
                let expires_at = found.expiry();
                let renew_at = match expires_at {
                    // At least a few seconds from now, so that short-lived credentials are not renewed all the
                    // time.
                    Some(end) => end.checked_sub(Self::MARGIN).unwrap_or(now).max(now + Self::RETRY).min(end),
                    None => now + Self::LOOK_AGAIN,
                };
                *held = Some(Held { credential: Arc::clone(&credential), renew_at, expires_at });
                Ok(credential)
            }
            Err(error) => match held.as_mut().filter(|held| held.expires_at.is_none_or(|end| now < end)) {
                Some(held) => {
                    held.renew_at = now + Self::RETRY;
                    Ok(Arc::clone(&held.credential))
                }
                None => Err(Error::Generic { store: NAME, source: Box::new(error) }),
            },
        }
    }
}

/// Streams the content of an opened object. `object_store` resumes a cut read only a few times, within the first
/// minute; a long read that waits for the database in between must be resumable for as long as it runs.
pub(super) fn stream(
    objects: Objects,
    key: String,
    path: Path,
    version: Version,
    opened: GetResult,
) -> BoxStream<'static, Result<Bytes, ObjectError>> {
    let size = opened.meta.size;
    let reading =
        Reading { objects, key, path, version, size, at: 0, fruitless: 0, body: Some(opened.into_stream()) };
    stream::try_unfold(reading, Reading::next).boxed()
}

struct Reading {
    objects: Objects,
    key: String,
    path: Path,
    version: Version,
    size: u64,
    at: u64,
    fruitless: u32,
    body: Option<BoxStream<'static, object_store::Result<Bytes>>>,
}

impl Reading {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, ObjectError> {
        loop {
            let error = match self.block().await {
                Ok(Some(bytes)) => return Ok(Some((bytes, self))),
                Ok(None) => return Ok(None),
                Err(error) => error,
            };
            self.fruitless += 1;
            if !error.is_transient() || self.fruitless > RESUMPTIONS {
                return Err(error);
            }
            self.body = None;
            tracing::debug!(byte = self.at, error = %error, "a read from S3 was interrupted; resuming");
            let pause = Duration::from_millis(100 << self.fruitless);
            tokio::time::sleep(pause.mul_f64(0.5 + fastrand::f64())).await;
        }
    }

    async fn block(&mut self) -> Result<Option<Bytes>, ObjectError> {
        if self.at >= self.size {
            return Ok(None);
        }
        let body = match &mut self.body {
            Some(body) => body,
            None => {
                let body = self.reopen().await?;
                self.body.insert(body)
            }
        };
        match tokio::time::timeout(SILENCE, body.next()).await {
            Ok(Some(Ok(bytes))) => {
                self.at += bytes.len() as u64;
                self.fruitless = 0;
                Ok(Some(bytes))
            }
            Ok(Some(Err(error))) => Err(self.objects.error(&self.key, error)),
            Ok(None) => Err(self.cut("the answer ended early")),
            Err(_) => Err(self.cut("no byte came for 30 seconds")),
        }
    }

    async fn reopen(&mut self) -> Result<BoxStream<'static, object_store::Result<Bytes>>, ObjectError> {
        let options = GetOptions {
            range: Some(GetRange::Bounded(self.at..self.size)),
            if_match: Some(self.objects.quoted(&self.version)),
            ..GetOptions::default()
        };
        let result = self.objects.store.get_opts(&self.path, options).await;
        let result = result.map_err(|error| self.objects.error(&self.key, error))?;
        match self.objects.version(&self.key, &result.meta)? == self.version && result.meta.size == self.size
        {
            true => Ok(result.into_stream()),
            false => Err(ObjectError::Changed { store: self.objects.to_string(), key: self.key.clone() }),
        }
    }

    fn cut(&self, reason: &str) -> ObjectError {
        ObjectError::Unavailable {
            store: self.objects.to_string(),
            key: Some(self.key.clone()),
            source: reason.into(),
        }
    }
}
