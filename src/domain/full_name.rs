//! Splits a person's full name into first and last name.

/// The two parts of a name. Either may be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitName<'a> {
    /// The first name, with any middle names.
    pub first: &'a str,
    /// The last name, with its particles and suffixes.
    pub last: &'a str,
    /// Whether the name can be split in more than one place.
    pub is_doubtful: bool,
}

/// The order of the parts of a name without a comma, as the header of its column shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NameOrder {
    /// `Ada Quint`.
    #[default]
    GivenFirst,
    /// `Quint Ada`, as in Hungarian and Vietnamese, and where the header says so.
    FamilyFirst,
    /// `Ada Quint Vega`: people often have two last names, as in Spanish and Portuguese.
    TwoFamilyNames,
}

/// Words at the beginning that belong to neither part, without punctuation.
const HONORIFICS: [&str; 41] = [
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "dr",
    "drs",
    "prof",
    "professor",
    "profdr",
    "sir",
    "dame",
    "rev",
    "herr",
    "herrn",
    "frau",
    "dipl",
    "dipling",
    "mme",
    "mlle",
    "maître",
    "monsieur",
    "madame",
    "sra",
    "srta",
    "señor",
    "señora",
    "senhor",
    "senhora",
    "dott",
    "dottssa",
    "sig",
    "sigra",
    "signor",
    "signora",
    "dhr",
    "mevr",
    "pan",
    "pani",
    "гн",
    "гжа",
];
/// Such words that are names of people too, unless a dot follows.
const ABBREVIATED: [&str; 23] = [
    "hon", "capt", "lt", "col", "gen", "sgt", "hr", "fr", "ing", "mag", "m", "mm", "sr", "eng", "arq", "lic",
    "avv", "mgr", "bc", "judr", "mudr", "rndr", "phdr",
];

/// Words that begin a last name.
const PARTICLES: [&str; 43] = [
    "van", "von", "de", "der", "den", "del", "della", "delle", "dello", "degli", "dei", "dal", "dalla", "di",
    "da", "do", "dos", "das", "du", "des", "la", "le", "lo", "ter", "ten", "te", "zu", "zum", "zur", "vom",
    "af", "av", "op", "bin", "ibn", "al", "el", "mac", "st", "'t", "het", "aan", "abdul",
];

/// Words after a last name that belong to it, without punctuation.
const SUFFIXES: [&str; 28] = [
    "jr", "sr", "ii", "iii", "iv", "2nd", "3rd", "phd", "md", "mba", "ma", "msc", "bsc", "ba", "llm", "dds",
    "rn", "cpa", "cfa", "pmp", "esq", "obe", "mbe", "filho", "neto", "júnior", "junior", "senior",
];

/// Words between the names of two people, or of two last names. In capitals they are initials.
const CONNECTORS: [&str; 11] = ["and", "und", "et", "y", "e", "i", "en", "og", "och", "и", "or"];

/// Endings of Slavic patronymics, which stand between or after the other names.
const PATRONYMICS: [&str; 8] = ["вич", "ьич", "мич", "вна", "чна", "івна", "ївна", "оглы"];

/// Words of respect after an East Asian name.
const EAST_ASIAN_HONORIFICS: [&str; 5] = ["様", "さん", "先生", "님", "女士"];

/// Chinese last names of two letters.
const COMPOUND: [&str; 34] = [
    "欧阳", "歐陽", "司马", "司馬", "诸葛", "諸葛", "上官", "司徒", "东方", "東方", "独孤", "獨孤", "南宫",
    "南宮", "夏侯", "皇甫", "尉迟", "尉遲", "公孙", "公孫", "慕容", "令狐", "宇文", "长孙", "長孫", "司空",
    "端木", "百里", "轩辕", "軒轅", "申屠", "太史", "钟离", "鍾離",
];

/// Korean last names of two letters.
const KOREAN_COMPOUND: [&str; 5] = ["남궁", "황보", "제갈", "선우", "독고"];

