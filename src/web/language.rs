//! The language of a viewer: the one that they chose, or else the best that their browser accepts.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::response::Redirect;
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use icu_locale_core::LanguageIdentifier;
use serde::Deserialize;

use super::form::Form;
use super::sign_in::local_path;
use crate::domain::refusal::Refusal;
use crate::http::{App, Kind, Problem, is_same_origin};
use crate::texts::{Language, Text};

/// The cookie with the chosen language.
const COOKIE: &str = "ingest_language";

/// The viewer of a page: language and current path.
#[derive(Clone)]
pub(crate) struct Viewer {
    /// The texts in the viewer's language.
    pub(crate) text: Text,
    /// The path to return to after choosing another language.
    pub(crate) path: String,
}

impl Viewer {
    /// Reads the language and the path of a request.
    pub(crate) fn of(parts: &Parts) -> Viewer {
        let path = (parts.method == Method::GET).then(|| parts.uri.path_and_query()).flatten();
        // The result of a form cannot be requested again with GET.
        let path = path.map_or_else(|| "/jobs".to_owned(), ToString::to_string);
        Viewer { text: text_of(&parts.headers), path }
    }
}

impl<S: Sync> FromRequestParts<S> for Viewer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Viewer, Infallible> {
        Ok(Viewer::of(parts))
    }
}

fn text_of(headers: &HeaderMap) -> Text {
    let chosen = CookieJar::from_headers(headers).get(COOKIE).and_then(|cookie| cookie.value().parse().ok());
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let accepted = accepted.map(accepted_locales).unwrap_or_default();
    let (language, locale) = choose(chosen, &accepted);
    Text::new(language, locale)
}

/// Returns the chosen language, or else the first accepted one that exists, and its locale for numbers: with the viewer's
/// region if their browser reports it.
fn choose(
    chosen: Option<Language>,
    accepted: &[Option<LanguageIdentifier>],
) -> (Language, LanguageIdentifier) {
    let known = |locale: &LanguageIdentifier| locale.language.as_str().parse::<Language>().ok();
    let mut pairs = accepted.iter().filter_map(|locale| match locale {
        Some(locale) => Some((known(locale)?, locale.clone())),
        None => Some((Language::default(), plain(Language::default()))),
    });
    match chosen {
        Some(chosen) => {
            pairs.find(|(language, _)| *language == chosen).unwrap_or_else(|| (chosen, plain(chosen)))
        }
        None => pairs.next().unwrap_or_else(|| (Language::default(), plain(Language::default()))),
    }
}

fn plain(language: Language) -> LanguageIdentifier {
    language.parse().unwrap_or(LanguageIdentifier::UNKNOWN)
}

/// Parses `Accept-Language` (RFC 9110, 12.5.4) and returns the locales, the best first; `None` means any (`*`). Skips
/// invalid and excluded (`q=0`) entries.
fn accepted_locales(header: &str) -> Vec<Option<LanguageIdentifier>> {
    let entry = |entry: &str| {
        let (tag, weight) = match entry.split_once(';') {
            Some((tag, parameter)) => (tag, parameter.trim().strip_prefix("q=")?.parse::<f32>().ok()?),
            None => (entry, 1.0),
        };
        let locale = match tag.trim() {
            "*" => None,
            tag => Some(tag.parse().ok()?),
        };
        (weight > 0.0 && weight <= 1.0).then_some((weight, locale))
    };
    let mut locales: Vec<(f32, Option<LanguageIdentifier>)> = header.split(',').filter_map(entry).collect();
    locales.sort_by(|one, other| other.0.total_cmp(&one.0));
    locales.into_iter().map(|(_, locale)| locale).collect()
}

/// The form that chooses a language.
#[derive(Debug, Deserialize)]
pub(super) struct Choice {
    language: String,
    #[serde(default)]
    return_to: String,
}

/// Stores the chosen language in a cookie and redirects back.
pub(super) async fn choose_language(
    State(app): State<App>,
    headers: HeaderMap,
    jar: CookieJar,
    Form(choice): Form<Choice>,
) -> Result<(CookieJar, Redirect), Problem> {
    if !is_same_origin(&app, &headers) {
        return Err(Problem::because(Kind::Forbidden, Refusal::ForeignPage));
    }
    let language: Language =
        choice.language.parse().map_err(|_| Problem::of_value("#/language", Refusal::NoLanguage))?;
    let cookie =
        Cookie::build((COOKIE, language.to_string())).path("/").http_only(true).secure(app.is_https());
    let cookie = cookie.same_site(SameSite::Lax).permanent().build();
    Ok((jar.add(cookie), Redirect::to(&local_path(&choice.return_to))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(cookie: &str, header: &str) -> String {
        let (language, locale) = choose(cookie.parse().ok(), &accepted_locales(header));
        format!("{language} {locale}")
    }

    #[test]
    fn the_best_available_language_is_chosen() {
        for (header, expected) in [
            ("", "en en"),
            ("de", "de de"),
            ("de-AT,de;q=0.9,en;q=0.5", "de de-AT"),
            ("fr-FR, fr;q=0.9, es-MX;q=0.8, en;q=0.7", "es es-MX"),
            ("en;q=0.3, ES;q=0.4", "es es"),
            ("en;q=0.5, de;q=0.5", "en en"),
            ("de;q=0, es;q=0.1", "es es"),
            ("fr, *;q=0.5, de;q=0.1", "en en"),
            ("de;q=x, es;q=2, nonsense!, en-GB", "en en-GB"),
            ("pt", "en en"),
        ] {
            assert_eq!(chosen("", header), expected, "{header}");
        }
    }

    #[test]
    fn a_chosen_language_wins_and_keeps_the_region() {
        assert_eq!(chosen("de", "en, de-CH;q=0.1"), "de de-CH");
        assert_eq!(chosen("es", "en-GB"), "es es");
        assert_eq!(chosen("xx", "de"), "de de");
    }
}
