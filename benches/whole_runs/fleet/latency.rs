//! Latency between workers and database: a relay that delays what the server sends, so that each round trip takes longer.
//! It does not limit the throughput.

use std::time::Duration;

use sqlx::{Connection, PgConnection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::super::hosted::Hosted;
use super::super::report::median;

/// The time added to each round trip.
pub(super) const ROUND_TRIP: Duration = Duration::from_millis(2);
/// Round trips that are measured.
const ROUND_TRIPS: usize = 200;
/// Blocks under way on one connection, before the relay stops reading.
const UNDER_WAY: usize = 256;

/// A relay. It ends with the runtime.
pub(super) struct Latency {
    /// Its port on the loopback interface.
    pub port: u16,
}

impl Latency {
    /// Starts a relay in front of the server at `port`.
    pub(super) async fn start(port: u16) -> anyhow::Result<Latency> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let relay = Latency { port: listener.local_addr()?.port() };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(connect(client, port));
            }
        });
        Ok(relay)
    }
}

/// Returns the median time of a round trip through `port`, in seconds.
pub(super) async fn measure(port: u16) -> anyhow::Result<f64> {
    let mut connection = PgConnection::connect(&Hosted::url_through(port)).await?;
    let mut seconds = Vec::new();
    for _ in 0..ROUND_TRIPS {
        let started = Instant::now();
        sqlx::raw_sql("SELECT 1").execute(&mut connection).await?;
        seconds.push(started.elapsed().as_secs_f64());
    }
    connection.close().await?;
    Ok(median(seconds.into_iter()))
}

/// Relays a connection until either side closes it. A worker whose connection fails reports that itself.
async fn connect(client: TcpStream, port: u16) -> std::io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", port)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::spawn(relay(from_client, to_server, Duration::ZERO));
    relay(from_server, to_client, ROUND_TRIP).await;
    Ok(())
}

async fn relay(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, delay: Duration) {
    let (read, mut under_way) = mpsc::channel::<(Instant, Vec<u8>)>(UNDER_WAY);
    let reading = async move {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            if read.send((Instant::now() + delay, buffer[..length].to_vec())).await.is_err() {
                return;
            }
        }
    };
    let writing = async move {
        while let Some((due, block)) = under_way.recv().await {
            tokio::time::sleep_until(due).await;
            if to.write_all(&block).await.is_err() {
                return;
            }
        }
        // The other side may already be gone.
        let _ = to.shutdown().await;
    };
    tokio::join!(reading, writing);
}
