//! The panel of the decisions about many cases or rows, which is the same beside the cases and the table.

use askama::Template;

use super::job::ReviewJob;
use crate::domain::bulk_decision::BulkDecision;
use crate::domain::decision::Field;
use crate::domain::rules::IssueType;
use crate::texts::{Text, field_inline};
use crate::web::words;

/// The panel with the buttons of all decisions.
#[derive(Template)]
#[template(path = "review_many.html")]
pub(crate) struct Panel {
    text: Text,
    csrf: Option<String>,
    /// The address of the preview.
    action: String,
    /// The query of the page, to return to it.
    hidden: Vec<(&'static str, String)>,
    /// The words before and after the number of what is selected.
    selected: (String, String),
    /// All that match, with their number.
    all: String,
    /// The values and labels of the buttons.
    buttons: Vec<(BulkDecision, String)>,
    /// The same of those that drop values.
    last: Vec<(BulkDecision, String)>,
    /// The fields that can be filled with one value in all rows: names in forms, and labels.
    blanks: Vec<(&'static str, String)>,
    /// The fields in which a text can be replaced, and whether it is searched in this one.
    fields: Vec<(&'static str, String, bool)>,
    /// Whether a button of the panel selects all that are shown. The table has a checkbox for that.
    selects_shown: bool,
}

/// What the panel applies to.
pub(super) struct Scopes {
    /// The address of the preview.
    pub(super) action: String,
    /// The query of the page.
    pub(super) hidden: Vec<(&'static str, String)>,
    /// The words before and after the number of what is selected.
    pub(super) selected: (String, String),
    /// All that match, with their number.
    pub(super) all: String,
    /// The field in which a text is replaced unless another is chosen.
    pub(super) column: Option<Field>,
    /// Whether only this field is searched.
    pub(super) searches_column: bool,
    /// Whether a button selects all that are shown.
    pub(super) selects_shown: bool,
}

impl Panel {
    /// Returns the panel for issues of these kinds.
    pub(super) fn of(review: &ReviewJob, kinds: &[IssueType], scopes: Scopes) -> Panel {
        let text = review.text();
        let Scopes { action, hidden, selected, all, column, searches_column, selects_shown } = scopes;
        let choices = choices(kinds);
        let button = |choice: &BulkDecision| (*choice, words::bulk_button(text, *choice));
        let shown = choices.iter().filter(|choice| **choice != BulkDecision::FillIn);
        let (last, first): (Vec<_>, Vec<_>) = shown.partition(|choice| choice.drops_values());
        // A filter has one condition on one field, so a search in one field excludes a condition on another.
        let fills = choices.contains(&BulkDecision::FillIn) && !searches_column;
        let blanks = if fills { shared() } else { Vec::new() };
        Panel {
            csrf: review.shell("").csrf,
            action,
            hidden,
            selected,
            all,
            buttons: first.into_iter().map(button).collect(),
            last: last.into_iter().map(button).collect(),
            blanks: blanks.into_iter().map(|field| (field.as_str(), field_inline(text, field))).collect(),
            fields: Field::ALL
                .iter()
                .map(|field| (field.as_str(), field_inline(text, *field), column == Some(*field)))
                .collect(),
            selects_shown,
            text: text.clone(),
        }
    }
}

/// Returns the decisions about issues of these kinds, each once, in the order of the rules.
fn choices(kinds: &[IssueType]) -> Vec<BulkDecision> {
    let mut choices: Vec<BulkDecision> = Vec::new();
    for choice in kinds.iter().flat_map(|kind| kind.rule().bulk) {
        if !choices.contains(choice) {
            choices.push(*choice);
        }
    }
    choices
}

/// Returns the fields for which many rows can get the same value, first the company, which they most often share. One
/// e-mail for many rows would make them duplicates.
pub(super) fn shared() -> Vec<Field> {
    let mut fields: Vec<Field> = Field::ALL.iter().copied().filter(|field| *field != Field::Email).collect();
    fields.sort_by_key(|field| *field != Field::Company);
    fields
}
