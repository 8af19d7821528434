//! Tests of files with arbitrary columns.

use super::*;
use crate::domain::rejection::ForeignFormat;

type Table = Result<(Encoding, Vec<String>), Rejection>;

/// Returns the encoding, and each row as `line: cell|cell`.
fn table(file: &[u8]) -> Table {
    table_of(&[file])
}

fn table_of(blocks: &[&[u8]]) -> Table {
    let mut survey = TableSurvey::default();
    blocks.iter().for_each(|block| survey.feed(block));
    let mut rows = Vec::new();
    let mut on_row = |row: TableRow<'_>| {
        let cells: Vec<&str> = row.cells.iter().collect();
        rows.push(format!("{}: {}{}", row.line, cells.join("|"), if row.is_text { "" } else { " (broken)" }));
        Ok::<_, Rejection>(())
    };
    let mut reader = survey.finish(Limits::default())?;
    blocks.iter().try_for_each(|block| reader.feed(block, &mut on_row))?;
    let encoding = reader.finish(&mut on_row)?;
    Ok((encoding, rows))
}

#[test]
fn tables_in_blocks_of_any_size_are_the_same() {
    let random = &mut fastrand::Rng::with_seed(2);
    let long = "key;é@x.org;\"A\"\"A\";\"C\r\nD\"\r\n".repeat(4_000);
    let mut files: Vec<_> = (0..500).map(|_| super::blocks::random_file(random)).collect();
    files.push(utf16(&long, u16::to_be_bytes));
    files.push(narrow(&long));
    files.push(long.into_bytes());
    // Sequences across the end of a block, and long runs without an ASCII byte.
    files.push("a,b\né€😀é€😀,\u{fffd}\n".repeat(3).into_bytes());
    files.push([b"a,b\n".as_slice(), &"é".repeat(200_000).into_bytes(), b"\xFF"].concat());
    for file in &files {
        let whole = table(file);
        let bytewise: Vec<&[u8]> = file.chunks(1).collect();
        let (first, second) = file.split_at(random.usize(..=file.len()));
        assert!(table_of(&bytewise) == whole, "{}", file.escape_ascii());
        assert!(table_of(&[first, b"", second]) == whole, "{}", file.escape_ascii());
    }
}

#[test]
fn rows_have_their_lines_in_every_encoding() {
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
fn a_row_reports_cells_that_are_not_text() {
    let rows = table("key,é,é\n1,a\0b,\n2,é,\n".as_bytes()).unwrap().1;
    assert_eq!(rows, ["1: key|é|é", "2: 1|a␀b| (broken)", "3: 2|é|"]);
}

#[test]
fn files_without_a_table_are_rejected() {
    let cases: [(&[u8], Rejection); 4] = [
        (b"", Rejection::Empty),
        (b"\xEF\xBB\xBF", Rejection::Empty),
        (b"\n,,\n", Rejection::Blank),
        (b"PK\x03\x04", Rejection::NotCsv { format: ForeignFormat::Zip }),
    ];
    for (file, rejection) in cases {
        assert_eq!(table(file), Err(rejection));
    }
    assert!(matches!(table(b"a,b\n\"1\",\"2\"\n1,\"2\n"), Err(Rejection::BrokenQuotes { line: 3 })));
}

#[test]
fn a_line_break_in_an_unquoted_cell_ends_its_row() {
    // Nobody knows whether the second line belongs to the first, so both are rows, and the short one lacks its values.
    let file = with_header("a@x.org,Ann,Lee,Acme\nLtd\nb@x.org,Bo,Ray,Fox\n");
    assert_eq!(values(&file), ["a@x.org|Ann|Lee|Acme", "Ltd|||", "b@x.org|Bo|Ray|Fox"]);
    let lines: Vec<u64> = read(file.as_bytes()).rows.iter().map(|row| row.line).collect();
    assert_eq!(lines, [2, 3, 4]);
}
