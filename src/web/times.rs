//! Times in pages.

use askama::Template;
use chrono::{DateTime, Datelike, SecondsFormat, Utc};

use crate::texts::Text;

/// A time in a page: machine-readable, with a text in UTC that `static/times.js` replaces with one in the browser's time
/// zone.
#[derive(Template)]
#[template(path = "time.html")]
pub(crate) struct Time {
    machine: String,
    exact: String,
    shown: String,
    style: &'static str,
}

impl Time {
    /// Returns how long ago a time was, or the date if it was more than a month ago.
    pub(crate) fn ago(text: &Text, at: DateTime<Utc>) -> Time {
        match ago(text, at) {
            Some(ago) => Time::new(text, at, ago, "ago"),
            None => Time::date(text, at),
        }
    }

    /// Returns the date of a time.
    pub(crate) fn date(text: &Text, at: DateTime<Utc>) -> Time {
        Time::new(text, at, date(text, at), "date")
    }

    /// Returns a time to the second.
    pub(crate) fn exact(text: &Text, at: DateTime<Utc>) -> Time {
        Time::new(text, at, date_time(text, at), "exact")
    }

    fn new(text: &Text, at: DateTime<Utc>, shown: String, style: &'static str) -> Time {
        let machine = at.to_rfc3339_opts(SecondsFormat::Secs, true);
        Time { machine, exact: date_time(text, at), shown, style }
    }
}

fn ago(text: &Text, at: DateTime<Utc>) -> Option<String> {
    let seconds = Utc::now().signed_duration_since(at).num_seconds().max(0);
    Some(match seconds {
        0..45 => text.ago_now(),
        45..5_400 => text.ago_minutes((seconds + 30) / 60),
        5_400..129_600 => text.ago_hours((seconds + 1_800) / 3_600),
        129_600..2_592_000 => text.ago_days((seconds + 43_200) / 86_400),
        _ => return None,
    })
}

/// Returns the date in UTC.
fn date(text: &Text, at: DateTime<Utc>) -> String {
    text.date(at.day().to_string(), at.month(), at.year().to_string())
}

fn date_time(text: &Text, at: DateTime<Utc>) -> String {
    text.date_time(date(text, at), at.format("%H:%M:%S").to_string())
}

/// Returns how long a run took.
pub(crate) fn took(text: &Text, from: DateTime<Utc>, to: DateTime<Utc>) -> String {
    let milliseconds = to.signed_duration_since(from).num_milliseconds().max(0);
    match milliseconds {
        0..1_000 => text.took_instant(),
        1_000..90_000 => text.took_seconds(milliseconds / 1_000),
        _ => text.took_minutes(milliseconds / 60_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::text;

    #[test]
    fn recent_times_are_relative_and_others_are_dates() {
        for (language, expected) in [
            ("en", ["just now", "1 minute ago", "2 hours ago", "2 days ago"]),
            ("de", ["gerade eben", "vor 1 Minute", "vor 2 Stunden", "vor 2 Tagen"]),
            ("es", ["ahora mismo", "hace 1 minuto", "hace 2 horas", "hace 2 días"]),
        ] {
            let before =
                |seconds| ago(&text(language), Utc::now() - chrono::TimeDelta::seconds(seconds)).unwrap();
            assert_eq!([3, 60, 7_200, 200_000].map(before), expected);
        }
    }

    #[test]
    fn times_are_machine_readable_and_have_a_text_in_utc() {
        let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        for (language, date, exact) in [
            ("en", "14 Nov 2023", "14 Nov 2023, 22:13:20 UTC"),
            ("de", "14. Nov. 2023", "14. Nov. 2023, 22:13:20 UTC"),
            ("es", "14 nov 2023", "14 nov 2023, 22:13:20 UTC"),
        ] {
            let html = Time::ago(&text(language), at).render().unwrap();
            let expected = format!(
                "<time datetime=\"2023-11-14T22:13:20Z\" title=\"{exact}\" data-time=\"date\">{date}</time>"
            );
            assert_eq!(html, expected);
        }
    }
}
