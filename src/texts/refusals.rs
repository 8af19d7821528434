//! The sentences for why a request is refused.

use std::fmt;

use super::emails::email_error;
use super::names::{column_name, header_names};
use super::rejections;
use super::remedies::Reader;
use super::text::{Text, english};
use crate::domain::field::Field;
use crate::domain::refusal::{RecordName, Refusal, ValueFlaw, Work};
use crate::domain::rejection::ShownName;
use crate::domain::search::TextFlaw;

/// Returns what is wrong with a request, in the viewer's language.
pub(crate) fn refusal_on_page(text: &Text, refusal: &Refusal) -> String {
    sentence(Reader::of_page(text), refusal)
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&sentence(Reader::of_commands(), self))
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&work_name(english(), *self))
    }
}

impl fmt::Display for TextFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text_flaw(english(), *self))
    }
}

fn sentence(reader: Reader<'_>, refusal: &Refusal) -> String {
    let text = reader.text;
    match refusal {
        Refusal::Rejected(rejection) => rejections::sentence(reader, rejection),
        Refusal::PreviewTooLarge { packed_mb, unpacked_mb } => {
            text.refusal_preview_too_large(packed_mb.to_string(), unpacked_mb.to_string())
        }
        Refusal::TooManyTables { count, limit } => {
            text.refusal_too_many_tables(count.to_string(), limit.to_string(), choose_part(reader))
        }
        Refusal::MatchOneTable { names } => {
            text.refusal_match_one_table(names.len().to_string(), choose_part(reader), names.join(", "))
        }
        Refusal::FileName => text.refusal_file_name(),
        Refusal::Delimiter => text.refusal_delimiter(),
        Refusal::Quote => text.refusal_quote(),
        Refusal::Nul => text.refusal_nul(),
        Refusal::NoAddress => text.refusal_no_address(),
        Refusal::HeaderLine { line } => text.refusal_header_line(line.to_string()),
        Refusal::NoNumber => text.refusal_no_number(),
        Refusal::FixedValue { field, flaw } => fixed_value(text, reader.field(*field), *flaw),
        Refusal::SameColumn => text.refusal_same_column(),
        Refusal::TwoColumns { field } => text.refusal_two_columns(reader.field(*field)),
        Refusal::SomeColumns { fields } => text.refusal_some_columns(reader.fields(fields)),
        Refusal::NoColumn { column, names } => text.refusal_no_column(column, numbered(text, names)),
        Refusal::OtherWidth { expected, names } => {
            text.refusal_other_width(names.len().to_string(), expected.to_string(), numbered(text, names))
        }
        Refusal::ExcludedField { field, number, name } => {
            let column = match name {
                Some(name) => format!("{number} ({})", column_name(text, &ShownName::of(name))),
                None => number.to_string(),
            };
            text.refusal_excluded_field(reader.field(*field), column)
        }
        Refusal::NoOtherColumn { column, job, names } => {
            let others = others(text, names);
            match job {
                Some(job) => text.refusal_no_other_of_job(job.to_string(), column, others),
                None => text.refusal_no_other(column, others),
            }
        }
        Refusal::NoListOfColumns => text.refusal_no_list_of_columns(),
        Refusal::Unassigned { field, names } => unassigned(reader, *field, names),
        Refusal::EmailWithoutColumn => text.refusal_email_without_column(),
        Refusal::NotInHeader => text.refusal_not_in_header(),
        Refusal::SearchText(flaw) => text.refusal_search(text_flaw(text, *flaw)),
        Refusal::NoNewValue => text.refusal_no_new_value(),
        Refusal::UnknownPerson { name, people } => match people.is_empty() {
            true => text.refusal_no_people(name),
            false => text.refusal_unknown_person(name, people.join(", ")),
        },
        Refusal::LongNote { limit } => text.refusal_long_note(limit.to_string()),
        Refusal::NothingToFind => text.refusal_nothing_to_find(),
        Refusal::LongResult { limit_kb } => text.refusal_long_result(limit_kb.to_string()),
        Refusal::RowTwice { row } => text.refusal_row_twice(row.to_string()),
        Refusal::RowCount { limit } => text.refusal_row_count(limit.to_string()),
        Refusal::NoContactFilter => text.refusal_no_contact_filter(),
        Refusal::NoExpectedCount => text.refusal_no_expected_count(),
        Refusal::ContactWithoutValue => text.refusal_contact_value(),
        Refusal::Email(error) => email_error(text, *error),
        Refusal::MisreadHeader { line } => text.refusal_misread_header(line.to_string()),
        Refusal::SeveralColumns { line, column, found } => {
            text.refusal_several_columns(line.to_string(), column, header_names(text, found))
        }
        Refusal::NoKeyColumn { line, column, found } => {
            text.refusal_no_key_column(line.to_string(), column, header_names(text, found))
        }
        Refusal::NoValueColumn { line, found } => {
            let names = header_names(text, found);
            text.refusal_no_value_column(line.to_string(), names, Field::names())
        }
        Refusal::NotText { line } => text.refusal_not_text(line.to_string()),
        Refusal::TooManyCells { line } => text.refusal_too_many_cells(line.to_string()),
        Refusal::Contradiction { first, second, column } => {
            text.refusal_contradiction(first.to_string(), second.to_string(), column)
        }
        Refusal::NeedsRole { role } => text.refusal_needs_role(role.to_string()),
        Refusal::ForeignPage => {
            let how = reader.either("; a script of our own sends X-CSRF-Token", |_| String::new());
            text.refusal_foreign_page(how)
        }
        Refusal::BadTokens => text.refusal_bad_tokens(),
        Refusal::TooMuchWork { work, count } => {
            text.refusal_too_much_work(count.to_string(), work_name(text, *work))
        }
        Refusal::ServerFull { work } => text.refusal_server_full(work_name(text, *work)),
        Refusal::BrokenForm => text.refusal_broken_form(),
        Refusal::LateFile { limit } => text.refusal_late_file(limit.to_string()),
        Refusal::NoFile => text.refusal_no_file(),
        Refusal::BadParameter { name } => text.refusal_bad_parameter(name.escape_debug().to_string()),
        Refusal::BadAddress => text.refusal_bad_address(),
        Refusal::BodyCut => text.refusal_body_cut(),
        Refusal::BodyTooLarge { limit } => text.refusal_body_too_large(limit.to_string()),
        Refusal::NoValues => text.refusal_no_values(),
        Refusal::NoLanguage => text.refusal_no_language(),
        Refusal::SlowQuery => text.refusal_slow_query(),
        Refusal::FileGone => text.refusal_file_gone(),
        Refusal::NoStore { bucket: Some(bucket) } => text.refusal_no_bucket(bucket),
        Refusal::NoStore { bucket: None } => text.refusal_no_folder(),
        Refusal::NeedsLocalToken => {
            let how = reader
                .either(", or send the token (serve.token in the data folder) as bearer", |_| String::new());
            text.refusal_needs_local_token(how)
        }
        Refusal::WrongLocalToken => text.refusal_wrong_local_token(),
        Refusal::Proxied { header } => text.refusal_proxied(header),
        Refusal::OtherHost => text.refusal_other_host(),
        Refusal::NeedsPerson => text.refusal_needs_person(),
        Refusal::BadToken => text.refusal_bad_token(),
        Refusal::NoSignIn => text.refusal_no_sign_in(),
        Refusal::SignInExpired => text.refusal_sign_in_expired(),
        Refusal::OtherProvider => text.refusal_other_provider(),
        Refusal::NotSignedIn => text.refusal_not_signed_in(),
        Refusal::SignInRejected => text.refusal_sign_in_rejected(),
        Refusal::LongValue { record, column, format, limit } => {
            text.refusal_long_value(record_name(text, *record), limit.to_string(), column, *format)
        }
        Refusal::UnknownColumn { record, column, format } => {
            text.refusal_unknown_column(record_name(text, *record), column, *format)
        }
        Refusal::WideFile { columns, format, limit } => {
            text.refusal_wide_file(columns.to_string(), *format, limit.to_string())
        }
    }
}

