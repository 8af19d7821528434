//! Tests of the values and lines of rows.

use super::*;
use crate::domain::field::Field;

#[test]
fn every_encoding_gives_the_same_rows() {
    let text = "email,prénom,nom,société\na@x.org,Zoë,Müller,Café\n";
    let marked = format!("\u{feff}{text}");
    let files = [
        (Encoding::Utf8, text.as_bytes().to_vec()),
        (Encoding::Utf8, marked.as_bytes().to_vec()),
        (Encoding::Utf16Le, utf16(text, u16::to_le_bytes)),
        (Encoding::Utf16Le, utf16(&marked, u16::to_le_bytes)),
        (Encoding::Utf16Be, utf16(text, u16::to_be_bytes)),
        (Encoding::Utf16Be, utf16(&marked, u16::to_be_bytes)),
        (Encoding::Windows1252, narrow(text)),
    ];
    for (encoding, file) in files {
        let outcome = feed(Reader::sniffing(Limits::default()), [file.as_slice()]);
        let summary = outcome.end.unwrap();
        assert_eq!(summary.encoding, encoding);
        assert!(!summary.reread, "the encoding was detected at the beginning");
        assert_eq!(values(&file), ["a@x.org|Zoë|Müller|Café"], "{encoding}");
        assert_eq!(encoding.as_str().parse(), Ok(encoding));
    }
}

#[test]
fn utf8_or_windows_1252_is_decided_over_the_whole_file() {
    let filler = "a@x.org,A,B,C\n".repeat(10_000);
    let cases: [(&str, &[u8], Encoding); 5] = [
        ("no bad byte", b"", Encoding::Utf8),
        ("bad bytes only", b"\xE9", Encoding::Windows1252),
        ("as many sequences", b"\xC3\xA9 \xE9", Encoding::Utf8),
        ("fewer sequences", b"\xC3\xA9 \xE9 \xE8", Encoding::Windows1252),
        ("a long sequence counts once", "😀".as_bytes(), Encoding::Utf8),
    ];
    for (name, bytes, encoding) in cases {
        let mut file = with_header(&filler).into_bytes();
        file.extend_from_slice(b"z@x.org,");
        file.extend_from_slice(bytes);
        let summary = read(&file).end.unwrap();
        assert_eq!(summary.encoding, encoding, "{name}");
    }
}

#[test]
fn a_file_with_a_utf8_mark_is_utf8_despite_invalid_bytes() {
    let mut file = "\u{feff}email,note,first name,nom,org\n".as_bytes().to_vec();
    file.extend_from_slice(b"a@x.org,x,Zo\xEB,B,C\xE9\n");
    let outcome = read(&file);
    assert_eq!(outcome.end.unwrap().encoding, Encoding::Utf8);
    assert_eq!(outcome.rows[0].values, ["a@x.org", "Zo\u{fffd}", "B", "C\u{fffd}"]);
}

