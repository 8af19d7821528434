//! The messages in one language: the messages of `locales/`, with numbers in the format of the viewer's locale.
//!
//! `build.rs` generates a function for each message, with its arguments. Therefore a page that uses an unknown message
//! does not compile, and a message that no page uses is reported as dead code.

use std::ops::Deref;
use std::sync::LazyLock;

use icu_decimal::DecimalFormatter;
use icu_decimal::input::Decimal;
use icu_locale_core::{LanguageIdentifier, langid};

#[allow(missing_docs, unreachable_pub, clippy::pedantic, clippy::derivable_impls, reason = "generated")]
#[allow(clippy::unwrap_used, clippy::panic, clippy::unreachable, reason = "generated")]
mod messages {
    include!(concat!(env!("OUT_DIR"), "/text.rs"));
}

/// The languages of `locales/`.
pub(crate) use messages::L10n as Language;
use messages::L10nLanguage;

// Uses the functions for languages loaded at run time, which would be dead code otherwise. Ours are compiled in.
const _: () = {
    let _ = Language::load_all;
    let _ = |bytes: &[u8]| L10nLanguage::new_external("en", bytes).is_ok();
};

static MESSAGES: LazyLock<Vec<L10nLanguage>> =
    LazyLock::new(|| Language::iter().map(|language| language.load()).collect());

/// The texts of a language.
#[derive(Clone)]
pub(crate) struct Text {
    language: Language,
    messages: &'static L10nLanguage,
    /// The locale for numbers: the language and the viewer's region.
    locale: LanguageIdentifier,
}

impl Text {
    /// Returns the texts of a language, with numbers in the format of `locale`.
    pub(crate) fn new(language: Language, locale: LanguageIdentifier) -> Text {
        // The messages are in the order of the enum.
        Text { language, messages: &MESSAGES[language as usize], locale }
    }

    /// Returns the language.
    pub(crate) fn language(&self) -> Language {
        self.language
    }

    /// Formats a number with grouped digits.
    pub(crate) fn number(&self, number: i64) -> String {
        // Not cached: creating a formatter from compiled data takes a microsecond.
        match DecimalFormatter::try_new((&self.locale).into(), Default::default()) {
            Ok(formatter) => formatter.format(&Decimal::from(number)).to_string(),
            Err(_) => number.to_string(),
        }
    }
}

impl Deref for Text {
    type Target = L10nLanguage;

    fn deref(&self) -> &L10nLanguage {
        self.messages
    }
}

/// Declares messages with a count, which selects the plural and is shown in the viewer's format.
macro_rules! counted {
    ($($message:ident)+) => {
        impl Text {
            $(
                #[doc = concat!("The message `", stringify!($message), "`.")]
                pub(crate) fn $message(&self, count: impl Into<i64>) -> String {
                    let count = count.into();
                    self.messages.$message(count, self.number(count))
                }
            )+
        }
    };
}

counted! {
    rows contacts ago_minutes ago_hours ago_days took_seconds took_minutes
    action_resolved action_reopened action_raised action_removed action_deleted_contacts action_restored_contacts
    audit_and_more contacts_deleted contacts_restored contacts_email_taken contacts_values_removed
    jobs_review jobs_retry state_to_review state_partly_imported state_imported job_picture job_undo_import_note
    review_identical reading_skipped reading_filled reading_differing reading_uncompared extra_columns
    corrections_changed corrections_contacts
    effect_discarded effect_restored effect_edited effect_differing effect_decided effect_resolved effect_reopened effect_raised
    effect_still_open wrong_extra_cells
    grid_left_lines grid_left_columns
    check_beginning check_identical check_misspelt
}

/// Returns the texts in English, for readers of the API, of the command line, of logs and of the database.
pub(super) fn english() -> &'static Text {
    static ENGLISH: LazyLock<Text> = LazyLock::new(|| Text::new(Language::default(), langid!("en")));
    &ENGLISH
}

#[cfg(test)]
pub(crate) fn text(language: &str) -> Text {
    Text::new(language.parse().unwrap(), language.parse().unwrap())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_format_of_the_locale() {
        for (locale, expected) in [
            ("en", "1,234,567"),
            ("en-IN", "12,34,567"),
            ("de", "1.234.567"),
            ("de-CH", "1'234'567"),
            ("es", "1.234.567"),
            ("es-MX", "1,234,567"),
        ] {
            let text = Text::new(Language::default(), locale.parse().unwrap());
            assert_eq!(text.number(1_234_567), expected, "{locale}");
        }
        assert_eq!((text("en").number(-1_000), text("es").number(1_000)), ("-1,000".into(), "1000".into()));
    }

    #[test]
    fn counts_select_the_plural() {
        for (language, expected) in [
            ("en", ["0 rows", "1 row", "1,200 rows"]),
            ("de", ["0 Zeilen", "1 Zeile", "1.200 Zeilen"]),
            ("es", ["0 filas", "1 fila", "1200 filas"]),
        ] {
            assert_eq!([0, 1, 1_200].map(|count| text(language).rows(count)), expected);
        }
    }

    /// Returns the names of a language's messages and their attributes.
    fn names(language: Language) -> Vec<String> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("locales").join(&*language);
        let mut names = Vec::new();
        for file in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            let mut message = String::new();
            for line in
                text.lines().filter(|line| !line.starts_with(['#', ' ', '}']) || line.starts_with("    ."))
            {
                let Some((name, _)) = line.split_once('=') else { continue };
                match name.trim().strip_prefix('.') {
                    Some(attribute) => names.push(format!("{message}.{attribute}")),
                    None => {
                        message = name.trim().to_owned();
                        names.push(message.clone());
                    }
                }
            }
        }
        names.sort();
        names
    }

    #[test]
    fn every_language_has_every_message_and_no_other() {
        let expected = names(Language::default());
        assert!(expected.len() > 300, "the messages were not found");
        for language in Language::iter() {
            assert_eq!(names(*language), expected, "{language}");
        }
    }
}
