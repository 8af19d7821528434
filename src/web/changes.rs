//! Rows before and after a decision, and the counts of what it would change.

use crate::actions::Preview;
use crate::domain::field::PerField;
use crate::domain::row::RowStatus;
use crate::store::contacts::Contact;
use crate::store::decided::Example;
use crate::texts::Text;
use crate::web::extra;
use crate::web::words;

/// A count of a preview and the sentence around it.
pub(crate) struct Count {
    pub(crate) before: String,
    pub(crate) number: String,
    pub(crate) after: String,
}

/// A row or a contact before and after.
pub(crate) struct Change {
    /// Each value before and after, and whether it changes.
    pub(crate) values: Vec<(String, String, bool)>,
    /// The values that change in columns that belong to no field: the column, before and after.
    pub(crate) others: Vec<(String, String, String)>,
    /// The status of the row after the decision.
    pub(crate) status: words::Status,
}

impl Change {
    /// Returns how a row changes.
    pub(crate) fn of_row(text: &Text, example: &Example) -> Change {
        Change {
            values: side_by_side(&example.before, &example.after),
            others: extra::changes(&example.extra_before, &example.extra_after),
            status: status(text, example),
        }
    }

    /// Returns how a row changes a contact: `is_fill`, only where the contact has no value. The next run does it.
    pub(crate) fn of_contact(text: &Text, example: &Example, contact: &Contact, is_fill: bool) -> Change {
        let after = PerField::from_fn(|field| {
            let (old, new) = (contact.values.get(field), example.after.get(field));
            match is_fill && !old.trim().is_empty() {
                true => old.clone(),
                false => new.clone(),
            }
        });
        Change {
            values: side_by_side(&contact.values, &after),
            others: Vec::new(),
            status: status(text, example),
        }
    }
}

fn side_by_side(before: &PerField<String>, after: &PerField<String>) -> Vec<(String, String, bool)> {
    let pairs = before.values().into_iter().zip(after.values());
    pairs.map(|(before, after)| (before.clone(), after.clone(), before != after)).collect()
}

fn status(text: &Text, example: &Example) -> words::Status {
    match example.status_after {
        Some(RowStatus::Discard) => words::row_status(text, example.status_after),
        // The next run determines the status.
        Some(RowStatus::Ready | RowStatus::Success | RowStatus::Issue) | None => {
            words::Status { word: text.row_validated_again(), sign: "↻", class: "ready" }
        }
    }
}

/// Returns the counts of what a decision would change.
pub(crate) fn counts(text: &Text, would: &Preview) -> Vec<Count> {
    let (changed, issues) = (&would.changed, &would.issues);
    // The changes without a count of their own.
    let others = changed.rows - changed.discarded - changed.restored - changed.edited;
    let mut counts = Vec::new();
    macro_rules! count {
        ($count:expr, $message:ident) => {
            if $count > 0 {
                let sentence = text.$message($count);
                counts.push(Count { before: sentence.s0, number: text.number($count), after: sentence.s1 });
            }
        };
    }
    count!(others, bulk_effect_decided);
    count!(changed.discarded, bulk_effect_discarded);
    count!(changed.restored, bulk_effect_restored);
    count!(changed.edited, bulk_effect_edited);
    count!(changed.differing, bulk_effect_differing);
    count!(issues.settled, bulk_effect_resolved);
    count!(issues.reopened, bulk_effect_reopened);
    count!(issues.raised, bulk_effect_raised);
    count!(issues.still_open, bulk_effect_still_open);
    counts
}
