//! Answers that are bounded by bytes: cells may be large, so a number of rows says little about memory.

use super::StoreError;

/// Bytes of the values of one page. The rest is on the next one.
pub(crate) const PAGE_BYTES: i64 = 256 << 10;

/// The bytes of four values, without reading those that are stored out of line: a column `row_bytes`.
macro_rules! row_bytes {
    ($($value:literal),+) => {
        concat!("0", $(" + coalesce(octet_length(", $value, "), 0)"),+, " AS row_bytes")
    };
}
pub(super) use row_bytes;

/// The query `rows`, which has a column `row_bytes` and the order `order`, ended before the row with which its rows
/// would have more than `bytes`; never before the first. Adds `rows_found`, the number of all rows of `rows`.
pub(crate) fn within(bytes: i64, rows: &str, order: &str) -> String {
    let (start, end) = around(bytes, order);
    format!("{start}{rows}{end}")
}

/// The same as what stands before and behind the query.
pub(crate) fn around(bytes: i64, order: &str) -> (String, String) {
    let start = format!(
        "SELECT * FROM (SELECT *, count(*) OVER () AS rows_found,
             sum(row_bytes) OVER (ORDER BY {order} ROWS UNBOUNDED PRECEDING) AS bytes_so_far FROM ("
    );
    // The first row's own bytes are all that there are so far.
    let end = format!(
        ") AS found) AS measured WHERE bytes_so_far <= {bytes} OR bytes_so_far = row_bytes ORDER BY {order}"
    );
    (start, end)
}

/// Rows of a list, and whether more follow.
#[derive(Debug)]
pub struct Slice<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Whether there are more: over the number asked for, or over the bytes of a page.
    pub more: bool,
}

impl<T> Slice<T> {
    /// What the next slice goes on after; `None` at the end.
    pub(crate) fn next<N>(&self, number: impl FnOnce(&T) -> N) -> Option<N> {
        self.items.last().filter(|_| self.more).map(number)
    }
}

/// At most `limit` of the rows of a query with [`within`], which asked for one more.
pub(super) fn slice<T>(
    rows: &[sqlx::postgres::PgRow],
    limit: i64,
    read: impl Fn(&sqlx::postgres::PgRow) -> Result<T, StoreError>,
) -> Result<Slice<T>, StoreError> {
    let more = is_cut(rows)? || rows.len() as i64 > limit;
    let items = rows.iter().take(limit as usize).map(read).collect::<Result<_, _>>()?;
    Ok(Slice { items, more })
}

/// Whether rows were left out for their bytes.
pub(crate) fn is_cut(rows: &[sqlx::postgres::PgRow]) -> Result<bool, sqlx::Error> {
    use sqlx::Row;
    let found: Option<i64> = rows.first().map(|row| row.try_get("rows_found")).transpose()?;
    Ok(found.is_some_and(|found| found > rows.len() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_values_have_no_bytes() {
        assert_eq!(
            row_bytes!("a", "b"),
            "0 + coalesce(octet_length(a), 0) + coalesce(octet_length(b), 0) AS row_bytes"
        );
        let query = within(10, "SELECT a", "a");
        assert!(query.contains("FROM (SELECT a) AS found") && query.ends_with("row_bytes ORDER BY a"));
    }
}
