//! Tags of HTML around a value, as programs leave them in exported cells.

use super::email;

/// Tags that occur around names and addresses.
const TAGS: [&str; 12] = ["a", "b", "br", "div", "em", "font", "i", "li", "p", "span", "strong", "u"];

/// Returns the text with a space in place of each tag; `None` if there is no tag.
pub(crate) fn without_tags(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    let mut has_tag = false;
    while let Some((before, after)) = rest.split_once('<') {
        plain.push_str(before);
        let name = after.trim_start_matches('/');
        let name = &name[..name.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(name.len())];
        let is_tag = TAGS.iter().any(|tag| tag.eq_ignore_ascii_case(name));
        // `<b@example.com>` begins like a tag.
        rest = match after.split_once('>').filter(|(tag, _)| is_tag && !is_address(tag)) {
            Some((_, after)) => {
                has_tag = true;
                plain.push(' ');
                after
            }
            None => {
                plain.push('<');
                after
            }
        };
    }
    plain.push_str(rest);
    has_tag.then(|| plain.split_whitespace().collect::<Vec<&str>>().join(" "))
}

fn is_address(text: &str) -> bool {
    text.contains('@') && email::check(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_removed_and_addresses_in_brackets_are_not() {
        let cases = [
            ("<b>Ann</b> Lee", Some("Ann Lee")),
            ("<a href=\"mailto:b@example.com\">b@example.com</a>", Some("b@example.com")),
            ("a@example.com<br>b@example.com", Some("a@example.com b@example.com")),
            ("Bob <b@example.com>", None),
            ("1 < 2 > 0", None),
            ("<unknown>", None),
        ];
        for (text, expected) in cases {
            assert_eq!(without_tags(text).as_deref(), expected, "{text}");
        }
    }
}
