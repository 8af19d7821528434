//! Parses OpenMetrics' text format, as far as our own metrics use it: counters, gauges and histograms.
//!
//! The families of `prometheus-client` can only be encoded. So their text, a published format, is the interface to them.
//!
//! See <https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md>.

/// A metric family: metrics with the same name and different labels.
#[derive(Debug, PartialEq)]
pub(super) struct Family<'a> {
    /// Its name, with the unit and without the suffixes of samples.
    pub name: &'a str,
    /// What it counts or measures.
    pub help: String,
    /// What its samples are.
    pub kind: Kind,
    /// Its unit, such as `seconds`; empty if it has none.
    pub unit: &'a str,
    /// Its samples, in the order of the text.
    pub samples: Vec<Sample<'a>>,
}

/// The type of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number that only grows.
    Counter,
    /// A number that grows and shrinks.
    Gauge,
    /// Counts of values by size.
    Histogram,
}

/// A line with a number.
#[derive(Debug, PartialEq)]
pub(super) struct Sample<'a> {
    /// The name of the family, and perhaps a suffix such as `_total`.
    pub name: &'a str,
    /// Names and values, without that of `bound`.
    pub labels: Labels<'a>,
    /// The greatest value that a bucket of a histogram counts: the label `le`.
    pub bound: Option<f64>,
    /// The number.
    pub value: Number,
}

/// Names and values of labels.
pub(super) type Labels<'a> = Vec<(&'a str, String)>;

/// A number, whole if the text has no decimal point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    /// A whole number.
    Whole(i64),
    /// Any other number.
    Real(f64),
}

impl Number {
    /// Returns the number with a fraction.
    pub(super) fn real(self) -> f64 {
        match self {
            Number::Whole(number) => number as f64,
            Number::Real(number) => number,
        }
    }

    /// Returns the number of things; 0 if it is negative.
    pub(super) fn count(self) -> u64 {
        match self {
            Number::Whole(number) => number.try_into().unwrap_or_default(),
            Number::Real(number) => number as u64,
        }
    }
}

/// Where a text is not what it should be.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the metrics {problem}")]
pub(super) struct ParseError {
    line: usize,
    problem: &'static str,
}

/// Returns the families of a text. Fails at the first line that is something else than a counter, a gauge or a histogram.
pub(super) fn parse(text: &str) -> Result<Vec<Family<'_>>, ParseError> {
    let mut families = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let read = match line.strip_prefix("# ") {
            Some("EOF") => break,
            Some(described) => describe(described, &mut families),
            None => sample(line).and_then(|sample| {
                let family = families.last_mut().ok_or("has no family")?;
                family.samples.push(sample);
                Ok(())
            }),
        };
        read.map_err(|problem| ParseError { line: index + 1, problem })?;
    }
    Ok(families)
}

/// Reads a line about a family: its help, type or unit.
fn describe<'a>(line: &'a str, families: &mut Vec<Family<'a>>) -> Result<(), &'static str> {
    let mut words = line.splitn(3, ' ');
    let (Some(what), Some(name)) = (words.next(), words.next()) else {
        return Err("names no family");
    };
    let text = words.next().unwrap_or_default();
    if families.last().is_none_or(|family| family.name != name) {
        let (help, samples) = (String::new(), Vec::new());
        families.push(Family { name, help, kind: Kind::Gauge, unit: "", samples });
    }
    let family = families.last_mut().ok_or("has no family")?;
    match what {
        "HELP" => family.help = unescaped(text),
        "UNIT" => family.unit = text,
        "TYPE" => {
            family.kind = match text {
                "counter" => Kind::Counter,
                "gauge" => Kind::Gauge,
                "histogram" => Kind::Histogram,
                _ => return Err("has a type that is not supported"),
            };
        }
        _ => return Err("is no description"),
    }
    Ok(())
}

/// Reads `name{label="value",…} number`.
fn sample(line: &str) -> Result<Sample<'_>, &'static str> {
    const NO_NUMBER: &str = "has no number";
    let end = line.find(['{', ' ']).ok_or(NO_NUMBER)?;
    let (name, mut rest) = line.split_at(end);
    let (mut labels, mut bound) = (Vec::new(), None);
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        while !rest.starts_with('}') {
            let (name, value, after) = label(rest).ok_or("has a label without a name, value or end")?;
            match name {
                "le" => bound = Some(value.parse().map_err(|_| "has a bucket without a bound")?),
                name => labels.push((name, value)),
            }
            rest = after.strip_prefix(',').unwrap_or(after);
        }
        rest = &rest[1..];
    }
    // A time or an exemplar may follow.
    let number = rest.split_ascii_whitespace().next().ok_or(NO_NUMBER)?;
    let whole = number.parse().map(Number::Whole);
    let value = whole.or_else(|_| number.parse().map(Number::Real)).map_err(|_| NO_NUMBER)?;
    Ok(Sample { name, labels, bound, value })
}

/// Reads `name="value"`. Returns the name, the value and what follows.
fn label(text: &str) -> Option<(&str, String, &str)> {
    let (name, rest) = text.split_once("=\"")?;
    let mut is_escaped = false;
    let end = rest.bytes().position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    })?;
    Some((name, unescaped(&rest[..end]), &rest[end + 1..]))
}

