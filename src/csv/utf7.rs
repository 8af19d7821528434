//! Detects UTF-7 (RFC 2152), which old mail programs have exported. It consists of ASCII bytes, so nothing else tells it
//! from ASCII.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Returns whether a text is in UTF-7: each plus sign in it begins a valid sequence, and one of them is a letter.
///
/// In other files, plus signs are in phone numbers and before the tags of e-mail addresses. Both are rarely valid
/// sequences, and UTF-7 has no such sequence in an address.
pub(super) fn is_utf7(text: &[u8]) -> bool {
    if !text.is_ascii() {
        return false;
    }
    let mut has_letter = false;
    let mut pieces = text.split(|byte| *byte == b'+');
    pieces.next();
    for (is_last, piece) in with_last(pieces) {
        let coded = piece.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'/').count();
        // The end of the text may cut the last sequence.
        if is_last && coded == piece.len() {
            continue;
        }
        let (coded, after) = piece.split_at(coded);
        match coded {
            [] if after.starts_with(b"-") => {}
            coded if !in_address(after) => match decoded(coded) {
                Some(letters) => has_letter |= letters.chars().any(char::is_alphabetic),
                None => return false,
            },
            _ => return false,
        }
    }
    has_letter
}

/// Pairs each item with whether it is the last one.
fn with_last<T>(items: impl Iterator<Item = T>) -> impl Iterator<Item = (bool, T)> {
    let mut items = items.peekable();
    std::iter::from_fn(move || {
        let item = items.next()?;
        Some((items.peek().is_none(), item))
    })
}

/// Returns whether an `@` follows before the end of a cell.
fn in_address(after: &[u8]) -> bool {
    let is_end = |byte: &&u8| matches!(byte, b',' | b';' | b'|' | b'"' | b' ' | b'\t' | b'\r' | b'\n');
    after.iter().take_while(|byte| !is_end(byte)).any(|byte| *byte == b'@')
}

/// Decodes a sequence: UTF-16 in Base64. Returns `None` if it is none, or ASCII, which needs no sequence.
fn decoded(coded: &[u8]) -> Option<String> {
    let bytes = STANDARD_NO_PAD.decode(coded).ok()?;
    let (units, []) = bytes.as_chunks::<2>() else { return None };
    let units = units.iter().map(|unit| u16::from_be_bytes(*unit));
    let text: String = char::decode_utf16(units).collect::<Result<_, _>>().ok()?;
    (!text.is_ascii()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf7_is_told_from_ascii_with_plus_signs() {
        for text in [
            "email,fname\nann+-tag@example.com,Ren+AOk-\n",
            "M+APw-ller",
            "a,+BB8EQARABEwEPQ-\n",
            "Z+APwBYA-ric",
            "+AEgA6Q-",
        ] {
            assert!(is_utf7(text.as_bytes()), "{text}");
        }
        for text in [
            "email,phone\nann@example.com,+491-23\n",
            "ann@example.com,+420-1,+1-202-555,+49 30",
            "ann+tag-x@example.com,Ann\nbob+AOk-@example.com,Bob\n",
            "a+b",
            "+-",
            "plain",
            "Ren\u{e9}+AOk-",
            "M+APw-ller,+49 30",
        ] {
            assert!(!is_utf7(text.as_bytes()), "{text}");
        }
    }
}
