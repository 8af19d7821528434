//! One test binary: the program against real servers.

mod access;
mod api;
mod auth;
mod circles;
mod cli;
mod connections;
mod containers;
mod corrections;
mod crash;
#[path = "../../benches/dataset.rs"]
#[allow(dead_code, reason = "the benchmarks use the rest")]
mod dataset;
mod decisions;
mod encoding_doubt;
mod equivalence;
mod flows;
mod growth;
mod hostile;
mod interpretation;
mod leftovers;
mod locale;
mod mapping;
mod memory;
mod outputs;
mod pages;
mod parse_settings;
mod poisoned;
mod queue_contract;
mod real_servers;
mod requests;
mod required_fields;
mod round_trips;
mod rules_agree;
mod schema;
mod score;
mod screenshots;
mod serve;
mod soak;
mod statements;
mod stopping;
mod structure;
mod support;
mod torture;
mod undo_progress;
mod wall;
mod worker;
