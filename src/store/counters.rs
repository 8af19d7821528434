//! The ids that the contract makes 32-bit numbers, and how many of them are left.

use sqlx::PgPool;

use super::{StoreError, sql};

/// The counter of a column of ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counter {
    /// The table, such as `issues`.
    pub relation: String,
    /// The column, such as `issue_id`.
    pub name: String,
    /// The last id that was given out.
    pub last: i64,
    /// The highest id that fits into the column.
    pub highest: i64,
}

from_row!(Counter { relation, name, last, highest });

/// From this share of used ids on, people are warned: per cent.
const WARN_FROM: i64 = 70;

impl Counter {
    /// Returns the share of ids that are used, in per cent, rounded down.
    pub(crate) fn used_percent(&self) -> i64 {
        (i128::from(self.last) * 100 / i128::from(self.highest.max(1))) as i64
    }

    fn is_running_out(&self) -> bool {
        self.used_percent() >= WARN_FROM
    }
}

/// Returns the counters that have used at least 70 % of their ids. Counters that this role may not read are left out.
pub(crate) async fn running_out(pool: &PgPool) -> Result<Vec<Counter>, StoreError> {
    let mut counters = all(pool).await?;
    counters.retain(Counter::is_running_out);
    Ok(counters)
}

/// Returns all counters that have given out an id. Counters that this role may not read are left out.
pub(crate) async fn all(pool: &PgPool) -> Result<Vec<Counter>, StoreError> {
    let query = "SELECT relation, name, last_value AS last,
                CASE WHEN atttypid = 'integer'::regtype THEN least(max_value, 2147483647) ELSE max_value END AS highest
         FROM (VALUES ('jobs', 'job_id'), ('issues', 'issue_id'), ('issue_items', 'issue_item_id')) AS ids (relation, name)
         JOIN pg_attribute ON attrelid = to_regclass(relation) AND attname = name
         JOIN pg_class c ON c.oid = to_regclass(pg_get_serial_sequence(relation, name))
         JOIN pg_sequences ON schemaname::regnamespace = c.relnamespace AND sequencename = c.relname
         WHERE last_value IS NOT NULL";
    let mut counters = Vec::new();
    for row in sql::once(pool, query).await? {
        counters.push(<Counter as sqlx::FromRow<_>>::from_row(&row)?);
    }
    Ok(counters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_runs_out_from_seventy_per_cent_on() {
        let counter = |last| Counter {
            relation: "jobs".to_owned(),
            name: "job_id".to_owned(),
            last,
            highest: i64::from(i32::MAX),
        };
        for (last, percent, warns) in [
            (1, 0, false),
            (1_503_238_552, 69, false),
            (1_503_238_553, 70, true),
            (i64::from(i32::MAX), 100, true),
        ] {
            assert_eq!((counter(last).used_percent(), counter(last).is_running_out()), (percent, warns));
        }
    }
}
