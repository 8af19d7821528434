//! Tests of rejections and of damaged rows.

use super::*;

#[test]
fn a_rejection_says_what_to_correct() {
    let cases = [
        ("", "the file is empty; upload one with a header line and at least one contact below it"),
        ("\u{feff}", "the file is empty; upload one with a header line and at least one contact below it"),
        (
            " \r\n,,\n\n",
            "the file contains only blank lines; upload one with a header line and at least one contact below it",
        ),
        (
            "\nemail,fname,lname,org\n,,,\n",
            "the file contains a header on line 2 but no contact below it; add at least one row and upload it again, or, if the header is on another line, set that with `ingest reread JOB --header-line N` or under \"Match the columns\" on the page of the job",
        ),
        (
            "PK\u{3}\u{4}...",
            "the file is an Excel workbook or another ZIP archive, not CSV text; save it as CSV in UTF-8 and upload that",
        ),
        (
            "email,fname,lname,org\na@x.org,Ren+AOk-,Lee,Acme\n",
            "the file is in the encoding UTF-7, which is not supported; save it as CSV in UTF-8 and upload that, or, if it is not in UTF-7, set its encoding with `ingest reread JOB --encoding NAME` or under \"Match the columns\" on the page of the job",
        ),
        (
            "a@x.org,Ann,Lee,Acme Ltd\n",
            "line 1 contains an e-mail address where the column names should be; say which of the 4 columns is which: match the columns under \"Match the columns\" on the page of the job, or with `ingest map JOB email=1 first_name=2 last_name=3 company=4`; a field without a column can have the same value in every row: `--value FIELD=TEXT`; the first line is then kept as a contact",
        ),
        (
            "E-Mail;Vorname;;Nom\na@x.org;Ann;Acme Ltd;Lee\n",
            "the header on line 1 has no column for company (found: E-Mail, Vorname, (no name), Nom); match the columns under \"Match the columns\" on the page of the job, or with `ingest map JOB company=3`; a field without a column can have the same value in every row: `--value FIELD=TEXT`",
        ),
        (
            "email,email,fname,lname,org\na@x.org,b@x.org,c,d,e\n",
            "the header on line 1 has more than one column for email (found: email, email, fname, lname, org); match the columns under \"Match the columns\" on the page of the job, or with `ingest map JOB email=N`",
        ),
        (
            "email,email,fname,org\na@x.org,b@x.org,c,1\n",
            "the header on line 1 has no column for last_name and more than one for email (found: email, email, fname, org); match the columns under \"Match the columns\" on the page of the job, or with `ingest map JOB last_name=N email=N`; a field without a column can have the same value in every row: `--value FIELD=TEXT`",
        ),
        (
            "fname,lname,org\na,b,c\n",
            "the header on line 1 has no column for email (found: fname, lname, org); match the columns under \"Match the columns\" on the page of the job, or with `ingest map JOB email=N`",
        ),
    ];
    for (file, sentence) in cases {
        assert_eq!(rejection(file), sentence);
    }
}

#[test]
fn a_rejection_is_short_for_any_file() {
    let file = format!("{},{}", "x\u{7}".repeat(5_000), "y,".repeat(3_000));
    let sentence = rejection(&file);
    assert!(sentence.len() < 600, "{sentence}");
    assert!(sentence.contains("… y") || sentence.contains("…, y"), "{sentence}");
    assert!(sentence.contains("y and 2982 more"), "{sentence}");
}

#[test]
fn values_beyond_the_limits_damage_only_their_row() {
    let limits = Limits { max_cell_bytes: 24, max_record_bytes: 60, max_columns: 8 };
    let cut = "is too long and was cut off";
    let left_out = "it is too long: cells at its end were left out";
    let cases = [
        (format!("a,{},c,d", "b".repeat(24)), vec![]),
        (format!("a,{},c,d", "b".repeat(25)), vec![format!("first_name {cut}")]),
        (format!("a,b,c,d,{}", "x".repeat(40)), vec![]),
        (format!("{0},{0},{0},{0}", "b".repeat(20)), vec![format!("last_name {cut}"), left_out.to_owned()]),
        ("a,b,c,d,,,,,,,,".to_owned(), vec![]),
        ("a,b,c,d,5,6,7,8,9".to_owned(), vec![left_out.to_owned()]),
    ];
    for (row, expected) in cases {
        let file = with_header(&format!("{row}\ne,f,g,h\n"));
        for size in [1, 7, file.len()] {
            let outcome = feed(Reader::sniffing(limits), file.as_bytes().chunks(size));
            assert_eq!(outcome.end.unwrap().rows, 2, "{row}");
            let damage = outcome.rows[0].damage.clone().unwrap_or_default();
            assert_eq!(damage.oddities, expected, "{row}");
            assert_eq!((outcome.rows[1].values[0].as_str(), &outcome.rows[1].damage), ("e", &None), "{row}");
        }
    }
}

