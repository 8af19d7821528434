//! What the tests share: a world for each test, on servers that are started once.

mod browser;
mod chromium;
mod cloud;
mod collector;
mod engine;
mod process;
mod provider;
mod relay;
mod server;
mod servers;
mod topic;
mod world;

pub(crate) use browser::{Browser, client, client_with_bearer};
pub(crate) use chromium::{Look, Screen};
pub(crate) use cloud::aws_sdk;
pub(crate) use collector::{Collector, Sent, SentMetrics, attribute};
pub(crate) use process::{Child, Ended};
pub(crate) use provider::{OidcProvider, SigningKey, StaticProvider, in_seconds};
pub(crate) use relay::{Relay, Seen};
pub(crate) use server::{Server, status_and_json};
pub(crate) use servers::{PgBouncer, Postgres, free_port, moto, postgres};
pub(crate) use topic::Topic;
pub(crate) use world::{World, eventually};
