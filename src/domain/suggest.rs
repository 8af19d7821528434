//! The address that was probably meant by one that cannot be right, for a person to take or to leave.
//!
//! A wrong suggestion costs more than none: a person who trusts it writes to a stranger. So a value is
//! corrected only where one reading of it is by far the likeliest, and what holds two addresses, a name
//! inside the address or a sign of damage is left alone. Nothing is looked up, and nothing is applied.

mod domains;

use std::borrow::Cow;

use self::domains::{COINED, ORDINARY};
use super::{email, row};

/// The most octets of a value that is looked at: an address and a name before it.
const VALUE_OCTETS: usize = 512;

/// What stands around an address and is no part of it.
const EDGES: &[char] = &[
    ' ', '"', '\'', '`', '´', '“', '”', '„', '‘', '’', '‚', '«', '»', '‹', '›', '(', ')', '[', ']', '{', '}',
    '<', '>', ',', ';', ':', '|', '\\', '，', '；', '：',
];

/// What is written before an address to say that it is one.
const LABELS: [&str; 4] = ["mailto:", "email:", "e-mail:", "mail:"];

/// The `@` in words, against programs that gather addresses.
const SPELT_AT: [&str; 4] = [PLAIN_AT, "(at)", "[at]", "{at}"];
/// The one that may as well stand in a sentence.
const PLAIN_AT: &str = " at ";
/// The dot in words.
const SPELT_DOT: [&str; 4] = [" dot ", "(dot)", "[dot]", "{dot}"];

/// What is typed or read for a dot in a domain.
const SEPARATORS: &[char] = &[' ', '.', ',', ';'];
/// The dots that IDNA takes for one (UTS 46).
const WIDE_DOTS: [char; 3] = ['．', '。', '｡'];

/// Domains that gave out local parts with dots in any place: there such dots are no slip.
const KEEP_DOTS: [&str; 2] = ["docomo.ne.jp", "ezweb.ne.jp"];

/// Last labels that a comma in a domain is read as a dot before, beside those of two letters.
const GENERIC: [&str; 7] = ["biz", "com", "edu", "gov", "info", "net", "org"];
/// Labels that a country's two letters may follow.
const SECOND_LEVEL: [&str; 6] = ["ac", "co", "com", "gov", "net", "org"];

/// Last labels that stand in no root zone, and the one that each is a slip for.
const SLIPS: [(&str, &str); 14] = [
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

/// From so many letters on a name may have two slips, and is still like no other.
const LONG_NAME: usize = 10;
/// A domain without a dot is taken for one of so many letters or more that lacks its dots; shorter ones
/// are names of machines.
const RUN_TOGETHER: usize = 6;

/// The address that `value` was probably meant to be: a valid one that differs from it. `None` when none
/// is likely, and always when `value` is valid and its domain is neither close to a known one nor ends in
/// a slip such as `.con`.
///
/// `value` is trimmed and in NFC. The part before the `@` keeps its case.
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
    let address = match email::check(value) {
        Ok(()) => Cow::Borrowed(value),
        Err(_) => Cow::Owned(repaired(value)?),
    };
    let (local, domain) = address.rsplit_once('@')?;
    let corrected = match meant(domain) {
        Some(meant) => format!("{local}@{meant}"),
        None => address.to_string(),
    };
    (corrected != value && email::check(&corrected).is_ok()).then_some(corrected)
}

