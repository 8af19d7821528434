//! The long run: every fault, round after round, and the table of results.

use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

use futures::stream::{self, StreamExt};

use super::{FAULTS, on_a_large_stack, round, seed};

/// The results of one fault.
#[derive(Default)]
struct Tally {
    rounds: usize,
    passed: usize,
    lost: usize,
    doubled: usize,
    skipped: Option<&'static str>,
}

fn number(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// `make torture`: `ROUNDS` of each fault, or of those whose name contains `FAULT`.
#[test]
#[ignore = "long: make torture"]
fn every_fault_passes_every_round() {
    on_a_large_stack(every_fault);
}

async fn every_fault() {
    let (rounds, seed) = (number("ROUNDS", 5), seed());
    let wanted = std::env::var("FAULT").unwrap_or_default();
    println!("SEED={seed} ROUNDS={rounds}");
    let at_once = std::thread::available_parallelism().map_or(1, usize::from);
    let mut table =
        String::from("| fault | rounds | passed | lost | doubled |\n| --- | ---: | ---: | ---: | ---: |\n");
    let mut failed = Vec::new();
    for (name, fault) in FAULTS.iter().filter(|(name, _)| name.contains(&wanted)) {
        let started = Instant::now();
        let seeds = (0..rounds as u64).map(|round| seed + round);
        let verdicts: Vec<_> = stream::iter(seeds)
            .map(|seed| async move { (seed, round(*fault, seed, usize::MAX).await) })
            .buffer_unordered(at_once)
            .collect()
            .await;
        let mut tally = Tally::default();
        for (seed, verdict) in verdicts {
            match verdict {
                Err(reason) => tally.skipped = Some(reason),
                Ok(verdict) => {
                    tally.rounds += 1;
                    tally.passed += usize::from(verdict.passed());
                    tally.lost += verdict.lost;
                    tally.doubled += verdict.doubled;
                    if !verdict.passed() {
                        println!("{name}, SEED={seed}: {verdict:#?}");
                        failed.push(format!("{name}, SEED={seed}"));
                    }
                }
            }
        }
        let Tally { rounds, passed, lost, doubled, skipped } = tally;
        let line = match skipped {
            Some(reason) => format!("| {} | skipped: {reason} | | | |", name.replace('_', " ")),
            None => format!("| {} | {rounds} | {passed} | {lost} | {doubled} |", name.replace('_', " ")),
        };
        println!("{line} {:.0} s", started.elapsed().as_secs_f64());
        writeln!(table, "{line}").unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/torture.md");
    std::fs::write(&path, format!("SEED={seed}\n\n{table}")).unwrap();
    println!("\n{table}\n{}", path.display());
    assert!(failed.is_empty(), "{failed:#?}");
}
