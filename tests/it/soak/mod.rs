//! Rounds of mixed work on one server. After each round all its data is deleted and the server is at rest, so the
//! resources that it still uses must not grow.
//!
//! `make soak` runs for an hour (MINUTES), `make test` for the fewest rounds that distinguish growth from warming up.

mod gauge;
mod work;

use std::time::{Duration, Instant};

use crate::auth::serve_with_provider;
use crate::support::{World, eventually};
use gauge::{Gauge, Sample};
use work::{Person, Sizes};

/// The first third warms up; the last is compared with the second.
const FEWEST_ROUNDS: usize = 6;

#[tokio::test]
async fn a_few_rounds_of_mixed_work_leak_nothing() {
    soak(Duration::ZERO, Sizes { small: 100, large: 1_000, every: 2 }).await;
}

#[tokio::test]
#[ignore = "takes an hour, or MINUTES: make soak"]
async fn rounds_of_mixed_work_leak_nothing() {
    let minutes = std::env::var("MINUTES").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    // A job of 100,000 rows or more has tables of its own.
    soak(Duration::from_secs(minutes * 60), Sizes { small: 1_000, large: 110_000, every: 4 }).await;
}

async fn soak(time: Duration, sizes: Sizes) {
    let world = World::database().await;
    let temporary = world.path("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let temporary = temporary.display().to_string();
    let world = world.with(&[("TMPDIR", &temporary), ("RATE_LIMIT_PER_SECOND", "100000")]);
    let (server, _provider) = serve_with_provider(world, &["serve"]).await;
    let mut people = Vec::new();
    for name in ["ann", "bea", "cyn"] {
        people.push(Person::arrive(&server, name).await);
    }
    let gauge = Gauge::new(&server);
    let started = Instant::now();
    let mut samples: Vec<Sample> = Vec::new();
    while samples.len() < FEWEST_ROUNDS || started.elapsed() < time {
        let round = samples.len();
        let [ann, bea, cyn] = people.as_slice() else { unreachable!("three people have arrived") };
        tokio::join!(ann.round(round, sizes), bea.round(round + 1, sizes), cyn.round(round + 2, sizes));
        eventually("the server is at rest", async || gauge.is_at_rest().await).await;
        let sample = gauge.sample(started).await;
        println!("{}", sample.line(round));
        samples.push(sample);
    }
    println!("{}", gauge::table(&samples));
    gauge::assert_flat(&samples);
    assert!(!server.world.log().contains("panicked"), "{}", server.world.log());
}
