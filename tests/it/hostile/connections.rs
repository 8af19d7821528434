//! Connections that send no request, or an incomplete one.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::support::World;

#[tokio::test]
async fn silent_connections_beyond_the_open_file_limit_lock_nobody_out() {
    many_open_files();
    let world = World::database().await;
    let server = Server::start_with_open_files(world, 1024, &["serve", "--no-worker"]).await;
    let mut silent = Vec::new();
    for _ in 0..1_100 {
        silent.push(connect_from(&server, "127.0.0.1").await);
    }
    assert_eq!(status_of(&server, "127.0.0.1", "/healthz").await, "200");
    assert_eq!(status_of(&server, "127.0.0.2", "/readyz").await, "200");
}

#[tokio::test]
async fn at_the_ceiling_the_longest_idle_connection_is_closed() {
    let world = World::database().await.with(&[("HTTP_CONNECTIONS", "20")]);
    let server = Server::start(world).await;
    let mut busy = begin_request(&server, "127.0.0.1", 30).await;
    let mut silent = Vec::new();
    for _ in 0..40 {
        // Some have sent part of a head.
        silent.push(send(&server, "127.0.0.1", if silent.len() % 2 == 0 { "" } else { "GET / HT" }).await);
    }
    assert_eq!(status_of(&server, "127.0.0.2", "/healthz").await, "200");
    assert_eq!(until_closed(&mut silent[0]).await, "");
    assert_eq!(until_closed(&mut silent[1]).await, "");
    busy.write_all(br#"{"name": "nightly","roles":[]}"#).await.unwrap();
    let mut status = [0; 12];
    busy.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 201", "a request in progress continues");
}

#[tokio::test]
async fn one_peer_at_its_ceiling_is_refused_and_others_are_served() {
    let world = World::database().await.with(&[("HTTP_CONNECTIONS_PER_PEER", "5")]);
    let server = Server::start(world).await;
    let mut busy = Vec::new();
    for _ in 0..5 {
        busy.push(begin_request(&server, "127.0.0.7", 99).await);
    }
    let refused = until_closed(&mut connect_from(&server, "127.0.0.7").await).await;
    assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
    assert!(refused.contains("retry-after: 1") && refused.contains("\"status\":503"), "{refused}");
    assert_eq!(status_of(&server, "127.0.0.8", "/healthz").await, "200");
    assert!(server.world.log().contains("too many connections"), "{}", server.world.log());
}

#[tokio::test]
async fn an_incomplete_head_is_cut_off() {
    let world = World::database().await.with(&[("HTTP_KEEP_ALIVE_SECONDS", "1")]);
    let server = Server::start(world).await;
    for start in ["", "GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-slow: "] {
        let mut slow = send(&server, "127.0.0.1", start).await;
        assert!(!until_closed(&mut slow).await.starts_with("HTTP/1.1 200"));
    }
    // An endless head is cut off as well.
    let mut endless = send(&server, "127.0.0.1", "GET /healthz HTTP/1.1\r\nx-long: ").await;
    let piece = vec![b'x'; 64 << 10];
    while endless.write_all(&piece).await.is_ok() {}
}

#[tokio::test]
async fn http_2_is_not_supported() {
    let server = Server::start(World::database().await).await;
    let mut stream = send(&server, "127.0.0.1", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
    let answer = until_closed(&mut stream).await;
    // An HTTP/2 server would first send a SETTINGS frame.
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer:?}");
}

#[tokio::test]
async fn shutdown_waits_for_requests_but_not_for_silent_connections() {
    let mut server = Server::start(World::database().await).await;
    let mut silent = connect_from(&server, "127.0.0.1").await;
    let body = r#"{"name": "nightly","roles":[]}"#;
    let mut busy = begin_request(&server, "127.0.0.1", body.len()).await;
    let stopping = async {
        let status = server.stop().await;
        assert_eq!(status, Some(0));
    };
    let client = async {
        assert_eq!(until_closed(&mut silent).await, "");
        busy.write_all(body.as_bytes()).await.unwrap();
        assert!(until_closed(&mut busy).await.starts_with("HTTP/1.1 201"));
    };
    tokio::join!(stopping, client);
}
