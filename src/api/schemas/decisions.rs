//! Decisions: the requests, and what they change.

use std::collections::BTreeMap;

use crate::actions;
use crate::domain;
use crate::domain::assigned::AssignedTo;
use crate::domain::decision::{self, ColumnFilter, Edits};
use crate::domain::extra::Extra;
use crate::domain::field::{Field, PerField};
use crate::domain::ids::{ActionId, ContactId, IssueId, RowId};
use crate::domain::merge::{self, ChosenRows};
use crate::domain::replacement::Replacement;
use crate::domain::row::RowStatus;
use crate::domain::rules::IssueType;
use crate::store;
use crate::store::decided::Settled;
use crate::store::decided::{Counts, Example};

schema! {
    /// New values; absent fields and columns stay unchanged.
    #[derive(Default)]
    #[serde(default)]
    domain::decision::Edits as Edits {
        /// The {}.
        #[schema(value_type = Option<String>)]
        values: PerField<Option<String>>,
        /// New values in columns that belong to no field, by the names of the columns. An empty one removes the old value.
        extra: BTreeMap<String, String>,
    } spread { values }
}

schema! {
    /// A filter of rows of a job: rows that meet every given condition; all rows if none is given.
    #[derive(Default)]
    #[serde(default, deny_unknown_fields)]
    domain::decision::Filter as Filter {
        /// Rows with these ids.
        #[schema(value_type = Option<Vec<i64>>)]
        rows: Option<Vec<RowId>>,
        /// Rows of these issues.
        #[schema(value_type = Option<Vec<i64>>)]
        issues: Option<Vec<IssueId>>,
        /// Rows with an open issue of this type.
        issue_type: Option<IssueType>,
        /// Rows with an open issue that is assigned to this person: `me`, `nobody` or the name of a person.
        #[schema(value_type = Option<String>, max_length = 200)]
        assigned: Option<AssignedTo>,
        /// Rows with an open issue that contains this text in its key, its description, or a value of one of its first hundred
        /// rows, ignoring case.
        #[schema(max_length = 200)]
        issue_text: Option<String>,
        /// Rows that are still to be decided: with an open issue, and neither discarded nor imported.
        open: bool,
        /// Rows in this status.
        status: Option<RowStatus>,
        /// Rows with this text in the first 500 characters of a value, ignoring case.
        #[schema(max_length = 200)]
        text: Option<String>,
        /// Rows by the value of one field.
        column: Option<ColumnFilter>,
    }
}

schema! {
    /// A condition on one field of a row.
    #[serde(deny_unknown_fields)]
    domain::decision::ColumnFilter as ColumnFilter {
        /// The field.
        name: Field,
        /// The exact value; empty for no value.
        #[serde(default)]
        equals: Option<String>,
        /// Text in the first 500 characters of the value, ignoring case.
        #[serde(default)]
        #[schema(max_length = 200)]
        contains: Option<String>,
    }
}

const _: () = {
    /// The values of a merged row. Fields and columns that are absent get the first value of the rows that is not empty.
    #[derive(utoipa::ToSchema)]
    #[allow(dead_code, reason = "only its schema is used")]
    struct Merge {
        /// The new {}.
        #[schema(value_type = Option<String>)]
        values: PerField<Option<String>>,
        /// New values in columns that belong to no field, by the names of the columns. An empty one removes the old value.
        #[serde(default)]
        extra: BTreeMap<String, String>,
        /// The rows whose values are taken.
        #[serde(default)]
        from: ChosenRows,
    }

    // Does not compile if the fields differ.
    const _: fn(merge::Merge) -> Merge = |merge| {
        let merge::Merge { edits: Edits { values, extra }, from } = merge;
        Merge { values, extra, from }
    };

    described_by!(merge::Merge, Merge, values);
};

schema! {
    /// The rows whose values a merge takes, also if they are empty. Rows with the same e-mail that do not include all of these
    /// rows are not merged.
    #[derive(Default)]
    #[serde(default, deny_unknown_fields)]
    domain::merge::ChosenRows as ChosenRows {
        /// The row whose {} is taken.
        #[schema(value_type = Option<i64>)]
        values: PerField<Option<RowId>>,
        /// Rows by the names of columns that belong to no field.
        #[schema(value_type = HashMap<String, i64>)]
        extra: BTreeMap<String, RowId>,
    } spread { values }
}

schema! {
    /// A text to replace in the values of one field.
    domain::replacement::Replacement as Replacement {
        /// The field.
        field: Field,
        /// The text to find, anywhere in a value. White space counts.
        #[schema(min_length = 1, max_length = 200)]
        find: String,
        /// The text to put in its place; empty to remove it.
        #[serde(default)]
        #[schema(max_length = 200)]
        with: String,
        /// Whether upper and lower case differ in the text to find.
        #[serde(default)]
        match_case: bool,
    }
}

schema! {
    /// The result of a decision.
    actions::Effect as Effect {
        /// The recorded action, with which the decision can be undone; `null` if nothing had to change.
        #[schema(value_type = Option<i64>)]
        action: Option<ActionId>,
        /// The changed rows, by kind of change.
        changed: Counts,
        /// Issues resolved, reopened and raised by the decision. The next run checks all rules again.
        issues: Settled,
        /// Conflicts of new e-mails with other rows and contacts, about which the next run will ask: the first hundred; none if
        /// more than a thousand rows have a new e-mail.
        #[serde(default)]
        warnings: Vec<actions::Warning>,
        /// Issues of the job that are still open.
        open_issues: i64,
        /// Rows skipped because somebody else changed them, at most a hundred.
        #[schema(value_type = Vec<i64>)]
        left: Vec<RowId>,
        /// The contacts of an undone deletion; absent for decisions about rows.
        #[schema(required = false, nullable = false)]
        contacts: Option<actions::RestoredContacts>,
    }
}

