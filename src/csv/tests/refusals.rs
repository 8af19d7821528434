//! What is refused, and in which words.

use super::*;

#[test]
fn a_refusal_says_what_to_mend() {
    let cases = [
        ("", "the file is empty; upload one with a header line and at least one contact below it"),
        ("\u{feff}", "the file is empty; upload one with a header line and at least one contact below it"),
        (
            " \r\n,,\n\n",
            "the file holds only blank lines; upload one with a header line and at least one contact below it",
        ),
        (
            "\nemail,fname,lname,org\n,,,\n",
            "the file holds a header on line 2 but no contact below it; add at least one row and upload it again",
        ),
        (
            "PK\u{3}\u{4}...",
            "the file is an Excel workbook or another ZIP archive, not CSV text; save it as CSV in UTF-8 and upload that",
        ),
        (
            "a@x.org,A,B,C\n",
            "line 1 holds an e-mail address where the column names should be; put a header line with email, first_name, last_name and company above the contacts and upload the file again",
        ),
        (
            "a@x.org,A,B,Org\n",
            "line 1 holds an e-mail address where the column names should be; put a header line with email, first_name, last_name and company above the contacts and upload the file again",
        ),
        (
            "E-Mail;Vorname;;Nom\n",
            "the header on line 1 has no column for company (found: E-Mail, Vorname, (no name), Nom); name each of email, first_name, last_name and company once and upload the file again",
        ),
        (
            "email,mail,fname,lname,org\n",
            "the header on line 1 has more than one column for email (found: email, mail, fname, lname, org); name each of email, first_name, last_name and company once and upload the file again",
        ),
        (
            "email,mail,fname,org\n",
            "the header on line 1 has no column for last_name and more than one for email (found: email, mail, fname, org); name each of email, first_name, last_name and company once and upload the file again",
        ),
        (
            "email,fname,lname,org\na,\"b\nb\",c,d\na,\"b\nb\",c,\"d\n\n",
            "the quote that opens on line 5 in column 4 (org) is never closed; close or remove it and upload the file again",
        ),
    ];
    for (file, sentence) in cases {
        assert_eq!(rejection(file), sentence);
    }
}

#[test]
fn a_refusal_stays_short() {
    let file = format!("{},{}", "x\u{7}".repeat(5_000), "y,".repeat(3_000));
    let sentence = rejection(&file);
    assert!(sentence.len() < 400, "{sentence}");
    assert!(sentence.contains("… y") || sentence.contains("…, y"), "{sentence}");
    assert!(sentence.contains("y and 2982 more"), "{sentence}");
}

#[test]
fn limits_hold_while_a_record_is_open() {
    let limits = Limits { max_cell_bytes: 24, max_record_bytes: 60, max_columns: 8 };
    let cases = [
        (with_header(&format!("a,{},c,d", "b".repeat(24))), "ok"),
        (
            with_header(&format!("a,{},c,d", "b".repeat(25))),
            "the row that starts on line 2 holds more than 24 bytes in column 2 (first_name); shorten it and upload the file again",
        ),
        (
            with_header(&format!("\"a\n\",\"{}", "b\n".repeat(25))),
            "the row that starts on line 2 holds more than 24 bytes in column 2 (first_name); close the quote that opens on line 3, or remove it, and upload the file again",
        ),
        (
            with_header(&format!("{0},{0},{0},{0}", "b".repeat(20))),
            "the row that starts on line 2 holds more than 60 bytes; look for a missing line break or quote there and upload the file again",
        ),
        (
            with_header("1,2,3,4,5,6,7,8,9"),
            "the row that starts on line 2 has more than 8 columns; look for a missing line break there and upload the file again",
        ),
    ];
    for (file, expected) in cases {
        for size in [1, 7, file.len()] {
            let outcome = feed(Reader::sniffing(limits), file.as_bytes().chunks(size));
            let end = outcome.end.map_or_else(|e| e.to_string(), |_| "ok".to_owned());
            assert_eq!(end, expected);
        }
    }
}

#[test]
fn a_quote_that_is_never_closed_takes_no_memory() {
    let mut reader = Reader::sniffing(Limits::default());
    let block = vec![b'x'; 1 << 16];
    reader.feed(with_header("\"").as_bytes(), &mut |_| {}).unwrap();
    let fed = (0..4).try_for_each(|_| reader.feed(&block, &mut |_| {}));
    assert!(matches!(fed, Err(Rejection::CellTooLong { quote_line: Some(2), .. })));
}