/// The address in a value that is none, in the form that it should have. It need not be valid.
fn repaired(value: &str) -> Option<String> {
    // What was there cannot be told; `jo...@` is how lists of mails hide an address.
    if value.contains(['\u{fffd}', '\u{2400}', '…']) || value.contains("...") {
        return None;
    }
    let visible: String = value.chars().filter(|letter| !is_residue(*letter)).map(narrow).collect();
    let visible = row::normalise(&visible);
    let text = bare(&visible);
    let (local, typed_domain) = halves(text).or_else(|| spelt_out(text))?;
    let domain = repaired_domain(&typed_domain)?;
    // The comma stands for the m beside it, or behind an address in `.co`.
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

/// What copying out of other programs leaves in a text and nobody sees. Joiners and overrides of the
/// direction change how a text reads, so they do not count.
fn is_residue(letter: char) -> bool {
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

/// The text without a label before it, or what stands in angle brackets where it has a name.
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
    LABELS.iter().find_map(label_of).map_or(text, |(_, rest)| rest)
}

/// What stands before and behind the `@`, however often it is repeated; `None` when there are two
/// addresses or none.
fn halves(text: &str) -> Option<(String, String)> {
    let mut parts = text.split('@').filter(|part| !part.trim_matches(EDGES).is_empty());
    let (local, domain) = (parts.next()?, parts.next()?);
    parts.next().is_none().then(|| (local.to_owned(), domain.trim().to_owned()))
}

/// The same of an address whose `@` is spelt out: `ann (at) example (dot) com`.
fn spelt_out(text: &str) -> Option<(String, String)> {
    // Places are the same in both.
    let lower = text.to_ascii_lowercase();
    let (place, word) = only(SPELT_AT.iter().flat_map(|word| lower.match_indices(word)))?;
    let dotted = |part: &str| SPELT_DOT.iter().fold(part.to_owned(), |part, word| part.replace(word, "."));
    let domain = dotted(lower[place + word.len()..].trim());
    let is_safe = word != PLAIN_AT || repaired_domain(&domain).is_some_and(|domain| is_known(&domain));
    is_safe.then(|| (dotted(&text[..place]), domain))
}

/// A domain with one dot for whatever stands where a dot should; `None` when that may as well part the
/// domain from something else.
fn repaired_domain(domain: &str) -> Option<String> {
    let narrow = domain.replace(WIDE_DOTS, ".").replace('，', ",").replace('；', ";");
    let (narrow, _comment) = narrow.split_once(" (").unwrap_or((&narrow, ""));
    let is_edge = |letter: char| EDGES.contains(&letter) || letter == '.';
    let domain = narrow
        .trim_start_matches(is_edge)
        .trim_end_matches(|letter: char| is_edge(letter) || letter.is_ascii_punctuation());
    let dotted = without_empty_labels(domain, SEPARATORS);
    let Some(doubt) = domain.find([' ', ',', ';']) else {
        return Some(dotted);
    };
    let before = domain[..doubt].trim_end_matches(SEPARATORS);
    if is_listed(&dotted.to_lowercase()) || !before.contains('.') && is_known(&dotted) {
        return Some(dotted);
    }
    let squeezed = domain.replace(' ', "");
    if is_listed(&squeezed.to_lowercase()) {
        return Some(squeezed);
    }
    goes_on(domain, before, &dotted).then_some(dotted)
}

/// Whether a domain that nobody knows goes on behind what stands before the first thing in it that should
/// be a dot.
fn goes_on(domain: &str, before: &str, dotted: &str) -> bool {
    let mut gaps = domain.split(|letter: char| !SEPARATORS.contains(&letter)).filter(|gap| !gap.is_empty());
    // `acme, Inc` and `acme Berlin` are two things.
    let are_slips = gaps.all(|gap| match gap.contains([',', ';']) {
        true => !gap.contains(' '),
        false => gap.contains('.'),
    });
    let last = last_label(dotted);
    let is_country = last.len() == 2 && last.bytes().all(|byte| byte.is_ascii_alphabetic());
    are_slips
        && match before.rsplit_once('.') {
            None => is_country || GENERIC.iter().any(|generic| generic.eq_ignore_ascii_case(last)),
            // It is a whole domain already, unless a country is wanting.
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

/// The domain that was meant, where that is not the one that stands there.
fn meant(domain: &str) -> Option<String> {
    let lower = domain.to_lowercase();
    let slip = lower.rsplit_once('.').and_then(|(rest, last)| {
        let (_, meant) = SLIPS.iter().find(|(slip, _)| *slip == last)?;
        Some(format!("{rest}.{meant}"))
    });
    near(slip.as_deref().unwrap_or(&lower)).map(str::to_owned).or(slip)
}

/// Whether a domain is in the tables, or one of them is meant by it.
fn is_known(domain: &str) -> bool {
    match meant(domain) {
        Some(meant) => is_listed(&meant),
        None => is_listed(&domain.to_lowercase()),
    }
}

fn is_listed(lower: &str) -> bool {
    COINED.binary_search(&lower).or_else(|_| ORDINARY.binary_search(&lower)).is_ok()
}

/// The one known domain that a domain in lower case is closest to, where it is none itself.
fn near(domain: &str) -> Option<&'static str> {
    if is_listed(domain) {
        return None;
    }
    let (name, ending) = domain.split_once('.').unwrap_or((domain, ""));
    if ending.len() < 2 {
        return begun(name, ending).or_else(|| run_together(domain));
    }
    let (mut fewest, mut closest) = (usize::MAX, None);
    for &known in COINED {
        match slips(name, ending, known) {
            Some(count) if count < fewest => (fewest, closest) = (count, Some(known)),
            Some(count) if count == fewest => closest = None,
            _ => {}
        }
    }
    closest
}

/// The one coined domain of that name, where a letter is left of its ending or nothing: `gmail.c`, `gmail`.
fn begun(name: &str, left: &str) -> Option<&'static str> {
    let is_begun = |known: &&str| {
        known.split_once('.').is_some_and(|(known_name, ending)| known_name == name && ending.contains(left))
    };
    only(COINED.iter().copied().filter(is_begun))
}

/// The one known domain that has the same letters and its dots: `gmailcom`.
fn run_together(domain: &str) -> Option<&'static str> {
    if domain.len() < RUN_TOGETHER {
        return None;
    }
    let letters = || domain.chars().filter(|letter| !WIDE_DOTS.contains(letter));
    let known = COINED.iter().chain(ORDINARY).copied();
    only(known.filter(|known| known.chars().filter(|letter| *letter != '.').eq(letters())))
}

