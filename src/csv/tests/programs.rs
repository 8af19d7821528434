//! Tests of files as other programs write them.

use super::*;

/// Checks the rows of a file; all rows are without damage.
#[track_caller]
fn assert_rows(file: impl AsRef<[u8]>, expected: &[&str]) {
    let outcome = read(file.as_ref());
    let rows: Vec<String> = outcome.rows.iter().map(|row| row.values.join("|")).collect();
    assert_eq!(rows, expected, "{:?}", outcome.end);
    assert!(outcome.rows.iter().all(|row| row.damage.is_none()), "{:?}", outcome.rows);
}

/// Returns what is odd about the rows of a file.
fn oddities(file: impl AsRef<[u8]>) -> Vec<String> {
    let rows = read(file.as_ref()).rows;
    rows.into_iter().flat_map(|row| row.damage.unwrap_or_default().oddities).collect()
}

#[test]
fn spaces_before_quotes_do_not_count() {
    let rows = ["a@x.org|Ann|Lee|Acme, Ltd", "b@x.org|Bo|Ray|Ray; Co"];
    assert_rows(
        "email, first_name, last_name, company\n\"a@x.org\", \"Ann\", \"Lee\", \"Acme, Ltd\"\nb@x.org, Bo, Ray, \"Ray; Co\"\n",
        &["a@x.org|Ann|Lee|Acme, Ltd", "b@x.org| Bo| Ray|Ray; Co"],
    );
    assert_rows(with_header("a@x.org,Ann,Lee,  \"Acme, Ltd\"\nb@x.org,Bo,Ray,Ray; Co\n"), &rows);
    // Without a comma inside, an odd quote is a letter.
    assert_rows(with_header("a@x.org,Ann,Lee, 19\" Racks\n"), &["a@x.org|Ann|Lee| 19\" Racks"]);
}

#[test]
fn a_backslash_may_escape_a_delimiter() {
    assert_rows(
        with_header(
            "a@x.org,Ann,Lee,Acme\\, Ltd\nb@x.org,Bo,Ray,C:\\Ray\\\\\nc@x.org,Cy,Fox,\"Fox, \\\"Old\\\"\"\n",
        ),
        &["a@x.org|Ann|Lee|Acme, Ltd", "b@x.org|Bo|Ray|C:\\Ray\\", "c@x.org|Cy|Fox|Fox, \"Old\""],
    );
    assert_rows(
        with_header("a@x.org,Ann,Lee,C:\\\nb@x.org,Bo,Ray,D:\\Ray\n"),
        &["a@x.org|Ann|Lee|C:\\", "b@x.org|Bo|Ray|D:\\Ray"],
    );
}

#[test]
fn lines_may_be_in_quotes() {
    let file = "\"email,first_name,last_name,company\"\r\n\"a@x.org,Ann,Lee,\"\"Acme, Ltd\"\"\"\r\n";
    assert_rows(file, &["a@x.org|Ann|Lee|Acme, Ltd"]);
    let many = "\"b@x.org,Bo,Ray,Ray\"\n".repeat(10_000);
    let outcome = read(format!("{file}{many}").as_bytes());
    assert_eq!(outcome.end.unwrap().rows, 10_001);
    assert_eq!(outcome.rows[10_000].values, ["b@x.org", "Bo", "Ray", "Ray"]);
    assert_eq!(outcome.rows[10_000].line, 10_002);
}

#[test]
fn the_header_may_lack_the_name_of_the_first_column() {
    assert_rows(
        with_header("1,a@x.org,Ann,Lee,Acme\n2,b@x.org,Bo,Ray,Ray\n"),
        &["a@x.org|Ann|Lee|Acme", "b@x.org|Bo|Ray|Ray"],
    );
}

#[test]
fn rules_repeated_headers_and_counts_are_skipped() {
    assert_rows(
        "email|first_name|last_name|company\n---|---|---|---\nE-Mail|Vorname|Nachname|Firma\na@x.org|Ann|Lee|Acme\n|||\nConfidential||\n(1 row)\n",
        &["a@x.org|Ann|Lee|Acme"],
    );
    let outcome = read(b"email,first,last,company\n,Response,Response,Response\na@x.org,A,B,C\n\n\0\0\0");
    assert_eq!(outcome.end.unwrap().skipped.count, 2);
    assert_eq!(outcome.rows.len(), 1);
}

