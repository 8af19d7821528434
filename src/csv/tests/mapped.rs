//! Tests of column mappings and previews.

use super::super::*;
use crate::domain::field::PerField;
use crate::domain::rejection::Rejection;

const FILE: &str =
    "Firma GmbH;Mail privat;Mail dienstlich;Vor;Nach\nAcme;a@example.com;b@example.com;Ann;Lee\n";

fn read(file: &str, mapping: Option<Mapping>) -> Result<Vec<[String; 4]>, Rejection> {
    let mut rows = Vec::new();
    let mut on_row = |row: RawRow<'_>| {
        rows.push(super::texts(&row.values));
    };
    let mut reader = Reader::sniffing(Limits::default()).mapped(mapping);
    reader.feed(file.as_bytes(), &mut on_row)?;
    reader.finish(&mut on_row)?;
    Ok(rows)
}

/// Returns a mapping to the columns of e-mail, first name, last name and company.
fn mapping([email, first_name, last_name, company]: [u16; 4], width: u16) -> Option<Mapping> {
    let columns = PerField { email, first_name, last_name, company };
    Mapping::new(columns.map(Some), width)
}

#[test]
fn a_mapping_overrides_names() {
    assert!(matches!(read(FILE, None), Err(Rejection::Columns { .. })));
    let mail_at_work = mapping([2, 3, 4, 0], 5).unwrap();
    assert_eq!(read(FILE, Some(mail_at_work)).unwrap(), [["b@example.com", "Ann", "Lee", "Acme"]]);
    let known = "email,first_name,last_name,company\na@example.com,Ann,Lee,Acme\n";
    let swapped = mapping([0, 2, 1, 3], 4).unwrap();
    assert_eq!(read(known, Some(swapped)).unwrap(), [["a@example.com", "Lee", "Ann", "Acme"]]);
}

#[test]
fn a_mapping_for_another_number_of_columns_is_rejected() {
    let error = read(FILE, mapping([0, 1, 2, 3], 4)).unwrap_err();
    assert!(error.to_string().contains("has 5 columns"), "{error}");
    assert_eq!(mapping([0, 0, 1, 3], 4), None);
    assert_eq!(mapping([0, 1, 2, 2], 4), None);
    assert_eq!(mapping([0, 1, 2, 4], 4), None);
}

#[test]
fn a_contact_is_never_mistaken_for_a_header() {
    for (first, columns) in
        [("ann@example.com;Ann;Lee;Acme", [0, 1, 2, 3]), ("Ann;Lee; ann@example.com ;Acme", [2, 0, 1, 3])]
    {
        let file = format!("{first}\n{first}\n");
        let mapping = mapping(columns, 4);
        assert_eq!(read(&file, mapping).unwrap().len(), 2, "{first}");
        let refused = read(&file, None).unwrap_err().to_string();
        assert!(refused.contains(&format!("`ingest map JOB email={}", columns[0] + 1)), "{refused}");
        let shown = preview(file.as_bytes(), true, 10, None, None).unwrap();
        assert_eq!(
            (shown.is_named, shown.names[3].as_str(), shown.rows.len()),
            (false, "column 4", 2),
            "{first}"
        );
    }
    let mapping = mapping([0, 1, 2, 3], 4);
    for first in ["Mail @ tables;Vor;Nach;Haus", "@;Vor;Nach;Haus", "email;a@example.com;Nach;Haus"] {
        let file = format!("{first}\nbob@example.com;Bob;Ray;Beta\n");
        assert_eq!(read(&file, mapping.clone()).unwrap().len(), 1, "{first}");
        assert_eq!(preview(file.as_bytes(), true, 10, None, None).unwrap().rows.len(), 1, "{first}");
    }
}

#[test]
fn a_preview_shows_how_the_beginning_is_parsed() {
    let shown = preview(FILE.as_bytes(), true, 10, None, None).unwrap();
    assert_eq!((shown.encoding, shown.delimiter, shown.line), (Encoding::Utf8, b';', 1));
    assert_eq!(shown.names[1], "Mail privat");
    assert_eq!(shown.matches.company, [] as [usize; 0]);
    assert_eq!(shown.rows, [["Acme", "a@example.com", "b@example.com", "Ann", "Lee"]]);

    let doubled = b"\n\nemail,email,vorname\nx,y,z\n";
    let doubled = preview(doubled, true, 10, None, None).unwrap();
    assert_eq!(
        (doubled.line, &doubled.matches.email, &doubled.matches.first_name),
        (3, &vec![0, 1], &vec![2])
    );
}

