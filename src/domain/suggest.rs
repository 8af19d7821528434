//! Suggests the intended address for one that is probably mistyped. A person accepts or ignores the suggestion.
//!
//! A wrong suggestion costs more than none: a person who trusts it writes to a stranger. Therefore an address is only
//! corrected if one interpretation is by far the most likely. Of several addresses the first is suggested; values with a
//! name inside the address or signs of damage get no suggestion. Domains are not resolved.

mod domains;
mod unpack;

use self::domains::{COINED, ORDINARY};
use super::{email, row};

/// Maximum length of a value that is examined: an address and a name before it.
const VALUE_OCTETS: usize = 512;

/// Characters around an address that are not part of it.
const EDGES: &[char] = &[
    ' ', '"', '\'', '`', '´', '“', '”', '„', '‘', '’', '‚', '«', '»', '‹', '›', '(', ')', '[', ']', '{', '}',
    '<', '>', ',', ';', ':', '|', '\\', '，', '；', '：',
];

/// Labels before an address.
const LABELS: [&str; 4] = ["mailto:", "email:", "e-mail:", "mail:"];

/// The `@` in words, as written to mislead programs that collect addresses.
const SPELT_AT: [&str; 4] = [PLAIN_AT, "(at)", "[at]", "{at}"];
/// The one that may also occur in a sentence.
const PLAIN_AT: &str = " at ";
/// The dot in words.
const SPELT_DOT: [&str; 4] = [" dot ", "(dot)", "[dot]", "{dot}"];

/// Characters that people type for a dot in a domain.
const SEPARATORS: &[char] = &[' ', '.', ',', ';'];
/// The other dots of IDNA (UTS 46).
const WIDE_DOTS: [char; 3] = ['．', '。', '｡'];

/// Domains that assigned local parts with arbitrary dots, which are not mistakes there.
const KEEP_DOTS: [&str; 2] = ["docomo.ne.jp", "ezweb.ne.jp"];

/// Last labels, besides those of two letters, before which a comma counts as a dot.
const GENERIC: [&str; 7] = ["biz", "com", "edu", "gov", "info", "net", "org"];
/// Labels that a country code may follow.
const SECOND_LEVEL: [&str; 6] = ["ac", "co", "com", "gov", "net", "org"];

/// Last labels that are not top-level domains, and the intended one.
const TLD_TYPOS: [(&str, &str); 14] = [
    ("c0m", "com"),
    ("ccom", "com"),
    ("cmo", "com"),
    ("comm", "com"),
    ("con", "com"),
    ("coom", "com"),
    ("cpm", "com"),
    ("ocm", "com"),
    ("vom", "com"),
    ("xom", "com"),
    ("ent", "net"),
    ("nett", "net"),
    ("nte", "net"),
    ("ogr", "org"),
];

/// Minimum length of a name in which two typos are accepted; no other domain is that similar.
const LONG_NAME: usize = 10;
/// Minimum length of a domain without a dot whose dots may have been forgotten. Shorter ones are host names.
const RUN_TOGETHER: usize = 6;

/// Returns the address that `value` probably was intended to be: valid and different from it. Returns `None` if there is
/// no likely one, and always if `value` is valid and its domain is neither similar to a known one nor ends in a typo such
/// as `.con`.
///
/// `value` must be trimmed and in NFC. The part before the `@` keeps its case.
///
/// ```
/// use ingest::domain::suggest;
///
/// assert_eq!(suggest::correction("Ann@gmial.com").as_deref(), Some("Ann@gmail.com"));
/// assert_eq!(suggest::correction("ann@example.com"), None);
/// ```
pub fn correction(value: &str) -> Option<String> {
    if value.len() > VALUE_OCTETS {
        return None;
    }
    if email::check(value).is_ok() {
        return finished(value, value);
    }
    let text = legible(value)?;
    let repaired = one(bare(&text)).and_then(|address| finished(&address, value));
    repaired.or_else(|| finished(&unpack::only_or_first(&text)?, value))
}

/// Returns the address with the intended domain, if it is valid and not the value itself.
fn finished(address: &str, value: &str) -> Option<String> {
    let (local, domain) = address.rsplit_once('@')?;
    let corrected = match intended_domain(domain) {
        Some(intended) => format!("{local}@{intended}"),
        None => address.to_owned(),
    };
    (corrected != value && email::check(&corrected).is_ok()).then_some(corrected)
}

/// Returns a value without invisible characters and the codes of other programs, or `None` if characters are lost.
fn legible(value: &str) -> Option<String> {
    // Lost characters cannot be restored; mailing lists hide addresses as `jo...@`.
    if value.contains(['\u{fffd}', '\u{2400}', '…']) || value.contains("...") {
        return None;
    }
    let visible: String = value.chars().filter(|letter| !is_invisible(*letter)).map(narrow).collect();
    Some(unpack::decoded(&row::normalise(&visible)))
}