fn choose_part(reader: Reader<'_>) -> String {
    reader.either("with `--part`", |text| text.reason_under(text.upload_part()))
}

fn fixed_value(text: &Text, field: String, flaw: ValueFlaw) -> String {
    match flaw {
        ValueFlaw::IdentifiesContact => text.refusal_value_of_identity(field),
        ValueFlaw::Empty => text.refusal_value_empty(field),
        ValueFlaw::ControlCharacter => text.refusal_value_control(field),
        ValueFlaw::TooLong { limit } => text.refusal_value_too_long(field, limit.to_string()),
    }
}

fn unassigned(reader: Reader<'_>, field: Field, names: &[String]) -> String {
    let text = reader.text;
    let (name, names) = (reader.field(field), numbered(text, names));
    let how = reader.either(&format!(" ({field}=COLUMN)"), |_| String::new());
    match field {
        Field::Email => text.refusal_unassigned_email(name, how, names),
        Field::FirstName | Field::LastName | Field::Company => {
            let value = reader.either(&format!(" (--value {field}=TEXT)"), |_| String::new());
            text.refusal_unassigned(name, how, value, names)
        }
    }
}

fn record_name(text: &Text, record: RecordName) -> String {
    match record {
        RecordName::Contact(contact) => text.record_contact(contact.to_string()),
        RecordName::Row(row) => text.record_row(row.to_string()),
    }
}

