//! Files in which a program has put each whole line in quotes: `"ann@example.com,Ann,""Lee, Ltd"""`. Without these quotes,
//! the lines are read like any other.

use std::borrow::Cow;

/// Maximum number of lines that are examined, and the minimum that shows that all are in quotes.
const LINES: usize = 100;
const FEWEST: usize = 2;

/// Characters that separate the cells of such lines.
const DELIMITERS: &[u8] = b",;\t|";

/// Removes the quotes around lines, block by block.
#[derive(Debug, Default)]
pub(super) struct Unwrapper {
    state: State,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    LineStart,
    /// In a line that is not in quotes.
    Bare,
    Quoted,
    /// After a quote in a line in quotes.
    QuoteSeen,
}

impl Unwrapper {
    /// Returns an unwrapper if all lines at the beginning of a text are in quotes.
    pub(super) fn of(text: &[u8]) -> Option<Unwrapper> {
        let lines =
            text.split(|byte| matches!(byte, b'\r' | b'\n')).filter(|line| !line.trim_ascii().is_empty());
        let mut count = 0;
        for line in lines.take(LINES) {
            // The last line may be incomplete.
            let is_last = line.as_ptr_range().end == text.as_ptr_range().end;
            let may_be_cut = is_last && count >= FEWEST;
            if !is_wrapped(line) && !may_be_cut {
                return None;
            }
            count += 1;
        }
        (count >= FEWEST).then(Unwrapper::default)
    }

    /// Appends a block to `out` without the quotes around lines.
    pub(super) fn push(&mut self, block: &[u8], out: &mut Vec<u8>) {
        for byte in block.iter().copied() {
            let is_break = matches!(byte, b'\r' | b'\n');
            self.state = match (self.state, byte) {
                (State::LineStart, b'"') => State::Quoted,
                (State::Quoted, b'"') => State::QuoteSeen,
                (State::QuoteSeen, b'"') => {
                    out.push(b'"');
                    State::Quoted
                }
                (State::QuoteSeen | State::LineStart | State::Bare, _) if is_break => {
                    out.push(byte);
                    State::LineStart
                }
                (State::LineStart | State::Bare, _) => {
                    out.push(byte);
                    State::Bare
                }
                (State::Quoted, _) => {
                    out.push(byte);
                    State::Quoted
                }
                // A quote that is not doubled: what follows is not part of a line in quotes.
                (State::QuoteSeen, _) => {
                    out.extend([b'"', byte]);
                    State::Quoted
                }
            };
        }
    }
}

/// Returns a text without the quotes around its lines, if it has any.
pub(super) fn unwrapped(text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    let Some(mut unwrapper) = Unwrapper::of(&text) else { return text };
    let mut plain = Vec::with_capacity(text.len());
    unwrapper.push(&text, &mut plain);
    Cow::Owned(plain)
}

/// Returns whether a line is in quotes, with a delimiter inside, and all quotes inside are doubled.
fn is_wrapped(line: &[u8]) -> bool {
    let inside = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\""));
    let Some(inside) = inside else { return false };
    let runs = inside.split(|byte| *byte != b'"').map(<[u8]>::len);
    inside.iter().any(|byte| DELIMITERS.contains(byte)) && runs.into_iter().all(|quotes| quotes % 2 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_around_lines_are_removed_in_blocks_of_any_size() {
        let text = b"\"email,company\"\r\n\"ann@x.org,\"\"Lee, Ltd\"\"\"\n\nbob@x.org,B\n\"c@x.org,C\"";
        let plain = b"email,company\r\nann@x.org,\"Lee, Ltd\"\n\nbob@x.org,B\nc@x.org,C";
        for size in 1..text.len() {
            let (mut unwrapper, mut out) = (Unwrapper::default(), Vec::new());
            text.chunks(size).for_each(|block| unwrapper.push(block, &mut out));
            assert_eq!(out, plain, "{size}");
        }
    }

    #[test]
    fn only_files_with_all_lines_in_quotes_are_unwrapped() {
        let wrapped: [&[u8]; 3] = [
            b"\"email,company\"\n\"ann@x.org,\"\"Lee, Ltd\"\"\"\n",
            b"\"email;company\"\r\n\"ann@x.org;Lee\"\r\n\r\n",
            b"\"email,company\"\n\"ann@x.org,A\"\n\"bob@x.or",
        ];
        for text in wrapped {
            assert!(Unwrapper::of(text).is_some(), "{}", text.escape_ascii());
        }
        let others: [&[u8]; 6] = [
            b"\"email\",\"company\"\n\"ann@x.org\",\"Lee\"\n",
            b"\"email,company\"\nann@x.org,Lee\n",
            b"\"email\"\n\"ann@x.org\"\n",
            b"\"email\",\"\",\"company\"\n\"ann@x.org\",\"\",\"Lee\"\n",
            b"\"email,company\"\n",
            b"",
        ];
        for text in others {
            assert!(Unwrapper::of(text).is_none(), "{}", text.escape_ascii());
        }
    }
}
