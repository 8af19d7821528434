//! Converts metric families to metrics of OTLP, as OpenTelemetry's specification does it for Prometheus: names, labels and help
//! stay as they are, units get their short names.
//!
//! See <https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/>.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Point;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, Sum,
};

use super::openmetrics::{Family, Kind, Labels, Number, Sample};

/// The period of counts, in nanoseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(super) struct Period {
    start: u64,
    end: u64,
}

impl Period {
    /// Returns the period from when the counters were 0 until `end`.
    pub(super) fn new(start: SystemTime, end: SystemTime) -> Period {
        let nanoseconds =
            |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64;
        Period { start: nanoseconds(start), end: nanoseconds(end) }
    }
}

/// Returns the metrics of the families that have samples.
pub(super) fn metrics(families: Vec<Family<'_>>, period: Period) -> Vec<Metric> {
    let used = families.into_iter().filter(|family| !family.samples.is_empty());
    used.map(|family| metric(family, period)).collect()
}

fn metric(family: Family<'_>, period: Period) -> Metric {
    const CUMULATIVE: i32 = AggregationTemporality::Cumulative as i32;
    let Family { name, help, kind, unit, samples } = family;
    let (suffix, prometheus_type, data) = match kind {
        Kind::Counter => {
            let data_points = numbers(samples, period.start, period.end);
            let sum = Sum { data_points, aggregation_temporality: CUMULATIVE, is_monotonic: true };
            ("_total", "counter", Data::Sum(sum))
        }
        Kind::Gauge => {
            // The current value has no start.
            let gauge = Gauge { data_points: numbers(samples, 0, period.end) };
            ("", "gauge", Data::Gauge(gauge))
        }
        Kind::Histogram => {
            let data_points = histograms(samples, period);
            let histogram = Histogram { data_points, aggregation_temporality: CUMULATIVE };
            ("", "histogram", Data::Histogram(histogram))
        }
    };
    Metric {
        name: format!("{name}{suffix}"),
        description: help,
        unit: short(unit).to_owned(),
        metadata: attributes(vec![("prometheus.type", prometheus_type.to_owned())]),
        data: Some(data),
    }
}

/// Returns a unit as UCUM, the code that OpenTelemetry uses, has it.
fn short(unit: &str) -> &str {
    match unit {
        "seconds" => "s",
        "bytes" => "By",
        "ratio" => "1",
        unit => unit,
    }
}

fn numbers(samples: Vec<Sample<'_>>, start: u64, end: u64) -> Vec<NumberDataPoint> {
    let point = |sample: Sample<'_>| NumberDataPoint {
        attributes: attributes(sample.labels),
        start_time_unix_nano: start,
        time_unix_nano: end,
        value: Some(match sample.value {
            Number::Whole(number) => Point::AsInt(number),
            Number::Real(number) => Point::AsDouble(number),
        }),
        ..NumberDataPoint::default()
    };
    samples.into_iter().map(point).collect()
}

/// Combines the samples of each histogram: its sum, its count and its buckets.
fn histograms(samples: Vec<Sample<'_>>, period: Period) -> Vec<HistogramDataPoint> {
    let mut points = BTreeMap::<Labels<'_>, HistogramDataPoint>::new();
    for Sample { name, labels, bound, value } in samples {
        let point = points.entry(labels).or_default();
        match bound {
            Some(bound) => add_bucket(point, bound, value.count()),
            None if name.ends_with("_sum") => point.sum = Some(value.real()),
            None => point.count = value.count(),
        }
    }
    let complete = |(labels, point)| HistogramDataPoint {
        attributes: attributes(labels),
        start_time_unix_nano: period.start,
        time_unix_nano: period.end,
        ..point
    };
    points.into_iter().map(complete).collect()
}

/// Adds the next bucket. In the text, a bucket also counts what the buckets before it count; in OTLP, it does not. The last one,
/// without a limit, has no bound there.
fn add_bucket(point: &mut HistogramDataPoint, bound: f64, up_to_bound: u64) {
    let before: u64 = point.bucket_counts.iter().sum();
    point.bucket_counts.push(up_to_bound.saturating_sub(before));
    if bound.is_finite() {
        point.explicit_bounds.push(bound);
    }
}

