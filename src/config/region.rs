//! The AWS regions of the bucket and of the queue.

use aws_config::meta::region::ProvideRegion;
use aws_config::profile::region::ProfileFileRegionProvider;
use url::Url;

use super::Settings;

/// The region if nothing names one.
const DEFAULT: &str = "us-east-1";

impl Settings {
    /// Returns the region of the bucket: `AWS_REGION`, else `AWS_DEFAULT_REGION`, else that of the profile, of the queue's URL,
    /// or `us-east-1`.
    pub(crate) async fn bucket_region(&self) -> String {
        let of_environment = || std::env::var("AWS_DEFAULT_REGION").ok().filter(|region| !region.is_empty());
        match super::given(&self.aws_region).map(str::to_owned).or_else(of_environment) {
            Some(region) => region,
            None => self.further_region().await,
        }
    }

    /// Returns the region of the queue: that of its URL, which is the only one that answers there, else that of the bucket.
    pub(crate) async fn queue_region(&self, url: &str) -> String {
        match region_of_queue(url) {
            Some(region) => region,
            None => self.bucket_region().await,
        }
    }

    async fn further_region(&self) -> String {
        let of_profile = ProfileFileRegionProvider::new().region().await;
        let of_profile = of_profile.map(|region| region.to_string());
        let known = of_profile.or_else(|| self.queue_url().and_then(region_of_queue));
        known.unwrap_or_else(|| DEFAULT.to_owned())
    }
}

/// Returns the region of a queue's URL at AWS, in each form that AWS has: `sqs.REGION.amazonaws.com`, `sqs-fips.…`,
/// `REGION.queue.amazonaws.com`, `queue.amazonaws.com` for us-east-1, and `….sqs.REGION.vpce.amazonaws.com`. In China, the
/// names end with `.com.cn`.
fn region_of_queue(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let host = url.host_str()?;
    let labels: Vec<&str> = host
        .strip_suffix(".amazonaws.com")
        .or_else(|| host.strip_suffix(".amazonaws.com.cn"))?
        .split('.')
        .collect();
    match labels.as_slice() {
        ["queue"] => Some(DEFAULT.to_owned()),
        ["sqs" | "sqs-fips", region] | [region, "queue"] | [.., "sqs", region, "vpce"] => {
            Some((*region).to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_of_a_queue_is_in_its_url() {
        for (host, region) in [
            ("sqs.eu-west-1.amazonaws.com", Some("eu-west-1")),
            ("sqs-fips.us-gov-west-1.amazonaws.com", Some("us-gov-west-1")),
            ("eu-central-1.queue.amazonaws.com", Some("eu-central-1")),
            ("queue.amazonaws.com", Some("us-east-1")),
            ("vpce-1a2b-3c.sqs.ap-south-1.vpce.amazonaws.com", Some("ap-south-1")),
            ("sqs.cn-north-1.amazonaws.com.cn", Some("cn-north-1")),
            ("localhost:4566", None),
            ("sqs.eu-west-1.example.com", None),
        ] {
            let found = region_of_queue(&format!("https://{host}/123456789012/queue"));
            assert_eq!(found.as_deref(), region, "{host}");
        }
    }
}