#[test]
fn rows_below_a_header_in_another_order_are_odd() {
    let odd = "it is below another header, on line 3, whose columns are in another order";
    let file = with_header("a@x.org,Ann,Lee,Acme\nemail,last_name,first_name,company\nb@x.org,Ray,Bo,Ray\n");
    let (first, last) =
        (r#"first_name "Ray" is by that header "Bo""#, r#"last_name "Bo" is by that header "Ray""#);
    assert_eq!(oddities(file), [odd, first, last]);
    let again = "a@x.org,Ann,Lee,Acme\nemail,last_name,first_name,company\nEmail,First Name,Last Name,Company\nb@x.org,Bo,Ray,Ray\n";
    assert_rows(with_header(again), &["a@x.org|Ann|Lee|Acme", "b@x.org|Bo|Ray|Ray"]);
}

#[test]
fn a_column_of_full_names_completes_another() {
    let rows = ["a@x.org|Ann|Lee|Acme", "b@x.org|Bo|Ray|Ray"];
    for header in ["Name,First Name", "Full Name,Vorname"] {
        assert_rows(
            format!("{header},Email,Company\nAnn Lee,Ann,a@x.org,Acme\nBo Ray,Bo,b@x.org,Ray\n"),
            &rows,
        );
    }
    assert_rows("Name,Surname,Email,Company\nAnn Lee,Lee,a@x.org,Acme\nBo Ray,Ray,b@x.org,Ray\n", &rows);
    assert_rows("Name,Vorname,Email,Company\nLee,Ann,a@x.org,Acme\nRay,Bo,b@x.org,Ray\n", &rows);
    // A column of first names is not split.
    assert!(rejection("Nombre,Correo,Empresa\nInés,a@x.org,Acme\nRaúl,b@x.org,Ray\n").contains("last_name"));
}

#[test]
fn a_column_named_for_something_else_is_not_the_email() {
    assert_rows(
        "Mail,Kontakt,Vorname,Nachname,Firma\nja,a@x.org,Ann,Lee,Acme\nnein,b@x.org,Bo,Ray,Ray\n",
        &["a@x.org|Ann|Lee|Acme", "b@x.org|Bo|Ray|Ray"],
    );
    // Most addresses may be missing.
    let file = "Email,first,last,company,notes\n,Ann,Lee,Acme,\n,Bo,Ray,Ray,c@x.org\n";
    assert_eq!(values(file), ["|Ann|Lee|Acme", "|Bo|Ray|Ray"]);
}

#[test]
fn utf32_is_detected_without_a_mark() {
    let text = with_header("a@x.org,Zoë,Лев,東京 🦊\n");
    for (encoding, bytes) in
        [(Encoding::Utf32Le, u32::to_le_bytes as fn(u32) -> [u8; 4]), (Encoding::Utf32Be, u32::to_be_bytes)]
    {
        let file: Vec<u8> = text.chars().flat_map(|letter| bytes(letter as u32)).collect();
        let outcome = read(&file);
        assert_eq!(outcome.end.unwrap().encoding, encoding);
        assert_eq!(outcome.rows[0].values, ["a@x.org", "Zoë", "Лев", "東京 🦊"]);
    }
}

#[test]
fn lost_and_mixed_letters_are_odd() {
    let cases = [
        ("Ren\u{fffd}", "first_name has lost letters: \"Ren\u{fffd}\""),
        ("J?rgen", "first_name may have lost letters: \"J?rgen\""),
        ("Zo√´", "first_name \"Zo√´\" was encoded twice: \"Zoë\""),
        ("ZoÃƒÂ«", "first_name \"ZoÃƒÂ«\" was encoded twice: \"Zoë\""),
        ("P&amp;amp;Q", "first_name \"P&amp;amp;Q\" is written in the codes of another program: \"P&Q\""),
        ("#BEZUG!", "first_name \"#BEZUG!\" stands for a missing value"),
    ];
    for (value, expected) in cases {
        assert_eq!(oddities(with_header(&format!("a@x.org,{value},Lee,Acme\n"))), [expected]);
    }
    let address = oddities(with_header("\u{430}nn@x.org,Ann,Lee,Acme\n"));
    assert_eq!(
        address,
        ["email \"\u{430}nn@x.org\" has letters of two alphabets; in Latin letters it is \"ann@x.org\""]
    );
    assert_eq!(oddities(with_header("a@x.org,Ann,Lee,Who?\n")), [""; 0]);
}

#[test]
fn other_kinds_of_files_are_named() {
    let cases: [(&[u8], &str); 7] = [
        (&[0; 99], "the file is filled with NUL bytes"),
        (b"GIF89a", "the file is a picture"),
        (b"dn: cn=Ann\nmail: a@x.org\n", "the file is an LDIF file of a directory"),
        (b"BEGIN:VCALENDAR\n", "the file is a calendar"),
        (b"-- MySQL dump\n\nCREATE TABLE `x` (a int);\n", "the file is a dump of a database in SQL"),
        (b"INSERT INTO x (email) VALUES ('a@x.org');\n", "the file is a dump of a database in SQL"),
        (b"From: Ann\nTo: Bo\nSubject: Hi\n\nHi", "the file is an e-mail message"),
    ];
    for (file, words) in cases {
        let sentence = rejection(file);
        assert!(sentence.starts_with(words), "{sentence}");
    }
    assert_eq!(values("from,email,first,last,company\nx,a@x.org,A,B,C\n"), ["a@x.org|A|B|C"]);
}
