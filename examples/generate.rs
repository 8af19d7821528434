//! Writes a generated contact file to standard output, for trials and measurements:
//! `cargo run --release --example generate -- --rows 10000 --seed 7 --kind dirty > dirty.csv`

use std::io::{self, BufWriter, Write};

use clap::{Parser, ValueEnum};

#[path = "../benches/dataset.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod dataset;
use dataset::{Dataset, Kind};

#[derive(Parser)]
struct Arguments {
    /// Data rows.
    #[arg(long, default_value_t = 10_000)]
    rows: u64,
    /// The same seed gives the same file.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The kind of the file; `broken`: every row has an issue; `existing`: the contacts that the owner of the dirty
    /// file already has.
    #[arg(long, value_enum, default_value = "dirty")]
    kind: Content,
}

#[derive(Clone, Copy, ValueEnum)]
enum Content {
    Clean,
    Dirty,
    Broken,
    Existing,
}

fn main() -> io::Result<()> {
    let Arguments { rows, seed, kind } = Arguments::parse();
    let kind_of_file = match kind {
        Content::Clean => Kind::Clean,
        Content::Broken => Kind::Broken(1000),
        Content::Dirty | Content::Existing => Kind::Dirty,
    };
    let dataset = Dataset { rows, seed, kind: kind_of_file };
    let mut out = BufWriter::new(io::stdout().lock());
    match kind {
        Content::Clean | Content::Dirty | Content::Broken => dataset.write(&mut out, None)?,
        Content::Existing => {
            writeln!(out, "email,first_name,last_name,company")?;
            for values in dataset.existing() {
                writeln!(out, "{}", values.join(","))?;
            }
        }
    }
    out.flush()
}