/// How many slips lead from a known domain to this one; `None` when it is another one. They are all in
/// the name, or one is in the ending.
fn slips(name: &str, ending: &str, known: &str) -> Option<usize> {
    let (known_name, known_ending) = known.split_once('.')?;
    let (typed, wanted, most) = if ending == known_ending && starts_alike(name, known_name) {
        (name, known_name, if known_name.len() < LONG_NAME { 1 } else { 2 })
    } else if name == known_name && !are_two_countries(ending, known_ending) {
        (ending, known_ending, 1)
    } else {
        return None;
    };
    // The lengths in octets say cheaply that most are far apart.
    if typed.len().abs_diff(wanted.len()) > most {
        return None;
    }
    Some(strsim::osa_distance(typed, wanted)).filter(|count| *count <= most)
}

/// People seldom mistype a first letter, other than by exchanging it with the second; names that differ
/// there are others': `email.com`, `fmail.com`.
fn starts_alike(name: &str, known: &str) -> bool {
    let (mut letters, mut known_letters) = (name.chars(), known.chars());
    let (first, known_first) = (letters.next(), known_letters.next());
    first == known_first
        || (letters.next() == known_first
            && known_letters.next() == first
            && letters.as_str() == known_letters.as_str())
}

/// A provider may have a domain in each country, whether the tables have it or not.
fn are_two_countries(ending: &str, known_ending: &str) -> bool {
    let (one, other) = (last_label(ending), last_label(known_ending));
    one.len() == 2 && other.len() == 2 && one != other
}

fn last_label(domain: &str) -> &str {
    domain.rsplit('.').next().unwrap_or_default()
}

/// The first, where there is no second.
fn only<T>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests;
