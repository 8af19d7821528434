//! SNS topics that receive the changes of jobs.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// The ARN of an SNS topic: `arn:PARTITION:sns:REGION:ACCOUNT:NAME`.
///
/// Source: [Amazon Resource Names](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html).
///
/// # Examples
///
/// ```
/// use ingest::domain::topic::TopicArn;
///
/// let topic: TopicArn = "arn:aws:sns:eu-west-1:123456789012:imports.fifo".parse().unwrap();
/// assert_eq!(topic.region(), "eu-west-1");
/// assert!(topic.is_fifo());
/// assert!("arn:aws:sqs:eu-west-1:123456789012:imports".parse::<TopicArn>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicArn(String);

/// A text is not the ARN of an SNS topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("takes the ARN of an SNS topic, such as arn:aws:sns:eu-west-1:123456789012:imports")]
pub struct BadTopicArn;

/// Maximum length of a name.
const LONGEST_NAME: usize = 256;

impl TopicArn {
    /// Returns the ARN.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the topic's region.
    pub fn region(&self) -> &str {
        self.0.split(':').nth(3).unwrap_or_default()
    }

    /// Returns whether the topic keeps the order of events and publishes none twice.
    pub fn is_fifo(&self) -> bool {
        self.0.ends_with(".fifo")
    }
}

impl FromStr for TopicArn {
    type Err = BadTopicArn;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let parts: Vec<&str> = text.split(':').collect();
        let ["arn", partition, "sns", region, account, name] = parts.as_slice() else {
            return Err(BadTopicArn);
        };
        let is_word = |text: &str, others: &[u8]| {
            !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
        };
        let is_good = is_word(partition, b"-")
            && is_word(region, b"-")
            && account.len() == 12
            && account.bytes().all(|byte| byte.is_ascii_digit())
            && name.len() <= LONGEST_NAME
            && is_word(name.strip_suffix(".fifo").unwrap_or(name), b"-_");
        if is_good { Ok(TopicArn(text.to_owned())) } else { Err(BadTopicArn) }
    }
}

impl fmt::Display for TopicArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Serialize for TopicArn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_topics_are_accepted() {
        for good in
            ["arn:aws:sns:us-east-1:123456789012:a", "arn:aws-cn:sns:cn-north-1:123456789012:a_b-c.fifo"]
        {
            assert_eq!(good.parse::<TopicArn>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "imports",
            "arn:aws:sns:us-east-1:123456789012",
            "arn:aws:sns:us-east-1:123456789012:",
            "arn:aws:sns:us-east-1:123456789012:a:0d36",
            "arn:aws:sns::123456789012:a",
            "arn:aws:sns:us-east-1:12345:a",
            "arn:aws:sns:us-east-1:123456789012:a.b",
            "arn:aws:sqs:us-east-1:123456789012:a",
        ] {
            assert_eq!(bad.parse::<TopicArn>(), Err(BadTopicArn), "{bad}");
        }
    }
}
