//! What describes this process, in every signal.

use std::sync::LazyLock;

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::{ResourceDetector, TelemetryResourceDetector};
use uuid::Uuid;

/// Tells this process from others with the same name.
static INSTANCE: LazyLock<Uuid> = LazyLock::new(Uuid::new_v4);

/// Returns the attributes of this process, replaced and extended by the `configured` ones.
pub(super) fn resource(configured: &[(String, String)]) -> Resource {
    let ours = [
        ("service.name", "ingest".to_owned()),
        ("service.version", env!("CARGO_PKG_VERSION").to_owned()),
        ("service.instance.id", INSTANCE.to_string()),
    ];
    let attribute = |(name, value): (String, String)| KeyValue::new(name, value);
    let detectors: [Box<dyn ResourceDetector>; 1] = [Box::new(TelemetryResourceDetector)];
    Resource::builder_empty()
        .with_detectors(&detectors)
        .with_attributes(ours.map(|(name, value)| KeyValue::new(name, value)))
        // Later values of a name replace earlier ones.
        .with_attributes(configured.iter().cloned().map(attribute))
        .build()
}
