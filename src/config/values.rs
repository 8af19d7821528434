//! Parses the values of settings. An empty value means the default.

use std::ops::RangeInclusive;

use crate::domain::owner_pattern::OwnerPatterns;
use crate::domain::required::RequiredFields;

pub(super) fn region(text: &str) -> Result<String, String> {
    let text = text.trim();
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match text {
        name if plain => Ok(name.to_owned()),
        _ => Err("AWS_REGION takes a region's name such as us-east-1".to_owned()),
    }
}

pub(super) fn queue_url(text: &str) -> Result<String, String> {
    let text = text.trim();
    let accepted = match url::Url::parse(text) {
        Ok(url) => matches!(url.scheme(), "http" | "https") && url.path().len() > 1,
        Err(_) => text.is_empty(),
    };
    match accepted {
        true => Ok(text.to_owned()),
        false => Err("SQS_QUEUE_URL takes a queue's URL, \
                      https://sqs.<region>.amazonaws.com/<account>/<queue>"
            .to_owned()),
    }
}

pub(super) fn whole(
    text: &str,
    name: &str,
    range: RangeInclusive<u64>,
    when_empty: u64,
) -> Result<u64, String> {
    match text.trim() {
        "" => Ok(when_empty),
        digits => {
            digits.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
                format!("{name} takes a whole number from {} to {}", range.start(), range.end())
            })
        }
    }
}

pub(super) fn boolean(text: &str, name: &str, when_empty: bool) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "" => Ok(when_empty),
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(format!("{name} takes true or false")),
    }
}

pub(super) fn retry_delay(text: &str) -> Result<f64, String> {
    match text.trim() {
        "" => Ok(5.0),
        number => {
            let seconds = number.parse::<f64>().ok().filter(|seconds| (0.0..=43_200.0).contains(seconds));
            seconds.ok_or_else(|| {
                "RETRY_DELAY_SECONDS takes a number of seconds from 0 to 43200, such as 5 or 0.5".to_owned()
            })
        }
    }
}

pub(super) fn required_fields(names: &str) -> Result<RequiredFields, String> {
    match names.trim() {
        "" => Ok(RequiredFields::default()),
        names => names.parse().map_err(|error| format!("REQUIRED_FIELDS: {error}")),
    }
}

pub(super) fn owner_pattern(text: &str) -> Result<OwnerPatterns, String> {
    text.parse().map_err(|error| {
        format!("OWNER_PATTERN takes patterns such as uploads/{{owner}}/{{filename}}: {error}")
    })
}
