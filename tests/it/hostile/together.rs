//! All attacks at once: others are served, and the server's memory stays bounded.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;

use super::ceilings::{token_of, wide_contacts};
use super::*;
use crate::support::{World, client, free_port, status_and_json};

/// The peak memory that `serve` with its worker may reach.
const MEMORY_BYTES: u64 = 512 << 20;

/// The duration of the attacks.
const ROUND: Duration = Duration::from_secs(20);

/// A kind of hostile client: the start of its request, and the piece that it then sends repeatedly.
struct Attack {
    name: &'static str,
    clients: usize,
    start: String,
    piece: Vec<u8>,
    pause: Duration,
}

/// Users of the attacks; those of the first three have contacts of 600 KB each.
const OWNERS: [&str; 10] = [
    "wide-exports",
    "wide-lists",
    "wide-pages",
    "slow-json",
    "huge-json",
    "many-json",
    "parts",
    "slow-uploads",
    "fast-uploads",
    "corrections",
];

/// Returns all attacks, with a token of each owner. `job`: a job under review of the owner `corrections`.
fn attacks(address: &str, tokens: &[String], job: i64) -> Vec<Attack> {
    let head = |method: &str, path: &str, headers: &str| {
        format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\n{headers}\r\n")
    };
    let known = |owner: &str| {
        let at = OWNERS.iter().position(|name| *name == owner).unwrap();
        format!("authorization: {}\r\n", tokens[at])
    };
    let long = "content-length: 600000000\r\n";
    let json = |owner: &str| format!("{}content-type: application/json\r\n", known(owner));
    let file = |owner: &str| format!("{}content-type: text/csv\r\n{long}", known(owner));
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let multipart = "content-type: multipart/form-data; boundary=b\r\n";
    let (slow, fast) = (Duration::from_millis(200), Duration::ZERO);
    let attack = |name, clients, start, piece: &str, pause| Attack {
        name,
        clients,
        start,
        piece: piece.as_bytes().to_vec(),
        pause,
    };
    let kib = |text: &str| text.repeat((16 << 10) / text.len());
    vec![
        attack("silent", 300, String::new(), "", slow),
        attack("slow heads", 100, format!("GET / HTTP/1.1\r\nhost: {address}\r\nx-slow: "), "x", slow),
        attack("long heads", 20, format!("GET / HTTP/1.1\r\nhost: {address}\r\nx-long: "), &kib("x"), fast),
        attack(
            "forms of strangers",
            200,
            head("POST", "/jobs/1/policy", &format!("{form}{long}")),
            &kib("a=b&"),
            fast,
        ),
        attack(
            "slow JSON",
            20,
            head("POST", "/api/v1/tokens", &format!("{}content-length: 60000\r\n", json("slow-json"))),
            " ",
            slow,
        ),
        attack(
            "huge JSON",
            20,
            head("POST", "/api/v1/jobs/1/bulk", &format!("{}{long}", json("huge-json"))),
            &kib("[],"),
            fast,
        ),
        attack(
            "JSON of many values",
            20,
            format!(
                "{}{{\"decision\":{{\"decision\":\"discard\",\"x\":[0",
                head(
                    "POST",
                    "/api/v1/jobs/1/bulk/preview",
                    &format!("{}content-length: 2000000\r\n", json("many-json"))
                )
            ),
            &kib(",0"),
            fast,
        ),
        attack(
            "part headers without end",
            20,
            format!(
                "{}--b\r\nX-Long: ",
                head("POST", "/api/v1/uploads", &format!("{}{multipart}{long}", known("parts")))
            ),
            &kib("y"),
            fast,
        ),
        attack("slow uploads", 20, head("POST", "/api/v1/uploads", &file("slow-uploads")), "e", slow),
        attack(
            "fast uploads",
            20,
            head("POST", "/api/v1/uploads", &file("fast-uploads")),
            &kib("a@example.com,b,c,d\n"),
            fast,
        ),
        attack(
            "corrections",
            20,
            format!(
                "{}row_key,email,first_name,last_name,company\n",
                head(
                    "POST",
                    &format!("/api/v1/jobs/{job}/corrections"),
                    &format!(
                        "{}content-type: text/csv\r\ncontent-length: 64000000\r\n",
                        known("corrections")
                    )
                )
            ),
            &kib("r-0123456789abcdef0123456789abcdef,a@example.com,b,c,d\n"),
            fast,
        ),
        attack(
            "exports that nobody reads",
            20,
            head("GET", "/api/v1/contacts.csv", &known("wide-exports")),
            "",
            slow,
        ),
        attack(
            "lists that nobody reads",
            40,
            head("GET", "/api/v1/contacts?limit=1000", &known("wide-lists")),
            "",
            slow,
        ),
        attack("pages that nobody reads", 40, head("GET", "/contacts", &known("wide-pages")), "", slow),
        attack("event streams", 40, head("GET", "/jobs/live", &known("slow-json")), "", slow),
    ]
}

