//! Result sets that are limited in bytes: cells may be large, so a limit of rows does not limit memory.

use super::StoreError;

/// The most bytes of values on one page. The other rows are on the next page.
pub(crate) const PAGE_BYTES: i64 = 256 << 10;

/// A column `row_bytes`: the bytes of all `values`. Does not read values that are stored out of line.
pub(super) fn row_bytes(values: impl IntoIterator<Item = impl std::fmt::Display>) -> String {
    let lengths = values.into_iter().map(|value| format!(" + coalesce(octet_length({value}), 0)"));
    format!("0{} AS row_bytes", lengths.collect::<String>())
}

/// Limits the query `rows`, which has a column `row_bytes` and the order `order`, to the first rows that have at most
/// `bytes` together, but never to less than one row. Adds a column `rows_found`: the number of all rows of `rows`.
pub(crate) fn within(bytes: i64, rows: &str, order: &str) -> String {
    let (start, end) = around(bytes, order);
    format!("{start}{rows}{end}")
}

/// Returns what [`within`] adds before and after the query.
pub(crate) fn around(bytes: i64, order: &str) -> (String, String) {
    let start = format!(
        "SELECT * FROM (SELECT *, count(*) OVER () AS rows_found,
             sum(row_bytes) OVER (ORDER BY {order} ROWS UNBOUNDED PRECEDING) AS bytes_so_far FROM ("
    );
    // The sum equals the row's own bytes in the first row only, which is always returned.
    let end = format!(
        ") AS found) AS measured WHERE bytes_so_far <= {bytes} OR bytes_so_far = row_bytes ORDER BY {order}"
    );
    (start, end)
}

/// One page of a list.
#[derive(Debug)]
pub struct Slice<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Whether more rows follow, beyond the limit of rows or of bytes.
    pub more: bool,
}

impl<T> Slice<T> {
    /// Returns the cursor of the next page, which `cursor` takes from the last row; `None` if no more rows follow.
    pub(crate) fn next<N>(&self, cursor: impl FnOnce(&T) -> N) -> Option<N> {
        self.items.last().filter(|_| self.more).map(cursor)
    }
}

/// Returns at most `limit` rows of a query made by [`within`] with a LIMIT of `limit` + 1.
pub(super) fn slice<T>(
    rows: &[sqlx::postgres::PgRow],
    limit: i64,
    read: impl Fn(&sqlx::postgres::PgRow) -> Result<T, StoreError>,
) -> Result<Slice<T>, StoreError> {
    let more = is_cut(rows)? || rows.len() as i64 > limit;
    let items = rows.iter().take(limit as usize).map(read).collect::<Result<_, _>>()?;
    Ok(Slice { items, more })
}

/// Returns whether the limit of bytes cut off rows.
pub(crate) fn is_cut(rows: &[sqlx::postgres::PgRow]) -> Result<bool, sqlx::Error> {
    use sqlx::Row;
    let found: Option<i64> = rows.first().map(|row| row.try_get("rows_found")).transpose()?;
    Ok(found.is_some_and(|found| found > rows.len() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_values_have_no_bytes() {
        assert_eq!(
            row_bytes(["a", "b"]),
            "0 + coalesce(octet_length(a), 0) + coalesce(octet_length(b), 0) AS row_bytes"
        );
        let query = within(10, "SELECT a", "a");
        assert!(query.contains("FROM (SELECT a) AS found") && query.ends_with("row_bytes ORDER BY a"));
    }
}
