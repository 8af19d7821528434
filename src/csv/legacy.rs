//! Detects the encoding of a text that is not Unicode.
//!
//! `chardetng` detects the encodings of the web by the frequency of letter pairs. It does not know Mac Roman and the code
//! pages of MS-DOS, which are detected by the plausibility of the words in each candidate, and by words that are frequent in
//! names (`legacy/words.txt`), which decide where the text is short. The result is certain if no other candidate yields
//! plausible words, if only this one yields frequent words, or if each half of the text leads to the same encoding.

mod familiar;

use std::cmp::Ordering;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

use super::converter::Converter;
use super::encoding::{Encoding, Reading};
use crate::domain::interpretation::EncodingReading;

/// The encodings that `chardetng` may confuse, and those that it does not know.
#[rustfmt::skip]
const CANDIDATES: [Encoding; 26] = [
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
    Encoding::Other(&encoding_rs::ISO_8859_15_INIT),
    Encoding::Other(&encoding_rs::ISO_8859_5_INIT),
    Encoding::Other(&encoding_rs::ISO_8859_7_INIT),
    Encoding::Other(&encoding_rs::WINDOWS_1258_INIT),
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
const UNKNOWN_TO_WEB: [Encoding; 6] = [
    MAC_ROMAN,
    Encoding::Other(&encoding_rs::ISO_8859_15_INIT),
    Encoding::Other(&encoding_rs::X_MAC_CYRILLIC_INIT),
    Encoding::Cp850,
    Encoding::Cp437,
    Encoding::Cp852,
];

/// Minimum share of plausible words in the right encoding.
const MIN_PLAUSIBILITY: f64 = 0.8;
/// Minimum lead of an encoding that `chardetng` does not know over the one that it detects.
const MIN_LEAD: f64 = 0.15;
/// Minimum share of plausible words in a text in which familiar words are counted.
const MIN_FAMILIARITY: f64 = 0.5;
/// Minimum number of familiar words that make an encoding certain if no other candidate yields any.
const MIN_FAMILIAR: usize = 2;

/// The text decoded from one candidate.
struct Trial {
    encoding: Encoding,
    text: String,
    plausibility: f64,
    /// The number of words that are frequent in names.
    familiar: usize,
}

impl Trial {
    fn new(bytes: &[u8], encoding: Encoding) -> Trial {
        let text = decode(bytes, encoding);
        let plausibility = plausibility(&text);
        let familiar = if plausibility < MIN_FAMILIARITY { 0 } else { familiar::count(&text) };
        Trial { encoding, text, plausibility, familiar }
    }

    fn is_plausible(&self) -> bool {
        self.plausibility >= MIN_PLAUSIBILITY
    }

    /// Compares trials by their likelihood.
    fn cmp(&self, other: &Trial) -> Ordering {
        let plausibility = self.plausibility.total_cmp(&other.plausibility);
        self.familiar.cmp(&other.familiar).then(plausibility)
    }
}

/// Returns the most likely encoding of a text that is not UTF-8.
pub(super) fn reading(text: &[u8]) -> Reading {
    let guessed = Trial::new(text, guess(text));
    let others = CANDIDATES.into_iter().filter(|encoding| *encoding != guessed.encoding);
    let others: Vec<Trial> = others.map(|encoding| Trial::new(text, encoding)).collect();
    let chosen = chosen(&guessed, &others);
    let rivals = others.iter().chain([&guessed]).filter(|trial| {
        trial.encoding != chosen.encoding
            && trial.plausibility >= chosen.plausibility.min(MIN_PLAUSIBILITY)
            && trial.text != chosen.text
    });
    let rival = likeliest(rivals);
    let encoding = chosen.encoding;
    let is_sure = rival.is_none_or(|rival| {
        let is_familiar = chosen.familiar >= MIN_FAMILIAR && chosen.familiar >= 4 * rival.familiar;
        let is_detected = encoding == guessed.encoding && rival.familiar <= chosen.familiar;
        is_familiar || is_detected && !is_unlike_windows(text, chosen, &others) && is_stable(text, encoding)
    });
    if chosen.is_plausible() && is_sure {
        return Reading::sure(encoding);
    }
    let fallback = if encoding == Encoding::Windows1252 { MAC_ROMAN } else { Encoding::Windows1252 };
    Reading { encoding, rival: Some(rival.map_or(fallback, |rival| rival.encoding)) }
}

/// Returns the likeliest trial: the one with the most familiar words, or one that `chardetng` does not know and that is
/// much more plausible, or else the guess of `chardetng`.
fn chosen<'t>(guessed: &'t Trial, others: &'t [Trial]) -> &'t Trial {
    let familiar = likeliest(others.iter().filter(|trial| trial.is_plausible() || !guessed.is_plausible()));
    if let Some(familiar) = familiar.filter(|trial| trial.familiar > guessed.familiar) {
        return familiar;
    }
    let unknown = others.iter().filter(|trial| UNKNOWN_TO_WEB.contains(&trial.encoding));
    let is_much_better = |trial: &&Trial| trial.plausibility > guessed.plausibility + MIN_LEAD;
    likeliest(unknown.filter(is_much_better))
        .filter(|trial| trial.familiar >= guessed.familiar)
        .unwrap_or(guessed)
}

/// Returns the likeliest of trials, the first of several.
fn likeliest<'t>(trials: impl Iterator<Item = &'t Trial>) -> Option<&'t Trial> {
    trials.reduce(|best, trial| if trial.cmp(best) == Ordering::Greater { trial } else { best })
}

