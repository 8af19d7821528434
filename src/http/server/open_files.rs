//! The process's limit of open files, which also limits connections.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Files reserved for the rest of the process: database connections, uploads, temporary files.
const RESERVED: usize = 256;

/// Raises the soft limit of open files to the hard limit. Returns how many connections, up to `wanted`, fit beside
/// the process's other files, and logs if that is fewer.
pub(crate) fn make_room(wanted: usize) -> usize {
    let limit = match raised() {
        Ok(limit) => limit,
        Err(error) => {
            tracing::warn!(error = %error, "cannot raise the limit of open files");
            return wanted;
        }
    };
    let room = fitting(wanted, limit);
    if room < wanted {
        tracing::warn!(
            limit,
            connections = room,
            "the hard limit of open files (ulimit -Hn) allows fewer connections"
        );
    }
    room
}

fn raised() -> nix::Result<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft < hard {
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    }
    Ok(hard)
}

fn fitting(wanted: usize, limit: u64) -> usize {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    wanted.min(limit.saturating_sub(RESERVED).max(limit / 2)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_reserved_for_the_rest_of_the_process() {
        for (wanted, limit, room) in
            [(1_000, 4_096, 1_000), (4_096, 4_096, 3_840), (1_000, 300, 150), (1, u64::MAX, 1)]
        {
            assert_eq!(fitting(wanted, limit), room, "{wanted} {limit}");
        }
    }
}
