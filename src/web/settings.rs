//! The parts of forms that set how a file is read.

use std::collections::HashMap;

use askama::Template;
use serde::Deserialize;

use crate::actions::{self, ActionError, FilePreview, GivenSettings};
use crate::csv::Encoding;
use crate::domain::job::{ParseSettings, Quote};
use crate::domain::refusal::Refusal;
use crate::http::Problem;
use crate::texts::Text;

/// Fields for what a person can set about how a file is read.
#[derive(Template)]
#[template(path = "settings_fields.html")]
pub(crate) struct SettingsFields {
    text: Text,
    /// What precedes the ids of the fields.
    prefix: &'static str,
    encodings: Vec<&'static str>,
    /// The words for delimiters, the characters, and their names.
    delimiters: Vec<(&'static str, char, String)>,
    quotes: Vec<(Quote, String)>,
    settings: ParseSettings,
}

impl SettingsFields {
    pub(crate) fn of(text: &Text, prefix: &'static str, settings: &ParseSettings) -> SettingsFields {
        let other = |character: &'static str, letter: char| (character, letter, character.to_owned());
        SettingsFields {
            prefix,
            encodings: Encoding::all().map(Encoding::as_str).collect(),
            delimiters: vec![
                ("comma", ',', text.delimiter_comma()),
                ("semicolon", ';', text.delimiter_semicolon()),
                ("tab", '\t', text.delimiter_tab()),
                ("bar", '|', text.delimiter_bar()),
                ("space", ' ', text.delimiter_space()),
                other("~", '~'),
                other("^", '^'),
                other(":", ':'),
            ],
            quotes: Quote::ALL.iter().map(|quote| (*quote, self::quote(text, *quote))).collect(),
            settings: settings.clone(),
            text: text.clone(),
        }
    }
}

/// Returns the fields of a form that has these settings, as hidden inputs have them.
pub(crate) fn fields(settings: &ParseSettings) -> Vec<(&'static str, String)> {
    let all = [
        ("encoding", settings.encoding.clone()),
        ("header_line", settings.header_line.map(|line| line.to_string())),
        ("part", settings.part.clone()),
        ("delimiter", settings.delimiter.map(String::from)),
        ("quote", settings.quote.map(|quote| quote.to_string())),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// Returns the name of a quote.
pub(crate) fn quote(text: &Text, quote: Quote) -> String {
    match quote {
        Quote::Double => text.quotes_double(),
        Quote::Single => text.quotes_single(),
        Quote::None => text.quotes_none(),
    }
}

/// Buttons for the parts of an archive or a workbook.
#[derive(Template)]
#[template(path = "parts.html")]
pub(crate) struct PartButtons {
    text: Text,
    parts: Vec<String>,
    /// The part that is shown.
    chosen: Option<String>,
    /// Whether each part becomes a job.
    is_split: bool,
    /// Whether the buttons send a form, instead of being handled by a script.
    is_form: bool,
}

impl PartButtons {
    /// Returns the buttons, or `None` if there is nothing to choose.
    pub(crate) fn of(text: &Text, preview: &FilePreview, is_form: bool) -> Option<PartButtons> {
        let shown = preview.containers.iter().rev().find_map(|container| container.part.clone());
        let chosen = preview.containers.iter().filter_map(|container| container.part.clone());
        let chosen = chosen.into_iter().find(|part| preview.parts.contains(part)).or(shown);
        (!preview.parts.is_empty()).then(|| PartButtons {
            text: text.clone(),
            parts: preview.parts.clone(),
            chosen: chosen.filter(|_| !preview.is_split),
            is_split: preview.is_split,
            is_form,
        })
    }
}

/// What a form says about how a file is read. Fields that are empty are detected.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct SettingsForm {
    #[serde(default)]
    encoding: String,
    #[serde(default)]
    header_line: String,
    #[serde(default)]
    part: String,
    #[serde(default)]
    delimiter: String,
    #[serde(default)]
    quote: String,
}

impl SettingsForm {
    /// Returns the settings among the fields of a form.
    pub(crate) fn of(form: &HashMap<String, String>) -> SettingsForm {
        let text = |name: &str| form.get(name).cloned().unwrap_or_default();
        SettingsForm {
            encoding: text("encoding"),
            header_line: text("header_line"),
            part: text("part"),
            delimiter: text("delimiter"),
            quote: text("quote"),
        }
    }

    /// Parses the settings.
    pub(crate) fn parsed(&self) -> Result<ParseSettings, Problem> {
        let line = given(self.header_line.trim()).map(str::parse::<i64>).transpose();
        let line =
            line.map_err(|_| ActionError::Invalid { field: "header_line", reason: Refusal::NoNumber })?;
        Ok(actions::parse_settings(GivenSettings {
            encoding: given(self.encoding.trim()),
            header_line: line,
            part: given(self.part.trim()),
            delimiter: given(&self.delimiter),
            quote: given(self.quote.trim()),
            ..GivenSettings::default()
        })?)
    }
}

fn given(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
