//! Dumps and restores the database of a private cluster, by the programs that belong to its server. A dump can be restored
//! by newer versions of PostgreSQL, unlike a copy of the cluster's files.

use std::fs;
use std::path::Path;

use tokio::process::Command;

use super::{LocalCluster, LocalError, NAME, PORT, at, run};

impl LocalCluster {
    /// Writes the database as of now to the file `dump`, while other programs go on using it.
    pub(crate) async fn dump(&self, dump: &Path) -> Result<(), LocalError> {
        let mut command = self.client("pg_dump");
        command.args(["--format=custom", "--dbname", NAME, "--file"]).arg(dump);
        run(command, "pg_dump").await
    }

    /// Restores a dump into the empty database.
    ///
    /// Leaves out privileges and policies: they name a role of the other server. The next migration creates those of this
    /// one.
    pub(crate) async fn restore(&self, dump: &Path) -> Result<(), LocalError> {
        let list = dump.with_extension("list");
        let mut command = self.client("pg_restore");
        command.arg("--list").arg("--file").arg(&list).arg(dump);
        run(command, "pg_restore --list").await?;
        let entries = fs::read_to_string(&list).map_err(at(&list))?;
        let kept: String =
            entries.lines().filter(|line| !is_policy(line)).map(|line| format!("{line}\n")).collect();
        fs::write(&list, kept).map_err(at(&list))?;
        let mut command = self.client("pg_restore");
        command.args(["--no-owner", "--no-privileges", "--exit-on-error", "--dbname", NAME, "--use-list"]);
        command.arg(&list).arg(dump);
        run(command, "pg_restore").await
    }

    /// Returns a client program that connects to the server. Only the user of this process may connect.
    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(self.binaries.program(program));
        command.env_clear().envs([("LC_ALL", "C"), ("PATH", "/usr/bin:/bin")]).kill_on_drop(true);
        command.env("PGHOST", &self.socket).env("PGPORT", PORT.to_string()).env("PGUSER", NAME);
        command
    }
}

/// Returns whether a line of the list of a dump is row-level security: `8; 3256 16530 POLICY public jobs ingest_owner ingest`.
fn is_policy(line: &str) -> bool {
    let what = line.split_whitespace().skip(3).take(2).collect::<Vec<_>>();
    matches!(what.as_slice(), ["POLICY", ..] | ["ROW", "SECURITY"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_found_in_a_list() {
        for (line, expected) in [
            ("3590; 3256 16530 POLICY public jobs ingest_requests ingest", true),
            ("3580; 0 16403 ROW SECURITY public jobs ingest", true),
            ("220; 1259 16403 TABLE public policy ingest", false),
            (";     Format: CUSTOM", false),
            ("", false),
        ] {
            assert_eq!(is_policy(line), expected, "{line}");
        }
    }
}
