//! Which encoding a text is in that is not Unicode.
//!
//! `chardetng` knows the encodings of the web by how often letters follow each other. Mac Roman and the code pages of
//! MS-DOS it does not know: they are told by how their words look in each candidate. A reading is sure if no other
//! candidate makes plausible words of the bytes, or if each half of the words leads to the same encoding.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

use super::converter::Converter;
use super::encoding::{Encoding, Reading};

/// What `chardetng` may confuse, and what it does not know.
#[rustfmt::skip]
const CANDIDATES: [Encoding; 23] = [
    Encoding::Windows1252,
    Encoding::Other(&encoding_rs::WINDOWS_1250_INIT),
    Encoding::Other(&encoding_rs::WINDOWS_1251_INIT),
    Encoding::Other(&encoding_rs::WINDOWS_1253_INIT),
    Encoding::Other(&encoding_rs::WINDOWS_1254_INIT),
    Encoding::Other(&encoding_rs::WINDOWS_1255_INIT),
    Encoding::Other(&encoding_rs::WINDOWS_1256_INIT),
    Encoding::Other(&encoding_rs::WINDOWS_1257_INIT),
    Encoding::Other(&encoding_rs::WINDOWS_874_INIT),
    Encoding::Other(&encoding_rs::ISO_8859_2_INIT),
    Encoding::Other(&encoding_rs::ISO_8859_5_INIT),
    Encoding::Other(&encoding_rs::KOI8_U_INIT),
    Encoding::Other(&encoding_rs::IBM866_INIT),
    Encoding::Other(&encoding_rs::SHIFT_JIS_INIT),
    Encoding::Other(&encoding_rs::EUC_JP_INIT),
    Encoding::Other(&encoding_rs::GB18030_INIT),
    Encoding::Other(&encoding_rs::BIG5_INIT),
    Encoding::Other(&encoding_rs::EUC_KR_INIT),
    MAC_ROMAN,
    Encoding::Other(&encoding_rs::X_MAC_CYRILLIC_INIT),
    Encoding::Cp437,
    Encoding::Cp850,
    Encoding::Cp852,
];

const MAC_ROMAN: Encoding = Encoding::Other(&encoding_rs::MACINTOSH_INIT);

/// The candidates that `chardetng` does not know.
const UNKNOWN_TO_WEB: [Encoding; 5] = [
    MAC_ROMAN,
    Encoding::Other(&encoding_rs::X_MAC_CYRILLIC_INIT),
    Encoding::Cp850,
    Encoding::Cp437,
    Encoding::Cp852,
];

/// A reading with a lower share of plausible words is wrong.
const PLAUSIBLE: f64 = 0.8;
/// By how much an encoding that `chardetng` does not know has to look better.
const CLEARLY: f64 = 0.15;

/// The text as an encoding reads it.
struct Trial {
    encoding: Encoding,
    text: String,
    looks: f64,
}

impl Trial {
    fn new(bytes: &[u8], encoding: Encoding) -> Trial {
        let text = decode(bytes, encoding);
        Trial { encoding, looks: plausibility(&text), text }
    }
}

/// Returns the likeliest reading of a text that is not UTF-8.
pub(super) fn reading(text: &[u8]) -> Reading {
    let by_letters = Trial::new(text, guess(text));
    let others = CANDIDATES.into_iter().filter(|encoding| *encoding != by_letters.encoding);
    let others: Vec<Trial> = others.map(|encoding| Trial::new(text, encoding)).collect();
    let best_of = |trials: &mut dyn DoubleEndedIterator<Item = &Trial>| -> Option<(Encoding, f64)> {
        let best = trials.rev().max_by(|one, other| one.looks.total_cmp(&other.looks))?;
        Some((best.encoding, best.looks))
    };
    let unknown = best_of(&mut others.iter().filter(|trial| UNKNOWN_TO_WEB.contains(&trial.encoding)));
    let chosen = match unknown {
        Some((encoding, looks)) if looks > by_letters.looks + CLEARLY => {
            others.iter().find(|trial| trial.encoding == encoding).unwrap_or(&by_letters)
        }
        _ => &by_letters,
    };
    let is_rival = |trial: &&Trial| {
        trial.encoding != chosen.encoding
            && trial.looks >= chosen.looks.min(PLAUSIBLE)
            && trial.text != chosen.text
    };
    let rival = best_of(&mut others.iter().filter(is_rival));
    let is_guess = chosen.encoding == by_letters.encoding;
    let is_sure = rival.is_none() || (is_guess && is_stable(text, chosen.encoding));
    let encoding = chosen.encoding;
    if chosen.looks >= PLAUSIBLE && is_sure {
        return Reading::sure(encoding);
    }
    let fallback = if encoding == Encoding::Windows1252 { MAC_ROMAN } else { Encoding::Windows1252 };
    Reading { encoding, rival: Some(rival.map_or(fallback, |(rival, _)| rival)) }
}

