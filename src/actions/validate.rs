//! Validates the values that a decision gives to rows, so that people learn at once what the next run would report.
//!
//! What a row breaks on its own becomes an issue. Conflicts of a new e-mail with other rows or with a contact become
//! warnings: to know all of them, a run compares all rows.

use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;

use super::ActionError;
use crate::domain::contact::ContactKeys;
use crate::domain::email;
use crate::domain::ids::RowId;
use crate::domain::job::Owner;
use crate::domain::row::{RowHash, normalise};
use crate::domain::rules::{self, Conflicts, IssueType, Residue};
use crate::store::decided::{self, Opened};
use crate::store::issues::Raised;
use crate::store::jobs::Job;
use crate::store::raised::Pairs;
use crate::store::{StoreError, contacts};

/// Decisions that give more rows a new e-mail than this get no warnings.
const MOST_NEW_EMAILS: usize = 1_000;
/// The most warnings that are returned.
const WARNINGS: usize = 100;

/// What the next run will ask about a row that a decision has given another e-mail.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Warning {
    /// The row.
    pub row: RowId,
    /// The rule: [`IssueType::DuplicateEmail`] or [`IssueType::ExistingEmail`].
    pub issue_type: IssueType,
}

/// What the new values of rows cause.
#[derive(Debug, Default)]
pub(super) struct Validated {
    /// The issues that they raise.
    pub(super) opened: Opened,
    /// Conflicts of new e-mails, by row.
    pub(super) warnings: Vec<Warning>,
}

/// A row with a new and valid e-mail.
struct NewEmail {
    row: RowId,
    key: String,
    hash: RowHash,
    /// Whether nobody has decided about the contact with its e-mail.
    is_undecided: bool,
}

/// Validates the new values of the rows that a decision changes. Leaves what they raise in the table `raised`.
pub(super) async fn validate(connection: &mut PgConnection, job: &Job) -> Result<Validated, ActionError> {
    let (mut pairs, mut emails, mut new_emails) = (Pairs::default(), Vec::new(), 0);
    decided::each_with_new_values(connection, job.tables(), |new| {
        let fields = new.fields();
        let verdict = rules::check(&fields, false, job.required);
        for violation in verdict.violations(&fields, new.hash, Residue::default()) {
            pairs.push(&Raised::new(violation, new.row))?;
        }
        if new.has_new_email && verdict.is_comparable() {
            new_emails += 1;
            if new_emails <= MOST_NEW_EMAILS {
                let conflict = Conflicts { existing: true, ..Conflicts::default() };
                emails.push(NewEmail {
                    row: new.row,
                    key: email::key(&fields.email).into_owned(),
                    hash: fields.hash(""),
                    is_undecided: verdict.with_conflicts(conflict, new.on_existing).existing,
                });
            }
        }
        Ok::<_, StoreError>(())
    })
    .await?;
    let opened = decided::raise(connection, job.tables(), pairs).await?;
    let warnings = match new_emails <= MOST_NEW_EMAILS {
        true => warnings(connection, job, &emails).await?,
        false => Vec::new(),
    };
    Ok(Validated { opened, warnings })
}

/// Returns the conflicts of new e-mails with other rows and with contacts.
async fn warnings(
    connection: &mut PgConnection,
    job: &Job,
    emails: &[NewEmail],
) -> Result<Vec<Warning>, ActionError> {
    if emails.is_empty() {
        return Ok(Vec::new());
    }
    let owner = Owner(job.owner.clone());
    let keys = ContactKeys::of(&owner);
    let undecided = emails.iter().filter(|new| new.is_undecided);
    let undecided: Vec<u128> = undecided.map(|new| keys.key(&new.key)).collect();
    let existing = contacts::existing_among(connection, &owner, Some(job.tables()), &undecided).await?;
    let existing: HashSet<u128> = existing.into_iter().collect();

    // The contents of the rows with each e-mail. Repeats have the same content and are no duplicates.
    let mut contents: HashMap<&str, HashSet<RowHash>> = HashMap::new();
    for new in emails {
        contents.entry(&new.key).or_default().insert(new.hash);
    }
    let searched: Vec<&str> = contents.keys().copied().collect();
    for values in decided::with_emails(connection, job.tables(), &searched).await? {
        let fields = values.each_ref().map(|value| normalise(value));
        if let Some(of_email) = contents.get_mut(email::key(&fields.email).as_ref()) {
            of_email.insert(fields.hash(""));
        }
    }
    let warning = |new: &NewEmail| {
        let is_duplicate = contents.get(new.key.as_str()).is_some_and(|hashes| hashes.len() > 1);
        let is_existing = new.is_undecided && existing.contains(&keys.key(&new.key));
        let of_type = |issue_type| Warning { row: new.row, issue_type };
        let duplicate = is_duplicate.then(|| of_type(IssueType::DuplicateEmail));
        duplicate.into_iter().chain(is_existing.then(|| of_type(IssueType::ExistingEmail)))
    };
    Ok(emails.iter().flat_map(warning).take(WARNINGS).collect())
}
