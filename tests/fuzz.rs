//! Runs the fuzz targets without a fuzzer: on the committed corpora, and on a fixed number of mutations of each input.
//! `make fuzz` searches further.

#[path = "../fuzz/targets.rs"]
mod targets;

use std::path::{Path, PathBuf};

/// Mutations of each input of a corpus.
const CHANGES: usize = 100;
/// The maximum length of a mutated input in bytes.
const LONGEST: usize = 4 << 10;

/// Fragments of files and messages of every kind.
const PIECES: [&[u8]; 18] = [
    b",",
    b";",
    b"\"",
    b"\r\n",
    b"\n",
    b"\0",
    b"\xFF",
    b"\xC3\xA9",
    b"\xE9",
    b"\xD8\x00",
    b"@",
    b".",
    b"'",
    b"{",
    b"[",
    b"--b",
    b"%00",
    b"-9223372036854775808",
];

/// Returns the committed inputs of a target: seeds, and inputs that a fuzzer found.
fn inputs(target: &str) -> Vec<PathBuf> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let folders = ["corpus", "regressions"].map(|folder| fuzz.join(folder).join(target));
    let files = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten();
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Runs the target; prints the input of a failure, which can be committed as a regression.
fn run(name: &str, target: targets::Target, from: &Path, input: &[u8]) {
    if let Err(panic) = std::panic::catch_unwind(|| target(input)) {
        eprintln!("target {name}, input made of {}: \"{}\"", from.display(), input.escape_ascii());
        std::panic::resume_unwind(panic);
    }
}

fn changed(random: &mut fastrand::Rng, input: &[u8], other: &[u8]) -> Vec<u8> {
    let mut input = input.to_vec();
    for _ in 0..random.usize(1..4) {
        let at = random.usize(..=input.len());
        let end = random.usize(at..=input.len().min(at + 16));
        let piece = match random.u8(..4) {
            0 => &[],
            1 => &[random.u8(..)][..],
            2 => PIECES[random.usize(..PIECES.len())],
            _ => &other[random.usize(..=other.len())..],
        };
        input.splice(at..end, piece.to_vec());
    }
    input.truncate(LONGEST);
    input
}

fn replay(name: &str) {
    let (_, target) = targets::ALL.into_iter().find(|(known, _)| *known == name).unwrap();
    let all: Vec<(PathBuf, Vec<u8>)> =
        inputs(name).into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
    assert!(all.len() >= 5, "{name} has a corpus");
    let random = &mut fastrand::Rng::with_seed(11);
    for (path, input) in &all {
        run(name, target, path, input);
        for _ in 0..CHANGES {
            let other = &all[random.usize(..all.len())].1;
            run(name, target, path, &changed(random, input, other));
        }
    }
}

macro_rules! replayed {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                replay(stringify!($name));
            }
        )*

        #[test]
        fn every_target_is_replayed() {
            assert_eq!(targets::ALL.map(|(name, _)| name), [$(stringify!($name)),*]);
        }
    };
}

replayed! { decode rows email message corrections filters cursors multipart }