fn guess(text: &[u8]) -> Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(text, true);
    Encoding::from_standard(detector.guess(None, Utf8Detection::Deny))
}

/// Whether each half of the lines that are not ASCII leads to the encoding.
fn is_stable(text: &[u8], encoding: Encoding) -> bool {
    let lines = || text.split(|byte| matches!(byte, b'\r' | b'\n')).filter(|line| !line.is_ascii());
    let half = |wanted: usize| {
        let lines = lines().enumerate().filter(|(at, _)| at % 2 == wanted).map(|(_, line)| line);
        lines.collect::<Vec<&[u8]>>().join(&b'\n')
    };
    let agrees = |half: Vec<u8>| !half.is_empty() && decode(&half, guess(&half)) == decode(&half, encoding);
    agrees(half(0)) && agrees(half(1))
}

/// The text in an encoding, with stand-ins for bytes that it has no character for.
fn decode(text: &[u8], encoding: Encoding) -> String {
    let mut converted = Vec::new();
    if let Some(mut converter) = Converter::new(encoding) {
        converter.push(text, &mut converted);
        converter.finish(&mut converted);
    }
    String::from_utf8_lossy(&converted).into_owned()
}

/// The share of the words with letters beyond ASCII that look like words, of 1 if there are none.
fn plausibility(text: &str) -> f64 {
    let is_part = |letter: char| letter.is_ascii_alphabetic() || !letter.is_ascii();
    let words = text.split(|letter: char| !is_part(letter)).filter(|word| !word.is_ascii());
    let (mut all, mut good) = (0_u32, 0_u32);
    for word in words {
        all += 1;
        good += u32::from(looks_like_a_word(word));
    }
    if all == 0 { 1.0 } else { f64::from(good) / f64::from(all) }
}

fn looks_like_a_word(word: &str) -> bool {
    let mut script = None;
    let mut previous: Option<char> = None;
    for letter in word.chars() {
        if !letter.is_alphabetic() && !is_mark_of_text(letter) {
            return false;
        }
        // In Mac Roman é is what Ž is in Windows-1252: a capital within a word gives it away.
        let is_capital_inside =
            !letter.is_ascii() && letter.is_uppercase() && previous.is_some_and(char::is_lowercase);
        if is_capital_inside {
            return false;
        }
        if letter.is_alphabetic() {
            let found = Script::of(letter);
            if found == Script::Unlikely || script.is_some_and(|known| known != found) {
                return false;
            }
            script = Some(found);
        }
        previous = Some(letter);
    }
    true
}

/// Signs beside letters in names and firms.
fn is_mark_of_text(letter: char) -> bool {
    const SIGNS: &str = "’‘“”„«»–—…·•™®©°ªº№§€£&・ー、。（）「」【】－～　／：＆！";
    letter == '\u{a0}' || SIGNS.contains(letter) || unicode_normalization::char::is_combining_mark(letter)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Greek,
    Cyrillic,
    Hebrew,
    Arabic,
    Thai,
    EastAsian,
    /// Letters that names are hardly written in.
    Unlikely,
}

impl Script {
    fn of(letter: char) -> Script {
        match letter {
            // ƒ, the micro sign and half-width katakana are what other letters become.
            'ƒ' | 'µ' | '\u{ff61}'..='\u{ff9f}' => Script::Unlikely,
            'A'..='Z' | 'a'..='z' | '\u{aa}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => Script::Latin,
            '\u{370}'..='\u{3ff}' => Script::Greek,
            '\u{400}'..='\u{52f}' => Script::Cyrillic,
            '\u{590}'..='\u{5ff}' => Script::Hebrew,
            '\u{600}'..='\u{6ff}' => Script::Arabic,
            '\u{e00}'..='\u{e7f}' => Script::Thai,
            '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '々' => {
                Script::EastAsian
            }
            '\u{ff21}'..='\u{ff5a}' => Script::EastAsian,
            _ => Script::Unlikely,
        }
    }
}
