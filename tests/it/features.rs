//! The tests that docs/FEATURES.md names exist, and each feature has one.

use std::collections::HashSet;
use std::process::Command;

const DOCUMENT: &str = include_str!("../../docs/FEATURES.md");
/// What says that a feature is missing.
const MISSING: &str = "no";

/// Returns the names of all tests of this program.
fn tests() -> HashSet<String> {
    let this = std::env::current_exe().unwrap();
    let listed = Command::new(this).args(["--list", "--format", "terse"]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    listed.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect()
}

#[test]
fn every_feature_is_shown_by_a_test() {
    let rows = DOCUMENT.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    let rows = rows.map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    // The tables of features have a column for each product.
    let rows = rows.filter(|row| row.len() > 10);
    let (tests, mut checked) = (tests(), 0);
    for row in rows.filter(|row| row[2] != "`ingest`") {
        let (feature, ours, test) = (row[1], row[2], row[3].trim_matches('`'));
        if ours == MISSING || ours.starts_with("no, ") {
            assert_eq!(test, "", "{feature}: a missing feature has no test");
        } else {
            assert!(tests.contains(test), "{feature}: there is no test {test:?}");
            checked += 1;
        }
    }
    assert!(checked > 30, "only {checked} features were found");
}
