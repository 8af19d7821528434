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

/// Words at the beginning that belong to neither part.
const HONORIFICS: [&str; 34] = [
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "dr",
    "prof",
    "professor",
    "sir",
    "dame",
    "rev",
    "herr",
    "frau",
    "hr",
    "fr",
    "ing",
    "dipl",
    "mag",
    "m",
    "mme",
    "mlle",
    "monsieur",
    "madame",
    "sr",
    "sra",
    "srta",
    "dott",
    "dottssa",
    "sig",
    "sigra",
    "dhr",
    "mevr",
    "pan",
    "pani",
];

/// Words that begin a last name.
const PARTICLES: [&str; 33] = [
    "van", "von", "de", "der", "den", "del", "della", "delle", "di", "da", "do", "dos", "das", "du", "des",
    "la", "le", "ter", "ten", "te", "zu", "zum", "zur", "vom", "af", "av", "bin", "ibn", "al", "el", "mac",
    "st", "'t",
];

/// Words after a last name that belong to it.
const SUFFIXES: [&str; 12] =
    ["jr", "sr", "ii", "iii", "iv", "phd", "md", "esq", "filho", "neto", "junior", "senior"];

/// Chinese last names of two letters.
const COMPOUND: [&str; 34] = [
    "欧阳", "歐陽", "司马", "司馬", "诸葛", "諸葛", "上官", "司徒", "东方", "東方", "独孤", "獨孤", "南宫",
    "南宮", "夏侯", "皇甫", "尉迟", "尉遲", "公孙", "公孫", "慕容", "令狐", "宇文", "长孙", "長孫", "司空",
    "端木", "百里", "轩辕", "軒轅", "申屠", "太史", "钟离", "鍾離",
];

/// Korean last names of two letters.
const KOREAN_COMPOUND: [&str; 5] = ["남궁", "황보", "제갈", "선우", "독고"];

/// Splits a name: `Ada Quint`, `Quint, Ada`, `Prof. Ada van der Quint`, `欧阳小兰`.
///
/// ```
/// use ingest::domain::full_name::split;
///
/// let name = split("Dr. Ada van der Quint");
/// assert_eq!((name.first, name.last), ("Ada", "van der Quint"));
/// let name = split("Quint, Ada");
/// assert_eq!((name.first, name.last), ("Ada", "Quint"));
/// ```
pub fn split(name: &str) -> SplitName<'_> {
    let name = without_honorifics(name.trim());
    if let Some((last, first)) = name.split_once([',', '，', '、']) {
        let is_suffix = SUFFIXES.contains(&bare(first).as_str());
        if !is_suffix {
            let is_doubtful = first.contains(',') || first.trim().is_empty();
            return SplitName { first: without_honorifics(first.trim()), last: last.trim(), is_doubtful };
        }
    }
    match name.contains(char::is_whitespace) {
        true => by_words(name),
        false => by_letters(name),
    }
}

fn by_words(name: &str) -> SplitName<'_> {
    let starts: Vec<(usize, &str)> = words(name).collect();
    let is_suffix = |word: &str| SUFFIXES.contains(&bare(word).as_str());
    let suffixes = starts.iter().rev().take_while(|(_, word)| is_suffix(word)).count();
    let Some(last_word) = (starts.len() - suffixes).checked_sub(1).filter(|at| *at > 0) else {
        return SplitName { first: name, last: "", is_doubtful: true };
    };
    let is_particle = |word: &str| PARTICLES.contains(&word.to_lowercase().as_str());
    let particle = starts[1..last_word].iter().position(|(_, word)| is_particle(word)).map(|at| at + 1);
    let at = particle.unwrap_or(last_word);
    let (start, _) = starts[at];
    // Spanish and Portuguese names have two last names, and particles also in first names: María del Carmen Vega.
    let last_names = starts[at..=last_word].iter().filter(|(_, word)| !is_particle(word)).count();
    SplitName { first: name[..start].trim_end(), last: &name[start..], is_doubtful: at > 2 || last_names > 1 }
}

/// Splits a Chinese or Korean name, which begins with the last name and has no space.
fn by_letters(name: &str) -> SplitName<'_> {
    let is_han = |letter: char| matches!(letter, '\u{3400}'..='\u{9FFF}' | '\u{20000}'..='\u{323AF}');
    let is_hangul = |letter: char| matches!(letter, '\u{AC00}'..='\u{D7A3}');
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
    while let Some((word, after)) = rest.split_once(char::is_whitespace) {
        // A single letter without a dot is an initial, even `M`.
        let is_honorific =
            HONORIFICS.contains(&bare(word).as_str()) && (word.len() > 2 || word.ends_with('.'));
        if !is_honorific || after.trim().is_empty() {
            break;
        }
        rest = after.trim_start();
    }
    rest
}

fn words(name: &str) -> impl Iterator<Item = (usize, &str)> {
    let start = name.as_ptr() as usize;
    name.split_whitespace().map(move |word| (word.as_ptr() as usize - start, word))
}

/// Returns a word in lower case without dots.
fn bare(word: &str) -> String {
    word.trim().chars().filter(|letter| *letter != '.').flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_forms_are_split_and_others_are_doubtful() {
        let cases = [
            ("Ada Quint", "Ada", "Quint"),
            (" Ada  Maria Quint ", "Ada  Maria", "Quint"),
            ("Quint, Ada", "Ada", "Quint"),
            ("van der Quint, Ada Maria", "Ada Maria", "van der Quint"),
            ("Ada van der Quint", "Ada", "van der Quint"),
            ("Ludwig von Osei", "Ludwig", "von Osei"),
            ("Prof. Dr. Ada Quint", "Ada", "Quint"),
            ("Mrs Ada Quint", "Ada", "Quint"),
            ("Quint, Dr. Ada", "Ada", "Quint"),
            ("Ada Quint Jr.", "Ada", "Quint Jr."),
            ("Ada Quint, PhD", "Ada", "Quint, PhD"),
            ("M Quint", "M", "Quint"),
            ("欧阳小兰", "小兰", "欧阳"),
            ("王伟", "伟", "王"),
            ("김민수", "민수", "김"),
        ];
        for (name, first, last) in cases {
            let split = split(name);
            assert_eq!((split.first, split.last, split.is_doubtful), (first, last, false), "{name}");
        }
        for name in [
            "Ada",
            "Ada Quint Vega Ruiz",
            "María del Carmen Vega",
            "Quint, Ada, Acme",
            "Dr. Ada",
            "Quint,",
            "",
            "山田太郎",
        ] {
            assert!(split(name).is_doubtful, "{name}: {:?}", split(name));
        }
    }
}
