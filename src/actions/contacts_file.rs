//! All contacts of an owner as a CSV file, generated while it is sent.

use bytes::Bytes;
use csv::Terminator;
use futures::Stream;

use crate::csv::{defused, sheet_writer};
use crate::domain::field::Field;
use crate::domain::ids::ContactId;
use crate::domain::job::Owner;
use crate::store::contacts::{self, Contact};
use crate::store::{OwnerPool, StoreError};

/// Maximum number of contacts in one piece of the file.
const PIECE: i64 = 2_000;
/// Maximum bytes of values in one piece, unless a single contact is larger. An unread download uses this much
/// memory.
const PIECE_BYTES: i64 = 256 << 10;

/// Streams the file in pieces: one line per contact, in order of creation, with `contact`, the four values and the
/// time of creation. The format is RFC 4180 in UTF-8 with a byte order mark, and every cell is quoted. Cells that
/// a spreadsheet program would run as a formula get an apostrophe in front, also after characters that it may take
/// for a separator.
pub fn contacts_file(owners: OwnerPool, owner: Owner) -> impl Stream<Item = Result<Bytes, StoreError>> {
    let fields = Field::ALL.iter().map(|field| field.as_str());
    let header: Vec<&str> = ["contact"].into_iter().chain(fields).chain(["created_at"]).collect();
    let first = Bytes::from(format!("\u{feff}\"{}\"\r\n", header.join("\",\"")));
    futures::stream::try_unfold(Some((first, Some(ContactId(0)))), move |state| {
        let (owners, owner) = (owners.clone(), owner.clone());
        async move {
            let Some((piece, after)) = state else { return Ok(None) };
            let Some(after) = after else { return Ok(Some((piece, None))) };
            let mut db = owners.read(&owner).await?;
            let page = contacts::piece(&mut db, &owner, after, PIECE, PIECE_BYTES).await?;
            let last = page.last().map(|contact| contact.id);
            Ok(Some((piece, last.map(|last| (lines(&page), Some(last))))))
        }
    })
}

fn lines(contacts: &[Contact]) -> Bytes {
    let mut writer = sheet_writer().terminator(Terminator::CRLF).from_writer(Vec::new());
    for contact in contacts {
        let values = contact.values.values().map(|value| defused(value));
        let (id, made) = (contact.id.to_string(), contact.created_at.to_rfc3339());
        let cells = std::iter::once(id.as_str().into()).chain(values).chain([made.as_str().into()]);
        // Writing to a Vec cannot fail, and all records have the same number of cells.
        let _ = writer.write_record(cells.map(|cell: std::borrow::Cow<'_, str>| cell.into_owned()));
    }
    writer.into_inner().unwrap_or_default().into()
}
