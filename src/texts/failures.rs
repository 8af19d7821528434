//! The sentences for why a job is FAILED.

use std::fmt;

use super::rejections;
use super::remedies::Reader;
use super::text::{Text, english};
use crate::domain::failure::{Failure, Fault, KeyFlaw};
use crate::domain::job::JobId;

/// Returns why a job is FAILED, in English, with the commands for it.
pub(crate) fn failure_for_job(failure: &Failure, job: JobId) -> String {
    sentence(Reader::of_commands_for(job), failure)
}

/// Returns why a job is FAILED, in the viewer's language.
pub(crate) fn failure_on_page(text: &Text, failure: &Failure) -> String {
    sentence(Reader::of_page(text), failure)
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&sentence(Reader::of_commands(), self))
    }
}

impl fmt::Display for KeyFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&key_flaw(english(), *self))
    }
}

fn sentence(reader: Reader<'_>, failure: &Failure) -> String {
    let text = reader.text;
    match failure {
        Failure::Rejected { rejection } => rejections::sentence(reader, rejection),
        Failure::Replaced => text.failure_replaced(),
        Failure::NoFile { key } => text.failure_no_file(key.escape_debug().to_string()),
        Failure::BadKey { key, flaw } => {
            text.failure_bad_key(key.escape_debug().to_string(), key_flaw(text, *flaw))
        }
        Failure::CutOff { runs } => text.failure_cut_off(runs.to_string()),
        Failure::TooManyRows { rows } => text.failure_too_many_rows(rows.to_string()),
        Failure::Server { fault } => text.failure_server(self::fault(text, *fault)),
        Failure::DatabaseRefused { code } => text.failure_server(text.failure_database_refused(code)),
        Failure::RowsRemoved => text.failure_rows_removed(),
        Failure::Cancelled { by } => text.failure_cancelled(by),
    }
}

fn key_flaw(text: &Text, flaw: KeyFlaw) -> String {
    match flaw {
        KeyFlaw::Empty => text.key_empty(),
        KeyFlaw::TooLong => text.key_too_long(),
        KeyFlaw::ControlCharacter => text.key_control_character(),
        KeyFlaw::SlashAtEdge => text.key_slash_at_edge(),
        KeyFlaw::EmptyName => text.key_empty_name(),
        KeyFlaw::DotName => text.key_dot_name(),
        KeyFlaw::LongName => text.key_long_name(),
        KeyFlaw::UploadName => text.key_upload_name(),
        KeyFlaw::OtherForm => text.key_other_form(),
        KeyFlaw::Refused => text.key_refused(),
        KeyFlaw::SymbolicLink => text.key_symbolic_link(),
        KeyFlaw::NoFile => text.key_no_file(),
    }
}

fn fault(text: &Text, fault: Fault) -> String {
    text.fault(fault.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rejection::Rejection;
    use crate::texts::text;

    #[test]
    fn every_language_names_each_fault() {
        for language in ["en", "de", "es"] {
            let text = text(language);
            for known in Fault::ALL {
                assert_ne!(fault(&text, *known), text.fault(""), "{language}: {known}");
            }
        }
    }

    #[test]
    fn a_failure_is_described_in_the_viewers_language() {
        let empty = Failure::from(Rejection::Empty);
        for (failure, language, expected) in [
            (&empty, "de", "die Datei ist leer; laden Sie"),
            (&empty, "es", "el archivo está vacío; suba"),
            (&Failure::Cancelled { by: "Zoë".to_owned() }, "de", "abgebrochen von Zoë"),
            (
                &Fault::NoStore.into(),
                "es",
                "el almacén de los archivos no existe; la causa está en el registro",
            ),
        ] {
            let sentence = failure_on_page(&text(language), failure);
            assert!(sentence.starts_with(expected), "{sentence}");
        }
    }
}
