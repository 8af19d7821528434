use unicode_normalization::is_nfc;

use super::*;

/// Checks the suggestion for each value; `""` means none.
fn assert_corrections(cases: &[(&str, &str)]) {
    for (value, wanted) in cases {
        assert_eq!(correction(value).unwrap_or_default(), *wanted, "{value:?}");
    }
}

#[test]
fn dots_commas_and_at_signs_are_corrected() {
    assert_corrections(&[
        ("ann@hotmail,com", "ann@hotmail.com"),
        ("ann@acme,com", "ann@acme.com"),
        ("ann@acme;de", "ann@acme.de"),
        ("ann@acme,co,uk", "ann@acme.co.uk"),
        ("ann@acme.co,uk", "ann@acme.co.uk"),
        ("ann@hotmial.co,uk", "ann@hotmail.co.uk"),
        ("ann@acme，com", "ann@acme.com"),
        ("ann@@example.com", "ann@example.com"),
        ("ann@ @example.com", "ann@example.com"),
        ("@ann@example.com", "ann@example.com"),
        ("ann@example.com@", "ann@example.com"),
        ("ann@example.com.", "ann@example.com"),
        ("ann@example.com,", "ann@example.com"),
        ("ann@example.com;", "ann@example.com"),
        ("ann@example.com!", "ann@example.com"),
        ("ann@.example.com", "ann@example.com"),
        ("ann@example..com", "ann@example.com"),
        (".ann@example.com", "ann@example.com"),
        ("ann.@example.com", "ann@example.com"),
        ("ann..lee@example.com", "ann.lee@example.com"),
        ("ann＠example．com", "ann@example.com"),
        ("ann＠example。com", "ann@example.com"),
        ("ann@gmail．com", "ann@gmail.com"),
        ("ann＠例子。广告", "ann@例子.广告"),
    ]);
}

#[test]
fn text_around_an_address_is_removed() {
    assert_corrections(&[
        ("ann @example.com", "ann@example.com"),
        ("ann@ example.com", "ann@example.com"),
        ("ann @ example . com", "ann@example.com"),
        ("ann@example .com", "ann@example.com"),
        ("ann@gm ail.com", "ann@gmail.com"),
        ("ann@gmail com", "ann@gmail.com"),
        ("ann@hotmail com br", "ann@hotmail.com.br"),
        ("mailto:ann@example.com", "ann@example.com"),
        ("MailTo: ann@example.com", "ann@example.com"),
        ("E-Mail: ann@example.com", "ann@example.com"),
        ("<ann@example.com>", "ann@example.com"),
        ("Ann Lee <ann@example.com>", "ann@example.com"),
        ("\"Lee, Ann\" <ann@example.com>;", "ann@example.com"),
        ("<ann@example.com> Ann Lee", "ann@example.com"),
        ("Ann <mailto:ann@example.com>", "ann@example.com"),
        ("ann@example.com <mailto:ann@example.com>", "ann@example.com"),
        ("ann@example.com (work)", "ann@example.com"),
        ("(ann@example.com)", "ann@example.com"),
        ("\"ann@example.com\"", "ann@example.com"),
        ("'ann@example.com',", "ann@example.com"),
        ("“ann@example.com”", "ann@example.com"),
        ("'ann'@example.com;", "ann@example.com"),
        ("a\u{200b}nn@example.com\u{feff}", "ann@example.com"),
        ("\u{202a}ann@example.com\u{202c}", "ann@example.com"),
        ("ann (at) example.com", "ann@example.com"),
        ("ann(at)example(dot)com", "ann@example.com"),
        ("Ann [at] example [dot] COM", "Ann@example.com"),
        ("ann dot lee at gmail dot com", "ann.lee@gmail.com"),
        ("Ann AT gmial.com", "Ann@gmail.com"),
    ]);
}

#[test]
fn what_programs_write_around_an_address_is_removed() {
    assert_corrections(&[
        ("mailto:ann@example.com?subject=Hi%20Ann", "ann@example.com"),
        ("mailto:ann%2Elee@example.com", "ann.lee@example.com"),
        ("ann%40example.com", "ann@example.com"),
        ("<a href=\"mailto:ann@example.com\">ann@example.com</a>", "ann@example.com"),
        ("ann@example.com<br>", "ann@example.com"),
        ("[ann@example.com](mailto:ann@example.com)", "ann@example.com"),
        ("Ann Lee (ann@example.com)", "ann@example.com"),
        ("Ann Lee [mailto:ann@example.com]", "ann@example.com"),
        ("[\"ann@example.com\"]", "ann@example.com"),
        ("[{\"label\":\"work\",\"value\":\"ann@example.com\"}]", "ann@example.com"),
        ("100%", ""),
        ("Ann Lee (bob)", ""),
        ("[\"ann\"]", ""),
        ("[ann@example.com](mailto:bob@example.com)", ""),
    ]);
}