#[test]
fn a_preview_does_not_depend_on_where_the_beginning_ends() {
    let file = "email,first_name,last_name,company\na@example.com,José,Núñez,\"Acme\nInc\"\n".repeat(3);
    for end in 40..file.len() {
        let shown = preview(&file.as_bytes()[..end], false, 10, None, None).unwrap();
        assert_eq!(shown.encoding, Encoding::Utf8, "{end}");
        assert_eq!(shown.matches.company, [3], "{end}");
    }
    assert!(matches!(preview(b"", true, 10, None, None), Err(Rejection::Empty)));
    assert!(matches!(preview(b"\n \n", true, 10, None, None), Err(Rejection::Blank)));
    assert!(matches!(preview(b"PK\x03\x04rest", false, 10, None, None), Err(Rejection::NotCsv { .. })));
}

#[test]
fn one_column_of_full_names_is_split() {
    let file = "Name,Email,Company\nAda Quint,a@example.com,Acme\n\"Osei, Ben\",b@example.com,Beta\n";
    let rows = [["a@example.com", "Ada", "Quint", "Acme"], ["b@example.com", "Ben", "Osei", "Beta"]];
    assert_eq!(read(file, None).unwrap(), rows);
    let odd = file.replace("Name", "Wer");
    assert_eq!(read(&odd, mapping([1, 0, 0, 2], 3)).unwrap(), rows);
}

#[test]
fn an_email_column_without_a_known_name_is_detected_by_its_content() {
    let file = "Wo;Vorname;Nachname;Firma\na@example.com;Ann;Lee;Acme\nb@example.com;Bob;Ray;Beta\n";
    assert_eq!(read(file, None).unwrap().len(), 2);
    let shown = preview(file.as_bytes(), true, 10, None, None).unwrap();
    assert_eq!(shown.matches.email, [0]);
}

#[test]
fn of_two_columns_the_one_with_more_values_is_read() {
    let file = "Email;E-mail Address;Vorname;Nachname;Firma\n;a@example.com;Ann;Lee;Acme\nx@example.com;b@example.com;Bob;Ray;Beta\n";
    let emails: Vec<String> = read(file, None).unwrap().into_iter().map(|[email, ..]| email).collect();
    assert_eq!(emails, ["a@example.com", "b@example.com"]);
    let twice = file.replace("E-mail Address", "E-Mail");
    let refused = read(&twice, None).unwrap_err().to_string();
    assert!(
        refused.contains("more than one column for email") && refused.contains("`ingest map JOB email="),
        "{refused}"
    );
}

#[test]
fn tables_begin_below_titles_and_end_above_notes() {
    let table =
        "email;first_name;last_name;company\na@example.com;Ann;Lee;Acme\nb@example.com;Bob;Ray;Beta\n";
    let cases = [
        (format!("Kundenliste;;;\nStand: 1.2.;;;\n;;;\n{table}"), vec![1, 2]),
        (format!("Notes:\n\"More, than\none line\"\n\n{table}"), vec![1, 2]),
        (format!("{table}\n\"Contacts & Accounts\"\nConfidential\n"), vec![5, 6]),
        (format!("{table}Total;2;;\n"), vec![4]),
        (format!("{table}# Team B\nemail;first_name;last_name;company\n\u{1a}\n"), vec![4, 5, 6]),
        (
            table.replacen("first_name;last_name", "Vor-;Nach-", 1).replacen("\n", "\n;name;name;\n", 1),
            vec![],
        ),
    ];
    for (file, skipped) in cases {
        let mut rows = Vec::new();
        let mut on_row = |row: RawRow<'_>| rows.push((row.values.email.to_owned(), row.damage));
        let mut reader = Reader::sniffing(Limits::default());
        reader.feed(file.as_bytes(), &mut on_row).unwrap();
        let summary = reader.finish(&mut on_row).unwrap();
        let lines: Vec<u64> = summary.skipped.first.iter().map(|line| line.line).collect();
        assert_eq!(
            (lines.as_slice(), summary.skipped.count),
            (skipped.as_slice(), skipped.len() as u64),
            "{file}"
        );
        assert_eq!(rows, [("a@example.com".to_owned(), None), ("b@example.com".to_owned(), None)], "{file}");
    }
}

#[test]
fn a_line_before_a_row_is_not_a_note() {
    let file = "email;first_name;last_name;company\n\nOdd\nb@example.com;Bob;Ray;Beta\n";
    assert_eq!(read(file, None).unwrap()[0], ["Odd", "", "", ""]);
    let file = file.replace("email;", "note;email;").replace("b@", "x;b@");
    assert!(matches!(read(&file, None), Ok(rows) if rows.len() == 1));
}