fn attributes(labels: Labels<'_>) -> Vec<KeyValue> {
    let attribute = |(name, value): (&str, String)| KeyValue {
        key: name.to_owned(),
        value: Some(AnyValue { value: Some(Value::StringValue(value)) }),
        ..KeyValue::default()
    };
    labels.into_iter().map(attribute).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::openmetrics::parse;
    use super::*;

    fn converted(text: &str) -> Vec<Metric> {
        let start = UNIX_EPOCH + Duration::from_secs(10);
        metrics(parse(text).unwrap(), Period::new(start, start + Duration::from_secs(5)))
    }

    fn words(attributes: &[KeyValue]) -> Vec<(&str, &str)> {
        let text = |attribute: &KeyValue| match attribute.value.as_ref().unwrap().value.as_ref().unwrap() {
            Value::StringValue(text) => text.clone().leak() as &str,
            other => panic!("{other:?}"),
        };
        attributes.iter().map(|attribute| (attribute.key.as_str(), text(attribute))).collect()
    }

    #[test]
    fn a_counter_is_a_monotonic_sum_with_a_start() {
        let text = "# HELP cpu_seconds Time.\n# TYPE cpu_seconds counter\n# UNIT cpu_seconds seconds\n\
            cpu_seconds_total{mode=\"user\"} 1.5\ncpu_seconds_total{mode=\"system\"} 2\n";
        let [metric] = converted(text).try_into().unwrap();
        let described = (metric.name.as_str(), metric.description.as_str(), metric.unit.as_str());
        assert_eq!(described, ("cpu_seconds_total", "Time.", "s"));
        assert_eq!(words(&metric.metadata), [("prometheus.type", "counter")]);
        let Some(Data::Sum(sum)) = metric.data else { panic!("no sum: {metric:?}") };
        assert!(sum.is_monotonic);
        assert_eq!(sum.aggregation_temporality(), AggregationTemporality::Cumulative);
        let values: Vec<_> = sum.data_points.iter().map(|point| point.value.unwrap()).collect();
        assert_eq!(values, [Point::AsDouble(1.5), Point::AsInt(2)]);
        assert_eq!(words(&sum.data_points[1].attributes), [("mode", "system")]);
        let times = (sum.data_points[0].start_time_unix_nano, sum.data_points[0].time_unix_nano);
        assert_eq!(times, (10_000_000_000, 15_000_000_000));
    }

    #[test]
    fn a_gauge_has_no_start() {
        let [metric] = converted("# TYPE used_ratio gauge\n# UNIT used_ratio ratio\nused_ratio 0.5\n")
            .try_into()
            .unwrap();
        assert_eq!((metric.name.as_str(), metric.unit.as_str()), ("used_ratio", "1"));
        let Some(Data::Gauge(gauge)) = metric.data else { panic!("no gauge: {metric:?}") };
        assert_eq!(gauge.data_points[0].value, Some(Point::AsDouble(0.5)));
        let times = (gauge.data_points[0].start_time_unix_nano, gauge.data_points[0].time_unix_nano);
        assert_eq!(times, (0, 15_000_000_000));
    }

    #[test]
    fn a_histogram_counts_each_value_in_one_bucket() {
        let text = "# TYPE t_seconds histogram\n# UNIT t_seconds seconds\n\
            t_seconds_sum{a=\"x\"} 10.25\nt_seconds_count{a=\"x\"} 4\n\
            t_seconds_bucket{le=\"0.5\",a=\"x\"} 1\nt_seconds_bucket{le=\"2.0\",a=\"x\"} 1\n\
            t_seconds_bucket{le=\"4.0\",a=\"x\"} 3\nt_seconds_bucket{le=\"+Inf\",a=\"x\"} 4\n\
            t_seconds_sum{a=\"y\"} 0.0\nt_seconds_count{a=\"y\"} 0\nt_seconds_bucket{le=\"+Inf\",a=\"y\"} 0\n";
        let [metric] = converted(text).try_into().unwrap();
        assert_eq!((metric.name.as_str(), metric.unit.as_str()), ("t_seconds", "s"));
        let Some(Data::Histogram(histogram)) = metric.data else { panic!("no histogram: {metric:?}") };
        assert_eq!(histogram.aggregation_temporality(), AggregationTemporality::Cumulative);
        let [x, y] = histogram.data_points.try_into().unwrap();
        assert_eq!((words(&x.attributes), words(&y.attributes)), (vec![("a", "x")], vec![("a", "y")]));
        assert_eq!((x.sum, x.count), (Some(10.25), 4));
        assert_eq!((x.explicit_bounds, x.bucket_counts), (vec![0.5, 2.0, 4.0], vec![1, 0, 2, 1]));
        assert_eq!((x.start_time_unix_nano, x.time_unix_nano), (10_000_000_000, 15_000_000_000));
        assert_eq!((y.sum, y.count, y.bucket_counts), (Some(0.0), 0, vec![0]));
    }

    #[test]
    fn a_family_without_samples_is_not_sent() {
        assert_eq!(converted("# HELP a A.\n# TYPE a counter\n# EOF\n"), []);
    }
}
