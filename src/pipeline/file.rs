//! Passes over a job's file: bytes from the store, unpacked if they are a container, through the reader, as rows.

use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use tokio::io::AsyncWriteExt;

use super::read_as::ReadAs;
use super::{Context, Control, RunError};
use crate::containers::{SIGNATURE_BYTES, Signature, Unpacked, Wanted, unpack};
use crate::csv::{Damage, PREVIEW_BYTES, Preview, RawRow, Reader, Reading, Summary, preview};
use crate::domain::interpretation::{ColumnsBy, Container};
use crate::domain::rejection::Rejection;
use crate::domain::row::{Fields, normalise};
use crate::domain::rules::{self, ResidueParts};
use crate::objects::{ObjectError, Version};
use crate::store::jobs::Claim;

/// A file up to this size stays in memory between passes.
const KEPT_BYTES: u64 = 1 << 20;
/// The bytes of unpacked text that are read at a time.
const BLOCK_BYTES: usize = 256 << 10;
/// Maximum bytes of a workbook that may be in memory.
pub(crate) const IN_MEMORY_BYTES: u64 = 256 << 20;
/// The interval between checks whether the run is to stop, while a container is unpacked.
const CHECK_INTERVAL: Duration = Duration::from_millis(200);

/// The file that a run reads: every pass sees the same bytes.
pub(crate) struct File {
    version: Version,
    /// The bytes of its text.
    bytes: u64,
    source: Source,
    containers: Vec<Container>,
    /// Whether the text is our own, of the cells of a workbook, and so in UTF-8.
    is_ours: bool,
}

/// Where the passes get the text.
enum Source {
    /// It is in memory.
    Memory(Vec<Bytes>),
    /// The store has it.
    Store,
    /// It was unpacked to a temporary file.
    Unpacked(Arc<std::fs::File>),
}

impl File {
    /// Opens the file for the first pass. If rows are already staged, opens the version that they came from.
    pub(crate) async fn open(context: &Context, claim: &Claim, control: &Control) -> Result<File, RunError> {
        let pinned = match claim.checkpoint {
            0 => None,
            _ => claim.object_version.as_deref().map(Version::from),
        };
        let (version, size, mut blocks) = get(context, claim, pinned.as_ref()).await?;
        let mut head: Vec<Bytes> = Vec::new();
        let mut known = 0;
        while known < SIGNATURE_BYTES || size <= KEPT_BYTES {
            let Some(block) = blocks.try_next().await? else { break };
            known += block.len();
            head.push(block);
        }
        if Signature::of(&beginning(&head)).is_some() {
            let packed = stream::iter(head).map(Ok).chain(blocks).boxed();
            let unpacked = unpacked(packed, claim, control).await?;
            let bytes = unpacked.text.metadata()?.len();
            let source = Source::Unpacked(Arc::new(unpacked.text));
            return Ok(File {
                version,
                bytes,
                source,
                containers: unpacked.containers,
                is_ours: unpacked.is_ours,
            });
        }
        if let Some(part) = &claim.settings.part {
            return Err(Rejection::no_part(part, Vec::new()).into());
        }
        let source = if size <= KEPT_BYTES { Source::Memory(head) } else { Source::Store };
        Ok(File { version, bytes: size, source, containers: Vec::new(), is_ours: false })
    }

    /// Returns the version that is read.
    pub(crate) fn version(&self) -> &Version {
        &self.version
    }

    /// Returns the size of its text.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns what the table is packed in.
    pub(crate) fn containers(&self) -> &[Container] {
        &self.containers
    }

    /// Returns whether the text is our own, of the cells of a workbook.
    pub(crate) fn is_ours(&self) -> bool {
        self.is_ours
    }

    /// Starts a pass.
    pub(crate) async fn pass(&self, context: &Context, claim: &Claim) -> Result<Pass, RunError> {
        let blocks = match &self.source {
            Source::Memory(kept) => stream::iter(kept.clone()).map(Ok).boxed(),
            Source::Store => get(context, claim, Some(&self.version)).await?.2,
            Source::Unpacked(text) => blocks_of(Arc::clone(text)),
        };
        Ok(Pass { blocks })
    }

    /// Returns how the beginning of the file is read without a mapping, or `None` if it cannot be.
    pub(crate) async fn preview(
        &self,
        context: &Context,
        claim: &Claim,
    ) -> Result<Option<Preview>, RunError> {
        let mut pass = self.pass(context, claim).await?;
        let mut head = Vec::new();
        while head.len() < PREVIEW_BYTES
            && let Some(block) = pass.next().await?
        {
            head.extend_from_slice(&block);
        }
        let is_whole = head.len() < PREVIEW_BYTES;
        head.truncate(PREVIEW_BYTES);
        let read_as = self.read_as(claim);
        let Ok(encoding) = read_as.encoding() else { return Ok(None) };
        Ok(preview(&head, is_whole, 0, encoding, read_as.table()).ok())
    }

