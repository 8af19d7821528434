//! Columns that a person has matched, and the beginning of a file as people see it.

use super::super::*;

const FILE: &str =
    "Firma GmbH;Mail privat;Mail dienstlich;Vor;Nach\nAcme;a@example.com;b@example.com;Ann;Lee\n";

fn read(file: &str, mapping: Option<Mapping>) -> Result<Vec<[String; 4]>, Rejection> {
    let mut rows = Vec::new();
    let mut on_row = |row: RawRow<'_>| {
        rows.push(row.values.values().map(|value| (*value).to_owned()));
    };
    let mut reader = Reader::sniffing(Limits::default()).mapped(mapping);
    reader.feed(file.as_bytes(), &mut on_row)?;
    reader.finish(&mut on_row)?;
    Ok(rows)
}

#[test]
fn a_mapping_wins_over_names() {
    assert!(matches!(read(FILE, None), Err(Rejection::Columns { .. })));
    let mapping = Mapping::new([2, 3, 4, 0].into(), 5).unwrap();
    assert_eq!(read(FILE, Some(mapping)).unwrap(), [["b@example.com", "Ann", "Lee", "Acme"]]);
    let known = "email,first_name,last_name,company\na@example.com,Ann,Lee,Acme\n";
    let turned = Mapping::new([0, 2, 1, 3].into(), 4).unwrap();
    assert_eq!(read(known, Some(turned)).unwrap(), [["a@example.com", "Lee", "Ann", "Acme"]]);
}

#[test]
fn a_mapping_of_another_file_is_refused_in_words() {
    let error = read(FILE, Mapping::new([0, 1, 2, 3].into(), 4)).unwrap_err();
    assert!(error.to_string().contains("has 5 columns"), "{error}");
    assert_eq!(Mapping::new([0, 1, 1, 3].into(), 4), None);
    assert_eq!(Mapping::new([0, 1, 2, 4].into(), 4), None);
}

#[test]
fn a_contact_is_never_taken_for_a_header() {
    let mapping = Mapping::new([0, 1, 2, 3].into(), 4);
    for first in ["ann@example.com;Ann;Lee;Acme", "Ann;Lee; ann@example.com ;Acme"] {
        let file = format!("{first}\nbob@example.com;Bob;Ray;Beta\n");
        assert_eq!(read(&file, mapping), Err(Rejection::NoHeader { line: 1 }), "{first}");
        assert_eq!(preview(file.as_bytes(), true, 10), Err(Rejection::NoHeader { line: 1 }), "{first}");
    }
    for first in ["Mail @ home;Vor;Nach;Haus", "@;Vor;Nach;Haus", "email;a@example.com;Nach;Haus"] {
        let file = format!("{first}\nbob@example.com;Bob;Ray;Beta\n");
        assert_eq!(read(&file, mapping).unwrap().len(), 1, "{first}");
        assert_eq!(preview(file.as_bytes(), true, 10).unwrap().rows.len(), 1, "{first}");
    }
}

#[test]
fn the_beginning_of_a_file_is_shown_as_it_is_understood() {
    let shown = preview(FILE.as_bytes(), true, 10).unwrap();
    assert_eq!((shown.encoding, shown.delimiter, shown.line), (Encoding::Utf8, b';', 1));
    assert_eq!(shown.names[1], "Mail privat");
    assert!(shown.matches.iter().all(|(_, places)| places.is_empty()));
    assert_eq!(shown.rows, [["Acme", "a@example.com", "b@example.com", "Ann", "Lee"]]);

    let doubled = preview(b"\n\nemail,mail,vorname\nx,y,z\n", true, 10).unwrap();
    assert_eq!(
        (doubled.line, &doubled.matches.email, &doubled.matches.first_name),
        (3, &vec![0, 1], &vec![2])
    );
}

#[test]
fn a_beginning_may_be_cut_anywhere() {
    let file = "email,first_name,last_name,company\na@example.com,José,Núñez,\"Acme\nInc\"\n".repeat(3);
    for end in 40..file.len() {
        let shown = preview(&file.as_bytes()[..end], false, 10).unwrap();
        assert_eq!(shown.encoding, Encoding::Utf8, "{end}");
        assert_eq!(shown.matches.company, [3], "{end}");
    }
    assert!(matches!(preview(b"", true, 10), Err(Rejection::Empty)));
    assert!(matches!(preview(b"\n \n", true, 10), Err(Rejection::Blank)));
    assert!(matches!(preview(b"PK\x03\x04rest", false, 10), Err(Rejection::NotCsv { .. })));
}