#[test]
fn damage_is_reported_with_its_row() {
    let wide = |tail: &[u8]| {
        let file = utf16(&with_header("e,A,\u{fffc},C"), u16::to_le_bytes);
        [&file, tail].concat()
    };
    let bytes = |tail: &[u8]| [HEADER.as_bytes(), tail].concat();
    let none = Damage::default;
    let overflow =
        |cells: &[&str]| Damage { overflow: cells.iter().map(|cell| cell.to_string()).collect(), ..none() };
    let undecodable = |cell: &str| Damage { undecodable: vec![cell.to_owned()], ..none() };
    #[rustfmt::skip]
    let cases = [
        (bytes("é,é,\u{fffc},C\\".as_bytes()), "é|é|\u{fffc}|C\\", none()),
        (bytes(b"\xC3\xA9,\xE9\\,B,C"), "é|\u{fffd}\\|B|C", undecodable(r"\xE9\\")),
        (bytes(b"e,A\0,B,C"), "e|A\u{2400}|B|C", undecodable(r"A\x00")),
        (bytes(b"e,A,B,C\n,,,,\0"), "e|A|B|C", none()),
        (wide(&[]), "e|A|\u{fffc}|C", none()),
        (wide(&[0, 0]), "e|A|\u{fffc}|C\u{2400}", undecodable(r"C\x00")),
        (wide(&[0x12, 0xDC]), "e|A|\u{fffc}|C\u{fffd}", undecodable(r"C\x12\xDC")),
        (wide(&[0x3D, 0xD8, 0x61, 0]), "e|A|\u{fffc}|C\u{fffd}a", undecodable(r"C\x3D\xD8a")),
        (wide(&[0x3D, 0xD8]), "e|A|\u{fffc}|C\u{fffd}", undecodable(r"C\x3D\xD8")),
        (wide(&[0x3D, 0xD8, 0x00, 0xDE]), "e|A|\u{fffc}|C😀", none()),
        (wide(&[0x61]), "e|A|\u{fffc}|C\u{fffd}", undecodable(r"C\x61")),
        (bytes(b"e,A,B,C,,D, \n"), "e|A|B|C", overflow(&["", "D", " "])),
        (bytes("e,A,B,C,, \u{a0}\n".as_bytes()), "e|A|B|C", none()),
        (bytes(b"e,A\n"), "e|A||", none()),
        (bytes(b"e,A,B,C,\0"), "e|A|B|C", Damage {
            overflow: vec!["\u{2400}".to_owned()],
            undecodable: vec![r"\x00".to_owned()],
            ..none()
        }),
    ];
    for (file, row, expected) in cases {
        let outcome = read(&file);
        assert_eq!(outcome.end.unwrap().rows, 1);
        assert_eq!(outcome.rows[0].values.join("|"), row);
        let expected = (expected != none()).then_some(expected);
        assert_eq!(outcome.rows[0].damage, expected, "{row}");
    }
}

#[test]
fn bytes_invalid_in_an_encoding_are_reported() {
    let file = [HEADER.as_bytes(), b"\xE9\xE9,A\x81,\x80,C"].concat();
    let outcome = feed(Reader::with_encoding(Encoding::Windows1252, Limits::default()), [file.as_slice()]);
    assert_eq!(outcome.rows[0].values, ["éé", "A\u{fffd}", "€", "C"]);
    let damage = Damage { undecodable: vec![r"A\x81".to_owned()], ..Damage::default() };
    assert_eq!(outcome.rows[0].damage, Some(damage));
}

#[test]
fn rows_have_their_line_with_every_line_break() {
    let text = "\n,,,\nemail,fname,lname,org\n\n a@x ,\"A\nB\",,\n , ,\u{a0},\nb@x,,,";
    for line_end in ["\n", "\r\n", "\r"] {
        for tail in ["", "\n", "\n\n"] {
            let file = format!("{text}{tail}").replace('\n', line_end);
            let outcome = read(file.as_bytes());
            let lines: Vec<_> = outcome.rows.iter().map(|r| (r.number, r.line)).collect();
            assert_eq!(lines, [(1, 5), (2, 8)], "{file:?}");
            assert_eq!(outcome.rows[0].values[0], " a@x ");
            assert_eq!(outcome.rows[0].values[1], format!("A{line_end}B"));
            let ended = tail.len().saturating_sub(1) as u64;
            assert_eq!(outcome.end.unwrap().lines, 8 + ended, "{file:?}");
        }
    }
}

