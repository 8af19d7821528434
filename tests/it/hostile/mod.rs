//! Clients that connect, send and read in hostile ways: others are still served, and memory is bounded.

mod bodies;
mod ceilings;
mod connections;
mod pages;
mod together;

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::Server;

/// Longer than anything here takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Raises this process's limit of open files, for many connections.
fn many_open_files() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
}

/// Connects from an address of the loopback network, which makes it a separate client for the server.
async fn connect_from(server: &Server, from: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    let connected = socket.connect(server.address().parse().unwrap());
    tokio::time::timeout(PATIENCE, connected).await.expect("the kernel accepts").unwrap()
}

/// Sends the start of a request on a new connection.
async fn send(server: &Server, from: &str, text: &str) -> TcpStream {
    let mut stream = connect_from(server, from).await;
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// Starts a request that stays in progress until `length` bytes of its body are sent. Returns once the server reads the
/// body: it then answers the expectation (RFC 9110, section 10.1.1).
async fn begin_request(server: &Server, from: &str, length: usize) -> TcpStream {
    let head = format!(
        "POST /api/v1/tokens HTTP/1.1\r\nhost: {}\r\n{}content-type: application/json\r\ncontent-length: {length}\r\n\
         expect: 100-continue\r\n\r\n",
        server.address(),
        server.authorization()
    );
    let mut stream = send(server, from, &head).await;
    let mut interim = [0; 25];
    let read = tokio::time::timeout(PATIENCE, stream.read_exact(&mut interim)).await;
    read.expect("the server reads the body").unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

/// Reads what the server sends until it closes the connection.
async fn until_closed(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    // A reset also ends the connection.
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut all)).await;
    let _ = read.expect("the server closes the connection");
    String::from_utf8_lossy(&all).into_owned()
}

/// Returns the status of a GET on a new connection.
async fn status_of(server: &Server, from: &str, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", server.address());
    let mut stream = send(server, from, &request).await;
    until_closed(&mut stream).await.split(' ').nth(1).unwrap_or_default().to_owned()
}
