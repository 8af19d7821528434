//! A pass over a job's file: its bytes from the store, through the reader, as rows.

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};

use super::{Context, Control, RunError};
use crate::csv::{Damage, Encoding, Limits, Mapping, RawRow, Reader, Summary};
use crate::domain::row::{Fields, normalise};
use crate::objects::{ObjectError, Version};
use crate::store::jobs::Claim;

/// A file up to this size is kept in memory between the passes over it.
const KEPT_BYTES: u64 = 1 << 20;

/// The file that a run works on: the same bytes in every pass.
pub(crate) struct File {
    version: Version,
    kept: Option<Vec<Bytes>>,
}

impl File {
    /// Opens the file for the first time: the version that rows were staged from, where there is one.
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

    /// The version that is read.
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

/// A file being read.
pub(crate) struct Pass {
    blocks: Blocks,
}

impl Pass {
    /// The next bytes; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, RunError> {
        // A local file is always there: others must run in between.
        tokio::task::yield_now().await;
        self.blocks.try_next().await
    }

    /// Gives every row of the file to `on_row`, which can fail, as the whole then does.
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

/// Reads the file for the first time.
pub(crate) fn first_reader(claim: &Claim) -> Reader {
    Reader::sniffing(limits()).mapped(mapping(claim))
}

/// Reads the file from its first row again, in the encoding that the survey has found.
pub(crate) fn reader(claim: &Claim, encoding: Encoding) -> Reader {
    Reader::with_encoding(encoding, limits()).mapped(mapping(claim))
}

fn mapping(claim: &Claim) -> Option<Mapping> {
    claim.columns.and_then(|columns| Mapping::new(columns.places, columns.columns))
}

/// The limits of what is read.
pub(crate) fn limits() -> Limits {
    Limits::default()
}

/// The values of a row as they are stored and compared.
pub(crate) fn fields<'a>(row: &RawRow<'a>) -> Fields<'a> {
    row.values.map(normalise)
}

/// What a malformed row held beside its values, in words; empty for any other row. Rows that differ
/// in it are not the same row, so it is written unambiguously.
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
        debug_assert!(written.is_ok(), "a Vec takes all that is written to it");
    }
    String::from_utf8(residue)
        .unwrap_or_else(|broken| String::from_utf8_lossy(broken.as_bytes()).into_owned())
}