/// Repairs the syntax of a text that consists of one address. The result need not be valid.
fn one(text: &str) -> Option<String> {
    let (local, typed_domain) = halves(text).or_else(|| spelt_out(text))?;
    let domain = repaired_domain(&typed_domain)?;
    // The comma may be a typo for the m beside it, or may follow an address in `.co`.
    if typed_domain.to_ascii_lowercase().ends_with(".co,") && !is_known(&domain) {
        return None;
    }
    let local = local.trim_matches(EDGES);
    let dotted_once = without_empty_labels(local, &['.']);
    if dotted_once != local && KEEP_DOTS.contains(&domain.to_ascii_lowercase().as_str()) {
        return None;
    }
    Some(format!("{dotted_once}@{domain}"))
}

/// Returns whether a character is invisible and results from copying text. Joiners and direction overrides change how a
/// text reads, so they do not count.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202c}' | '\u{2060}'
        | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn narrow(letter: char) -> char {
    match letter {
        '＠' | '﹫' => '@',
        '＜' => '<',
        '＞' => '>',
        letter if letter.is_whitespace() => ' ',
        letter => letter,
    }
}

/// Returns the text without a label before it or, if it has a name, the text in angle brackets.
fn bare(text: &str) -> &str {
    let Some((outside, rest)) = text.rsplit_once('<') else {
        return unlabelled(text);
    };
    let (inside, after) = rest.split_once('>').unwrap_or((rest, ""));
    let inside = unlabelled(inside);
    let names_another = after.contains('@')
        || outside.contains('@') && outside.trim_matches(EDGES) != inside.trim_matches(EDGES);
    match inside.contains('@') && !names_another {
        true => inside,
        false => unlabelled(text),
    }
}

fn unlabelled(text: &str) -> &str {
    let text = text.trim_start_matches(EDGES);
    let label_of = |label: &&str| {
        text.split_at_checked(label.len()).filter(|(start, _)| start.eq_ignore_ascii_case(label))
    };
    match LABELS.iter().find_map(label_of) {
        // What follows the address in a link, such as the subject.
        Some((_, rest)) => rest.split_once('?').map_or(rest, |(address, _)| address),
        None => text,
    }
}

/// Splits a text at the `@`, which may be repeated. Returns `None` if there is not exactly one address.
fn halves(text: &str) -> Option<(String, String)> {
    let mut parts = text.split('@').filter(|part| !part.trim_matches(EDGES).is_empty());
    let (local, domain) = (parts.next()?, parts.next()?);
    parts.next().is_none().then(|| (local.to_owned(), domain.trim().to_owned()))
}

/// Splits an address whose `@` is spelt out: `ann (at) example (dot) com`.
fn spelt_out(text: &str) -> Option<(String, String)> {
    // Positions are the same in both.
    let lower = text.to_ascii_lowercase();
    let (at, word) = only(SPELT_AT.iter().flat_map(|word| lower.match_indices(word)))?;
    let dotted = |part: &str| SPELT_DOT.iter().fold(part.to_owned(), |part, word| part.replace(word, "."));
    let domain = dotted(lower[at + word.len()..].trim());
    let is_safe = word != PLAIN_AT || repaired_domain(&domain).is_some_and(|domain| is_known(&domain));
    is_safe.then(|| (dotted(&text[..at]), domain))
}

/// Replaces whatever was typed for a dot in a domain. Returns `None` if that may also separate the domain from other text.
fn repaired_domain(domain: &str) -> Option<String> {
    let narrow = domain.replace(WIDE_DOTS, ".").replace('，', ",").replace('；', ";");
    let (narrow, _comment) = narrow.split_once(" (").unwrap_or((&narrow, ""));
    let is_edge = |letter: char| EDGES.contains(&letter) || letter == '.';
    let domain = narrow
        .trim_start_matches(is_edge)
        .trim_end_matches(|letter: char| is_edge(letter) || letter.is_ascii_punctuation());
    let dotted = without_empty_labels(domain, SEPARATORS);
    let Some(first_gap) = domain.find([' ', ',', ';']) else {
        return Some(dotted);
    };
    let before = domain[..first_gap].trim_end_matches(SEPARATORS);
    if is_listed(&dotted.to_lowercase()) || !before.contains('.') && is_known(&dotted) {
        return Some(dotted);
    }
    let squeezed = domain.replace(' ', "");
    if is_listed(&squeezed.to_lowercase()) {
        return Some(squeezed);
    }
    continues(domain, before, &dotted).then_some(dotted)
}

/// Returns whether an unknown domain continues after `before`, the part before the first separator that should be a dot.
fn continues(domain: &str, before: &str, dotted: &str) -> bool {
    let mut gaps = domain.split(|letter: char| !SEPARATORS.contains(&letter)).filter(|gap| !gap.is_empty());
    // In `acme, Inc` and `acme Berlin` the domain does not continue.
    let are_typos = gaps.all(|gap| match gap.contains([',', ';']) {
        true => !gap.contains(' '),
        false => gap.contains('.'),
    });
    let last = last_label(dotted);
    let is_country = last.len() == 2 && last.bytes().all(|byte| byte.is_ascii_alphabetic());
    are_typos
        && match before.rsplit_once('.') {
            None => is_country || GENERIC.iter().any(|generic| generic.eq_ignore_ascii_case(last)),
            // `before` is a complete domain unless only a country code follows.
            Some((_, second)) => {
                is_country
                    && dotted.len() == before.len() + 3
                    && SECOND_LEVEL.iter().any(|level| level.eq_ignore_ascii_case(second))
            }
        }
}