/// Splits a name: `Ada Quint`, `Quint, Ada`, `Ada QUINT`, `Prof. Ada van der Quint`, `欧阳小兰`. Other signs than the order
/// rule where there are any: a comma, a last name in capitals, a patronymic, East Asian letters.
///
/// ```
/// use ingest::domain::full_name::{NameOrder, split};
///
/// let name = split("Dr. Ada van der Quint", NameOrder::GivenFirst);
/// assert_eq!((name.first, name.last), ("Ada", "van der Quint"));
/// let name = split("Quint Ada", NameOrder::FamilyFirst);
/// assert_eq!((name.first, name.last), ("Ada", "Quint"));
/// ```
pub fn split(name: &str, order: NameOrder) -> SplitName<'_> {
    let name = without_honorifics(name.trim());
    let is_several = || name.contains(['&', '/', '(', '+', '@', '|', ';']) || name.contains(char::is_numeric);
    if let Some((last, first)) = name.split_once([',', '，', '、']) {
        let is_suffix = first.split([',', ' ']).all(|word| word.is_empty() || is_suffix(word));
        if !is_suffix || first.trim().is_empty() {
            let is_doubtful = first.contains(',') || first.trim().is_empty() || is_several();
            return SplitName { first: without_honorifics(first.trim()), last: last.trim(), is_doubtful };
        }
    }
    if !name.contains(char::is_whitespace) {
        return by_letters(name);
    }
    let split = by_words(name, order);
    SplitName { is_doubtful: split.is_doubtful || is_several(), ..split }
}

/// The words of a name, and how many of them follow the last name.
struct Words<'a> {
    name: &'a str,
    words: Vec<(usize, &'a str)>,
    /// The number of words without those after the last name.
    count: usize,
}

impl<'a> Words<'a> {
    fn of(name: &'a str) -> Words<'a> {
        let start = name.as_ptr() as usize;
        let words: Vec<(usize, &str)> =
            name.split_whitespace().map(|word| (word.as_ptr() as usize - start, word)).collect();
        let suffixes = words.iter().rev().take_while(|(_, word)| is_suffix(word)).count();
        Words { name, count: words.len() - suffixes, words }
    }

    /// Returns the words without those after the last name.
    fn names(&self) -> impl DoubleEndedIterator<Item = &'a str> + ExactSizeIterator {
        self.words[..self.count].iter().map(|(_, word)| *word)
    }

    /// Splits the name before a word, from where the last name goes to the end.
    fn last_from(&self, word: usize, is_doubtful: bool) -> SplitName<'a> {
        let (start, _) = self.words[word];
        SplitName { first: self.name[..start].trim_end(), last: &self.name[start..], is_doubtful }
    }

    /// Splits the name before a word, up to where the last name goes.
    fn last_until(&self, word: usize, is_doubtful: bool) -> SplitName<'a> {
        let (start, _) = self.words[word];
        SplitName { first: &self.name[start..], last: self.name[..start].trim_end(), is_doubtful }
    }
}

fn by_words(name: &str, order: NameOrder) -> SplitName<'_> {
    let words = Words::of(name);
    if words.count < 2 {
        return SplitName { first: name, last: "", is_doubtful: true };
    }
    let is_connected = words.names().any(|word| CONNECTORS.contains(&word));
    let split = if words.names().all(|word| word.chars().all(is_east_asian)) {
        words.last_until(1, words.count > 2)
    } else if let Some(split) = by_capitals(&words).or_else(|| by_patronymic(&words)) {
        split
    } else {
        match order {
            NameOrder::GivenFirst => given_first(&words),
            NameOrder::FamilyFirst => family_first(&words),
            NameOrder::TwoFamilyNames if words.count == 2 => words.last_from(1, false),
            NameOrder::TwoFamilyNames => {
                SplitName { is_doubtful: true, ..words.last_from(if words.count == 3 { 1 } else { 2 }, true) }
            }
        }
    };
    SplitName { is_doubtful: split.is_doubtful || is_connected, ..split }
}

fn given_first<'a>(words: &Words<'a>) -> SplitName<'a> {
    let last_word = words.count - 1;
    let particle = words.names().skip(1).take(last_word - 1).position(is_particle).map(|at| at + 1);
    let at = particle.unwrap_or(last_word);
    // Spanish and Portuguese names have two last names, and particles also in first names: María del Carmen Vega.
    let last_names = words.names().skip(at).filter(|word| !is_particle(word)).count();
    words.last_from(at, at > 2 || last_names > 1)
}

