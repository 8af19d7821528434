use super::*;

fn data_dir() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    // As root the server runs as another user, who must get there.
    fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    folder
}

#[tokio::test]
async fn the_last_user_stops_the_server_and_the_data_stays() {
    let folder = data_dir();
    let path = folder.path().join("data");
    let (one, two) = tokio::join!(LocalCluster::start(&path), LocalCluster::start(&path));
    let (one, two) = (one.unwrap(), two.unwrap());
    let socket = one.socket_dir().join(".s.PGSQL.5432");
    assert!(two.answers().await);
    one.stop().await.unwrap();
    assert!(two.answers().await, "the server is gone although it is used");
    two.stop().await.unwrap();
    assert!(UnixStream::connect(&socket).await.is_err(), "the server runs on");
    let again = LocalCluster::start(&path).await.unwrap();
    assert!(again.answers().await);
    again.stop().await.unwrap();
}

#[tokio::test]
async fn what_an_interrupted_start_has_left_is_made_anew() {
    let folder = data_dir();
    let path = folder.path().join("data");
    fs::create_dir_all(path.join("postgres.unfinished/base")).unwrap();
    let cluster = LocalCluster::start(&path).await.unwrap();
    assert!(cluster.answers().await);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_long_path_has_its_socket_elsewhere() {
    let folder = data_dir();
    let path = folder.path().join("x".repeat(100));
    let cluster = LocalCluster::start(&path).await.unwrap();
    assert!(cluster.answers().await);
    let socket = cluster.socket_dir().to_owned();
    assert!(!socket.starts_with(&path));
    cluster.stop().await.unwrap();
    fs::remove_dir_all(socket).unwrap();
}

#[test]
fn a_closed_parent_is_named() {
    let folder = data_dir();
    fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let account = Account::of_server().unwrap();
    // Only root runs the server as somebody else, to whom the folder is closed.
    match (nix::unistd::geteuid().is_root(), account.check_path(folder.path())) {
        (true, Err(LocalError::Closed { folder: closed, .. })) => assert_eq!(closed, folder.path()),
        (false, Ok(())) => {}
        (_, other) => panic!("{other:?}"),
    }
}