fn work_name(text: &Text, work: Work) -> String {
    match work {
        Work::Requests => text.work_requests(),
        Work::Uploads => text.work_uploads(),
        Work::Corrections => text.work_corrections(),
        Work::Downloads => text.work_downloads(),
        Work::EventStreams => text.work_event_streams(),
        Work::LargeRequests => text.work_large_requests(),
    }
}

fn text_flaw(text: &Text, flaw: TextFlaw) -> String {
    match flaw {
        TextFlaw::Nul => text.refusal_text_nul(),
        TextFlaw::TooLong { limit } => text.refusal_text_too_long(limit.to_string()),
    }
}

/// Maximum number of columns in one sentence.
const COLUMNS: usize = 50;

fn others(text: &Text, names: &[String]) -> String {
    match names.is_empty() {
        true => text.refusal_others_none(),
        false => text.refusal_others(listed(text, names, |_, name| name)),
    }
}

fn numbered(text: &Text, names: &[String]) -> String {
    listed(text, names, |at, name| format!("{} {name}", at + 1))
}

/// Lists the first columns, shortened, and says how many more there are.
fn listed(text: &Text, names: &[String], describe: impl Fn(usize, String) -> String) -> String {
    let shown = names.iter().take(COLUMNS).map(|name| column_name(text, &ShownName::of(name)));
    let shown: Vec<String> = shown.enumerate().map(|(at, name)| describe(at, name)).collect();
    match names.len().saturating_sub(COLUMNS) {
        0 => shown.join(", "),
        more => text.reason_more_names(shown.join(", "), more.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::text;

    #[test]
    fn a_refusal_is_described_in_the_viewers_language() {
        let names = vec!["mail".to_owned(), "org".to_owned()];
        let refusal = Refusal::Unassigned { field: Field::LastName, names };
        assert_eq!(
            refusal.to_string(),
            "no column is recognized as last_name; choose its column (last_name=COLUMN), or a value for every row \
             (--value last_name=TEXT); the columns are: 1 mail, 2 org"
        );
        assert_eq!(
            refusal_on_page(&text("es"), &refusal),
            "ninguna columna se reconoce como apellidos; elija su columna o un valor para todas las filas; las columnas \
             son: 1 mail, 2 org"
        );
        let value = Refusal::FixedValue { field: Field::Company, flaw: ValueFlaw::Empty };
        assert_eq!(refusal_on_page(&text("de"), &value), "Firma: der Wert für jede Zeile ist leer");
    }

    #[test]
    fn a_sentence_lists_a_limited_number_of_shortened_columns() {
        let mut names: Vec<String> = (1..=60).map(|number| format!("column {number}")).collect();
        names[0] = "ann@example.com".to_owned();
        names[1] = "x".repeat(70_000);
        let column = "phone".to_owned();
        let refusals = [
            Refusal::NoColumn { column: column.clone(), names: names.clone() },
            Refusal::OtherWidth { expected: 2, names: names.clone() },
            Refusal::Unassigned { field: Field::Email, names: names.clone() },
            Refusal::NoOtherColumn { column, job: None, names },
        ];
        for refusal in refusals {
            let sentence = refusal.to_string();
            assert!(sentence.contains("column 50 and 10 more"), "{sentence}");
            assert!(!sentence.contains("ann@example.com") && sentence.len() < 2_000, "{sentence}");
        }
    }
}
