//! The reasons for which a job is FAILED. `texts` has their sentences.

use serde::{Deserialize, Serialize};

use super::rejection::Rejection;
use super::words::words;

/// The reason why a job is FAILED, as its owner may see it: without folders, buckets and other internals of the server,
/// which only its operator may see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Failure {
    /// The file cannot be imported as it is.
    Rejected {
        /// The reason.
        rejection: Rejection,
    },
    /// The file was replaced after some of its rows were staged.
    Replaced,
    /// The file is not in the store.
    NoFile {
        /// Its key.
        key: String,
    },
    /// The store cannot have a file with this key.
    BadKey {
        /// The key.
        key: String,
        /// What is wrong with it.
        flaw: KeyFlaw,
    },
    /// Each of the previous runs was killed without making progress.
    CutOff {
        /// The number of runs.
        runs: u32,
    },
    /// The file has more rows than a job can have.
    TooManyRows {
        /// The number of rows.
        rows: u64,
    },
    /// Something that the owner cannot correct.
    Server {
        /// What has failed.
        fault: Fault,
    },
    /// The database has refused a statement.
    DatabaseRefused {
        /// The SQLSTATE.
        code: String,
    },
    /// Its rows were too old and are removed.
    RowsRemoved,
    /// A person has cancelled the job.
    Cancelled {
        /// The name of the person.
        by: String,
    },
}

/// What is wrong with the key of a file. Displayed in English.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyFlaw {
    /// It is empty.
    Empty,
    /// It is longer than S3 allows.
    TooLong,
    /// It contains a control character.
    ControlCharacter,
    /// It begins or ends with `/`.
    SlashAtEdge,
    /// There is nothing between two `/`.
    EmptyName,
    /// `.` or `..` is between two `/`.
    DotName,
    /// A name in it is longer than file systems allow.
    LongName,
    /// A name in it is that of an unfinished upload.
    UploadName,
    /// The store would use another key.
    OtherForm,
    /// The store refuses it.
    Refused,
    /// A symbolic link leaves the folder.
    SymbolicLink,
    /// It names something other than a file.
    NoFile,
}

words! {
    /// What has failed on the server.
    Fault, "fault" {
        /// The bucket or folder of the files does not exist.
        NoStore = "no-store",
        /// The file was replaced while it was being read.
        FileChanged = "file-changed",
        /// The store of the files denies access.
        StoreDenied = "store-denied",
        /// The store of the files is unavailable.
        StoreUnavailable = "store-unavailable",
        /// The file ended early.
        FileCut = "file-cut",
        /// A temporary file failed.
        NoScratch = "no-scratch",
        /// The schema or the server is not what this program needs.
        DatabaseNotReady = "database-not-ready",
        /// The database could not be reached.
        DatabaseUnreachable = "database-unreachable",
        /// The database has no ids left for new issues.
        IdsUsedUp = "ids-used-up",
        /// The database contains something that this version does not know.
        DatabaseUnknown = "database-unknown",
        /// Another run has taken over, or an earlier write has failed.
        Aborted = "aborted",
    }
}

impl Failure {
    /// The kinds of failures that the operator of the service, rather than the owner of the file, must fix: the job was
    /// given up.
    pub(crate) const GIVEN_UP: [&str; 4] = ["cut_off", "too_many_rows", "server", "database_refused"];
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Self {
        Failure::Rejected { rejection }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Failure::Server { fault }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::field::Field;
    use crate::domain::rejection::{ColumnProposal, ForeignFormat, HeaderNames};

    #[test]
    fn what_the_operator_must_fix_is_given_up() {
        for (failure, is_given_up) in [
            (Rejection::Empty.into(), false),
            (Failure::Replaced, false),
            (Failure::NoFile { key: "a.csv".to_owned() }, false),
            (Failure::BadKey { key: String::new(), flaw: KeyFlaw::Empty }, false),
            (Failure::CutOff { runs: 5 }, true),
            (Failure::TooManyRows { rows: 1 << 40 }, true),
            (Fault::StoreDenied.into(), true),
            (Failure::DatabaseRefused { code: "42501".to_owned() }, true),
            (Failure::RowsRemoved, false),
            (Failure::Cancelled { by: "ann".to_owned() }, false),
        ] {
            let stored = serde_json::to_value(&failure).unwrap();
            let kind = stored["kind"].as_str().unwrap();
            assert_eq!(Failure::GIVEN_UP.contains(&kind), is_given_up, "{kind}");
        }
    }

    #[test]
    fn stored_failures_are_read_back() {
        let columns = Rejection::Columns {
            line: 2,
            missing: vec![Field::Company],
            doubled: vec![Field::Email],
            names: HeaderNames::new(&["mail".to_owned(), String::new(), "a@example.com".to_owned()]),
            proposals: vec![ColumnProposal { field: Field::Company, column: 3 }],
        };
        let failures = [
            Failure::Rejected { rejection: columns },
            Rejection::Empty.into(),
            Rejection::NotCsv { format: ForeignFormat::Pdf }.into(),
            Failure::Replaced,
            Failure::CutOff { runs: 5 },
            Failure::RowsRemoved,
            Fault::NoScratch.into(),
            Failure::Cancelled { by: "ann".to_owned() },
        ];
        for failure in failures {
            let stored = serde_json::to_value(&failure).unwrap();
            assert_eq!(serde_json::from_value::<Failure>(stored.clone()).unwrap(), failure, "{stored}");
            assert!(!stored.to_string().contains("a@example.com"), "{stored}");
        }
        let stored = serde_json::to_value(Failure::from(Rejection::HeaderOnly { line: 3 })).unwrap();
        let expected =
            serde_json::json!({ "kind": "rejected", "rejection": { "kind": "header_only", "line": 3 } });
        assert_eq!(stored, expected);
    }
}
