//! What each fuzz target does with an input. The binaries in `fuzz_targets/` pass libFuzzer's inputs, `tests/fuzz.rs`
//! passes the committed corpora. A target panics if the code breaks a promise.

use std::fmt::Debug;

use axum::body::Body;
use axum::extract::{FromRequestParts, Request};
use axum::response::IntoResponse;
use futures::executor::block_on;
use ingest::csv::{
    Damage, Encoding, Limits, RawRow, Reader, Summary, TableRow, TableSurvey, defused, guarded, preview,
    unguarded, unmangled, without_mangled_mark,
};
use ingest::domain::decision::{Decision, Edits, Filter};
use ingest::domain::field::{Field, folded};
use ingest::domain::issue::email_issue_key;
use ingest::domain::rejection::Rejection;
use ingest::domain::required::RequiredFields;
use ingest::domain::row::{Fields, RowStatus, normalise};
use ingest::domain::rules::IssueType;
use ingest::domain::{email as address, rules, suggest};
use ingest::http::{FormFile, Query, UploadQuery};
use ingest::queue::message::JobMessage;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::io::AsyncReadExt;

/// A target.
pub(crate) type Target = fn(&[u8]);

/// All targets by name, which is also that of the binary and of the corpus folder.
pub(crate) const ALL: [(&str, Target); 8] = [
    ("decode", decode),
    ("rows", rows),
    ("email", email),
    ("message", message),
    ("corrections", corrections),
    ("filters", filters),
    ("cursors", cursors),
    ("multipart", multipart),
];

/// Small limits, so that short inputs reach them.
const LIMITS: Limits = Limits { max_cell_bytes: 64, max_record_bytes: 256, max_columns: 12 };

/// Reads a whole file in the detected encoding and, if that turns out wrong, again in the other; previews it as well.
pub(crate) fn decode(file: &[u8]) {
    for limits in [LIMITS, Limits::default()] {
        let first = read(Reader::sniffing(limits), [file]);
        first.check(limits);
        if let Ok(summary) = &first.end
            && summary.reread
        {
            let second = read(Reader::with_encoding(summary.encoding, limits), [file]);
            second.check(limits);
            assert!(second.end.is_err() || second.end.is_ok_and(|second| !second.reread));
        }
    }
    for whole in [false, true] {
        if let Err(rejection) = preview(file, whole, 10, None, None) {
            check_sentence(&rejection);
        }
    }
}

/// Reads a file cut into blocks at any byte: the first byte selects how, the second where.
pub(crate) fn rows(data: &[u8]) {
    let [how, place, file @ ..] = data else { return };
    let limits = if how & 1 == 0 { LIMITS } else { Limits::default() };
    let reader = || match how >> 1 & 3 {
        0 => Reader::with_encoding(Encoding::Utf8, limits),
        1 => Reader::with_encoding(Encoding::Windows1252, limits),
        2 => Reader::with_encoding(Encoding::Utf16Le, limits),
        _ => Reader::sniffing(limits),
    };
    let whole = read(reader(), [file]);
    let (first, second) = file.split_at(usize::from(*place).min(file.len()));
    assert_eq!(read(reader(), [first, b"", second]), whole);
    assert_eq!(read(reader(), file.chunks(usize::from(how >> 3) + 1)), whole);
    assert_eq!(table(&[first, b"", second]), table(&[file]));
}

/// Checks a value of the e-mail column.
pub(crate) fn email(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let value = normalise(text);
    assert_eq!(normalise(&value), value, "normalising twice changes nothing");
    let key = address::key(&value);
    assert_eq!(address::key(&key), key, "a key is the key of itself");
    assert!(email_issue_key(&key).len() <= 1024, "an index entry has room for it");
    match address::check(&value) {
        Ok(()) => {
            assert!(value.len() <= 254 && value.contains('@'));
            assert!(!value.contains(char::is_control), "{value:?}");
        }
        Err(error) => check_sentence(&error),
    }
    if let Some(corrected) = suggest::correction(&value) {
        assert_eq!(address::check(&corrected), Ok(()), "{corrected:?}");
        assert_ne!(corrected, value.as_ref());
    }
    let fields = Fields::new(text, "Ann", "Lee", "Acme");
    let verdict = rules::check(&fields, false, RequiredFields::default());
    let violations = verdict.violations(&fields, fields.hash(""), rules::Residue::default());
    assert_eq!(verdict.is_clean(), violations.is_empty());
}

/// Parses the body of a message.
pub(crate) fn message(data: &[u8]) {
    let Ok(raw) = std::str::from_utf8(data) else { return };
    match JobMessage::parse(raw) {
        Ok(message) => {
            assert!(message.job_id.0 > 0 && !message.s3_key.is_empty());
            assert_eq!(JobMessage::parse(&message.to_json()).as_ref(), Ok(&message));
        }
        Err(unreadable) => {
            assert_eq!(unreadable.raw, raw);
            check_sentence(&unreadable);
        }
    }
}

/// Reads a file as a spreadsheet program returns it: the first byte selects where it is cut.
pub(crate) fn corrections(data: &[u8]) {
    let [place, file @ ..] = data else { return };
    let (first, second) = file.split_at(usize::from(*place).min(file.len()));
    let whole = table(&[file]);
    assert_eq!(table(&[first, second]), whole);
    let Ok((_, rows)) = whole else { return };
    for cell in rows.iter().flat_map(|(_, cells, _)| cells) {
        assert_eq!(unguarded(&guarded(cell)), cell.as_str());
        for safe in [guarded(cell), defused(cell)] {
            let parts = safe.split([',', ';', '\t', '|', '\r', '\n']);
            assert!(
                !parts.into_iter().any(|part| part.trim_start().starts_with(['=', '+', '-', '@'])),
                "{safe:?}"
            );
        }
        assert_eq!(folded(&folded(cell)), folded(cell));
        assert_eq!(Field::from_name(cell), Field::from_name(&folded(cell)));
        let (unmangled, _) = (unmangled(cell), without_mangled_mark(cell));
        assert!(unmangled.len() <= cell.len());
    }
}