#[test]
fn the_delimiter_is_detected() {
    #[rustfmt::skip]
    let cases = [
        ("email,fname,lname,org\na,b,c,d;e;f\n", b',', "a|b|c|d;e;f"),
        ("email;fname;lname;org\na;b,b;c;d\n", b';', "a|b,b|c|d"),
        ("email\tfname\tlname\torg\na\tb\tc\td\n", b'\t', "a|b|c|d"),
        ("email|fname|lname|org\na|b|\"c|c\"|d", b'|', "a|b|c|c|d"),
        ("\"e-mail\";\"x,y\";nom;prénom;org\na;;b;c;d", b';', "a|c|b|d"),
        ("sep=;\r\nemail;fname;lname;org\r\na;b;c;d\r\n", b';', "a|b|c|d"),
        ("\"sep=|\"\nemail|fname|lname|org\na|b|c|d\n", b'|', "a|b|c|d"),
        ("email^fname^lname^org\na^b^c^d\n", b'^', "a|b|c|d"),
        ("sep=~\nemail~fname~lname~org\na~b~c~d\n", b'~', "a|b|c|d"),
        ("sep=||\nemail||fname||lname||org\na||b||c||d\n", b'|', "a|b|c|d"),
        ("email fname lname org\na b c d\n", b' ', "a|b|c|d"),
        ("email,x;mail;fname;lname;org\na,b;c;d;e;f\n", b';', "c|d|e|f"),
    ];
    for (file, delimiter, row) in cases {
        assert_eq!(values(file), [row], "{file:?}");
        let summary = read(file.as_bytes()).end.unwrap();
        assert_eq!(summary.header.delimiter, delimiter);
    }
    // Without known names, the widths of the rows decide.
    assert_eq!(preview(b"a,b;c\n1;2\n3;4\n", true, 1, None, None).unwrap().delimiter, b';');
}

#[test]
fn header_names_match_in_their_usual_spellings() {
    let names = [
        (Field::Email, "email e-mail E_Mail email_address MAIL correo E-Mail-Adresse"),
        (Field::FirstName, "first_name FirstName fname given-name nome Vorname PRÉNOM nombre"),
        (Field::LastName, "last_name lastname lname surname family_name sobrenome nachname"),
        (Field::LastName, "Nom apellido"),
        (Field::Company, "company organization organisation org empresa Firma Société"),
        (Field::Company, "socie\u{301}te\u{301}"),
    ];
    for (column, list) in names {
        for name in list.split(' ') {
            assert_eq!(Field::from_name(name), Some(column), "{name}");
            let spaced = format!("\u{a0} {} ", name.replace('_', " "));
            assert_eq!(Field::from_name(&spaced), Some(column), "{spaced}");
        }
    }
    for name in ["", "email2", "name", "@"] {
        assert_eq!(Field::from_name(name), None, "{name}");
    }
}

