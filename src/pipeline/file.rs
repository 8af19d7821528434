//! Passes over a job's file: bytes from the store, through the reader, as rows.

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};

use super::{Context, Control, RunError};
use crate::csv::{Damage, Encoding, Limits, Mapping, RawRow, Reader, Reading, Rejection, Summary};
use crate::domain::row::{Fields, normalise};
use crate::objects::{ObjectError, Version};
use crate::store::jobs::Claim;

/// A file up to this size stays in memory between passes.
const KEPT_BYTES: u64 = 1 << 20;

/// The file that a run reads: every pass sees the same bytes.
pub(crate) struct File {
    version: Version,
    kept: Option<Vec<Bytes>>,
}

impl File {
    /// Opens the file for the first pass. If rows are already staged, opens the version that they came from.
    pub(crate) async fn open(context: &Context, claim: &Claim) -> Result<File, RunError> {
        let pinned = match claim.checkpoint {
            0 => None,
            _ => claim.object_version.as_deref().map(Version::from),
        };
        let (version, size, bytes) = get(context, claim, pinned.as_ref()).await?;
        let kept = match size <= KEPT_BYTES {
            true => Some(bytes.try_collect().await?),
            false => None,
        };
        Ok(File { version, kept })
    }

    /// Returns the version that is read.
    pub(crate) fn version(&self) -> &Version {
        &self.version
    }

    /// Starts a pass.
    pub(crate) async fn pass(&self, context: &Context, claim: &Claim) -> Result<Pass, RunError> {
        let blocks = match &self.kept {
            Some(kept) => stream::iter(kept.clone()).map(Ok).boxed(),
            None => get(context, claim, Some(&self.version)).await?.2,
        };
        Ok(Pass { blocks })
    }
}

type Blocks = BoxStream<'static, Result<Bytes, RunError>>;

async fn get(
    context: &Context,
    claim: &Claim,
    pinned: Option<&Version>,
) -> Result<(Version, u64, Blocks), RunError> {
    let replaced = |error| match error {
        ObjectError::Changed { .. } => RunError::Replaced,
        error => error.into(),
    };
    let opened = context.objects.open(&claim.object_key, pinned).await.map_err(replaced)?;
    Ok((opened.version, opened.size, opened.bytes.map_err(replaced).boxed()))
}

/// One pass over the file.
pub(crate) struct Pass {
    blocks: Blocks,
}

impl Pass {
    /// Returns the next bytes, or `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, RunError> {
        // Reading a local file never waits, so give other tasks a chance to run.
        tokio::task::yield_now().await;
        self.blocks.try_next().await
    }

    /// Calls `on_row` for every row of the file, and fails with its first error.
    pub(crate) async fn read(
        mut self,
        mut reader: Reader,
        claim: &Claim,
        control: &Control,
        mut on_row: impl FnMut(RawRow<'_>) -> Result<(), RunError>,
    ) -> Result<Summary, RunError> {
        let mut failed = None;
        let mut guarded = |row: RawRow<'_>| {
            if failed.is_none() {
                failed = on_row(row).err();
            }
        };
        while let Some(block) = self.next().await? {
            control.check(claim)?;
            reader.feed(&block, &mut guarded)?;
        }
        let summary = reader.finish(&mut guarded)?;
        failed.map_or(Ok(summary), Err)
    }
}

/// Returns a reader for the first pass, which detects the encoding unless a person has set it.
pub(crate) fn first_reader(claim: &Claim) -> Result<Reader, Rejection> {
    let reader = match &claim.settings.encoding {
        Some(name) => Reader::with_encoding(name.parse::<Encoding>()?, limits()),
        None => Reader::sniffing(limits()),
    };
    Ok(as_set(reader, claim))
}

/// Returns a reader for a later pass, with the encoding of the survey.
pub(crate) fn reader(claim: &Claim, reading: Reading) -> Reader {
    as_set(Reader::with_encoding(reading, limits()), claim)
}

/// Applies what a person has set about the file.
fn as_set(reader: Reader, claim: &Claim) -> Reader {
    reader.mapped(mapping(claim)).header_on(claim.settings.header_line.map(u64::from))
}

fn mapping(claim: &Claim) -> Option<Mapping> {
    claim.columns.and_then(|columns| Mapping::new(columns.places, columns.columns))
}

/// Returns the limits of the reader.
pub(crate) fn limits() -> Limits {
    Limits::default()
}

/// Returns the values of a row as they are stored and compared.
pub(crate) fn fields<'a>(row: &RawRow<'a>) -> Fields<'a> {
    row.values.map(normalise)
}

/// Describes what a malformed row contained besides its values; empty for any other row. Rows with different
/// residues are different rows, so the text is unambiguous.
pub(crate) fn residue(damage: Option<&Damage>) -> String {
    let Some(damage) = damage else {
        return String::new();
    };
    let kinds = [("extra cells ", &damage.overflow), ("unreadable bytes in ", &damage.undecodable)];
    let mut residue = Vec::new();
    for (words, cells) in kinds.into_iter().filter(|(_, cells)| !cells.is_empty()) {
        if !residue.is_empty() {
            residue.extend_from_slice(b"; ");
        }
        residue.extend_from_slice(words.as_bytes());
        let written = serde_json::to_writer(&mut residue, cells);
        debug_assert!(written.is_ok(), "writing to a Vec cannot fail");
    }
    for oddity in &damage.oddities {
        if !residue.is_empty() {
            residue.extend_from_slice(b"; ");
        }
        residue.extend_from_slice(oddity.as_bytes());
    }
    String::from_utf8(residue)
        .unwrap_or_else(|broken| String::from_utf8_lossy(broken.as_bytes()).into_owned())
}
