//! One test binary: the program against real servers.

mod cli;
mod crash;
mod flows;
mod schema;
mod structure;
mod support;
mod worker;
