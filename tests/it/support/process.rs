//! The binary under test, as a separate process in a clean environment.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::Command;

/// Longer than anything that the tests start takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// A finished run.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit status; `None` if a signal ended it.
    pub status: Option<i32>,
    /// All of standard output.
    pub stdout: String,
    /// All of standard error.
    pub stderr: String,
}

impl Ended {
    /// Fails the test with the whole output unless the status is this one.
    #[track_caller]
    pub(crate) fn expect_status(&self, status: i32) {
        assert_eq!(self.status, Some(status), "\nstdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
    }
}

/// Returns the command for the binary with these arguments, and only `env` in its environment.
pub(super) fn command(folder: &Path, env: &[(String, String)], arguments: &[&str]) -> Command {
    command_by(&[], folder, env, arguments)
}

/// Returns the command run by another program, which receives the command line as its last arguments.
pub(super) fn command_by(
    wrapper: &[&str],
    folder: &Path,
    env: &[(String, String)],
    arguments: &[&str],
) -> Command {
    let line: Vec<&str> =
        wrapper.iter().chain(&[env!("CARGO_BIN_EXE_ingest")]).chain(arguments).copied().collect();
    command_of(&line, folder, env)
}

/// Returns the command of a whole command line.
pub(super) fn command_of(line: &[&str], folder: &Path, env: &[(String, String)]) -> Command {
    let mut line = line.iter();
    let mut command = Command::new(line.next().expect("the command line has a program"));
    command.args(line).current_dir(folder).env_clear().kill_on_drop(true).stdin(Stdio::null());
    command
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder)
        .env("RUST_BACKTRACE", "1");
    command.envs(env.iter().map(|(name, value)| (name, value)));
    command
}

/// Returns the command with this soft limit of open files, which the process can raise.
pub(super) fn with_open_files(command: Command, soft: u32) -> Command {
    let command = command.into_std();
    let mut limited = Command::new("sh");
    limited.args(["-c", &format!("ulimit -Sn {soft}; exec \"$0\" \"$@\"")]);
    limited.arg(command.get_program()).args(command.get_args()).env_clear().kill_on_drop(true);
    limited.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?)))).stdin(Stdio::null());
    if let Some(folder) = command.get_current_dir() {
        limited.current_dir(folder);
    }
    limited
}

/// Runs the command to its end.
pub(super) async fn run(mut command: Command) -> Ended {
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("the program ends").unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program prints UTF-8");
    Ended { status: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A running process.
pub(crate) struct Child {
    child: tokio::process::Child,
}

impl Child {
    /// Starts the command; its output goes to `log`.
    pub(crate) fn spawn(mut command: Command, log: &Path) -> Child {
        let log = std::fs::File::options().create(true).append(true).open(log).unwrap();
        let child = command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        Child { child }
    }

    /// Returns the peak memory of the process, in KiB (proc(5): VmHWM).
    pub(crate) fn peak_kib(&self) -> u64 {
        self.peak_kib_if_running().expect("the process is still running")
    }

    fn peak_kib_if_running(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        peak.trim().trim_end_matches(" kB").parse().ok()
    }

    /// Waits for the end of the process; returns its last known peak memory, in KiB, and its exit status.
    pub(crate) async fn peak_kib_until_end(&mut self) -> (u64, Option<i32>) {
        let mut peak = 0;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (peak, status.code());
            }
            peak = peak.max(self.peak_kib_if_running().unwrap_or(0));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.id().cast_signed()), signal).unwrap();
    }

    /// Returns the process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("the process is still running")
    }

    /// Whether the process has a handler for the signal.
    pub(crate) fn handles(&self, signal: Signal) -> bool {
        let Some(pid) = self.child.id() else { return false };
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
        caught >> (signal as i32 - 1) & 1 == 1
    }

    /// Sends SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
    }

    /// Waits for the end of the process and returns its exit status.
    pub(crate) async fn wait(&mut self) -> Option<i32> {
        tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("the process ends").unwrap().code()
    }

    /// Sends SIGTERM, waits, and returns the exit status.
    pub(crate) async fn term_and_wait(&mut self) -> Option<i32> {
        self.signal(Signal::SIGTERM);
        self.wait().await
    }

    /// Whether the process has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }
}
