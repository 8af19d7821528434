//! Loads `.env` from the working directory: settings for this program and nothing else.
//!
//! A user who unpacks an archive and runs the program in it has not read its `.env`. So the file may set only the
//! variables that this program documents (none of them names a program to run or a library to load), values cannot
//! refer to other variables, and the file must belong to the user or to root.

use std::fmt;
use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use clap::Args;
use nix::unistd::{Uid, User, geteuid};

use super::Settings;

/// The name of the file.
const FILE: &str = ".env";
/// The maximum size of the file. Settings need far less.
const MAX_BYTES: u64 = 64 << 10;

/// Variables of the AWS SDK that `.env` may set: credentials and endpoints. Not `AWS_CONFIG_FILE` and similar
/// ones, whose files can name programs to run.
const AWS_NAMES: [&str; 7] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_SQS",
];

/// A loaded `.env`. `Display` shows its path and the names of the variables taken from it, never values.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Dotenv {
    path: PathBuf,
    names: Vec<String>,
}

impl Dotenv {
    /// Returns whether the variable was taken from the file.
    pub(super) fn sets(&self, name: &str) -> bool {
        self.names.iter().any(|set| set == name)
    }
}

impl fmt::Display for Dotenv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match self.names.is_empty() {
            true => write!(f, "read {path}, which sets nothing that the environment does not"),
            false => write!(f, "read {path}, which sets {}", self.names.join(", ")),
        }
    }
}

/// Why `.env` cannot be used. Never contains a value.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DotenvError {
    /// The file exists and cannot be read.
    #[error("{FILE} cannot be read: {0}")]
    Read(#[source] std::io::Error),
    /// Somebody else could have written the file.
    #[error("{FILE} is ignored because {reason}; check its content, then {remedy}")]
    NotOurs {
        /// What is wrong with it.
        reason: String,
        /// What makes it acceptable.
        remedy: String,
    },
    /// The file is not a settings file.
    #[error("{FILE} is ignored: it is {0}")]
    Unfit(&'static str),
    /// A line cannot be parsed.
    #[error("{FILE} line {line}: expected NAME=value, with quotes around a value that contains a space or #")]
    Syntax {
        /// Counted from 1.
        line: usize,
    },
    /// The variable is not one of this program's.
    #[error(
        "{FILE} line {line} sets {name}, which is not one of the variables that {FILE} may set (.env.example lists \
         them); remove the line, or set it in the environment"
    )]
    Name {
        /// Counted from 1.
        line: usize,
        /// The variable.
        name: String,
    },
    /// A value refers to another variable.
    #[error(
        "{FILE} line {line}: $ does not stand for another variable here; put the value of {name} in single quotes to \
         keep its $"
    )]
    Substitution {
        /// Counted from 1.
        line: usize,
        /// The variable that the line sets.
        name: String,
    },
}

/// Adds the variables of the working directory's `.env` to the environment; variables that are already set keep
/// their values. Returns `None` if there is no such file.
///
/// Call it before the command line is parsed and before any thread is started.
pub(crate) fn load_dotenv() -> Result<Option<Dotenv>, DotenvError> {
    let Some(text) = read(Path::new(FILE))? else { return Ok(None) };
    let mut names = checked_names(&text)?;
    names.retain(|name| std::env::var_os(name).is_none());
    dotenvy::from_read(text.as_bytes()).map_err(|_| DotenvError::Syntax { line: line_of(&text, 0) })?;
    let path = std::env::current_dir().map_err(DotenvError::Read)?.join(FILE);
    Ok(Some(Dotenv { path, names }))
}

/// Returns the file's text, or `None` if there is no file. Fails unless only the user and root can write it.
fn read(path: &Path) -> Result<Option<String>, DotenvError> {
    // Without it, opening a named pipe would wait until somebody writes to it.
    let nonblocking = nix::fcntl::OFlag::O_NONBLOCK.bits();
    let file = match File::options().read(true).custom_flags(nonblocking).open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(DotenvError::Read(error)),
        Ok(file) => file,
    };
    // The owner of a symbolic link chooses the file.
    check_owner(&std::fs::symlink_metadata(path).map_err(DotenvError::Read)?)?;
    let found = file.metadata().map_err(DotenvError::Read)?;
    if !found.is_file() {
        return Err(DotenvError::Unfit("not a regular file"));
    }
    check_owner(&found)?;
    if found.permissions().mode() & 0o022 != 0 {
        return Err(DotenvError::NotOurs {
            reason: "others than its owner can write it".to_owned(),
            remedy: format!("run: chmod go-w {FILE}"),
        });
    }
    let mut text = String::new();
    file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(DotenvError::Read)?;
    match text.len() as u64 > MAX_BYTES {
        true => Err(DotenvError::Unfit("larger than 64 KiB")),
        false => Ok(Some(text)),
    }
}