fn family_first<'a>(words: &Words<'a>) -> SplitName<'a> {
    let particles = words.names().take_while(|word| is_particle(word)).count();
    let at = (particles + 1).min(words.count - 1);
    words.last_until(at, words.count - at > 1)
}

/// Splits a name whose last name is in capitals: `QUINT Ada`, `Ada DE LA TOUR`.
fn by_capitals<'a>(words: &Words<'a>) -> Option<SplitName<'a>> {
    let is_capital = |word: &&str| {
        let letters = || word.chars().filter(|letter| letter.is_alphabetic());
        letters().count() > 1 && letters().all(char::is_uppercase)
    };
    let is_long = |word: &str| word.chars().filter(|letter| letter.is_alphabetic()).count() > 2;
    let before = words.names().take_while(is_capital).count();
    let after = words.names().rev().take_while(is_capital).count();
    match (before, after) {
        (0, 1..) if after < words.count && words.names().rev().take(after).any(is_long) => {
            Some(words.last_from(words.count - after, false))
        }
        (1.., 0) if words.names().take(before).any(is_long) => Some(words.last_until(before, false)),
        _ => None,
    }
}

/// Splits a name of three words with a patronymic: `Квинт Ада Львовна`, `Ада Львовна Квинт`.
fn by_patronymic<'a>(words: &Words<'a>) -> Option<SplitName<'a>> {
    let is_patronymic = |word: &str| {
        word.chars().count() > 4 && PATRONYMICS.iter().any(|ending| word.to_lowercase().ends_with(ending))
    };
    let are: Vec<bool> = words.names().map(is_patronymic).collect();
    match are[..] {
        [_, true, _] => Some(words.last_from(2, false)),
        [_, false, true] => Some(words.last_until(1, false)),
        _ => None,
    }
}

fn is_particle(word: &str) -> bool {
    PARTICLES.contains(&word.to_lowercase().as_str())
}

fn is_suffix(word: &str) -> bool {
    SUFFIXES.contains(&bare(word).as_str())
}

fn is_east_asian(letter: char) -> bool {
    is_han(letter) || is_hangul(letter) || matches!(letter, '\u{3040}'..='\u{30FF}' | '々')
}

fn is_han(letter: char) -> bool {
    matches!(letter, '\u{3400}'..='\u{9FFF}' | '\u{20000}'..='\u{323AF}')
}

fn is_hangul(letter: char) -> bool {
    matches!(letter, '\u{AC00}'..='\u{D7A3}')
}

/// Splits a Chinese or Korean name, which begins with the last name and has no space.
fn by_letters(name: &str) -> SplitName<'_> {
    let name =
        EAST_ASIAN_HONORIFICS.iter().find_map(|honorific| name.strip_suffix(honorific)).unwrap_or(name);
    let letters = name.chars().count();
    let compound: &[&str] = match () {
        () if letters > 1 && letters < 5 && name.chars().all(is_han) => &COMPOUND,
        () if letters > 1 && letters < 6 && name.chars().all(is_hangul) => &KOREAN_COMPOUND,
        () => return SplitName { first: name, last: "", is_doubtful: true },
    };
    let known = compound.iter().find(|last| name.starts_with(**last) && name.len() > last.len());
    let one = name.chars().next().map_or(0, char::len_utf8);
    let end = known.map_or(one, |last| last.len());
    // Four letters may be a name with two last names, or Japanese.
    SplitName { first: &name[end..], last: &name[..end], is_doubtful: known.is_none() && letters > 3 }
}

fn without_honorifics(name: &str) -> &str {
    let mut rest = name;
    while let Some((title, after)) = rest.split_once(char::is_whitespace) {
        let word = bare(title);
        let is_honorific = HONORIFICS.contains(&word.as_str())
            || title.ends_with('.') && ABBREVIATED.contains(&word.as_str());
        if !is_honorific || after.trim().is_empty() {
            break;
        }
        rest = after.trim_start();
    }
    rest
}

