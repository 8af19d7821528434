use super::*;

/// The public test set: address, category.
fn corpus() -> Vec<(String, String)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpora/email-isemail/tests.xml");
    let text = std::fs::read_to_string(path).unwrap();
    let document = roxmltree::Document::parse(&text).unwrap();
    let child = |test: roxmltree::Node<'_, '_>, name: &str| {
        let node = test.children().find(|node| node.has_tag_name(name)).unwrap();
        node.text().unwrap_or_default().to_owned()
    };
    // U+2400 + n represents the control character n, which XML cannot contain.
    let control = |letter: char| match u32::from(letter) {
        code @ 0x2400..=0x241f => char::from_u32(code - 0x2400).unwrap(),
        _ => letter,
    };
    let tests = document.descendants().filter(|node| node.has_tag_name("test"));
    tests
        .map(|test| (child(test, "address").chars().map(control).collect(), child(test, "category")))
        .collect()
}

#[test]
fn the_public_test_set_has_its_expected_results() {
    let corpus = corpus();
    assert!(corpus.len() > 150, "the set was not read");
    let (mut wrong, mut refused, mut accepted) = (Vec::new(), 0, 0);
    for (address, category) in &corpus {
        let verdict = check(address);
        let domain = address.rsplit('@').next().unwrap_or_default();
        let deliverable = domain.rsplit_once('.').is_some_and(|(_, last)| last.chars().count() >= 2);
        match category.as_str() {
            "ISEMAIL_ERR" => {
                refused += 1;
                if verdict.is_ok() {
                    wrong.push(format!("{address:?} is accepted"));
                }
            }
            "ISEMAIL_VALID_CATEGORY" | "ISEMAIL_DNSWARN" if deliverable => {
                accepted += 1;
                if let Err(reason) = verdict {
                    wrong.push(format!("{address:?} is refused: {reason}"));
                }
            }
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(refused > 50 && accepted > 15, "{refused} to refuse, {accepted} to accept");
}

#[test]
fn each_invalid_address_has_its_reason() {
    let (long_local, long_label) = ("x".repeat(65), "x".repeat(64));
    let long_domain = format!("{}.com", ["x".repeat(63).as_str(); 4].join("."));
    let long_whole = format!("{}@{}.com", "x".repeat(64), ["y".repeat(62).as_str(); 3].join("."));
    let cases: &[(&str, EmailError)] = &[
        ("", EmailError::NoAt),
        ("ann", EmailError::NoAt),
        ("\"ann\"", EmailError::NoAt),
        ("@example.com", EmailError::EmptyLocal),
        ("ann@", EmailError::EmptyDomain),
        ("ann@bob@example.com", EmailError::SecondAt),
        (".ann@example.com", EmailError::LocalDotFirst),
        ("ann.@example.com", EmailError::LocalDotLast),
        ("ann..lee@example.com", EmailError::LocalDotDot),
        ("ann lee@example.com", EmailError::LocalCharacter(' ')),
        ("ann,lee@example.com", EmailError::LocalCharacter(',')),
        ("Ann <ann@example.com>", EmailError::LocalCharacter(' ')),
        ("a\u{200b}nn@example.com", EmailError::LocalCharacter('\u{200b}')),
        ("ren\u{fffd}@example.com", EmailError::LocalCharacter('\u{fffd}')),
        ("\"ann@example.com", EmailError::QuoteOpen),
        ("\"ann\"lee@example.com", EmailError::QuotePart),
        ("ann\"lee\"@example.com", EmailError::QuotePart),
        ("\"\"@example.com", EmailError::QuoteEmpty),
        ("\"a\nb\"@example.com", EmailError::QuoteCharacter('\n')),
        ("ann@[192.0.2.1]", EmailError::DomainLiteral),
        ("ann@localhost", EmailError::NoDot),
        ("ann@.example.com", EmailError::DomainDotFirst),
        ("ann@example.com.", EmailError::DomainDotLast),
        ("ann@example..com", EmailError::DomainDotDot),
        ("ann@exa_mple.com", EmailError::DomainCharacter('_')),
        ("ann@example.com (work)", EmailError::DomainCharacter(' ')),
        ("ann@-example.com", EmailError::LabelHyphen),
        ("ann@example-.com", EmailError::LabelHyphen),
        ("ann@example.c", EmailError::TopLevelShort),
        ("ann@192.0.2.10", EmailError::TopLevelDigits),
        ("ann@bü\u{ad}cher.example", EmailError::DomainCharacter('\u{ad}')),
        ("ann@\u{300}bücher.example", EmailError::DomainIdna),
        ("ann@xn--a.example", EmailError::DomainIdna),
        ("ann@XN--a.example", EmailError::DomainIdna),
        ("ann@bücher", EmailError::NoDot),
        ("ann@-bücher.example", EmailError::LabelHyphen),
        ("ann@例子\u{3002}", EmailError::DomainDotLast),
        ("ann@例子.\u{3002}例子", EmailError::DomainDotDot),
        ("ann@bücher.٣x", EmailError::DomainIdna),
        ("ann@1.2\u{2075}", EmailError::TopLevelDigits),
        ("a\u{2800}@example.com", EmailError::LocalCharacter('\u{2800}')),
        ("a\u{202e}nn@example.com", EmailError::LocalCharacter('\u{202e}')),
        ("a\u{fdd0}nn@example.com", EmailError::LocalCharacter('\u{fdd0}')),
        ("\"a\u{200b}\"@example.com", EmailError::QuoteCharacter('\u{200b}')),
        ("\"a\\é\"@example.com", EmailError::QuoteCharacter('é')),
        ("\"a\\", EmailError::QuoteOpen),
        ("“ann@example.com”", EmailError::DomainCharacter('”')),
        ("ann@exa–mple.com", EmailError::DomainCharacter('–')),
        ("ann@example.com…", EmailError::DomainCharacter('…')),
        ("ann@例子，com", EmailError::DomainCharacter('，')),
    ];
    for (value, reason) in cases {
        assert_eq!(check(value), Err(*reason), "{value:?}");
    }
    assert_eq!(check(&format!("{long_local}@example.com")), Err(EmailError::LocalTooLong(65)));
    assert_eq!(check(&format!("ann@{long_label}.com")), Err(EmailError::LabelTooLong(64)));
    assert_eq!(check(&format!("ann@{long_domain}")), Err(EmailError::DomainTooLong(259)));
    assert_eq!(check(&long_whole), Err(EmailError::TooLong(64 + 1 + 3 * 62 + 2 + 4)));
}

#[test]
fn the_maximum_lengths_are_accepted_and_one_more_is_not() {
    let label = |octets| "y".repeat(octets);
    let sized = |octets| format!("{}@{}.{}.{}.com", "x".repeat(64), label(octets), label(60), label(60));
    assert_eq!((sized(62).len(), check(&sized(62))), (253, Ok(())));
    assert_eq!((sized(63).len(), check(&sized(63))), (254, Ok(())));
    let long = format!("{}@{}.{}.{}.com", "x".repeat(64), label(63), label(61), label(60));
    assert_eq!(check(&long), Err(EmailError::TooLong(255)));
    assert_eq!(check(&format!("a@{}.{}.{}.{}", label(63), label(63), label(63), label(60))), Ok(()));
    // Lengths in UTF-8 before the @, in the ASCII form after it.
    assert_eq!(check(&format!("{}@example.com", "é".repeat(32))), Ok(()));
    assert_eq!(check(&format!("{}@example.com", "é".repeat(33))), Err(EmailError::LocalTooLong(66)));
    assert_eq!(check(&format!("\"{}\"@example.com", "x".repeat(62))), Ok(()));
    assert_eq!(check(&format!("\"{}\"@example.com", "x".repeat(63))), Err(EmailError::LocalTooLong(65)));
    let ascii_octets = |letters: usize| idna::domain_to_ascii(&"ü".repeat(letters)).unwrap().len();
    let fits = (1..60).rev().find(|letters| ascii_octets(*letters) <= 63).unwrap();
    assert_eq!(check(&format!("ann@{}.example", "ü".repeat(fits))), Ok(()));
    let over = ascii_octets(fits + 1);
    assert_eq!(check(&format!("ann@{}.example", "ü".repeat(fits + 1))), Err(EmailError::LabelTooLong(over)));
}

#[test]
fn a_reason_never_quotes_the_address() {
    for value in [
        "jane.doe@localhost",
        "jane doe@secret.example",
        "\"jane\"doe@secret.example",
        "jane@x_secret.example",
    ] {
        let reason = check(value).unwrap_err().to_string();
        assert!(!["jane", "doe", "secret"].iter().any(|word| reason.contains(word)), "{reason}");
    }
}

#[test]
fn deliverable_addresses_are_accepted() {
    let cases = [
        "a@b.co",
        "Ann.Lee+tag@Example.COM",
        "!#$%&'*+-/=?^_`{|}~@example.com",
        "\"ann lee\"@example.com",
        "\"a\\\"b\"@example.com",
        "1@2.example",
        "josé@example.com",
        "用户@例子.广告",
        "ann@bücher.example",
        "ann@xn--bcher-kva.example",
        "ann@a--b.example",
        "ann@a--b.bücher.example",
        "ann@XN--BCHER-KVA.example",
        "ann@faß.example",
        "ann@paral·lel.example",
        "ann@उदाहरण.भारत",
        "ann@ストア・例.example",
        "ann@例子。广告",
        "\"josé \\\" x\"@example.com",
    ];
    for value in cases {
        assert_eq!(check(value), Ok(()), "{value:?}");
    }
}

#[test]
fn the_fast_path_agrees_with_the_full_grammar() {
    let mut random = fastrand::Rng::with_seed(1);
    let pieces = [
        "a", "Z", "0", "9", ".", "-", "_", "+", "@", "@", "\"", "\\", " ", "ü", "com", "xn--", "--", ".co",
        "@b.co", "[", "~",
    ];
    let long = ["x".repeat(61), "y".repeat(63), "z".repeat(64)];
    let (mut plain, mut sound) = (0, 0);
    for _ in 0..500_000 {
        let mut value = String::new();
        for _ in 0..random.usize(..9) {
            value += match random.usize(..30) {
                0 => &long[random.usize(..long.len())],
                _ => pieces[random.usize(..pieces.len())],
            };
        }
        let verdict = full(&value);
        assert_eq!(check(&value), verdict, "{value:?}");
        plain += usize::from(is_plain(value.as_bytes()));
        sound += usize::from(verdict.is_ok());
    }
    assert!(plain > 2000 && sound > plain, "{plain} the short way, {sound} in all");
}

#[test]
fn the_key_is_lower_case_without_further_folding() {
    assert_eq!(key("Ann.Lee+Tag@Example.COM"), "ann.lee+tag@example.com");
    assert!(matches!(key("ann@example.com"), Cow::Borrowed(_)));
    assert_eq!(key("JOSÉ@example.com"), "josé@example.com");
    // Still in NFC, so that the key of a key is the key.
    assert_eq!(key("\u{386}\u{345}@example.com"), "\u{1fb4}@example.com");
}
