//! `ingest backup` and `ingest restore-backup` of the local data folder.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::World;

const CLEAN: &str = "email,first_name,last_name,company\nann@example.com,Ann,Lee,Acme\n";
const DIRTY: &str = "email,first_name,last_name,company\nbad,Bo,Ray,Acme\nann@example.com,Anna,Lee,Other\n";

/// Returns the content of each file below a folder.
fn content(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                    found.insert(name, fs::read(&path).unwrap());
                }
            }
        }
    }
    found
}

/// Returns what several lists show of the data folder.
async fn everything(world: &World, data: &[&str]) -> Vec<String> {
    let mut all = Vec::new();
    for command in [&["jobs"][..], &["issues", "2"], &["contacts"], &["audit"], &["mappings", "list"]] {
        let listed = world.ingest(&[command, &["--json"], data].concat()).await;
        listed.expect_status(0);
        all.push(listed.stdout);
    }
    all
}

#[tokio::test]
async fn a_backup_of_a_data_folder_in_use_is_restored_into_an_empty_one() {
    let world = World::without_database().await;
    // Large enough for tables of its own.
    let rows: String = (0..100_001).map(|row| format!("p{row}@example.com,Ann,Lee,Acme\n")).collect();
    let large = world.file("large.csv", &CLEAN.replace("ann@example.com,Ann,Lee,Acme\n", &rows));
    let (clean, dirty) = (world.file("clean.csv", CLEAN), world.file("dirty.csv", DIRTY));
    world.ingest(&["import", &clean]).await.expect_status(0);
    world.ingest(&["import", &dirty]).await.expect_status(3);
    world.ingest(&["import", &large]).await.expect_status(0);
    world.ingest(&["discard", "2"]).await.expect_status(0);
    let mut worker = world.spawn(&["worker"]);
    let before = everything(&world, &[]).await;
    let file = world.path("backup.zip").display().to_string();
    let written = world.ingest(&["backup", &file]).await;
    written.expect_status(0);
    assert!(written.stderr.contains("the database, and 3 files"), "{}", written.stderr);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let again = world.ingest(&["backup", &file]).await;
    again.expect_status(1);
    assert!(again.stderr.contains("exists already"), "{}", again.stderr);
    // What happens later is not part of it.
    world.ingest(&["delete", "1", "--yes"]).await.expect_status(0);

    let used = world.ingest(&["restore-backup", &file]).await;
    used.expect_status(1);
    assert!(used.stderr.contains("is not empty"), "{}", used.stderr);
    assert_eq!(worker.term_and_wait().await, Some(0));

    let other = world.path("other").display().to_string();
    let data = ["--data-dir", other.as_str()];
    let restored = world.ingest(&["restore-backup", &file, "--data-dir", &other]).await;
    restored.expect_status(0);
    assert!(restored.stderr.contains("restored the database and 3 files"), "{}", restored.stderr);
    assert_eq!(everything(&world, &data).await, before);
    let stored = content(&Path::new(&other).join("objects"));
    let mut texts: Vec<&[u8]> = stored.values().map(Vec::as_slice).collect();
    texts.sort_by_key(|text| text.len());
    assert_eq!(texts[..2], [CLEAN.as_bytes(), DIRTY.as_bytes()]);
    // It can be used like the other one.
    world.ingest(&["discard", "3", data[0], data[1]]).await.expect_status(0);
    world.ingest(&["reprocess", "2", data[0], data[1]]).await.expect_status(0);
    let doctor = world.ingest(&["doctor", data[0], data[1]]).await;
    doctor.expect_status(0);
    assert!(doctor.stdout.contains("ok    row security  requests use the role"), "{}", doctor.stdout);
}

#[tokio::test]
async fn a_damaged_backup_leaves_no_data_folder() {
    let world = World::without_database().await;
    let clean = world.file("clean.csv", CLEAN);
    world.ingest(&["import", &clean]).await.expect_status(0);
    let file = world.path("backup.zip").display().to_string();
    world.ingest(&["backup", &file]).await.expect_status(0);
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    let damaged = world.path("damaged.zip");
    fs::write(&damaged, &bytes).unwrap();
    let cut = world.path("cut.zip");
    fs::write(&cut, &bytes[..middle]).unwrap();
    for file in [damaged, cut, world.path("clean.csv")] {
        let other = world.path("other").display().to_string();
        let refused = world.ingest(&["restore-backup", file.to_str().unwrap(), "--data-dir", &other]).await;
        refused.expect_status(1);
        let left = fs::read_dir(world.path("")).unwrap().flatten();
        let left = left.filter(|entry| entry.file_name().to_string_lossy().starts_with("other")).count();
        assert_eq!(left, 0, "{}: {}", file.display(), refused.stderr);
    }
}

#[tokio::test]
async fn other_databases_are_backed_up_by_other_means() {
    let world = World::database().await;
    let file = world.path("backup.zip").display().to_string();
    for command in ["backup", "restore-backup"] {
        let refused = world.ingest(&[command, &file]).await;
        refused.expect_status(1);
        assert!(refused.stderr.contains("DATABASE_URL is set"), "{}", refused.stderr);
    }
    assert!(!Path::new(&file).exists());
}
