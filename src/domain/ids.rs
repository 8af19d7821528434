//! Identifiers of database rows. Each is a type of its own, so that they cannot be confused.

/// Declares identifiers, which are plain numbers in JSON, in the database and in the OpenAPI document.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident($number:ident);)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(serde::Serialize, serde::Deserialize, sqlx::Type)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(pub $number);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.trim().parse().map($name)
            }
        }

        impl From<$name> for i64 {
            fn from(id: $name) -> i64 {
                id.0.into()
            }
        }
    )+};
}

ids! {
    /// `jobs.job_id`.
    JobId(i32);
    /// `staging.staging_id`: a row of a job.
    RowId(i64);
    /// `issues.issue_id`.
    IssueId(i32);
    /// `actions.action_id`.
    ActionId(i64);
    /// `contacts.contact_id`.
    ContactId(i64);
    /// `api_tokens.token_id`.
    TokenId(i64);
    /// `column_mappings.mapping_id`.
    MappingId(i32);
    /// `erasures.erasure_id`.
    ErasureId(i64);
    /// `contact_changes.change_id`.
    ChangeId(i64);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_numbers_in_json_and_text() {
        assert_eq!(serde_json::to_string(&RowId(7)).unwrap(), "7");
        assert_eq!(serde_json::from_str::<Vec<IssueId>>("[1, 2]").unwrap(), [IssueId(1), IssueId(2)]);
        assert_eq!((" 7\n".parse(), ContactId(7).to_string()), (Ok(ContactId(7)), "7".to_owned()));
        assert!("7a".parse::<ActionId>().is_err() && "2147483648".parse::<JobId>().is_err());
    }
}
