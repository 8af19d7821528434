//! Settings of the S3 bucket that few need.

use super::given;
use super::values::boolean;

/// Settings of the S3 bucket.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct BucketSettings {
    /// Whether requests to the bucket are paid for by their sender, true or false: a bucket with requester pays refuses others
    #[arg(long, env = "S3_REQUESTER_PAYS", hide_env_values = true, global = true, value_name = "BOOL",
        default_value = "false", action = clap::ArgAction::Set,
        value_parser = |text: &str| boolean(text, "S3_REQUESTER_PAYS", false))]
    pub s3_requester_pays: bool,

    /// Key of AWS KMS that encrypts new objects, as id or ARN [default: the encryption of the bucket]
    #[arg(long, env = "S3_KMS_KEY_ID", hide_env_values = true, global = true, value_name = "KEY")]
    s3_kms_key_id: Option<String>,
}

impl BucketSettings {
    /// Returns the key that encrypts new objects; `None` for the encryption of the bucket.
    pub(crate) fn kms_key(&self) -> Option<&str> {
        given(&self.s3_kms_key_id)
    }
}
