use std::collections::BTreeMap;

use super::*;
use crate::domain::rules::Conflicts;

/// A new row: no contact, no decision.
const NEW: u32 = OPEN | UNDECIDED;

fn row(identity: u64, residue: u64) -> RowHash {
    RowHash((u128::from(identity) << 64) | u128::from(residue))
}

fn words(finding: Finding) -> String {
    let Finding { repeat, conflicts: Conflicts { duplicate, existing }, shared, last } = finding;
    let all = [(repeat, 'r'), (duplicate, 'd'), (existing, 'e'), (shared, 's'), (last, 'l')];
    all.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect()
}

type Put = (u32, Option<u128>, RowHash);

fn findings(budget: usize, rows: &[Put], existing: &[u128]) -> Findings {
    let (folder, memory) = (std::env::temp_dir(), SortMemory::new(budget));
    let (mut comparison, mut keys) = (Comparison::new(&memory, &folder), Existing::new(&memory, &folder));
    for (number, group, row) in rows {
        comparison.push(*number, *group, *row).unwrap();
    }
    for key in existing {
        keys.push(*key).unwrap();
    }
    comparison.sort().unwrap().findings(keys, 2).unwrap()
}

#[test]
fn repeats_conflicts_and_existing_contacts_are_found() {
    let rows = [
        (1, Some(11), row(1, 1)),
        (2, Some(21), row(2, 2)), // conflicts with 4
        (3, Some(11), row(1, 1)), // repeats 1
        (4, Some(21), row(3, 3)),
        (5, None, row(4, 4)),
        (6, None, row(4, 4)),     // repeats 5, although it has no e-mail
        (7, None, row(5, 5)),     // rows without an e-mail share none
        (8, Some(31), row(6, 6)), // exists
        (9, Some(41), row(7, 7)),
        (10, Some(41), row(7, 8)), // malformed, same identity: neither repeat nor conflict
        (11, Some(50), row(8, 8)), // the same invalid value: one issue, no conflict
        (12, Some(50), row(9, 9)),
    ]
    .map(|(number, group, row)| (number | NEW, group, row));
    let findings = findings(1 << 20, &rows, &[33, 31, 29]);
    assert!(findings.has_conflicts());
    let all: Vec<_> = (1..=12).map(|number| words(findings.about(number))).collect();
    assert_eq!(all, ["", "ds", "r", "dsl", "", "r", "", "el", "s", "sl", "s", "sl"]);
    assert_eq!(findings.about(13), Finding::default());
    assert_eq!(*findings.repeats(), Repeats { pairs: vec![(6, 5), (3, 1)], more: 0 });
}

#[test]
fn rows_with_contacts_stay_and_conflict_only_with_open_rows() {
    let done = [(1, Some(11), row(1, 1)), (2, Some(11), row(2, 2))];
    assert!(!findings(1 << 20, &done, &[11]).has_conflicts());
    let open = [(1 | NEW, Some(11), row(1, 1)), (2, Some(11), row(1, 1))];
    let found = findings(1 << 20, &open, &[]);
    assert_eq!((words(found.about(1)), words(found.about(2))), ("r".to_owned(), String::new()));
    assert!(!found.has_conflicts());
}

/// Compares each row with every other row: the slow, obvious way.
fn expected(rows: &[Put], existing: &[u128]) -> BTreeMap<u32, String> {
    let mut kept: BTreeMap<(u128, u128), u32> = BTreeMap::new();
    for (number, group, row) in rows {
        kept.entry((group.unwrap_or(0), row.0)).or_insert(*number);
    }
    let say = |(number, group, row): &Put| {
        let group = group.unwrap_or(0);
        if kept[&(group, row.0)] != *number {
            return (number & !NEW, "r".to_owned());
        }
        let others: Vec<_> = kept.range((group, 0)..=(group, u128::MAX)).collect();
        let conflict = group & 1 == 1 && others.iter().any(|((_, other), _)| other >> 64 != row.0 >> 64);
        let exists = group & 1 == 1 && existing.contains(&group);
        let shared = group != 0 && others.len() > 1;
        let last = (shared || exists) && others.iter().all(|(_, other)| **other <= *number);
        {
            let conflicts = Conflicts { duplicate: conflict, existing: exists };
            (number & !NEW, words(Finding { repeat: false, conflicts, shared, last }))
        }
    };
    rows.iter().map(say).collect()
}

#[test]
fn a_tiny_budget_gives_the_same_findings() {
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..20 {
        let rows: Vec<Put> = (1..=3000)
            .map(|number| {
                let group = random.u128(0..800);
                let hash = row(random.u64(0..3), random.u64(0..2));
                (number | NEW, Some(group).filter(|group| *group > 0), hash)
            })
            .collect();
        let existing: Vec<u128> = (0..200).map(|_| random.u128(0..1600)).collect();
        let expected = expected(&rows, &existing);
        for budget in [1 << 20, 1 << 10, 36] {
            let findings = findings(budget, &rows, &existing);
            let found: BTreeMap<_, _> =
                (1..=3000).map(|number| (number, words(findings.about(number)))).collect();
            assert!(found == expected, "budget {budget}");
        }
    }
}

#[test]
fn one_value_in_a_hundred_thousand_rows() {
    let rows: Vec<Put> = (1..=100_000).map(|n| (n | NEW, Some(5), row(n.into(), 0))).collect();
    let findings = findings(64 << 10, &rows, &[]);
    assert_eq!(words(findings.about(1)), "ds");
    assert_eq!(words(findings.about(100_000)), "dsl");
}

#[test]
fn keys_are_unique_and_ascending() {
    let mut comparison = Comparison::new(&SortMemory::new(100), &std::env::temp_dir());
    for (number, group) in [9, 4, 3, 9, 1, 3, 0].into_iter().enumerate() {
        comparison.push(number as u32, Some(group), row(number as u64, 0)).unwrap();
    }
    let sorted = comparison.sort().unwrap();
    for _ in 0..2 {
        let keys: Vec<u128> = sorted.keys().unwrap().map(|key| key.unwrap()).collect();
        assert_eq!(keys, [1, 3, 9]);
    }
}
