//! One test binary: the program against real servers.

mod cli;
mod crash;
#[path = "../../benches/dataset.rs"]
mod dataset;
mod equivalence;
mod flows;
mod schema;
mod structure;
mod support;
mod worker;
