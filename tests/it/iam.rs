//! Sign-in to a database with tokens of AWS IAM. Between the program and a real server stands what RDS does: it accepts the token
//! of each connection.

use std::sync::{Arc, Mutex};

use sqlx::{AssertSqlSafe, PgPool};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Postgres, World};

const CLEAN: &str = "email,first_name,last_name,company\nann@example.com,Ann,Lee,Acme\n";

/// The code of an SSLRequest (PostgreSQL manual, "Message Formats").
const SSL_REQUEST: u32 = 80_877_103;
/// AuthenticationCleartextPassword.
const PASSWORD_REQUEST: [u8; 9] = [b'R', 0, 0, 0, 8, 0, 0, 0, 3];

/// Passes connections on to a server, whose user `ingest` has as password what the client sends.
struct Gate {
    port: u16,
    tokens: Arc<Mutex<Vec<String>>>,
}

impl Gate {
    async fn before(server: &Postgres) -> Gate {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tokens, to) = (Arc::default(), server.port());
        let admin = PgPool::connect(&server.admin_url()).await.unwrap();
        let turn = Arc::new(tokio::sync::Mutex::new(admin));
        let seen = Arc::clone(&tokens);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (turn, seen) = (Arc::clone(&turn), Arc::clone(&seen));
                tokio::spawn(async move {
                    // A connection that ends early ends here too.
                    let _ = pass(client, to, &turn, &seen).await;
                });
            }
        });
        Gate { port, tokens }
    }
}

async fn pass(
    client: TcpStream,
    to: u16,
    turn: &tokio::sync::Mutex<PgPool>,
    seen: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let (mut from_client, mut to_client) = client.into_split();
    // The messages before the password have no type.
    let start = loop {
        let message = message(&mut from_client).await?;
        if message[4..] != SSL_REQUEST.to_be_bytes() {
            break message;
        }
        to_client.write_all(b"N").await?;
    };
    to_client.write_all(&PASSWORD_REQUEST).await?;
    assert_eq!(from_client.read_u8().await?, b'p', "a password message");
    let password = message(&mut from_client).await?;
    let token = String::from_utf8(password[4..password.len() - 1].to_vec()).unwrap();
    assert!(!token.contains('\''));
    let admin = turn.lock().await;
    let set = AssertSqlSafe(format!("ALTER ROLE ingest PASSWORD '{token}'"));
    sqlx::raw_sql(set).execute(&*admin).await.unwrap();
    seen.lock().unwrap().push(token);
    // A server looks the password up when a connection begins.
    let mut server = TcpStream::connect(("127.0.0.1", to)).await?;
    server.write_all(&start).await?;
    let mut asked = [0; PASSWORD_REQUEST.len()];
    server.read_exact(&mut asked).await?;
    assert_eq!(asked, PASSWORD_REQUEST);
    drop(admin);
    server.write_all(&[b"p", &password[..]].concat()).await?;
    let (mut from_server, mut to_server) = server.into_split();
    tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
    copy(&mut from_client, &mut to_server).await.map(|_| ())
}

/// Reads a message after its type: its length, which it contains, and the rest.
async fn message(from: &mut OwnedReadHalf) -> std::io::Result<Vec<u8>> {
    let length = from.read_u32().await?;
    let mut message = length.to_be_bytes().to_vec();
    message.resize(length as usize, 0);
    from.read_exact(&mut message[4..]).await?;
    Ok(message)
}

/// Returns a world whose server asks the program for its password in clear, as RDS does.
async fn world_and_gate(server: &Postgres) -> (World, Gate) {
    let world = World::empty_database_on(server, "").await;
    let admin = PgPool::connect(&server.admin_url()).await.unwrap();
    let file: String = sqlx::query_scalar("SHOW hba_file").fetch_one(&admin).await.unwrap();
    let rules = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("host all ingest 127.0.0.1/32 password\n{rules}")).unwrap();
    sqlx::raw_sql("SELECT pg_reload_conf()").execute(&admin).await.unwrap();
    let gate = Gate::before(server).await;
    let url = format!("postgresql://ingest@127.0.0.1:{}/{}", gate.port, world.database_name().await);
    let world = world.with(&[
        ("DATABASE_URL", &url),
        ("DATABASE_IAM_AUTH", "true"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]);
    (world, gate)
}

#[tokio::test]
async fn tokens_replace_the_password_in_each_connection() {
    let server = Postgres::make();
    let (world, gate) = world_and_gate(&server).await;
    let refused = world.ingest(&["jobs"]).await;
    refused.expect_status(1);
    assert!(refused.stderr.contains("cannot make a token of AWS IAM"), "{}", refused.stderr);
    assert!(gate.tokens.lock().unwrap().is_empty());

    let world = world.with(&[("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "hunter2")]);
    let file = world.file("a.csv", CLEAN);
    world.ingest(&["import", &file]).await.expect_status(0);
    let doctor = world.ingest(&["doctor"]).await;
    doctor.expect_status(0);
    let tokens = gate.tokens.lock().unwrap().clone();
    assert!(tokens.len() > 2, "{tokens:?}");
    let begin = format!("127.0.0.1:{}/?Action=connect&DBUser=ingest&X-Amz-", gate.port);
    for token in &tokens {
        assert!(token.starts_with(&begin) && token.contains("%2Feu-central-1%2Frds-db%2F"), "{token}");
    }
    for said in [&doctor.stdout, &doctor.stderr, &world.log()] {
        assert!(!said.contains("X-Amz-Signature") && !said.contains("hunter2"), "{said}");
    }
}