#[test]
fn the_first_of_several_addresses_is_suggested() {
    let first = "ann@example.com";
    for separator in [", ", ";", "; ", " ", "\n", " / ", "|", " ::: ", " and ", " und ", "、"] {
        let value = format!("{first}{separator}bob@example.org");
        assert_eq!(correction(&value).as_deref(), Some(first), "{value:?}");
    }
    assert_corrections(&[
        ("Ann <ann@example.com>, Bob <bob@example.org>", first),
        ("ann@example.com;bob@example.org;cleo@example.net", first),
        ("ann@gmial.com, bob@example.org", "ann@gmail.com"),
    ]);
}

#[test]
fn domains_close_to_a_known_one_are_corrected() {
    assert_corrections(&[
        ("ann@gmial.com", "ann@gmail.com"),
        ("Ann.Lee+Tag@GMIAL.COM", "Ann.Lee+Tag@gmail.com"),
        ("ann@mgail.com", "ann@gmail.com"),
        ("ann@gmai.com", "ann@gmail.com"),
        ("ann@gmaill.com", "ann@gmail.com"),
        ("ann@gm\u{430}il.com", "ann@gmail.com"),
        ("ann@hotmal.com", "ann@hotmail.com"),
        ("ann@hotmial.co.uk", "ann@hotmail.co.uk"),
        ("ann@yaho.com.br", "ann@yahoo.com.br"),
        ("ann@yahoo.con.br", "ann@yahoo.com.br"),
        ("ann@outlok.com", "ann@outlook.com"),
        ("ann@iclould.com", "ann@icloud.com"),
        ("ann@gogglemial.com", "ann@googlemail.com"),
        ("\"ann lee\"@gmial.com", "\"ann lee\"@gmail.com"),
        ("ann@gmial,com", "ann@gmail.com"),
        // A letter of the ending is missing, or all of it, or the dot.
        ("ann@gmail.co", "ann@gmail.com"),
        ("ann@gmail.co,", "ann@gmail.com"),
        ("ann@gmail.cm", "ann@gmail.com"),
        ("ann@gmail.om", "ann@gmail.com"),
        ("ann@gmail.c", "ann@gmail.com"),
        ("ann@gmail.", "ann@gmail.com"),
        ("ann@gmail", "ann@gmail.com"),
        ("ann@gmailcom", "ann@gmail.com"),
        ("ann@hotmailcouk", "ann@hotmail.co.uk"),
        ("ann@aolcom", "ann@aol.com"),
        ("ann@yahoo.co", "ann@yahoo.com"),
        ("ann@comcast.ne", "ann@comcast.net"),
    ]);
}

#[test]
fn invalid_top_level_domains_are_corrected_in_any_domain() {
    assert_corrections(&[
        ("ann@gmail.con", "ann@gmail.com"),
        ("ann@gmial.con", "ann@gmail.com"),
        ("ann@gmail,con", "ann@gmail.com"),
        ("ann@aol.cmo", "ann@aol.com"),
        ("ann@acme.con", "ann@acme.com"),
        ("ann@mail.acme.comm", "ann@mail.acme.com"),
        ("ann@acme.ogr", "ann@acme.org"),
    ]);
}

#[test]
fn ambiguous_values_get_no_suggestion() {
    let values = [
        // Empty, or valid.
        "",
        "@",
        "@@",
        "ann",
        "ann@",
        "@example.com",
        "ann@localhost",
        "no-at-sign.example.com",
        "www.gmail.com",
        "ann@example.com",
        "'ann@example.com",
        "ann@example．com",
        "ann@gmail.com",
        "ann@GMAIL.com",
        // Real domains, in the tables or similar to one.
        "ann@mail.com",
        "ann@email.com",
        "ann@fmail.com",
        "ann@mymail.com",
        "ann@ymail.com",
        "ann@gmx.de",
        "ann@gmx.net",
        "ann@qq.com",
        "ann@me.com",
        "ann@hotmail.co.uk",
        "ann@hotmail.ch",
        "ann@yahoo.cl",
        "ann@yahoo.com.pe",
        "ann@yahoo.cn",
        "ann@cloud.com",
        "ann@poster.de",
        "ann@never.com",
        "ann@comcast.com",
        "ann@outlook.office.com",
        "ann@gmail.example.com",
        "ann@gmail.com.br",
        "ann@acme.co",
        "ann@acme.cm",
        "ann@live.co",
        "ann@mail.co",
        // More than one interpretation.
        "ann@acme.co,",
        "ann@hotmail",
        "ann@yahoo.c",
        "ann@web",
        "ann@webde",
        "ann@example.c",
        "ann lee@example.com",
        "a b@example.com",
        "ann,lee@example.com",
        "ann. lee@example.com",
        "ann@acme, Inc",
        "ann@acme,Inc",
        "ann@acme Berlin",
        "ann@acme com",
        "ann@acme.com. Thanks",
        "ann@acme.com,bob",
        "ann@acme.de,at",
        "ann@yahoo.com b",
        "ann@gmail.com 555-1234",
        // More than one address, or what looks like it.
        "ann@gmail@gmail.com",
        "ann@gmail.com, 555-1234",
        "ann@gmail.com; bob@",
        "bob@example.com <ann@example.com>",
        "<ann@example.com> bob@example.com",
        "joann@b.co <ann@b.co>",
        // Damaged, hidden, or of a kind that is not accepted.
        "ann@gmail.co\u{fffd},",
        "ren\u{fffd}@gmial.com",
        "jo...@gmail.com",
        "ann@gmail.co…",
        "ann@[192.0.2.1]",
        "ann@192.0.2.10",
        "x@-bad.com",
        "ann@exa_mple.com",
        "a\u{202e}nn@example.com",
        // Text that is not an address.
        "Ann works at gmail.com",
        "call at acme.com",
        "ann (at) acme",
        "ann at gmail.com at work",
        // Assigned in this form by the provider.
        "ann..lee@docomo.ne.jp",
        "ann.@ezweb.ne.jp",
    ];
    assert_corrections(&values.map(|value| (value, "")));
    assert_eq!(correction(&format!("{}@gmial.com", "x".repeat(65))), None);
    assert_eq!(correction(&format!("{}<ann@gmial.com>", "x".repeat(VALUE_OCTETS))), None);
}

