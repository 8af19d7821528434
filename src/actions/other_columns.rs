//! New values in columns that belong to no field, as a person names the columns.

use std::collections::BTreeMap;

use super::ActionError;
use crate::domain::decision::Edits;
use crate::domain::job::JobId;
use crate::domain::refusal::Refusal;

/// Returns the edits with the names of columns as they are in `known`.
///
/// Fails if a column is not among them. `job`: the job to which they belong, `None` for those of all files of an owner.
pub(super) fn with_known_columns(
    edits: &Edits,
    known: &[String],
    job: Option<JobId>,
) -> Result<Edits, ActionError> {
    Ok(Edits { values: edits.values.clone(), extra: known_columns(&edits.extra, known, job)? })
}

/// Returns the same by the names of columns as they are in `known`. Fails like [`with_known_columns`].
pub(super) fn known_columns<T: Clone>(
    by_column: &BTreeMap<String, T>,
    known: &[String],
    job: Option<JobId>,
) -> Result<BTreeMap<String, T>, ActionError> {
    let found = |column: &String| {
        let same = |name: &&String| name.eq_ignore_ascii_case(column.trim());
        let found = known.iter().find(|name| *name == column).or_else(|| known.iter().find(same));
        found.cloned().ok_or_else(|| unknown(column, known, job))
    };
    by_column.iter().map(|(column, value)| Ok((found(column)?, value.clone()))).collect()
}

fn unknown(column: &str, known: &[String], job: Option<JobId>) -> ActionError {
    let reason = Refusal::NoOtherColumn { column: column.to_owned(), job, names: known.to_vec() };
    ActionError::Invalid { field: "extra", reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name_in_any_case_of_ascii() {
        let known = ["phone".to_owned(), "Phone".to_owned(), "Größe".to_owned()];
        let edits =
            Edits::default().with_other("Phone", "1").with_other("GRößE", "2").with_other("PHONE", "3");
        let named = with_known_columns(&edits, &known, None).unwrap();
        let expected =
            Edits::default().with_other("Phone", "1").with_other("Größe", "2").with_other("phone", "3");
        assert_eq!(named, expected);
        let refused =
            |edits: Edits, known: &[String]| with_known_columns(&edits, known, None).unwrap_err().to_string();
        assert_eq!(
            refused(Edits::default().with_other("Fax", "1"), &known[1..]),
            "extra: none of your files has a column Fax that belongs to no field; those columns are: Phone, Größe"
        );
        assert_eq!(
            refused(Edits::default().with_other("Fax", "1"), &[]),
            "extra: none of your files has a column Fax that belongs to no field; there are no such columns"
        );
    }
}
