use super::*;

fn data_dir() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    // As root, the server runs as another user, who must be able to enter the folder.
    fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    folder
}

async fn answer(cluster: &LocalCluster) -> Answer {
    knock(cluster.socket_dir(), cluster.port(), cluster.user(), cluster.database()).await
}

/// Returns the process of the server.
fn server(cluster: &LocalCluster) -> nix::unistd::Pid {
    let text = fs::read_to_string(cluster.folder.join("postmaster.pid")).unwrap();
    nix::unistd::Pid::from_raw(text.lines().next().unwrap().parse().unwrap())
}

#[tokio::test]
async fn the_last_program_stops_the_server_and_the_data_survives() {
    let folder = data_dir();
    let path = folder.path().join("data");
    let (one, two) = tokio::join!(LocalCluster::start(&path), LocalCluster::start(&path));
    let (one, two) = (one.unwrap(), two.unwrap());
    let socket = one.socket_dir().to_owned();
    assert_eq!(answer(&two).await, Answer::Ready);
    one.stop().await.unwrap();
    assert_eq!(answer(&two).await, Answer::Ready, "the server was stopped although another program uses it");
    two.stop().await.unwrap();
    assert_eq!(knock(&socket, PORT, NAME, NAME).await, Answer::Nobody, "the server is still running");
    let again = LocalCluster::start(&path).await.unwrap();
    assert_eq!(answer(&again).await, Answer::Ready);
    again.stop().await.unwrap();
}

#[tokio::test]
async fn a_killed_or_stopping_server_is_restarted() {
    use nix::sys::signal::{Signal, kill};
    let folder = data_dir();
    let path = folder.path().join("data");
    let first = LocalCluster::start(&path).await.unwrap();
    for signal in [Signal::SIGKILL, Signal::SIGINT] {
        let before = server(&first);
        kill(before, signal).unwrap();
        let next = LocalCluster::start(&path).await.unwrap();
        assert_eq!(answer(&next).await, Answer::Ready, "{signal}");
        assert_ne!(server(&next), before, "{signal}");
    }
    first.stop().await.unwrap();
}

#[tokio::test]
async fn stop_succeeds_if_the_server_has_already_stopped() {
    let folder = data_dir();
    let path = folder.path().join("data");
    let one = LocalCluster::start(&path).await.unwrap();
    let mut stop = one.account.command(&one.binaries.program("pg_ctl"));
    stop.args(["stop", "-w", "-s", "-D"]).arg(&one.folder);
    run(stop, "pg_ctl stop").await.unwrap();
    one.stop().await.unwrap();
}

#[tokio::test]
async fn the_remains_of_an_interrupted_start_are_replaced() {
    let folder = data_dir();
    let path = folder.path().join("data");
    fs::create_dir_all(path.join("postgres.unfinished/base")).unwrap();
    fs::DirBuilder::new().mode(0o700).create(path.join("socket")).unwrap();
    let cluster = LocalCluster::start(&path).await.unwrap();
    assert_eq!(answer(&cluster).await, Answer::Ready);
    let entries = fs::read_dir(&path).unwrap().flatten();
    assert_eq!(entries.filter(|entry| entry.file_name().to_string_lossy().contains("unfinished")).count(), 0);
    cluster.stop().await.unwrap();
}

/// Tests names that are too long for a socket's path or contain characters that are special in a shell.
#[tokio::test]
async fn data_folders_with_long_or_odd_names_work() {
    let folder = data_dir();
    let long = "x".repeat(100);
    for (name, elsewhere) in [(long.as_str(), true), ("it's \"a\", b\\", true), ("$HOME `id` ü", false)] {
        let path = folder.path().join(name);
        let cluster = LocalCluster::start(&path).await.unwrap();
        assert_eq!(answer(&cluster).await, Answer::Ready, "{name}");
        let socket = cluster.socket_dir().to_owned();
        assert_eq!(!socket.starts_with(path.canonicalize().unwrap()), elsewhere, "{name}");
        cluster.stop().await.unwrap();
        fs::remove_dir_all(socket).unwrap();
    }
}

