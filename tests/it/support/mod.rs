//! What the tests stand on: a world of their own each, on servers that they share.

mod cloud;
mod process;
mod servers;
mod world;

pub use process::Child;
pub use world::{World, eventually};
