//! Files with columns of any names.

use super::*;

/// The encoding, and each row as `line: cell|cell`.
fn table(file: &[u8]) -> Result<(Encoding, Vec<String>), Rejection> {
    let mut rows = Vec::new();
    let encoding = read_table::<Rejection>(file, Limits::default(), |row| {
        let cells: Vec<&str> = row.cells.iter().collect();
        rows.push(format!("{}: {}{}", row.line, cells.join("|"), if row.is_text { "" } else { " (broken)" }));
        Ok(())
    })?;
    Ok((encoding, rows))
}

#[test]
fn rows_come_with_their_lines_whatever_their_columns_are_called() {
    let text = "row_key;email;note\r\n\r\nr-1;\"a\nb\";é\r\n;;\r\nr-2;x;y;z";
    let rows = ["1: row_key|email|note", "3: r-1|a\nb|é", "6: r-2|x|y|z"];
    let cases = [
        (text.as_bytes().to_vec(), Encoding::Utf8),
        (format!("\u{feff}{text}").into_bytes(), Encoding::Utf8),
        (narrow(text), Encoding::Windows1252),
        (utf16(&format!("\u{feff}{text}"), u16::to_le_bytes), Encoding::Utf16Le),
        (utf16(text, u16::to_be_bytes), Encoding::Utf16Be),
    ];
    for (file, encoding) in cases {
        assert_eq!(table(&file).unwrap(), (encoding, rows.map(str::to_owned).to_vec()));
    }
    let declared = table(b"sep=|\nkey|email\n1|a;b;c\n").unwrap().1;
    assert_eq!(declared, ["2: key|email", "3: 1|a;b;c"]);
}

#[test]
fn what_is_no_text_is_told_by_the_row() {
    let rows = table("key,é,é\n1,a\0b,\n2,é,\n".as_bytes()).unwrap().1;
    assert_eq!(rows, ["1: key|é|é", "2: 1|a␀b| (broken)", "3: 2|é|"]);
}

#[test]
fn what_is_no_table_is_refused() {
    let cases: [(&[u8], Rejection); 4] = [
        (b"", Rejection::Empty),
        (b"\xEF\xBB\xBF", Rejection::Empty),
        (b"\n,,\n", Rejection::Blank),
        (b"PK\x03\x04", Rejection::NotCsv { found: "an Excel workbook or another ZIP archive" }),
    ];
    for (file, rejection) in cases {
        assert_eq!(table(file), Err(rejection));
    }
    assert!(matches!(table(b"a,b\n1,\"2\n"), Err(Rejection::UnclosedQuote { line: 2, .. })));
}
