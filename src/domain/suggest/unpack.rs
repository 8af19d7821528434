//! Finds the address in what other programs write around it: links, brackets, JSON, codes, and further addresses.

use super::{EDGES, bare};
use crate::domain::{email, html};

/// Words between two addresses.
const CONNECTORS: [&str; 10] = ["and", "or", "und", "oder", "et", "ou", "y", "e", "en", "&"];

/// Characters between two addresses.
const BETWEEN: &[char] = &[';', ',', '|', '/', '；', '，', '、'];

/// Returns the text without tags of HTML, and with `%40` and similar codes as characters if it is a link or has no `@`.
pub(super) fn decoded(text: &str) -> String {
    let text = html::without_tags(text).unwrap_or_else(|| text.trim().to_owned());
    let is_link = text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("mailto:"));
    match text.contains('%') && (is_link || !text.contains('@')) {
        true => without_codes(&text),
        false => text,
    }
}

/// Returns the address that brackets or JSON contain, or the first of several. All must be valid, so that no part of
/// another text counts as one.
pub(super) fn only_or_first(text: &str) -> Option<String> {
    let address = bracketed(text).or_else(|| in_json(text)).or_else(|| first_of_several(text))?;
    Some(address.to_owned())
}

fn without_codes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        plain.push_str(before);
        let code = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match code.filter(u8::is_ascii_graphic) {
            Some(code) => {
                plain.push(char::from(code));
                rest = &after[2..];
            }
            None => {
                plain.push('%');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// Returns the address in round or square brackets, if there is none outside: `Ann Lee (ann@example.com)`.
fn bracketed(text: &str) -> Option<&str> {
    [('(', ')'), ('[', ']')].into_iter().find_map(|(open, close)| {
        let (outside, rest) = text.split_once(open)?;
        let (inside, after) = rest.split_once(close)?;
        let address = bare(inside).trim_matches(EDGES);
        (!outside.contains('@') && !after.contains('@') && is_address(address)).then_some(address)
    })
}

/// Returns the first address in a list or object of JSON: `{"email":"ann@example.com"}`.
fn in_json(text: &str) -> Option<&str> {
    let text = text.trim();
    let is_json = text.starts_with(['{', '[']) && text.ends_with(['}', ']']) && text.contains('"');
    let mut values = text.split(['{', '}', '[', ']', ',', ':', '"']).map(str::trim);
    values.find(|value| is_json && is_address(value))
}

/// Returns the first of several addresses. All parts of the text must be addresses, with a name at most.
fn first_of_several(text: &str) -> Option<&str> {
    let link =
        text.strip_prefix('[').and_then(|text| text.strip_suffix(')')).and_then(|text| text.split_once("]("));
    if let Some((label, target)) = link.map(|(label, target)| (label.trim(), bare(target))) {
        return (label == target && is_address(label)).then_some(label);
    }
    let mut addresses = Vec::new();
    for part in text.split(BETWEEN).map(str::trim).filter(|part| !part.is_empty()) {
        let inside = bare(part).trim_matches(EDGES);
        if is_address(inside) {
            addresses.push(inside);
            continue;
        }
        for word in part.split_whitespace().filter(|word| !is_connector(word)) {
            addresses.push(Some(bare(word)).filter(|word| !part.contains('<') && is_address(word))?);
        }
    }
    let first = *addresses.first()?;
    (addresses.len() > 1).then_some(first)
}

fn is_connector(word: &str) -> bool {
    let is_sign = word.chars().all(|letter| letter.is_ascii_punctuation());
    is_sign || CONNECTORS.contains(&word.to_ascii_lowercase().as_str())
}

fn is_address(text: &str) -> bool {
    text.contains('@') && email::check(text).is_ok()
}