fn check_owner(found: &Metadata) -> Result<(), DotenvError> {
    let (owner, us) = (Uid::from_raw(found.uid()), geteuid());
    if owner == us || owner.is_root() {
        return Ok(());
    }
    let kind = if found.is_symlink() { "link" } else { "file" };
    Err(DotenvError::NotOurs {
        reason: format!("the {kind} belongs to {}, not to {} or root", name_of(owner), name_of(us)),
        remedy: "copy it to a file of your own, or set the variables in the environment".to_owned(),
    })
}

fn name_of(uid: Uid) -> String {
    User::from_uid(uid).ok().flatten().map_or_else(|| format!("user {uid}"), |user| user.name)
}

/// Returns the names that the text sets, in order. Fails unless each is documented and no value refers to another
/// variable.
fn checked_names(text: &str) -> Result<Vec<String>, DotenvError> {
    if text.contains(LITERAL) {
        return Err(DotenvError::Unfit("not text"));
    }
    let documented = documented_names();
    let as_written = without_substitution(text);
    let mut literal = dotenvy::from_read_iter(as_written.as_bytes());
    let mut names = Vec::new();
    for (index, entry) in dotenvy::from_read_iter(text.as_bytes()).enumerate() {
        let line = || line_of(text, index);
        // The error itself quotes the line, which may contain a password.
        let (name, value) = entry.map_err(|_| DotenvError::Syntax { line: line() })?;
        if !documented.contains(&name) {
            return Err(DotenvError::Name { line: line(), name });
        }
        let written = literal.next().and_then(Result::ok).map(|(_, value)| value.replace(LITERAL, "$"));
        if written != Some(value) {
            return Err(DotenvError::Substitution { line: line(), name });
        }
        names.push(name);
    }
    Ok(names)
}

/// Returns the variables that `.env` may set.
fn documented_names() -> Vec<String> {
    let command = Settings::augment_args(clap::Command::new("settings"));
    let settings = command.get_arguments().filter_map(|argument| argument.get_env());
    let settings = settings.map(|name| name.to_string_lossy().into_owned());
    settings.chain(AWS_NAMES.map(str::to_owned)).collect()
}

/// Replaces a `$` that would begin a substitution.
const LITERAL: char = '\0';

/// Replaces each `$` that is not escaped by a backslash by [`LITERAL`].
fn without_substitution(text: &str) -> String {
    let mut escaped = false;
    let literal = text.chars().map(|letter| {
        let plain = !escaped;
        escaped = letter == '\\' && plain;
        if letter == '$' && plain { LITERAL } else { letter }
    });
    literal.collect()
}