#[test]
fn the_tables_are_sorted_and_contain_each_domain_once() {
    for table in [COINED, ORDINARY] {
        assert!(table.is_sorted_by(|one, next| one < next));
    }
    for domain in COINED.iter().chain(ORDINARY) {
        assert!(COINED.contains(domain) != ORDINARY.contains(domain), "{domain} is in both");
        assert_eq!(email::check(&format!("ann@{domain}")), Ok(()));
        assert_eq!((domain.to_lowercase().as_str(), intended_domain(domain)), (*domain, None));
    }
    // Shorter names are too similar to others for a typo to be recognized.
    let name_letters = |domain: &&str| domain.find('.').unwrap_or_default();
    assert!(COINED.iter().map(name_letters).all(|letters| letters >= 5));
}

#[test]
fn a_typo_in_a_coined_domain_is_corrected_to_it_or_not_at_all() {
    for domain in COINED {
        for place in 1..domain.len() {
            let (start, rest) = domain.split_at(place);
            let (letter, rest) = rest.split_at(1);
            let (next, end) = rest.split_at(rest.len().min(1));
            for typed in [format!("{start}{rest}"), format!("{start}{next}{letter}{end}")] {
                let suggested = correction(&format!("ann@{typed}"));
                assert!(suggested.is_none_or(|address| address == format!("ann@{domain}")), "{typed}");
            }
        }
    }
}

#[test]
fn every_suggestion_is_valid_and_gets_no_further_suggestion() {
    let mut random = fastrand::Rng::with_seed(1);
    let domains = [
        "gmail", "gmial", "yaho", "acme", ".", ".", ",", "; ", " ", "．", "com", "co", "uk", "con", "c", "@",
    ];
    let others = [
        "ann",
        "Lee",
        "..",
        "<",
        ">",
        "\"",
        "'",
        "(",
        ")",
        "[at]",
        " at ",
        "(dot)",
        "mailto:",
        "＠",
        "，",
        "ü",
        "e\u{301}",
        "\u{301}",
        "\u{200b}",
        "\u{202e}",
        "\u{feff}",
        "İ",
        "ß",
        "ﬁ",
        "😀",
        "例子",
        "。",
        "\u{10ffff}",
        "\0",
        "xn--",
        "-",
        "\\",
        "\u{1fb4}",
        "\u{345}",
    ];
    let mut suggested = 0;
    for round in 0..40_000 {
        let mut some = |from: &[&'static str], most| -> String {
            (0..random.usize(..most)).map(|_| from[random.usize(..from.len())]).collect()
        };
        let value = match round % 4 {
            0 => (0..round % 9).map(|_| random.char(..)).collect(),
            1 => some(&others, 5) + &some(&domains, 5) + &some(&others, 5),
            _ => format!("{}@{}{}", some(&others, 3), some(&domains, 6), some(&others, 2)),
        };
        let value = row::normalise(&value);
        let Some(corrected) = correction(&value) else { continue };
        suggested += 1;
        assert_eq!(email::check(&corrected), Ok(()), "{value:?} gave {corrected:?}");
        assert!(corrected != value && is_nfc(&corrected) && corrected.trim() == corrected, "{value:?}");
        assert_eq!(correction(&corrected), None, "{value:?} gave {corrected:?}");
    }
    assert!(suggested > 500, "{suggested}");
}
