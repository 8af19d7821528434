//! The reasons for which a container cannot be unpacked.

use crate::domain::interpretation::ContainerFormat;
use crate::domain::job::JobId;

/// Maximum number of names in a message.
const NAMES_SHOWN: usize = 10;

/// The reason why a container cannot be unpacked: a sentence for the file's owner, except for the last two.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnpackError {
    /// An archive has no file that may be a table, or a workbook no sheet with cells.
    #[error("the {} contains no table; add one, and upload the file again", format.words())]
    Empty {
        /// What the file is.
        format: ContainerFormat,
    },
    /// An archive contains more than one table.
    #[error(
        "the ZIP archive contains {} tables: {}; choose one with `ingest reread JOB --part NAME` or under \"Match the columns\" \
         on the page of the job; if a person uploads the archive, each table becomes a job",
        names.len(), shown(names)
    )]
    Several {
        /// The names of their files.
        names: Vec<String>,
    },
    /// There is no such sheet or file.
    #[error("{}", no_such_part(part, names))]
    NoSuchPart {
        /// The name.
        part: String,
        /// The names that there are.
        names: Vec<String>,
    },
    /// The file is of a format that contains no table that can be read.
    #[error("the file is {format}, not a table; save the table as CSV in UTF-8 and upload that")]
    Foreign {
        /// The format, with its article.
        format: &'static str,
    },
    /// The content is encrypted.
    #[error("the {} is protected with a password; save it without one and upload that", format.words())]
    Password {
        /// What the file is.
        format: ContainerFormat,
    },
    /// The container is damaged, or uses what no library here supports.
    #[error(
        "the {} cannot be read ({reason}); save it again, or save its table as CSV, and upload that",
        format.words()
    )]
    Broken {
        /// What the file is.
        format: ContainerFormat,
        /// What the library reports.
        reason: String,
    },
    /// Unpacked, the content is too large for the size of the file.
    #[error(
        "the file grows to more than {} MB when it is unpacked, which is the limit for its size; unpack it, split the \
         table into files below that limit, and upload those", limit / 1_000_000
    )]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// Too many containers are nested.
    #[error("the file is packed more than twice; unpack it and upload the table itself")]
    TooDeep,
    /// Only the beginning is known, and the format needs the whole file.
    #[error("the beginning of a workbook or an archive does not show its content")]
    Incomplete,
    /// A temporary file could not be written or read.
    #[error(transparent)]
    Scratch(#[from] std::io::Error),
    /// Nobody waits for the result any more.
    #[error("unpacking was stopped")]
    Stopped,
}

impl UnpackError {
    /// Returns the error for a name that no sheet or file has.
    pub(crate) fn no_part(part: &str, names: Vec<String>) -> UnpackError {
        UnpackError::NoSuchPart { part: part.to_owned(), names }
    }

    /// Returns the sentence with the commands for a job.
    pub(crate) fn for_job(&self, job: JobId) -> String {
        self.to_string().replace(" JOB ", &format!(" {job} "))
    }
}

fn no_such_part(part: &str, names: &[String]) -> String {
    match names {
        [] => {
            format!("the file is no archive and no workbook, so it has no part `{part}`; leave out `--part`")
        }
        names => format!("the file has no part `{part}`; `--part` chooses one of: {}", shown(names)),
    }
}

fn shown(names: &[String]) -> String {
    let mut shown = names.iter().take(NAMES_SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > NAMES_SHOWN {
        shown.push_str(", …");
    }
    shown
}
