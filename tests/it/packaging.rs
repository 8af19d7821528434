//! The files of a release: archive, Debian package and Homebrew formula.

use std::path::Path;
use std::process::Command;

const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Runs a program and returns what it prints.
fn run(program: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    let output = command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = output.env("COMPRESSION", "1").output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Packs the program into `folder`.
fn package(folder: &Path) {
    run("scripts/package", &[TARGET, env!("CARGO_BIN_EXE_ingest"), folder.to_str().unwrap()]);
}

/// Returns the only file of a folder with that ending.
fn file(folder: &Path, ending: &str) -> String {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path().display().to_string());
    let found: Vec<String> = names.filter(|name| name.ends_with(ending)).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found.into_iter().next().unwrap()
}

#[test]
fn the_archive_and_the_debian_package_have_a_program_that_runs() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    package(folder.path());
    let version = env!("CARGO_PKG_VERSION");

    let archive = file(folder.path(), ".tar.gz");
    let unpacked = folder.path().join("unpacked");
    std::fs::create_dir(&unpacked).unwrap();
    run("tar", &["-xzf", &archive, "-C", unpacked.to_str().unwrap()]);
    let root = unpacked.join(format!("ingest-{version}-{TARGET}"));
    let program = root.join("ingest").display().to_string();
    assert!(run(&program, &["--version"]).contains(version));
    for name in ["LICENSE-MIT", "share/man/man1/ingest-import.1", "share/bash-completion/completions/ingest"]
    {
        assert!(root.join(name).is_file(), "{name}");
    }

    let package = file(folder.path(), ".deb");
    let field = |name| run("dpkg-deb", &["--field", &package, name]).trim().to_owned();
    assert_eq!((field("Version").as_str(), field("Architecture").as_str()), (version, "amd64"));
    assert!(field("Depends").starts_with("libc6 (>= 2."), "{}", field("Depends"));
    let installed = folder.path().join("installed");
    run("dpkg-deb", &["--extract", &package, installed.to_str().unwrap()]);
    let program = installed.join("usr/bin/ingest").display().to_string();
    assert!(run(&program, &["--version"]).contains(version));
    let unit =
        std::fs::read_to_string(installed.join("usr/lib/systemd/system/ingest-worker.service")).unwrap();
    // The unit starts the program where the package puts it, with the settings that the package contains.
    assert!(unit.contains("ExecStart=/usr/bin/ingest worker\n"), "{unit}");
    assert!(unit.contains("EnvironmentFile=/etc/ingest/environment\n"), "{unit}");
    assert!(installed.join("etc/ingest/environment").is_file());
    assert!(installed.join("usr/share/man/man1/ingest.1.gz").is_file());

    let url = "https://downloads.example.com/v1/";
    let formula = run("scripts/homebrew-formula", &[url, folder.path().to_str().unwrap()]);
    let checksum = run("sha256sum", &[&archive]);
    let checksum = checksum.split(' ').next().unwrap();
    let name = Path::new(&archive).file_name().unwrap().to_str().unwrap();
    assert!(formula.contains(&format!("url \"https://downloads.example.com/v1/{name}\"")), "{formula}");
    assert!(formula.contains(&format!("sha256 \"{checksum}\"")), "{formula}");
}

#[test]
fn the_same_program_gives_the_same_archive() {
    let folders = [(); 2].map(|()| tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap());
    for folder in &folders {
        package(folder.path());
    }
    for ending in [".tar.gz", ".deb"] {
        let [one, other] =
            folders.each_ref().map(|folder| std::fs::read(file(folder.path(), ending)).unwrap());
        assert!(one == other, "two packages with the ending {ending} differ");
    }
}