/// Runs one client repeatedly until the end, without reading a byte.
async fn attack(address: String, attack: Arc<Attack>, over: Arc<AtomicBool>, sent: Arc<AtomicUsize>) {
    while !over.load(Ordering::Relaxed) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.66:0".parse().unwrap()).unwrap();
        let Ok(mut stream) = socket.connect(address.parse().unwrap()).await else { continue };
        let client = async {
            stream.write_all(attack.start.as_bytes()).await?;
            loop {
                stream.write_all(&attack.piece).await?;
                sent.fetch_add(attack.piece.len(), Ordering::Relaxed);
                tokio::time::sleep(attack.pause).await;
            }
            #[allow(unreachable_code, reason = "names the type of the error")]
            std::io::Result::Ok(())
        };
        // Some clients never fail; they start again after a while. The pause leaves the server some processor time.
        let _ = tokio::time::timeout(Duration::from_secs(5), client).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Uploads a file with an issue for the token's owner; returns its job.
async fn job_under_review(server: &Server, token: &str) -> i64 {
    let upload = client().post(format!("{}/api/v1/uploads?filename=a.csv", server.url));
    let upload = upload.header("authorization", token).header("content-type", "text/csv");
    let content = "email,first_name,last_name,company\nno e-mail,Ann,Lee,Acme\n";
    let (_, made) = status_and_json(upload.body(content).send().await.unwrap()).await;
    let job = made["job"].as_i64().unwrap();
    assert_eq!(server.world.status_after_run(job as i32).await, "NEEDS_REVIEW");
    job
}

/// Returns the end of a log.
fn last_lines(log: &str) -> String {
    let lines: Vec<&str> = log.lines().rev().take(30).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_all_attacks_others_are_served_and_memory_is_bounded() {
    many_open_files();
    let world =
        World::database().await.with(&[("HTTP_IDLE_SECONDS", "2"), ("RATE_LIMIT_PER_SECOND", "100000")]);
    let server = Server::start_at(world, free_port(), &["serve"]).await;
    let mut tokens = Vec::new();
    for owner in OWNERS {
        if owner.starts_with("wide") {
            wide_contacts(&server, owner, 100, 200_000).await;
        }
        tokens.push(token_of(&server, owner).await);
    }
    let job = job_under_review(&server, tokens.last().unwrap()).await;
    let ann = token_of(&server, "ann").await;
    let (over, mut clients) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
    let mut sent = Vec::new();
    for kind in attacks(server.address(), &tokens, job) {
        let (kind, count) = (Arc::new(kind), Arc::new(AtomicUsize::new(0)));
        for _ in 0..kind.clients {
            clients.spawn(attack(server.address().to_owned(), kind.clone(), over.clone(), count.clone()));
        }
        sent.push((kind, count));
    }
    let start = Instant::now();
    let mut answered = 0;
    while start.elapsed() < ROUND {
        let request = |path: &str| {
            let request = client().get(format!("{}{path}", server.url));
            request.header("authorization", &ann).timeout(PATIENCE).send()
        };
        for path in ["/healthz", "/api/v1/me", "/api/v1/jobs", "/contacts"] {
            let answer = request(path).await.unwrap_or_else(|error| panic!("{path}: {error}"));
            let status = answer.status();
            let text = answer.text().await.unwrap();
            assert_eq!(status, 200, "{path}: {text}\n{}", last_lines(&server.world.log()));
            answered += 1;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    over.store(true, Ordering::Relaxed);
    while clients.join_next().await.is_some() {}
    let peak = server.memory_bytes("VmHWM");
    for (kind, sent) in &sent {
        println!("{}: {} clients sent {} bytes", kind.name, kind.clients, sent.load(Ordering::Relaxed));
    }
    println!("{answered} requests of another user answered; peak {} MiB", peak >> 20);
    assert!(peak < MEMORY_BYTES, "peak {} MiB", peak >> 20);
}
