//! Words that are frequent in the names of people and companies.

use std::collections::HashSet;
use std::sync::LazyLock;

static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| words().collect());

/// The words of scripts without spaces between words, of two letters or more.
static PARTS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    words().filter(|word| word.chars().all(is_east_asian) && word.chars().count() > 1).collect()
});

fn words() -> impl Iterator<Item = &'static str> {
    let lines = include_str!("words.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once('\t')).flat_map(|(_language, words)| words.split(' '))
}

/// Returns the number of words with characters beyond ASCII in a text that are frequent in names.
pub(super) fn count(text: &str) -> usize {
    let is_part = |letter: char| letter.is_ascii_alphabetic() || !letter.is_ascii();
    text.split(|letter: char| !is_part(letter)).filter(|word| !word.is_ascii() && is_familiar(word)).count()
}

fn is_familiar(word: &str) -> bool {
    WORDS.contains(word.to_lowercase().as_str())
        || word.starts_with(is_east_asian) && PARTS.iter().any(|part| word.contains(part))
}

fn is_east_asian(letter: char) -> bool {
    matches!(letter, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn familiar_words_are_counted() {
        assert!(
            words().all(|word| !word.is_ascii() && word == word.to_lowercase()),
            "{:?}",
            words().find(|word| *word != word.to_lowercase())
        );
        assert_eq!(count("email,Jürgen,MÜLLER,Müller Möbel GmbH"), 4);
        assert_eq!(count("水野商店株式会社,有限公司"), 2);
        assert_eq!(count("Jźrgen,Žmile,plain"), 0);
    }
}
