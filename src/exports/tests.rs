use std::borrow::Cow;

use serde::Serialize;

use super::*;
use crate::domain::field::PerField;
use crate::domain::ids::ContactId;
use crate::domain::refusal::RecordName;

#[derive(Serialize)]
struct Record {
    number: i64,
    values: PerField<String>,
    kept: Vec<(String, String)>,
}

impl Exported for Record {
    const BEFORE: &'static [Column] = &[Column { name: "number", kind: Kind::Number }];
    const AFTER: &'static [Column] = &[Column { name: "state", kind: Kind::Text }];

    fn before(&self) -> Vec<Cell<'_>> {
        vec![Cell::Number(self.number)]
    }

    fn values(&self) -> &PerField<String> {
        &self.values
    }

    fn kept(&self) -> Vec<(&str, &str)> {
        self.kept.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    fn after(&self) -> Vec<Cell<'_>> {
        vec![Cell::Text(Cow::Borrowed("new"))]
    }

    fn name(&self) -> RecordName {
        RecordName::Contact(ContactId(self.number))
    }
}

fn record(number: i64, kept: &[(&str, &str)]) -> Record {
    let values = ["ann@example.com", "Ann", "", "Acme, Inc."].map(str::to_owned);
    let kept = kept.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Record { number, values: values.into(), kept }
}

fn written(format: ExportFormat, records: &[Record], kept: &[&str]) -> Vec<u8> {
    let kept = kept.iter().map(|name| (*name).to_owned()).collect();
    let mut writer = Writer::new(format, CsvOptions::default(), Columns::of::<Record>(kept)).unwrap();
    let mut bytes = Vec::new();
    for record in records {
        writer.push(record).unwrap();
        bytes.extend(writer.take());
    }
    match writer.finish().unwrap() {
        End::Bytes(last) => bytes.extend(last),
        End::File(mut file) => {
            std::io::Read::read_to_end(&mut file, &mut bytes).unwrap();
        }
    }
    bytes
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn kept_columns_stand_between_fields_and_own_columns() {
    let records = [record(1, &[("Phone", "+1"), ("City", "Łódź")]), record(2, &[("City", "Rome")])];
    assert_eq!(
        text(written(ExportFormat::Csv, &records, &["Phone", "City"])),
        "\"number\",\"email\",\"first_name\",\"last_name\",\"company\",\"Phone\",\"City\",\"state\"\r\n\
         \"1\",\"ann@example.com\",\"Ann\",\"\",\"Acme, Inc.\",\"'+1\",\"Łódź\",\"new\"\r\n\
         \"2\",\"ann@example.com\",\"Ann\",\"\",\"Acme, Inc.\",\"\",\"Rome\",\"new\"\r\n"
    );
}

#[test]
fn columns_of_one_name_get_numbers() {
    let records = [record(1, &[("E-Mail", "b@example.com"), ("State", "NY")])];
    let csv = text(written(ExportFormat::Csv, &records, &["E-Mail", "State"]));
    assert!(csv.starts_with(
        "\"number\",\"email\",\"first_name\",\"last_name\",\"company\",\"E-Mail (2)\",\"State (2)\""
    ));
    assert!(csv.contains("\"b@example.com\",\"NY\",\"new\""), "{csv}");
}

#[test]
fn a_value_in_an_unknown_column_is_not_dropped() {
    let columns = || Columns::of::<Record>(vec!["Phone".to_owned()]);
    let added = record(7, &[("Phone", "+1"), ("Score", "9")]);
    for format in [ExportFormat::Csv, ExportFormat::Xlsx, ExportFormat::Parquet] {
        let refused =
            Writer::new(format, CsvOptions::default(), columns()).unwrap().push(&added).unwrap_err();
        let expected = format!(
            "contact 7 has a value in the column `Score`, which another program added; {format} files have the columns of \
             imported files only; export as jsonl or vcf"
        );
        assert_eq!(refused.to_string(), expected);
    }
    assert!(text(written(ExportFormat::Vcard, &[added], &[])).contains("Score: 9"));
}

#[test]
fn cards_have_a_name_and_a_note_of_kept_columns() {
    let records = [record(1, &[("Phone", "+1; 2"), ("City", "Rome")])];
    assert_eq!(
        text(written(ExportFormat::Vcard, &records, &[])),
        "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ann\r\nN:;Ann;;;\r\nEMAIL:ann@example.com\r\nORG:Acme\\, Inc.\r\n\
         NOTE:Phone: +1\\; 2\\nCity: Rome\r\nEND:VCARD\r\n"
    );
}

#[test]
fn json_lines_are_the_objects_of_the_api() {
    let bytes = written(ExportFormat::JsonLines, &[record(1, &[]), record(2, &[])], &[]);
    let numbers: Vec<i64> = text(bytes)
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["number"].as_i64().unwrap())
        .collect();
    assert_eq!(numbers, [1, 2]);
}

#[test]
fn a_file_without_records_has_its_header() {
    assert_eq!(text(written(ExportFormat::Csv, &[], &[])).lines().count(), 1);
    assert!(written(ExportFormat::Xlsx, &[], &[]).starts_with(b"PK"));
    assert!(written(ExportFormat::Parquet, &[], &[]).ends_with(b"PAR1"));
    assert!(written(ExportFormat::Vcard, &[], &[]).is_empty());
}