/// Returns whether nearly all letters beyond ASCII are where an encoding of Windows has few, and Mac Roman and MS-DOS have
/// theirs. What `chardetng` detects is no evidence then, since it does not know those.
fn is_unlike_windows(text: &[u8], chosen: &Trial, others: &[Trial]) -> bool {
    let is_windows = chosen.encoding.as_str().to_ascii_lowercase().starts_with("windows-");
    let (mut high, mut low) = (0_u64, 0_u64);
    for byte in text.iter().filter(|byte| !byte.is_ascii()) {
        high += 1;
        low += u64::from(*byte < 0xA0);
    }
    let has_rival = || {
        let mut unknown = others.iter().filter(|trial| UNKNOWN_TO_WEB.contains(&trial.encoding));
        unknown.any(|trial| trial.is_plausible() && trial.text != chosen.text)
    };
    is_windows && chosen.familiar < MIN_FAMILIAR && low * 5 > high * 4 && has_rival()
}

/// Maximum number of readings that a person is shown, of samples of each, and of characters of each sample.
const READINGS: usize = 5;
const SAMPLES: usize = 5;
const SAMPLE_CHARACTERS: usize = 40;

/// Returns the likely readings of a text whose encoding is in doubt, with samples of its letters: the reading in use, its
/// rival, then those with the most plausible words. Leaves out readings that look like an earlier one.
pub(super) fn readings(text: &[u8], reading: Reading) -> Vec<EncodingReading> {
    let samples = samples(text);
    let used = Trial::new(text, reading.encoding);
    let others = CANDIDATES.into_iter().filter(|encoding| *encoding != reading.encoding);
    let is_rival = |trial: &Trial| Some(trial.encoding) == reading.rival;
    let is_likely =
        |trial: &Trial| is_rival(trial) || trial.plausibility >= used.plausibility.min(MIN_PLAUSIBILITY);
    let mut others: Vec<Trial> =
        others.map(|encoding| Trial::new(text, encoding)).filter(is_likely).collect();
    others.sort_by(|one, other| is_rival(other).cmp(&is_rival(one)).then_with(|| other.cmp(one)));
    let mut readings: Vec<EncodingReading> = Vec::new();
    for encoding in std::iter::once(reading.encoding).chain(others.iter().map(|trial| trial.encoding)) {
        let samples: Vec<String> = samples.iter().map(|sample| shown(&decode(sample, encoding))).collect();
        if readings.len() < READINGS && !readings.iter().any(|earlier| earlier.samples == samples) {
            readings.push(EncodingReading { encoding: encoding.as_str().to_owned(), samples });
        }
    }
    readings
}

/// Returns values with bytes beyond ASCII, each with one that the earlier ones lack.
fn samples(text: &[u8]) -> Vec<&[u8]> {
    let mut seen = [false; 256];
    let mut samples = Vec::new();
    for cell in text.split(|byte| b"\r\n\t,;|\"".contains(byte)) {
        let cell = cell.trim_ascii();
        if samples.len() < SAMPLES && cell.iter().any(|byte| !byte.is_ascii() && !seen[usize::from(*byte)]) {
            cell.iter().for_each(|byte| seen[usize::from(*byte)] = true);
            samples.push(cell);
        }
    }
    samples
}

fn shown(sample: &str) -> String {
    let visible = |letter: char| if letter.is_control() { ' ' } else { letter };
    let mut shown: String = sample.chars().take(SAMPLE_CHARACTERS).map(visible).collect();
    if sample.chars().nth(SAMPLE_CHARACTERS).is_some() {
        shown.push('…');
    }
    shown
}

fn guess(text: &[u8]) -> Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(text, true);
    Encoding::from_standard(detector.guess(None, Utf8Detection::Deny))
}

/// Returns whether each half of the lines that are not ASCII leads to the encoding.
fn is_stable(text: &[u8], encoding: Encoding) -> bool {
    let lines = || text.split(|byte| matches!(byte, b'\r' | b'\n')).filter(|line| !line.is_ascii());
    let half = |wanted: usize| {
        let lines = lines().enumerate().filter(|(at, _)| at % 2 == wanted).map(|(_, line)| line);
        lines.collect::<Vec<&[u8]>>().join(&b'\n')
    };
    let agrees = |half: Vec<u8>| !half.is_empty() && decode(&half, guess(&half)) == decode(&half, encoding);
    agrees(half(0)) && agrees(half(1))
}

/// Decodes a text, with placeholders for bytes that are invalid in the encoding.
fn decode(text: &[u8], encoding: Encoding) -> String {
    let mut converted = Vec::new();
    if let Some(mut converter) = Converter::new(encoding) {
        converter.push(text, &mut converted);
        converter.finish(&mut converted);
    }
    String::from_utf8_lossy(&converted).into_owned()
}

/// Returns the share of plausible words among those with characters beyond ASCII, 1 if there are none.
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
        if !letter.is_alphabetic() && !is_punctuation(letter) {
            return false;
        }
        // The byte of Ł in Windows-1250 is £ in Windows-1252.
        let is_in_amount = |sign: char, other: char| "£€§©".contains(sign) && other.is_alphabetic();
        if previous.is_some_and(|previous| is_in_amount(letter, previous) || is_in_amount(previous, letter)) {
            return false;
        }
        // The byte of é in Mac Roman is Ž in Windows-1252, so a wrong encoding puts capitals inside words.
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

/// Returns whether a character occurs in names of people and companies beside letters.
fn is_punctuation(letter: char) -> bool {
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
    /// Letters that rarely occur in names.
    Unlikely,
}

impl Script {
    fn of(letter: char) -> Script {
        match letter {
            // A wrong encoding turns other letters into ƒ, the micro sign and half-width katakana.
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
