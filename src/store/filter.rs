//! A person's choice of rows as conditions of a query over a job's rows, which it calls `s`.

use sqlx::{Postgres, QueryBuilder};

use super::Home;
use crate::domain::decision::{Field, Filter};
use crate::domain::search::SEARCHED_CHARACTERS;

/// The column of a value.
pub(super) fn column(field: Field) -> &'static str {
    match field {
        Field::Email => "staging_email",
        Field::FirstName => "staging_first_name",
        Field::LastName => "staging_last_name",
        Field::Company => "staging_company",
    }
}

/// The part of a column that is searched.
pub(super) fn searched(column: &str) -> String {
    format!("left({column}, {SEARCHED_CHARACTERS})")
}

/// The part of several columns that is searched, as one text.
pub(super) fn all_searched(columns: [&str; 4]) -> String {
    format!("concat_ws(E'\\n', {})", columns.map(searched).join(", "))
}

/// A pattern of LIKE that finds `text` anywhere, whatever it holds.
pub(super) fn anywhere(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

/// Adds `AND …` for all that the filter asks.
pub(super) fn push(query: &mut QueryBuilder<Postgres>, home: Home, filter: &Filter) {
    if let Some(rows) = &filter.rows {
        query.push(" AND s.staging_id = ANY (").push_bind(rows.clone()).push(")");
    }
    if let Some(issues) = &filter.issues {
        query.push(format!(
            " AND s.staging_id IN (SELECT item_staging_id FROM ONLY {} WHERE item_issue_id = ANY (",
            home.items()
        ));
        query.push_bind(issues.clone()).push("))");
    }
    if let Some(kind) = filter.issue_type {
        let (items, issues) = (home.items(), home.issues());
        query.push(format!(
            " AND s.staging_id IN (SELECT item_staging_id FROM ONLY {issues} JOIN ONLY {items} ON item_issue_id = issue_id
                   WHERE NOT issue_resolved AND issues_job_id = "
        ));
        query
            .push_bind(home.job().0)
            .push(" AND issue_type = ")
            .push_bind(kind.as_str())
            .push("::text::issue_type_enum)");
    }
    if let Some(status) = filter.status {
        query.push(" AND s.staging_status = ").push_bind(status.as_str()).push("::text::staging_status_enum");
    }
    if let Some(text) = filter.text.as_deref().filter(|text| !text.is_empty()) {
        let columns = ["s.staging_email", "s.staging_first_name", "s.staging_last_name", "s.staging_company"];
        query.push(format!(" AND {} ILIKE ", all_searched(columns)));
        query.push_bind(anywhere(text));
    }
    if let Some(wanted) = &filter.column {
        let column = column(wanted.name);
        if let Some(value) = &wanted.equals {
            query.push(format!(" AND coalesce(s.{column}, '') = ")).push_bind(value.clone());
        }
        if let Some(part) = &wanted.contains {
            query.push(format!(" AND {} ILIKE ", searched(&format!("s.{column}")))).push_bind(anywhere(part));
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn patterns_take_every_text_as_it_is() {
        assert_eq!(super::anywhere(r"50%_\x"), r"%50\%\_\\x%");
    }
}