schema! {
    /// What the next run will ask about a row that a decision has given another e-mail.
    actions::Warning as Warning {
        /// The row.
        #[schema(value_type = i64)]
        row: RowId,
        /// `DUPLICATE_EMAIL`: another row has this e-mail and other values. `EXISTING_EMAIL`: a contact has it.
        issue_type: IssueType,
    }
}

schema! {
    /// What the undo of a deletion did with the contacts. The deletion can be undone again as long as some are skipped whose
    /// e-mail another contact has.
    actions::RestoredContacts as RestoredContacts {
        /// Contacts that exist again.
        restored: i64,
        /// Contacts that were skipped, since another contact has the e-mail now.
        email_taken: i64,
        /// The first hundred of these contacts.
        #[schema(value_type = Vec<i64>)]
        first_taken: Vec<ContactId>,
        /// Contacts whose values were removed by retention or an erasure.
        values_removed: i64,
    }
}

schema! {
    /// What was changed about issues beside their rows.
    actions::MarkedIssues as MarkedIssues {
        /// The recorded action; `null` if nothing had to change.
        #[schema(value_type = Option<i64>)]
        action: Option<ActionId>,
        /// The number of issues that have changed.
        issues: i64,
    }
}

schema! {
    /// The effect that a decision would have.
    actions::Preview as Preview {
        /// The rows that would change, by kind of change.
        changed: Counts,
        /// Issues that the decision would resolve, reopen and raise.
        issues: Settled,
        /// Like those of the result of a decision.
        warnings: Vec<actions::Warning>,
        /// The first of these rows, before and after.
        examples: Vec<Example>,
    }
}

schema! {
    /// The number of rows that a decision changes, by kind of change.
    store::decided::Counts as Counts {
        /// Rows that change in any way.
        rows: i64,
        /// Rows that are discarded.
        discarded: i64,
        /// Discarded rows that are restored.
        restored: i64,
        /// Rows whose values change.
        edited: i64,
        /// Rows that are discarded by a merge and differ from the merged row in columns that belong to no field.
        #[serde(default)]
        differing: i64,
    }
}

schema! {
    /// The effect of a decision on the issues of its rows.
    store::decided::Settled as Settled {
        /// Open issues that become resolved.
        settled: i64,
        /// Resolved issues that become open again.
        reopened: i64,
        /// New issues, which the new values of rows raise: such as that of an e-mail that is not valid either.
        #[serde(default)]
        raised: i64,
        /// Open issues that stay open, since the new values leave their rows wrong.
        #[serde(default)]
        still_open: i64,
    }
}

schema! {
    /// A row before and after a decision.
    store::decided::Example as Example {
        /// The row.
        #[schema(value_type = i64)]
        row: RowId,
        /// Its values before, in the order of the fields.
        #[schema(value_type = Vec<String>)]
        before: PerField<String>,
        /// Its values after.
        #[schema(value_type = Vec<String>)]
        after: PerField<String>,
        /// Its values before in columns that belong to no field, by the names of the columns; empty if none of them changes.
        #[schema(value_type = HashMap<String, String>)]
        extra_before: Extra,
        /// The same after.
        #[schema(value_type = HashMap<String, String>)]
        extra_after: Extra,
        /// Its status before.
        status_before: Option<RowStatus>,
        /// Its status after.
        status_after: Option<RowStatus>,
    }
}

const _: () = {
    /// A decision on rows. Rows whose contacts exist are never changed.
    #[derive(utoipa::ToSchema)]
    #[allow(dead_code, reason = "only its schema is used")]
    #[serde(tag = "decision", rename_all = "snake_case")]
    enum Decision {
        /// Set new values. Discarded rows are restored.
        Edit(Edits),
        /// Discard the rows.
        Discard,
        /// Restore discarded rows.
        Restore,
        /// Accept malformed rows as they are.
        Accept,
        /// Keep the existing contact unchanged and discard the row.
        KeepContact,
        /// Overwrite the existing contact with the row's values.
        Overwrite,
        /// Fill empty values of the existing contact with the row's values.
        Fill,
        /// Correct addresses as suggested, where there is a suggestion.
        Correct,
        /// Replace a text in the values of one field. Discarded rows are skipped.
        Replace(Replacement),
        /// Keep this row and discard the others with the same e-mail.
        KeepRow {
            /// The row to keep.
            #[schema(value_type = i64)]
            row: RowId,
        },
        /// Keep the first of the rows with the same e-mail.
        KeepFirst,
        /// Keep the last of the rows with the same e-mail.
        KeepLast,
        /// Merge the rows with the same e-mail into the first. Each field gets its new value, or else the value of the row in
        /// `from`, or else the first value that is not empty.
        Merge(merge::Merge),
    }

    // Does not compile if the cases differ.
    const _: fn(decision::Decision) -> Decision = |decision| match decision {
        decision::Decision::Edit(edits) => Decision::Edit(edits),
        decision::Decision::Discard => Decision::Discard,
        decision::Decision::Restore => Decision::Restore,
        decision::Decision::Accept => Decision::Accept,
        decision::Decision::KeepContact => Decision::KeepContact,
        decision::Decision::Overwrite => Decision::Overwrite,
        decision::Decision::Fill => Decision::Fill,
        decision::Decision::Correct => Decision::Correct,
        decision::Decision::Replace(replacement) => Decision::Replace(replacement),
        decision::Decision::KeepRow { row } => Decision::KeepRow { row },
        decision::Decision::KeepFirst => Decision::KeepFirst,
        decision::Decision::KeepLast => Decision::KeepLast,
        decision::Decision::Merge(merge) => Decision::Merge(merge),
    };

    described_by!(decision::Decision, Decision);
};
