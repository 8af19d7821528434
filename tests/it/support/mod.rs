//! What the tests stand on: a world of their own each, on servers that they share.

mod browser;
mod chromium;
mod cloud;
mod process;
mod provider;
mod relay;
mod server;
mod servers;
mod world;

pub use browser::{Browser, client, client_with_bearer};
pub use chromium::{Look, Screen};
pub use cloud::aws_sdk;
pub use process::Child;
pub use provider::{Documents, OidcProvider, SigningKey, in_seconds};
pub use relay::{Relay, Seen};
pub use server::{Server, told};
pub use servers::{PgBouncer, Postgres, free_port, moto, postgres};
pub use world::{World, eventually};
