//! The columns of a case: the existing contact, if there is one, and the rows, side by side.

use crate::actions::Case;
use crate::domain::field::{Field, PerField};
use crate::domain::ids::RowId;
use crate::domain::issue::email_issue_key;
use crate::domain::required::RequiredFields;
use crate::domain::row::{OnExisting, RowStatus};
use crate::domain::rules::{Compares, IssueType};
use crate::store::contacts::Contact;
use crate::store::issues::Issue;
use crate::store::staging::RowView;
use crate::texts::Text;
use crate::web::extra::{self, ExtraInputs, ExtraLine, ExtraView};
use crate::web::review::reason;
use crate::web::times::Time;
use crate::web::words;

/// A row or a contact with its values.
pub(super) struct Column {
    /// The number of the row, from 1; 0 for a contact.
    pub(super) number: usize,
    pub(super) heading: String,
    /// The origin of a row; for a contact, the beginning of the sentence around `since`.
    pub(super) origin: String,
    /// The time at which a contact was created, and the rest of the sentence after it.
    pub(super) since: Option<(Time, String)>,
    /// The row; for a contact, the row from which it was created.
    pub(super) row: RowId,
    pub(super) tag: String,
    pub(super) discarded: bool,
    /// Whether its values can be edited.
    pub(super) editable: bool,
    /// Whether it is one of the rows that a merge combines: neither discarded nor imported, with the e-mail of the issue.
    pub(super) can_be_merged: bool,
    pub(super) cells: Vec<Cell>,
    pub(super) suggestion: Option<String>,
    /// The labels and values of what does not fit into the values of a malformed row.
    pub(super) residue: Vec<(String, String)>,
    /// Its values in columns that belong to no field, if it is not compared with others.
    pub(super) extra: Option<ExtraView>,
    /// The inputs for these, while its values are edited.
    pub(super) others: ExtraInputs,
    /// The decision about the existing contact.
    pub(super) on_existing: Option<String>,
}

/// A value.
pub(super) struct Cell {
    pub(super) name: &'static str,
    pub(super) label: String,
    pub(super) value: String,
    /// Whether the columns have different values.
    pub(super) differs: bool,
    /// Whether it is the cause of the issue: missing or invalid.
    pub(super) wrong: bool,
}

/// Returns the columns of the page: the contact and the rows. Rows get inputs for their values in the columns `others` of the
/// file.
pub(super) fn columns_of(
    text: &Text,
    issue: &Issue,
    rows: &[Case],
    required: RequiredFields,
    others: &[String],
) -> Vec<Column> {
    let kind = issue.issue_type;
    let contact = compared_contact(kind, rows);
    let mut columns: Vec<Column> = contact.map(|contact| of_contact(text, contact)).into_iter().collect();
    columns.extend(rows.iter().enumerate().map(|(at, case)| {
        let mut column = of_row(text, issue, required, at + 1, case);
        if column.editable {
            let form = format!("edit-{}-{}", issue.id, column.row);
            let is_table = kind.rule().compares != Compares::Nothing;
            let label = |name: &str| is_table.then(|| text.case_input(name, &column.heading));
            column.others = ExtraInputs::of(others, &case.row.extra, Some(&form), label);
        }
        column
    }));
    if kind.rule().compares != Compares::Nothing {
        mark_differences(&mut columns);
    }
    columns
}

/// Returns the values in columns that belong to no field, of the rows of a case and of the contact that they are compared
/// with, also those in `columns`, which may be empty.
pub(super) fn extra_lines(kind: IssueType, rows: &[Case], columns: &[String]) -> Vec<ExtraLine> {
    if kind.rule().compares == Compares::Nothing {
        return Vec::new();
    }
    let contact = compared_contact(kind, rows).map(|contact| (&contact.extra, false));
    let of_row = |case: &Case| case.row.status == Some(RowStatus::Discard);
    let all: Vec<_> =
        contact.into_iter().chain(rows.iter().map(|case| (&case.row.extra, of_row(case)))).collect();
    extra::side_by_side(&all, columns)
}

fn compared_contact(kind: IssueType, rows: &[Case]) -> Option<&Contact> {
    let contact = rows.iter().find_map(|case| case.contact.as_ref()).map(|existing| &existing.contact);
    contact.filter(|_| kind.rule().compares == Compares::Contact)
}

/// Marks values that differ between the columns, except discarded ones. E-mails are compared in lower case.
fn mark_differences(columns: &mut [Column]) {
    for (at, field) in Field::ALL.iter().enumerate() {
        let value = |column: &Column| match *field == Field::Email {
            true => column.cells[at].value.to_lowercase(),
            false => column.cells[at].value.clone(),
        };
        let mut values = columns.iter().filter(|column| !column.discarded).map(value);
        let first = values.next();
        let differs = values.any(|value| Some(&value) != first.as_ref());
        for column in columns.iter_mut() {
            column.cells[at].differs = differs && !column.discarded;
        }
    }
}

fn cells(text: &Text, values: &PerField<String>, wrong: impl Fn(Field, &str) -> bool) -> Vec<Cell> {
    let cell = |(field, value): (Field, &String)| Cell {
        name: field.as_str(),
        label: words::field(text, field),
        value: value.clone(),
        differs: false,
        wrong: wrong(field, value),
    };
    values.iter().map(cell).collect()
}

fn of_contact(text: &Text, contact: &Contact) -> Column {
    let sentence = text.case_since();
    Column {
        number: 0,
        heading: text.case_contact(),
        origin: sentence.s0,
        since: Some((Time::date(text, contact.created_at), sentence.s1)),
        row: contact.row,
        tag: String::new(),
        discarded: false,
        editable: false,
        can_be_merged: false,
        cells: cells(text, &contact.values, |_, _| false),
        suggestion: None,
        residue: Vec::new(),
        extra: None,
        others: ExtraInputs::default(),
        on_existing: None,
    }
}

fn of_row(text: &Text, issue: &Issue, required: RequiredFields, number: usize, case: &Case) -> Column {
    let (kind, row) = (issue.issue_type, &case.row);
    Column {
        number,
        heading: match kind.rule().compares {
            Compares::Contact => text.case_file(),
            Compares::Rows | Compares::Nothing => text.case_row(text.number(number as i64)),
        },
        origin: origin(text, row),
        since: None,
        row: row.row,
        tag: row.tag(),
        discarded: row.status == Some(RowStatus::Discard),
        editable: row.status != Some(RowStatus::Success),
        can_be_merged: !matches!(row.status, Some(RowStatus::Success | RowStatus::Discard))
            && email_issue_key(&row.values.email.to_lowercase()) == issue.key,
        cells: cells(text, &row.values, |field, value| (kind.rule().is_wrong)(required, field, value)),
        suggestion: case.suggestion.clone().filter(|_| kind.rule().suggests_address),
        residue: reason::residue(text, issue, row),
        extra: ExtraView::of(text, &row.extra).filter(|_| kind.rule().compares == Compares::Nothing),
        others: ExtraInputs::default(),
        on_existing: row.on_existing.map(|decided| match decided {
            OnExisting::Overwrite => text.case_overwrites(),
            OnExisting::Fill => text.case_fills(),
        }),
    }
}

/// Returns the line of a row, or its number if the line is not known.
pub(in crate::web::review) fn origin(text: &Text, row: &RowView) -> String {
    row.line.map_or_else(|| text.case_row(row.row.to_string()), |line| text.case_line(text.number(line)))
}