/// Returns the line, from 1, on which the entry after the first `count` entries begins.
fn line_of(text: &str, count: usize) -> usize {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let entries =
        |lines: &[&str]| dotenvy::from_read_iter(lines.concat().as_bytes()).take_while(Result::is_ok).count();
    let ends: Vec<usize> = (0..lines.len()).collect();
    let before = ends.partition_point(|end| entries(&lines[..*end]) < count);
    let is_entry = |line: &&str| !line.trim_start().is_empty() && !line.trim_start().starts_with('#');
    before + lines[before..].iter().position(is_entry).unwrap_or(0) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        checked_names(text).unwrap_err().to_string()
    }

    #[test]
    fn an_invalid_line_is_reported_by_its_number() {
        for (text, line) in [
            ("LOG_LEVEL=INFO\n# note\nDATABASE_URL=postgresql://u:hunter2 @db/x\nMAX_RETRIES=2\n", 3),
            ("LOG_LEVEL='1\n2'\n\nB\n", 4),
            ("LOG_LEVEL=1\nMAX_RETRIES=\"never closed\nAWS_REGION=2", 2),
        ] {
            let error = error(text);
            assert!(error.contains(&format!("line {line}")) && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn only_documented_names_are_accepted() {
        for name in [
            "LD_PRELOAD",
            "PATH",
            "AWS_CONFIG_FILE",
            "AWS_SHARED_CREDENTIALS_FILE",
            "PGHOST",
            "HTTPS_PROXY",
            "database_url",
            "HOME",
        ] {
            let error = error(&format!("LOG_LEVEL=INFO\n\n# note\nexport {name}='a\nb'\n"));
            assert!(error.contains("line 4 ") && error.contains(name), "{error}");
        }
        let names = checked_names("DATABASE_URL=\nAWS_ACCESS_KEY_ID=a\nOIDC_CLIENT_SECRET='b'").unwrap();
        assert_eq!(names, ["DATABASE_URL", "AWS_ACCESS_KEY_ID", "OIDC_CLIENT_SECRET"]);
    }

    #[test]
    fn the_example_sets_documented_names_only() {
        let example = include_str!("../../.env.example");
        // Includes those that are commented out.
        let lines = example.lines().map(|line| match line.strip_prefix('#') {
            Some(rest) if rest.split('=').next().is_some_and(|name| name.chars().all(is_of_name)) => rest,
            _ => line,
        });
        let all: Vec<&str> = lines.collect();
        let names = checked_names(&all.join("\n")).unwrap();
        let missing = documented_names().into_iter().filter(|name| !names.contains(name));
        let missing: Vec<String> = missing.filter(|name| !example.contains(name.as_str())).collect();
        assert!(missing.is_empty(), "{missing:?} are not in .env.example");
    }

    fn is_of_name(letter: char) -> bool {
        letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_'
    }

    #[test]
    fn values_cannot_refer_to_other_variables() {
        for value in ["$PATH", "a${PATH}b", "\"x $PATH y\"", "\"\\\\$PATH y\"", "$", "'a'$PATH"] {
            let error = error(&format!("LOG_LEVEL=INFO\nDATABASE_URL={value}\n"));
            assert!(error.contains("line 2:") && error.contains("DATABASE_URL"), "{value}: {error}");
        }
        for value in ["'a$PATH'", "'\\$PATH'", "'\\\\$PATH'", "\\$PATH", "\"\\$PATH\"", "a # $PATH"] {
            assert!(checked_names(&format!("DATABASE_URL={value}\n")).is_ok(), "{value}");
        }
    }

    #[test]
    fn a_file_that_others_can_write_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        assert!(read(&path).unwrap().is_none());
        std::fs::write(&path, "LOG_LEVEL=INFO\n").unwrap();
        for (mode, accepted) in [(0o600, true), (0o644, true), (0o664, false), (0o646, false)] {
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            match (accepted, read(&path)) {
                (true, Ok(Some(text))) => assert_eq!(text, "LOG_LEVEL=INFO\n"),
                (false, Err(error)) => assert!(error.to_string().contains("chmod go-w .env"), "{error}"),
                (_, other) => panic!("{mode:o}: {other:?}"),
            }
        }
    }

    #[test]
    fn files_that_are_not_settings_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(matches!(read(&pipe), Err(DotenvError::Unfit(_))));
        assert!(read(folder.path()).is_err());
        let large = folder.path().join("large");
        std::fs::write(&large, "#".repeat(MAX_BYTES as usize + 1)).unwrap();
        std::fs::set_permissions(&large, PermissionsExt::from_mode(0o600)).unwrap();
        assert!(matches!(read(&large), Err(DotenvError::Unfit(_))));
        assert!(matches!(checked_names("LOG_LEVEL=a\0b\n"), Err(DotenvError::Unfit(_))));
    }

    #[test]
    fn a_file_or_link_of_another_user_is_refused() {
        use std::os::unix::fs::{chown, lchown, symlink};
        // Only root can give files away.
        if !geteuid().is_root() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "LOG_LEVEL=INFO\n").unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
        symlink(&file, &link).unwrap();
        assert!(read(&link).unwrap().is_some());
        lchown(&link, Some(65_534), None).unwrap();
        let error = read(&link).unwrap_err().to_string();
        assert!(error.contains("the link belongs to"), "{error}");
        chown(&file, Some(65_534), None).unwrap();
        let error = read(&file).unwrap_err().to_string();
        assert!(error.contains("the file belongs to") && error.contains("root"), "{error}");
    }
}
