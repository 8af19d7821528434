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

pub(crate) use browser::{Browser, client, client_with_bearer};
pub(crate) use chromium::{Look, Screen};
pub(crate) use cloud::aws_sdk;
pub(crate) use process::Child;
pub(crate) use provider::{Documents, OidcProvider, SigningKey, in_seconds};
pub(crate) use relay::{Relay, Seen};
pub(crate) use server::{Server, told};
pub(crate) use servers::{PgBouncer, Postgres, free_port, moto, postgres};
pub(crate) use world::{World, eventually};