#[test]
fn odd_values_are_reported_with_their_correction() {
    #[rustfmt::skip]
    let cases = [
        ("e,NULL,Null,N/A", vec![
            r#"first_name "NULL" stands for a missing value"#,
            r#"company "N/A" stands for a missing value"#,
        ]),
        // `None` is a name, but not of a company.
        ("e,None,none,None", vec![r#"company "None" stands for a missing value"#]),
        ("e,M&uuml;ller,B,C & D", vec![r#"first_name "M&uuml;ller" is written in the codes of another program: "Müller""#]),
        ("e,ZoÃ«,B,C", vec![r#"first_name "ZoÃ«" was encoded twice: "Zoë""#]),
        ("e,A\u{7},B,C", vec![r#"first_name "A" has invisible characters in it; without them it is "A""#]),
        ("e,An\u{ad}na,B,C", vec![r#"first_name "Anna" has invisible characters in it; without them it is "Anna""#]),
        ("e＠x.org,A,B,C", vec![r#"email "e＠x.org" has wide letters: "e@x.org""#]),
        ("e,“A”,B,C", vec![r#"first_name "“A”" stands in quotes: "A""#]),
        ("\u{feff}e,\u{200b}A,Null,👨\u{200d}👩 ＡＢ", vec![]),
    ];
    for (row, expected) in cases {
        let outcome = read(with_header(row).as_bytes());
        let damage = outcome.rows[0].damage.clone().unwrap_or_default();
        assert_eq!(damage.oddities, expected, "{row}");
    }
}

#[test]
fn a_utf8_row_in_a_file_of_another_encoding_is_reported() {
    let file =
        [HEADER.as_bytes(), b"e,J\xF6rg,S\xFC\xDF,B\xE4cker M\xFCller\nf,", "Inés,B,C\n".as_bytes()].concat();
    let outcome = read(&file);
    assert_eq!(outcome.end.unwrap().encoding, Encoding::Windows1252);
    assert_eq!((outcome.rows[0].values[1].as_str(), &outcome.rows[0].damage), ("Jörg", &None));
    let oddities = outcome.rows[1].damage.clone().unwrap().oddities;
    assert_eq!(oddities, [r#"first_name "InÃ©s" was encoded twice: "Inés""#]);
}

#[test]
fn encodings_are_detected_by_their_letters() {
    let rows = [
        (encoding_rs::WINDOWS_1251, "Иван,Щукин,ООО Щука\nОльга,Ёжикова,Ёж и Ко\nАнна,Снегирёва,Снегирь"),
        (encoding_rs::WINDOWS_1250, "Łukasz,Żółć,Piekarnia Żółć\nAnia,Świt,Świt SA\nJózef,Gęś,Gęś i Syn"),
        (encoding_rs::KOI8_U, "Иван,Щукин,ООО Щука\nОльга,Ёжикова,Ёж и Ко\nАнна,Снегирёва,Снегирь"),
        (encoding_rs::SHIFT_JIS, "花子,水野,水野商店\n太郎,山田,山田工業\n次郎,星,星ソフト"),
        (encoding_rs::EUC_KR, "민수,김,김상사\n지아,나,나무가게\n하나,다,다온유통"),
        (encoding_rs::GB18030, "小兰,欧阳,欧阳贸易有限公司\n大伟,司马,司马科技\n美丽,诸葛,诸葛设计"),
        (encoding_rs::MACINTOSH, "Zoé,Brûlé,Société Brûlé\nRémi,Leçon,Atelier Leçon\nAgnès,Noël,Noël Frères"),
    ];
    for (encoding, names) in rows {
        let text: String = names.lines().map(|line| format!("a@x.org,{line}\n")).collect();
        let (bytes, _, failed) = encoding.encode(&text);
        assert!(!failed);
        let outcome = read(&[HEADER.as_bytes(), &bytes].concat());
        let found: Vec<String> = outcome.rows.iter().map(|row| row.values[1..].join(",")).collect();
        assert_eq!(found.join("\n"), names, "{}", encoding.name());
        assert!(outcome.rows.iter().all(|row| row.damage.is_none()), "{}", encoding.name());
    }
}

#[test]
fn short_files_are_read_in_the_right_encoding_or_in_doubt() {
    let mac = Encoding::Other(encoding_rs::MACINTOSH);
    let standard = |encoding: &'static encoding_rs::Encoding| Encoding::Other(encoding);
    let cases: [(&str, Encoding); 13] = [
        ("Émile", mac),
        ("Jörg", mac),
        ("Åron", mac),
        ("öd", mac),
        ("René", mac),
        ("Jörg", Encoding::Cp850),
        ("José", Encoding::Cp437),
        ("José", Encoding::Windows1252),
        ("Müller", Encoding::Windows1252),
        ("Łukasz", standard(encoding_rs::WINDOWS_1250)),
        ("Žižka", standard(encoding_rs::WINDOWS_1250)),
        ("Иван", standard(encoding_rs::WINDOWS_1251)),
        ("田中商店", standard(encoding_rs::SHIFT_JIS)),
    ];
    for (name, encoding) in cases {
        let file: Vec<u8> = with_header(&format!("a@x.org,{name},Lee,Acme\n"))
            .chars()
            .flat_map(|letter| crate::csv::converter::bytes_of(encoding, letter).unwrap())
            .collect();
        let outcome = read(&file);
        let is_doubtful = outcome.rows[0].damage.as_ref().is_some_and(|damage| !damage.doubts.is_empty());
        let is_right = outcome.rows[0].values[1] == name;
        assert!(is_right || is_doubtful, "{name} in {encoding} is {:?}", outcome.rows[0]);
    }
}
