//! Letters of other alphabets that look like Latin ones, in addresses. An address with one belongs to somebody else.

/// Letters and the Latin ones that they look like.
const LOOK_ALIKES: [(&str, &str); 2] =
    [("аеорсухіјѕԁӏһԛԝвкмнт", "aeopcyxijsdlhqwbkmht"), ("οανρτυικχε", "oavptuikxe")];

/// Returns an address in Latin letters, if a part of it between dots and the `@` has Latin letters and such of another
/// alphabet that look like them.
pub(super) fn in_latin(address: &str) -> Option<String> {
    let mut is_mixed = false;
    let latin: String = address
        .split_inclusive(['@', '.'])
        .map(|part| {
            let has_latin = part.contains(|letter: char| letter.is_ascii_alphabetic());
            let replaced: String = part.chars().map(|letter| replacement(letter).unwrap_or(letter)).collect();
            let is_mended = has_latin && replaced != part && replaced.is_ascii();
            is_mixed |= is_mended;
            if is_mended { replaced } else { part.to_owned() }
        })
        .collect();
    is_mixed.then_some(latin)
}

fn replacement(letter: char) -> Option<char> {
    LOOK_ALIKES.iter().find_map(|(others, latin)| {
        let at = others.chars().position(|other| other == letter)?;
        latin.chars().nth(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_two_alphabets_in_one_part_are_found() {
        assert!(LOOK_ALIKES.iter().all(|(others, latin)| others.chars().count() == latin.chars().count()));
        assert_eq!(in_latin("\u{430}nn@example.com").as_deref(), Some("ann@example.com"));
        assert_eq!(in_latin("ann@ex\u{430}mple.com").as_deref(), Some("ann@example.com"));
        assert_eq!(in_latin("ann.l\u{3bf}w@example.com").as_deref(), Some("ann.low@example.com"));
        for address in
            ["ann@example.com", "иван@пример.рф", "ann@пример.рф", "zoë@example.com", "annж@example.com"]
        {
            assert_eq!(in_latin(address), None, "{address}");
        }
    }
}