/// Replaces the escape sequences of a text: `\\`, `\"` and `\n`.
fn unescaped(text: &str) -> String {
    let mut letters = text.chars();
    let mut plain = String::with_capacity(text.len());
    while let Some(letter) = letters.next() {
        plain.extend(match letter {
            '\\' => letters.next().map(|escaped| if escaped == 'n' { '\n' } else { escaped }),
            letter => Some(letter),
        });
    }
    plain
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use prometheus_client::encoding::text::encode;
    use prometheus_client::metrics::counter::Counter;
    use prometheus_client::metrics::family::Family as Metrics;
    use prometheus_client::metrics::gauge::Gauge;
    use prometheus_client::metrics::histogram::Histogram;
    use prometheus_client::registry::{Registry, Unit};

    use super::*;

    type Label = (&'static str, String);

    fn encoded(registry: &Registry) -> String {
        let mut text = String::new();
        encode(&mut text, registry).unwrap();
        text
    }

    #[test]
    fn what_a_registry_encodes_is_parsed() {
        let mut registry = Registry::default();
        let sent = Metrics::<Vec<Label>, Counter>::default();
        registry.register("sent", "Messages sent", sent.clone());
        sent.get_or_create(&vec![("queue", "a".to_owned()), ("kind", String::new())]).inc_by(7);
        let share = Gauge::<f64, AtomicU64>::default();
        share.set(0.25);
        registry.register_with_unit("share", "Used", Unit::Other("ratio".to_owned()), share);
        registry.register("empty", "Nothing", Metrics::<Vec<Label>, Counter>::default());

        let text = encoded(&registry);
        let families = parse(&text).unwrap();
        let queue = vec![("queue", "a".to_owned()), ("kind", String::new())];
        let sample = |name, labels, value| vec![Sample { name, labels, bound: None, value }];
        let sent = Family {
            name: "sent",
            help: "Messages sent.".to_owned(),
            kind: Kind::Counter,
            unit: "",
            samples: sample("sent_total", queue, Number::Whole(7)),
        };
        let share = Family {
            name: "share_ratio",
            help: "Used.".to_owned(),
            kind: Kind::Gauge,
            unit: "ratio",
            samples: sample("share_ratio", Vec::new(), Number::Real(0.25)),
        };
        let used: Vec<Family<'_>> = families.into_iter().filter(|family| family.name != "empty").collect();
        assert_eq!(used, [sent, share]);
    }

    #[test]
    fn a_histogram_has_a_sum_a_count_and_buckets() {
        let mut registry = Registry::default();
        let times = Histogram::new([0.5, 2.0]);
        for time in [0.25, 1.0, 9.0] {
            times.observe(time);
        }
        registry.register_with_unit("times", "Times", Unit::Seconds, times);
        let text = encoded(&registry);
        let families = parse(&text).unwrap();
        assert_eq!((families[0].name, families[0].kind), ("times_seconds", Kind::Histogram));
        let samples = families[0].samples.iter();
        let found: Vec<(&str, Option<f64>, Number)> =
            samples.map(|sample| (sample.name, sample.bound, sample.value)).collect();
        assert_eq!(
            found,
            [
                ("times_seconds_sum", None, Number::Real(10.25)),
                ("times_seconds_count", None, Number::Whole(3)),
                ("times_seconds_bucket", Some(0.5), Number::Whole(1)),
                ("times_seconds_bucket", Some(2.0), Number::Whole(2)),
                ("times_seconds_bucket", Some(f64::INFINITY), Number::Whole(3)),
            ]
        );
    }

    #[test]
    fn labels_have_any_text() {
        for value in ["}", "a\"b", "\\", "\\\"", "a\nb", "\\n", ",x=\"1\"} 2", "ä 漢"] {
            let mut registry = Registry::default();
            let gauges = Metrics::<Vec<Label>, Gauge>::default();
            gauges.get_or_create(&vec![("a", value.to_owned()), ("b", "z".to_owned())]).set(-1);
            registry.register("gauges", "Gauges", gauges);
            let text = encoded(&registry);
            let families = parse(&text).unwrap();
            let expected = vec![("a", value.to_owned()), ("b", "z".to_owned())];
            assert_eq!(families[0].samples[0].labels, expected, "{text}");
            assert_eq!(families[0].samples[0].value, Number::Whole(-1));
        }
    }

    #[test]
    fn what_follows_a_number_is_ignored_and_special_numbers_are_read() {
        let value = |line: &str| sample(line).unwrap().value;
        assert_eq!(value("a_total 3 1520879607.789 # {trace_id=\"x\"} 1"), Number::Whole(3));
        assert_eq!(value("a +Inf"), Number::Real(f64::INFINITY));
        assert!(matches!(value("a NaN"), Number::Real(number) if number.is_nan()));
        assert_eq!(value("a 18446744073709551615"), Number::Real(18446744073709551615.0));
    }

    #[test]
    fn other_texts_are_refused_with_their_line() {
        for (text, problem) in [
            ("a 1", "line 1 of the metrics has no family"),
            ("# TYPE a summary", "line 1 of the metrics has a type that is not supported"),
            ("# TYPE a gauge\na", "line 2 of the metrics has no number"),
            ("# TYPE a gauge\na x", "line 2 of the metrics has no number"),
            ("# TYPE a gauge\na{b=\"c} 1", "line 2 of the metrics has a label without a name, value or end"),
            ("# TYPE a gauge\na{", "line 2 of the metrics has a label without a name, value or end"),
            ("# TYPE a histogram\na{le=\"x\"} 1", "line 2 of the metrics has a bucket without a bound"),
            ("# NOTE a b", "line 1 of the metrics is no description"),
            ("# HELP", "line 1 of the metrics names no family"),
        ] {
            assert_eq!(parse(text).unwrap_err().to_string(), problem, "{text}");
        }
        assert_eq!(parse("# EOF\nanything").unwrap(), []);
    }
}
