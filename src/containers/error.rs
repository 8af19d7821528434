//! The reasons for which a container cannot be unpacked.

use crate::domain::interpretation::ContainerFormat;

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
    #[error("the ZIP archive contains {} tables: {}; unpack it and upload each table as a file of its own", names.len(), shown(names))]
    Several {
        /// The names of their files.
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

fn shown(names: &[String]) -> String {
    let mut shown = names.iter().take(NAMES_SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > NAMES_SHOWN {
        shown.push_str(", …");
    }
    shown
}