    /// Returns a reader for the first pass, which detects the encoding unless it is known or a person has set it.
    pub(crate) fn first_reader(&self, claim: &Claim) -> Result<Reader, Rejection> {
        self.read_as(claim).first_reader()
    }

    /// Returns a reader for a later pass, with the encoding of the survey.
    pub(crate) fn reader(&self, claim: &Claim, reading: Reading) -> Reader {
        self.read_as(claim).reader(reading)
    }

    /// Returns what is set about the file of a job.
    fn read_as<'c>(&self, claim: &'c Claim) -> ReadAs<'c> {
        let Claim { columns, settings, required, .. } = claim;
        ReadAs { columns: columns.as_ref(), settings, required: *required, is_ours: self.is_ours }
    }
}

fn beginning(blocks: &[Bytes]) -> Vec<u8> {
    blocks.iter().flatten().copied().take(SIGNATURE_BYTES).collect()
}

/// Unpacks a container to a temporary file, beside the tasks of other runs.
async fn unpacked(mut packed: Blocks, claim: &Claim, control: &Control) -> Result<Unpacked, RunError> {
    let mut file = tokio::fs::File::from_std(tempfile::tempfile()?);
    while let Some(block) = packed.try_next().await? {
        control.check(claim)?;
        file.write_all(&block).await?;
    }
    file.flush().await?;
    let file = file.into_std().await;
    let stop = Arc::new(AtomicBool::new(false));
    // However this function ends, nobody waits for the result after it.
    let stopped = Arc::clone(&stop);
    let _guard = scopeguard::guard((), move |()| stopped.store(true, Ordering::Relaxed));
    let part = claim.settings.part.clone();
    let mut work = tokio::task::spawn_blocking(move || {
        let wanted = Wanted {
            bytes: u64::MAX,
            is_whole: true,
            in_memory: IN_MEMORY_BYTES,
            stop: &stop,
            part: part.as_deref(),
            takes_first: false,
        };
        unpack(file, &wanted)
    });
    loop {
        match tokio::time::timeout(CHECK_INTERVAL, &mut work).await {
            Ok(done) => {
                let unpacked = done.map_err(std::io::Error::other)??;
                return unpacked.ok_or_else(|| std::io::Error::other("the file has changed").into());
            }
            Err(_) => control.check(claim)?,
        }
    }
}

/// Returns the text of a temporary file, from its start.
fn blocks_of(text: Arc<std::fs::File>) -> Blocks {
    stream::try_unfold((text, 0), |(text, offset)| async move {
        let mut block = vec![0; BLOCK_BYTES];
        let read = text.read_at(&mut block, offset)?;
        block.truncate(read);
        Ok((read > 0).then(|| (Bytes::from(block), (text, offset + read as u64))))
    })
    .boxed()
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

/// Returns who has assigned the columns.
pub(crate) fn columns_by(claim: &Claim) -> ColumnsBy {
    match &claim.columns {
        None => ColumnsBy::Names,
        Some(columns) if columns.remembered => ColumnsBy::Remembered,
        Some(_) => ColumnsBy::Person,
    }
}

/// Returns the values of a row as they are stored and compared.
pub(crate) fn fields<'a>(row: &RawRow<'a>) -> Fields<'a> {
    row.values.map(normalise)
}

/// Returns whether the row is malformed because of nothing but the encoding of the file, which is in doubt.
pub(crate) fn is_about_encoding(damage: Option<&Damage>) -> bool {
    damage.is_some_and(|damage| {
        damage.overflow.is_empty() && damage.undecodable.is_empty() && damage.oddities.is_empty()
    })
}

/// Describes what a malformed row contained besides its values; empty for any other row. Rows with different
/// residues are different rows, so the text is unambiguous.
pub(crate) fn residue(damage: Option<&Damage>) -> String {
    let Some(damage) = damage else {
        return String::new();
    };
    if is_about_encoding(Some(damage)) {
        return rules::encoding_in_doubt(&damage.doubts);
    }
    let others: Vec<&str> = damage.oddities.iter().chain(&damage.doubts).map(String::as_str).collect();
    let parts = ResidueParts {
        extra_cells: (&damage.overflow).into(),
        unreadable_cells: (&damage.undecodable).into(),
        others: others.join(rules::BETWEEN_PARTS),
    };
    parts.to_string()
}
