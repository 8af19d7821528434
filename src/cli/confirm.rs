//! Questions on the terminal, before something is removed.

use std::io::IsTerminal;

/// Returns whether somebody is there to answer.
pub(super) fn is_attended() -> bool {
    std::io::stdin().is_terminal()
}

/// Asks a question, and returns whether the answer is one of `yes`, in any case.
pub(super) fn ask(question: &str, yes: &[&str]) -> std::io::Result<bool> {
    eprint!("{question} ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(yes.iter().any(|yes| answer.trim().eq_ignore_ascii_case(yes)))
}

/// Asks a question that only the whole word confirms, since the answer cannot be undone.
pub(super) fn ask_for_yes(question: &str) -> std::io::Result<bool> {
    ask(&format!("{question} Type yes:"), &["yes"])
}