#[test]
fn a_broken_quote_damages_only_its_row() {
    const BROKEN: &str = "its quotes are broken and can be read in another way";
    #[rustfmt::skip]
    let cases = [
        ("a,b,c,\"d\ne,f,g,h\n", vec![("a|b|c|\"d", true), ("e|f|g|h", false)]),
        ("a,\"b,c,d\ne,f,g,h\n", vec![("a|\"b|c|d", true), ("e|f|g|h", false)]),
        ("a,b,c,\"d \"d, d\" d\"\ne,f,g,h\n", vec![("a|b|c|d \"d, d\" d", true), ("e|f|g|h", false)]),
        ("\"a\" x,b,c,d\ne,f,g,h\n", vec![("a x|b|c|d", true), ("e|f|g|h", false)]),
        ("\"a\" ,b,c,\"d\"  \ne,f,g,h\n", vec![("a |b|c|d  ", false), ("e|f|g|h", false)]),
        ("a,b,c,\"d\ne@x.org,f,g,h\"\ni,j,k,l\n",
            vec![("a|b|c|\"d", true), ("e@x.org|f|g|h\"", true), ("i|j|k|l", false)]),
        ("a,b,c,\"d\nnot a row\"\ne,f,g,h\n", vec![("a|b|c|d\nnot a row", false), ("e|f|g|h", false)]),
        ("a,b,c,\"d\"\"e\ne,f,g,h", vec![("a|b|c|\"d\"\"e", true), ("e|f|g|h", false)]),
    ];
    for (rows, expected) in cases {
        // Enough quoted cells to detect that quotes are in use.
        let file = with_header(&format!("{}{rows}", "\"q\",\"r\",\"s\",\"t\"\n".repeat(3)));
        for size in [1, 7, file.len()] {
            let outcome = feed(Reader::sniffing(Limits::default()), file.as_bytes().chunks(size));
            let found: Vec<(String, bool)> = outcome.rows[3..]
                .iter()
                .map(|row| {
                    let is_broken = row.damage.as_ref().is_some_and(|damage| damage.oddities == [BROKEN]);
                    (row.values.join("|"), is_broken)
                })
                .collect();
            let expected: Vec<(String, bool)> =
                expected.iter().map(|(row, broken)| ((*row).to_owned(), *broken)).collect();
            assert_eq!(found, expected, "{rows:?}");
        }
    }
}

#[test]
fn quotes_and_escapes_are_detected() {
    let cases = [
        (r#""a","b","c","The \"d\" e""#, r#"a|b|c|The "d" e"#),
        (r#""a","b","c","C:\d\""#, r"a|b|c|C:\d\"),
        (r#"a,b,c,"d" e"#, r#"a|b|c|"d" e"#),
        ("'a','b','c','d, e'", "a|b|c|d, e"),
    ];
    for (row, expected) in cases {
        let row = row.replace("\\\\", "\\");
        let file = with_header(&format!("{row}\n{row}\n"));
        let outcome = read(file.as_bytes());
        assert_eq!(outcome.end.unwrap().rows, 2);
        assert_eq!(
            (outcome.rows[0].values.join("|"), &outcome.rows[0].damage),
            (expected.to_owned(), &None),
            "{row}"
        );
    }
}

#[test]
fn unclosed_quotes_take_little_memory_and_time() {
    let mut reader = Reader::sniffing(Limits::default());
    let mut rows = 0;
    let mut on_row = |_: RawRow<'_>| rows += 1;
    reader.feed(with_header("").as_bytes(), &mut on_row).unwrap();
    let block = "a,b,c,\"d\n".repeat(10_000);
    (0..20).for_each(|_| reader.feed(block.as_bytes(), &mut on_row).unwrap());
    assert_eq!(reader.finish(&mut on_row).unwrap().rows, 200_000);
    assert_eq!(rows, 200_000);
}