fn without_empty_labels(text: &str, separators: &[char]) -> String {
    let labels: Vec<&str> = text.split(separators).filter(|label| !label.is_empty()).collect();
    labels.join(".")
}

/// Returns the domain that was probably intended, in lower case, if it is another one.
///
/// ```
/// use ingest::domain::suggest;
///
/// assert_eq!(suggest::intended_domain("gmial.con").as_deref(), Some("gmail.com"));
/// assert_eq!(suggest::intended_domain("example.com"), None);
/// ```
pub fn intended_domain(domain: &str) -> Option<String> {
    let lower = domain.to_lowercase();
    let with_tld = lower.rsplit_once('.').and_then(|(rest, last)| {
        let (_, intended) = TLD_TYPOS.iter().find(|(typo, _)| *typo == last)?;
        Some(format!("{rest}.{intended}"))
    });
    nearest(with_tld.as_deref().unwrap_or(&lower)).map(str::to_owned).or(with_tld)
}

/// Returns whether a domain is in the tables or intended to be one of them.
fn is_known(domain: &str) -> bool {
    match intended_domain(domain) {
        Some(intended) => is_listed(&intended),
        None => is_listed(&domain.to_lowercase()),
    }
}

fn is_listed(lower: &str) -> bool {
    COINED.binary_search(&lower).or_else(|_| ORDINARY.binary_search(&lower)).is_ok()
}

/// Returns the known domain most similar to `domain`, which is in lower case. Returns `None` if `domain` is known itself,
/// or if several are equally similar.
fn nearest(domain: &str) -> Option<&'static str> {
    if is_listed(domain) {
        return None;
    }
    let (name, ending) = domain.split_once('.').unwrap_or((domain, ""));
    if ending.len() < 2 {
        return completed(name, ending).or_else(|| run_together(domain));
    }
    let (mut fewest, mut closest) = (usize::MAX, None);
    for &known in COINED {
        match typos(name, ending, known) {
            Some(count) if count < fewest => (fewest, closest) = (count, Some(known)),
            Some(count) if count == fewest => closest = None,
            _ => {}
        }
    }
    closest
}

/// Returns the only coined domain of that name, for a domain with at most one letter of its ending: `gmail.c`, `gmail`.
fn completed(name: &str, typed: &str) -> Option<&'static str> {
    let is_candidate = |known: &&str| {
        known.split_once('.').is_some_and(|(known_name, ending)| known_name == name && ending.contains(typed))
    };
    only(COINED.iter().copied().filter(is_candidate))
}

/// Returns the only known domain with the same letters, for a domain without its dots: `gmailcom`.
fn run_together(domain: &str) -> Option<&'static str> {
    if domain.len() < RUN_TOGETHER {
        return None;
    }
    let letters = || domain.chars().filter(|letter| !WIDE_DOTS.contains(letter));
    let known = COINED.iter().chain(ORDINARY).copied();
    only(known.filter(|known| known.chars().filter(|letter| *letter != '.').eq(letters())))
}

/// Returns the number of typos by which a domain differs from a known one: all in the name, or one in the ending. Returns
/// `None` if it is probably a different domain.
fn typos(name: &str, ending: &str, known: &str) -> Option<usize> {
    let (known_name, known_ending) = known.split_once('.')?;
    let (typed, wanted, most) = if ending == known_ending && starts_alike(name, known_name) {
        (name, known_name, if known_name.len() < LONG_NAME { 1 } else { 2 })
    } else if name == known_name && !are_two_countries(ending, known_ending) {
        (ending, known_ending, 1)
    } else {
        return None;
    };
    // Comparing the lengths in bytes is cheap and excludes most domains.
    if typed.len().abs_diff(wanted.len()) > most {
        return None;
    }
    Some(strsim::osa_distance(typed, wanted)).filter(|count| *count <= most)
}

/// Returns whether two names have the same first letter, or their first two letters exchanged. People rarely mistype the
/// first letter otherwise; names that differ there are other domains: `email.com`, `fmail.com`.
fn starts_alike(name: &str, known: &str) -> bool {
    let (mut letters, mut known_letters) = (name.chars(), known.chars());
    let (first, known_first) = (letters.next(), known_letters.next());
    first == known_first
        || (letters.next() == known_first
            && known_letters.next() == first
            && letters.as_str() == known_letters.as_str())
}

/// Returns whether two endings have different country codes. A provider may have domains in countries that the tables lack.
fn are_two_countries(ending: &str, known_ending: &str) -> bool {
    let (one, other) = (last_label(ending), last_label(known_ending));
    one.len() == 2 && other.len() == 2 && one != other
}

fn last_label(domain: &str) -> &str {
    domain.rsplit('.').next().unwrap_or_default()
}

/// Returns the only item, or `None` if there is not exactly one.
fn only<T>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests;