/// Parses the JSON of a bulk decision.
pub(crate) fn filters(data: &[u8]) {
    if let Some(filter) = round_trip::<Filter>(data)
        && let Some(refusal) = filter.refusal()
    {
        check_sentence(&refusal);
    }
    round_trip::<Decision>(data);
    if let Some(edits) = round_trip::<Edits>(data) {
        let normalised = edits.normalised();
        assert_eq!(normalised.normalised(), normalised);
    }
}

/// Parses the query of a request for a page.
pub(crate) fn cursors(data: &[u8]) {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Page {
        after: Option<i64>,
        limit: Option<i64>,
        text: Option<String>,
        status: Option<RowStatus>,
        issue_type: Option<IssueType>,
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(request) = Request::builder().uri(format!("/?{text}")).body(()) else { return };
    let mut parts = request.into_parts().0;
    match block_on(Query::<Page>::from_request_parts(&mut parts, &())) {
        Ok(Query(Page { after, limit, text, status, issue_type })) => {
            let given =
                [after.is_some(), limit.is_some(), text.is_some(), status.is_some(), issue_type.is_some()];
            assert!(!given.contains(&true) || !data.is_empty());
        }
        Err(problem) => assert!(problem.into_response().status().is_client_error()),
    }
    if let Err(problem) = block_on(Query::<UploadQuery>::from_request_parts(&mut parts, &())) {
        assert!(problem.into_response().status().is_client_error());
    }
}

/// Reads a form in pieces, whose length the first byte selects.
pub(crate) fn multipart(data: &[u8]) {
    let [length, form @ ..] = data else { return };
    let pieces: Vec<_> =
        form.chunks(usize::from(*length) + 1).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect();
    let body = Body::from_stream(futures::stream::iter(pieces));
    let request = Request::builder().header("content-type", "multipart/form-data; boundary=b");
    let Ok(request) = request.body(body) else { return };
    block_on(async {
        match FormFile::find(request).await {
            Ok(file) => {
                let mut content = Vec::new();
                // An incomplete form is an error of the reader.
                let _ = file.into_reader().read_to_end(&mut content).await;
                assert!(content.len() <= form.len());
            }
            Err(problem) => assert!(problem.into_response().status().is_client_error()),
        }
    });
}

/// Parses a value from JSON, and checks that it survives a round trip through JSON.
fn round_trip<T: DeserializeOwned + serde::Serialize + PartialEq + Debug>(json: &[u8]) -> Option<T> {
    let value: T = serde_json::from_slice(json).ok()?;
    let again = serde_json::to_vec(&value).map(|json| serde_json::from_slice(&json));
    assert_eq!(again.ok().and_then(Result::ok).as_ref(), Some(&value));
    Some(value)
}

/// Checks a sentence for people: one line without control characters.
fn check_sentence(words: &impl ToString) {
    let words = words.to_string();
    assert!(!words.is_empty() && words.len() < 2_000 && !words.contains(char::is_control), "{words:?}");
}

#[derive(Debug, PartialEq)]
struct Row {
    number: u64,
    line: u64,
    values: [String; 4],
    damage: Option<Damage>,
}

#[derive(Debug, PartialEq)]
struct Outcome {
    rows: Vec<Row>,
    end: Result<Summary, Rejection>,
}

impl Outcome {
    fn check(&self, limits: Limits) {
        for (row, number) in self.rows.iter().zip(1..) {
            assert_eq!(row.number, number);
            assert!(row.values.iter().any(|value| !value.trim().is_empty()));
            // A byte that cannot be decoded becomes a character of three bytes.
            assert!(
                row.values
                    .iter()
                    .all(|value| value.len() <= 3 * limits.max_cell_bytes && !value.contains('\0'))
            );
            assert_ne!(row.damage, Some(Damage::default()));
        }
        assert!(self.rows.is_sorted_by(|one, other| one.line < other.line));
        match &self.end {
            Ok(summary) => assert_eq!(summary.rows, self.rows.len() as u64),
            Err(rejection) => check_sentence(rejection),
        }
    }
}

fn read<'a>(mut reader: Reader, blocks: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut rows = Vec::new();
    let mut on_row = |row: RawRow<'_>| {
        let values = row.values.values().map(|value| (*value).to_owned());
        rows.push(Row { number: row.number, line: row.line, values, damage: row.damage });
    };
    let mut blocks = blocks.into_iter();
    let fed = blocks.try_for_each(|block| reader.feed(block, &mut on_row));
    let end = fed.and_then(|()| reader.finish(&mut on_row));
    Outcome { rows, end }
}

type TableRows = Vec<(u64, Vec<String>, bool)>;

fn table(blocks: &[&[u8]]) -> Result<(Encoding, TableRows), Rejection> {
    let mut survey = TableSurvey::default();
    blocks.iter().for_each(|block| survey.feed(block));
    let mut rows = Vec::new();
    let mut on_row = |row: TableRow<'_>| {
        rows.push((row.line, row.cells.iter().map(str::to_owned).collect(), row.is_text));
        Ok::<_, Rejection>(())
    };
    let mut reader = survey.finish(LIMITS)?;
    blocks.iter().try_for_each(|block| reader.feed(block, &mut on_row))?;
    let encoding = reader.finish(&mut on_row)?;
    Ok((encoding, rows))
}
