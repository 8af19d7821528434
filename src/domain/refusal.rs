//! The reasons for which a request is refused: because of a value in it, its sender, or its form. `texts` has their
//! sentences.

use super::access::Role;
use super::email::EmailError;
use super::field::Field;
use super::ids::{ContactId, RowId};
use super::job::JobId;
use super::rejection::{HeaderNames, Rejection};
use super::search::TextFlaw;

/// What is wrong with a request or a value in it. Displayed in English, as the API and the command line show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The file cannot be read.
    Rejected(Box<Rejection>),
    /// The file is too large for a preview.
    PreviewTooLarge {
        /// The maximum size of a container in MB.
        packed_mb: u64,
        /// The maximum size of its content in MB.
        unpacked_mb: u64,
    },
    /// An archive has more tables than an upload makes jobs.
    TooManyTables {
        /// The number of tables.
        count: usize,
        /// The maximum.
        limit: usize,
    },
    /// The columns are to be matched of an archive with several tables.
    MatchOneTable {
        /// The names of the tables.
        names: Vec<String>,
    },
    /// The name of the file is empty, too long or contains a control character.
    FileName,
    /// There is no such delimiter.
    Delimiter,
    /// There is no such quote.
    Quote,
    /// A value contains the character NUL.
    Nul,
    /// The address of a person is empty or too long.
    NoAddress,
    /// No line has this number.
    HeaderLine {
        /// The number as it is given.
        line: i64,
    },
    /// The line of the header is not a number.
    NoNumber,
    /// A value cannot be that of every row.
    FixedValue {
        /// The field.
        field: Field,
        /// What is wrong with it.
        flaw: ValueFlaw,
    },
    /// Two fields have the same column.
    SameColumn,
    /// A field has two columns.
    TwoColumns {
        /// The field.
        field: Field,
    },
    /// Some columns of an upload are given by their positions, and others are not.
    SomeColumns {
        /// The fields for which columns are needed.
        fields: Vec<Field>,
    },
    /// The file has no such column.
    NoColumn {
        /// The name or number of the column as it is given.
        column: String,
        /// The names of the columns.
        names: Vec<String>,
    },
    /// The file has another number of columns.
    OtherWidth {
        /// The number of columns as it is given.
        expected: u16,
        /// The names of the columns.
        names: Vec<String>,
    },
    /// A column is excluded and also read for a field.
    ExcludedField {
        /// The field.
        field: Field,
        /// The number of the column, from 1.
        number: u32,
        /// The name of the column, if it has one.
        name: Option<String>,
    },
    /// There is no such column among those that belong to no field.
    NoOtherColumn {
        /// The name of the column as it is given.
        column: String,
        /// The job whose file has no such column; `None` if no file of the owner has it.
        job: Option<JobId>,
        /// The names of the columns that belong to no field.
        names: Vec<String>,
    },
    /// The columns to exclude are not a list of names and positions.
    NoListOfColumns,
    /// A required field has no column.
    Unassigned {
        /// The field.
        field: Field,
        /// The names of the columns.
        names: Vec<String>,
    },
    /// The e-mail is left without a column.
    EmailWithoutColumn,
    /// A remembered header has no such column.
    NotInHeader,
    /// A text to search for is invalid.
    SearchText(TextFlaw),
    /// A decision has no new value.
    NoNewValue,
    /// Issues cannot be assigned to a person whom the owner's data does not name.
    UnknownPerson {
        /// The name as it is given.
        name: String,
        /// The names of people who have acted on the data.
        people: Vec<String>,
    },
    /// A note is too long.
    LongNote {
        /// The maximum number of characters.
        limit: usize,
    },
    /// The text to find is empty.
    NothingToFind,
    /// A replacement makes a value too long.
    LongResult {
        /// The maximum size of a value in KiB.
        limit_kb: usize,
    },
    /// A request edits a row twice.
    RowTwice {
        /// The row.
        row: RowId,
    },
    /// A request edits too many rows, or none.
    RowCount {
        /// The maximum.
        limit: usize,
    },
    /// A filter of contacts has neither a condition nor `all`, or both.
    NoContactFilter,
    /// A deletion does not say how many contacts its preview has counted.
    NoExpectedCount,
    /// A contact has to have a value.
    ContactWithoutValue,
    /// An e-mail address is invalid.
    Email(EmailError),
    /// The header of a file of corrections was decoded in another encoding.
    MisreadHeader {
        /// The line of the header.
        line: u64,
    },
    /// Several columns of a file of corrections have the same name.
    SeveralColumns {
        /// The line of the header.
        line: u64,
        /// What is in them.
        column: String,
        /// The names in the header.
        found: HeaderNames,
    },
    /// A file of corrections does not say which row is which.
    NoKeyColumn {
        /// The line of the header.
        line: u64,
        /// The name of the column.
        column: String,
        /// The names in the header.
        found: HeaderNames,
    },
    /// A file of corrections has no values.
    NoValueColumn {
        /// The line of the header.
        line: u64,
        /// The names in the header.
        found: HeaderNames,
    },
    /// A row of a file of corrections is not text.
    NotText {
        /// The line of the row.
        line: u64,
    },
    /// A row of a file of corrections has more cells than its header.
    TooManyCells {
        /// The line of the row.
        line: u64,
    },
    /// Two lines of a file of corrections are the same row with different values.
    Contradiction {
        /// The first line.
        first: i64,
        /// The second line.
        second: i64,
        /// The name of the column that says which row it is.
        column: String,
    },
    /// The sender lacks a role.
    NeedsRole {
        /// The role.
        role: Role,
    },
    /// The request was sent by a page of another site.
    ForeignPage,
    /// The address of the client has sent too many invalid tokens.
    BadTokens,
    /// The sender has too much work in progress.
    TooMuchWork {
        /// The kind of work.
        work: Work,
        /// The amount in progress.
        count: usize,
    },
    /// The server has too much work in progress.
    ServerFull {
        /// The kind of work.
        work: Work,
    },
    /// A form ended early, is none, or has a value that its page does not offer.
    BrokenForm,
    /// A form has too much before its file.
    LateFile {
        /// The maximum number of bytes before the file.
        limit: usize,
    },
    /// A form has no file.
    NoFile,
    /// A parameter in the address has a value that is not allowed, or is unknown.
    BadParameter {
        /// Its name.
        name: String,
    },
    /// The address contains a value that is not allowed.
    BadAddress,
    /// The body of the request ended early.
    BodyCut,
    /// The body of the request is too large.
    BodyTooLarge {
        /// The maximum number of bytes.
        limit: usize,
    },
    /// The values for every row are not an object of fields and texts.
    NoValues,
    /// There are no pages in a language.
    NoLanguage,
    /// A query of the database took too long.
    SlowQuery,
    /// The stored file was removed.
    FileGone,
    /// The store of the files does not exist.
    NoStore {
        /// The name of the bucket; `None` if the store is a folder.
        bucket: Option<String>,
    },
    /// The server has one local user, and the browser has not opened its address with the token.
    NeedsLocalToken,
    /// The token is not that of the local user.
    WrongLocalToken,
    /// The server has one local user, and the request came through a proxy.
    Proxied {
        /// The header that says so.
        header: String,
    },
    /// The server has one local user, and the request names another host.
    OtherHost,
    /// Only a person can do this, and the sender is an API token.
    NeedsPerson,
    /// A token is not accepted.
    BadToken,
    /// Nobody can sign in here.
    NoSignIn,
    /// A sign-in has expired or belongs to another browser.
    SignInExpired,
    /// A sign-in was answered by another provider.
    OtherProvider,
    /// The provider did not sign the user in.
    NotSignedIn,
    /// The provider rejected the sign-in.
    SignInRejected,
    /// A format of files cannot contain a value of this length.
    LongValue {
        /// The contact or row.
        record: RecordName,
        /// The name of the column.
        column: String,
        /// The format.
        format: &'static str,
        /// The limit in UTF-16 code units.
        limit: usize,
    },
    /// A record has a value in a column that none of its owner's files has.
    UnknownColumn {
        /// The contact or row.
        record: RecordName,
        /// The name of the column.
        column: String,
        /// The format.
        format: &'static str,
    },
    /// A format of files cannot contain this number of columns.
    WideFile {
        /// The number of columns.
        columns: usize,
        /// The format.
        format: &'static str,
        /// The limit.
        limit: usize,
    },
}

/// An exported contact or row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordName {
    /// A contact.
    Contact(ContactId),
    /// A row.
    Row(RowId),
}

/// A kind of work. The amount in progress at the same time is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Requests of any kind.
    Requests,
    /// Uploads of contacts.
    Uploads,
    /// Uploads of corrections.
    Corrections,
    /// Downloads.
    Downloads,
    /// Event streams.
    EventStreams,
    /// Requests with a large body.
    LargeRequests,
}

/// Why a value cannot be that of every row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueFlaw {
    /// It identifies a contact.
    IdentifiesContact,
    /// It is empty.
    Empty,
    /// It contains a control character.
    ControlCharacter,
    /// It is too long.
    TooLong {
        /// The maximum number of characters.
        limit: usize,
    },
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Refusal::Rejected(Box::new(rejection))
    }
}
