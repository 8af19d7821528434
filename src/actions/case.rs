//! Helps a person to decide about an issue: shows its rows in their current state, a likely correction, and the
//! existing contact.

use std::collections::HashMap;

use sqlx::PgConnection;

use crate::domain::contact::ContactKeys;
use crate::domain::decision::Field;
use crate::domain::ids::{IssueId, RowId};
use crate::domain::job::Owner;
use crate::domain::{email, suggest};
use crate::store::contacts::{self, Contact};
use crate::store::staging::{self, RowView};
use crate::store::{JobTables, StoreError};

/// A row of an issue.
#[derive(Debug, Clone)]
pub struct Case {
    /// The row in its current state.
    pub row: RowView,
    /// A likely correction of its e-mail address.
    pub suggestion: Option<String>,
    /// The owner's existing contact with its e-mail.
    pub contact: Option<Existing>,
}

/// A contact next to a row with the same e-mail.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Existing {
    /// The contact.
    pub contact: Contact,
    /// The fields in which row and contact differ.
    pub differs: Vec<Field>,
}

/// Returns the rows of an issue in file order, and whether there are more. Returns at most `limit` rows, fewer if
/// they are large, starting after the row `after` if there is one.
pub async fn cases(
    connection: &mut PgConnection,
    owner: &Owner,
    tables: JobTables,
    issue: IssueId,
    after: Option<RowId>,
    limit: i64,
) -> Result<(Vec<Case>, bool), StoreError> {
    let (mut found, is_cut) =
        staging::of_issues(&mut *connection, owner, tables, &[issue], after, limit + 1).await?;
    let more = is_cut || found.len() as i64 > limit;
    found.truncate(limit as usize);
    let found = with_contacts(connection, owner, found).await?;
    Ok((found.into_iter().map(|(_, case)| case).collect(), more))
}

/// The cases of a page of issues.
#[derive(Debug)]
pub struct Cases {
    /// The rows of each issue, and whether it has more.
    pub of_issue: HashMap<IssueId, (Vec<Case>, bool)>,
    /// If the rows of all issues do not fit: the last issue whose rows do. The page ends with it.
    pub last: Option<IssueId>,
}

/// Returns the first `limit` rows of each of several issues, which must be in order.
pub async fn cases_of(
    connection: &mut PgConnection,
    owner: &Owner,
    tables: JobTables,
    issues: &[IssueId],
    limit: i64,
) -> Result<Cases, StoreError> {
    let (mut found, is_cut) =
        staging::of_issues(&mut *connection, owner, tables, issues, None, limit + 1).await?;
    let first = found.first().map(|(issue, _)| *issue);
    let cut = found.last().filter(|_| is_cut).map(|(issue, _)| *issue);
    // The issue that was cut off moves to the next page, unless it is the only one.
    found.retain(|(issue, _)| Some(*issue) == first || Some(*issue) != cut);
    let last = found.last().filter(|_| is_cut).map(|(issue, _)| *issue);
    let mut of_issue: HashMap<IssueId, (Vec<Case>, bool)> = HashMap::new();
    for (issue, case) in with_contacts(connection, owner, found).await? {
        let (cases, more) = of_issue.entry(issue).or_insert_with(|| (Vec::new(), Some(issue) == cut));
        match (cases.len() as i64) < limit {
            true => cases.push(case),
            false => *more = true,
        }
    }
    Ok(Cases { of_issue, last })
}

async fn with_contacts(
    connection: &mut PgConnection,
    owner: &Owner,
    rows: Vec<(IssueId, RowView)>,
) -> Result<Vec<(IssueId, Case)>, StoreError> {
    let keys = ContactKeys::of(owner);
    let key = |row: &RowView| keys.key(&email::key(&row.fields().email));
    let wanted: Vec<u128> = rows.iter().map(|(_, row)| key(row)).collect();
    let mut found: HashMap<u128, Contact> =
        contacts::with_keys(connection, owner, &wanted).await?.into_iter().collect();
    // A row that is already imported does not conflict with its own contact.
    found.retain(|_, contact| !rows.iter().any(|(_, row)| row.row == contact.row));
    let case = |(issue, row): (IssueId, RowView)| {
        let contact = found
            .get(&key(&row))
            .map(|contact| Existing { differs: differs(&row, contact), contact: contact.clone() });
        (issue, Case { suggestion: suggest::correction(&row.fields().email), contact, row })
    };
    Ok(rows.into_iter().map(case).collect())
}

fn differs(row: &RowView, contact: &Contact) -> Vec<Field> {
    let (row, contact) = (row.fields(), contact.fields());
    Field::ALL.iter().copied().filter(|field| row.get(*field) != contact.get(*field)).collect()
}