/// Returns a word in lower case without punctuation.
fn bare(word: &str) -> String {
    word.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_splits(order: NameOrder, cases: &[(&str, &str, &str)]) {
        for (name, first, last) in cases {
            let split = split(name, order);
            assert_eq!((split.first, split.last, split.is_doubtful), (*first, *last, false), "{name}");
        }
    }

    #[track_caller]
    fn assert_doubtful(order: NameOrder, names: &[&str]) {
        for name in names {
            assert!(split(name, order).is_doubtful, "{name}: {:?}", split(name, order));
        }
    }

    #[test]
    fn usual_forms_are_split() {
        assert_splits(
            NameOrder::GivenFirst,
            &[
                ("Ada Quint", "Ada", "Quint"),
                (" Ada  Maria Quint ", "Ada  Maria", "Quint"),
                ("Quint, Ada", "Ada", "Quint"),
                ("van der Quint, Ada Maria", "Ada Maria", "van der Quint"),
                ("Ada van der Quint", "Ada", "van der Quint"),
                ("Ludwig von Osei", "Ludwig", "von Osei"),
                ("Prof. Dr. Ada Quint", "Ada", "Quint"),
                ("Dipl.-Ing. Ada Quint", "Ada", "Quint"),
                ("Mrs Ada Quint", "Ada", "Quint"),
                ("Quint, Dr. Ada", "Ada", "Quint"),
                ("Ada Quint Jr.", "Ada", "Quint Jr."),
                ("Ada Quint, PhD", "Ada", "Quint, PhD"),
                ("Ada Quint, M.D., PhD", "Ada", "Quint, M.D., PhD"),
                ("M Quint", "M", "Quint"),
                ("JP Quint", "JP", "Quint"),
            ],
        );
    }

    #[test]
    fn other_signs_rule_over_the_order() {
        let cases = [
            ("QUINT Ada", "Ada", "QUINT"),
            ("Ada QUINT", "Ada", "QUINT"),
            ("DE LA TOUR Ada Maria", "Ada Maria", "DE LA TOUR"),
            ("Ada DE LA TOUR", "Ada", "DE LA TOUR"),
            ("Квинт Ада Львовна", "Ада Львовна", "Квинт"),
            ("Ада Львовна Квинт", "Ада Львовна", "Квинт"),
            ("Гуревич Иван Петрович", "Иван Петрович", "Гуревич"),
            ("欧阳小兰", "小兰", "欧阳"),
            ("欧阳 小兰", "小兰", "欧阳"),
            ("山田　太郎", "太郎", "山田"),
            ("王伟", "伟", "王"),
            ("王伟先生", "伟", "王"),
            ("김민수", "민수", "김"),
            ("김 민수", "민수", "김"),
        ];
        assert_splits(NameOrder::GivenFirst, &cases);
        assert_splits(NameOrder::FamilyFirst, &cases);
    }

    #[test]
    fn the_header_decides_about_the_order() {
        assert_splits(
            NameOrder::FamilyFirst,
            &[("Quint Ada", "Ada", "Quint"), ("van der Quint Ada", "Ada", "van der Quint")],
        );
        assert_splits(
            NameOrder::TwoFamilyNames,
            &[("Ada Quint", "Ada", "Quint"), ("Vega, Ada", "Ada", "Vega")],
        );
    }

    #[test]
    fn names_with_several_splits_are_doubtful() {
        assert_doubtful(
            NameOrder::GivenFirst,
            &[
                "Ada",
                "Ada Quint Vega Ruiz",
                "María del Carmen Vega",
                "Quint, Ada, Acme",
                "Dr. Ada",
                "Quint,",
                "",
                "山田太郎",
                "Ada and Ben Quint",
                "Ada & Ben Quint",
                "Ada Quint (Acme)",
                "José Ortega y Gasset",
                "Ada Quint 2",
                "ada@example.com Quint",
            ],
        );
        assert_doubtful(NameOrder::FamilyFirst, &["Quint Ada Maria", "Nguyễn Văn An"]);
        assert_doubtful(NameOrder::TwoFamilyNames, &["Ada Quint Vega", "Ada Maria Quint Vega"]);
    }
}
