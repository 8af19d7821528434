//! What helps a person to decide about an issue: its rows as they stand, a correction that is likely, and the
//! contact that exists.

use std::collections::HashMap;

use sqlx::PgConnection;

use crate::domain::contact::ContactKeys;
use crate::domain::decision::Field;
use crate::domain::job::Owner;
use crate::domain::{email, suggest};
use crate::store::contacts::{self, Contact};
use crate::store::staging::{self, RowView};
use crate::store::{Home, StoreError};

/// A row of an issue.
#[derive(Debug, Clone)]
pub struct Case {
    /// The row as it stands.
    pub row: RowView,
    /// A correction of its address that is likely.
    pub suggestion: Option<String>,
    /// The owner's contact that has its e-mail already.
    pub contact: Option<Existing>,
}

/// A contact beside a row with its e-mail.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Existing {
    /// The contact.
    pub contact: Contact,
    /// The values in which row and contact differ.
    pub differs: Vec<Field>,
}

/// The rows of an issue of an owner's job, in the order of the file: at most `limit`, after the row `after` where that
/// is given.
pub async fn cases(
    connection: &mut PgConnection,
    owner: &Owner,
    home: Home,
    issue: i32,
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<Case>, StoreError> {
    let found = staging::of_issues(&mut *connection, owner, home, &[issue], after, limit).await?;
    let found = with_contacts(connection, owner, found).await?;
    Ok(found.into_iter().map(|(_, case)| case).collect())
}

/// The same for a page of issues at once: the first `limit` rows of each.
pub async fn cases_of(
    connection: &mut PgConnection,
    owner: &Owner,
    home: Home,
    issues: &[i32],
    limit: i64,
) -> Result<HashMap<i32, Vec<Case>>, StoreError> {
    let found = staging::of_issues(&mut *connection, owner, home, issues, None, limit).await?;
    let mut cases: HashMap<i32, Vec<Case>> = HashMap::new();
    for (issue, case) in with_contacts(connection, owner, found).await? {
        cases.entry(issue).or_default().push(case);
    }
    Ok(cases)
}

async fn with_contacts(
    connection: &mut PgConnection,
    owner: &Owner,
    rows: Vec<(i32, RowView)>,
) -> Result<Vec<(i32, Case)>, StoreError> {
    let keys = ContactKeys::of(owner);
    let key = |row: &RowView| keys.key(&email::key(&row.fields().email));
    let wanted: Vec<u128> = rows.iter().map(|(_, row)| key(row)).collect();
    let mut found: HashMap<u128, Contact> =
        contacts::with_keys(connection, owner, &wanted).await?.into_iter().collect();
    // A row that is a contact already is not in conflict with it.
    found.retain(|_, contact| !rows.iter().any(|(_, row)| row.row == contact.row));
    let case = |(issue, row): (i32, RowView)| {
        let contact = found
            .get(&key(&row))
            .map(|contact| Existing { differs: differs(&row, contact), contact: contact.clone() });
        (issue, Case { suggestion: suggest::correction(&row.fields().email), contact, row })
    };
    Ok(rows.into_iter().map(case).collect())
}

fn differs(row: &RowView, contact: &Contact) -> Vec<Field> {
    let (row, contact) = (row.fields(), contact.fields());
    let pairs = [
        (Field::Email, &row.email, &contact.email),
        (Field::FirstName, &row.first_name, &contact.first_name),
        (Field::LastName, &row.last_name, &contact.last_name),
        (Field::Company, &row.company, &contact.company),
    ];
    pairs.into_iter().filter(|(_, one, other)| one != other).map(|(field, ..)| field).collect()
}