#[test]
fn the_error_names_a_closed_parent() {
    let folder = data_dir();
    fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let account = Account::of_server().unwrap();
    // Only root runs the server as another user, who cannot enter the folder.
    match (nix::unistd::geteuid().is_root(), account.check_path(folder.path())) {
        (true, Err(LocalError::Closed { folder: closed, .. })) => assert_eq!(closed, folder.path()),
        (false, Ok(())) => {}
        (_, other) => panic!("{other:?}"),
    }
}

async fn connect(cluster: &LocalCluster) -> sqlx::PgConnection {
    use sqlx::Connection;
    let options = sqlx::postgres::PgConnectOptions::new_without_pgpass()
        .socket(cluster.socket_dir())
        .port(cluster.port())
        .username(cluster.user())
        .database(cluster.database());
    sqlx::PgConnection::connect_with(&options).await.unwrap()
}

/// Returns the connection types and authentication methods that the server read from `pg_hba.conf`.
async fn rules(cluster: &LocalCluster) -> Vec<(String, String)> {
    let query = "SELECT type, coalesce(error, auth_method) FROM pg_hba_file_rules ORDER BY 1";
    sqlx::query_as(query).fetch_all(&mut connect(cluster).await).await.unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn only_the_user_of_the_program_can_connect() {
    let folder = data_dir();
    let path = folder.path().join("data");
    let cluster = LocalCluster::start(&path).await.unwrap();
    assert_eq!(rules(&cluster).await, [("local".to_owned(), "peer".to_owned())]);
    for name in [TURN, USERS, "postgres.log"] {
        assert_eq!(mode(&path.join(name)), 0o600, "{name}");
    }
    let socket = cluster.socket_dir().join(format!(".s.PGSQL.{PORT}"));
    assert_eq!((mode(cluster.socket_dir()), mode(&socket)), (0o700, 0o700));
    // Another account is refused even if it can reach the socket. Only root can run a process as another account.
    if nix::unistd::geteuid().is_root() {
        let open = |path: &Path| fs::set_permissions(path, PermissionsExt::from_mode(0o777)).unwrap();
        open(cluster.socket_dir());
        open(&socket);
        let mut stranger = std::process::Command::new("psql");
        std::os::unix::process::CommandExt::uid(&mut stranger, 54_321);
        stranger.env("PGCONNECT_TIMEOUT", "10").arg("-h").arg(cluster.socket_dir());
        let output = stranger.args(["-U", NAME, "-d", NAME, "-c", "SELECT 1"]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains("eer authentication failed"), "{said}");
    }
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_running_cluster_of_an_earlier_version_is_closed_to_other_users() {
    let folder = data_dir();
    let path = folder.path().join("data");
    let earlier = LocalCluster::start(&path).await.unwrap();
    fs::write(earlier.folder.join("pg_hba.conf"), "local all all trust\nhost all all 127.0.0.1/32 trust\n")
        .unwrap();
    earlier.control(&["reload", "-s"]).await.unwrap();
    for name in [TURN, USERS, "postgres.log"] {
        fs::set_permissions(path.join(name), PermissionsExt::from_mode(0o644)).unwrap();
    }
    let later = LocalCluster::start(&path).await.unwrap();
    assert_eq!(rules(&later).await, [("local".to_owned(), "peer".to_owned())]);
    for name in [TURN, USERS] {
        assert_eq!(mode(&path.join(name)), 0o600, "{name}");
    }
    later.stop().await.unwrap();
    assert_eq!(answer(&earlier).await, Answer::Ready);
    earlier.stop().await.unwrap();
}

#[test]
fn a_lock_file_contains_the_id_of_the_process_that_has_the_lock() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(TURN);
    let held = runtime.block_on(lock::exclusive(&path)).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), std::process::id().to_string());
    assert!(lock::try_lock(&path, FlockArg::LockExclusiveNonblock).unwrap().is_none());
    drop(held);
    assert!(lock::try_lock(&path, FlockArg::LockExclusiveNonblock).unwrap().is_some());
}
