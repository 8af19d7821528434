//! A pass over a job's file: its bytes from the store, through the reader, as rows.

use bytes::Bytes;
use futures::TryStreamExt;

use super::{Context, Control, RunError};
use crate::csv::{Damage, Limits, RawRow, Reader, Summary};
use crate::domain::row::Fields;
use crate::objects::{ObjectError, Opened, Version};
use crate::store::jobs::Claim;

/// Opens the file: the version that rows were staged from, where there is one.
pub async fn open(context: &Context, claim: &Claim, pinned: Option<&Version>) -> Result<Pass, RunError> {
    match context.objects.open(&claim.object_key, pinned).await {
        Err(ObjectError::Changed { .. }) => Err(RunError::Replaced),
        opened => Ok(Pass { file: opened? }),
    }
}

/// A file being read.
pub struct Pass {
    file: Opened,
}

impl Pass {
    /// The version that is read.
    pub fn version(&self) -> &Version {
        &self.file.version
    }

    /// The next bytes; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, RunError> {
        match self.file.bytes.try_next().await {
            Err(ObjectError::Changed { .. }) => Err(RunError::Replaced),
            block => Ok(block?),
        }
    }

    /// Gives every row of the file to `on_row`.
    pub async fn read(
        mut self,
        mut reader: Reader,
        claim: &Claim,
        control: &Control,
        mut on_row: impl FnMut(RawRow<'_>),
    ) -> Result<Summary, RunError> {
        while let Some(block) = self.next().await? {
            control.check(claim)?;
            // A local file is always there: others must run in between.
            tokio::task::yield_now().await;
            reader.feed(&block, &mut on_row)?;
        }
        Ok(reader.finish(&mut on_row)?)
    }
}

/// The limits of what is read.
pub fn limits() -> Limits {
    Limits::default()
}

/// The four values of a row as they are stored and compared.
pub fn fields<'a>(row: &RawRow<'a>) -> Fields<'a> {
    Fields::new(row.email, row.first_name, row.last_name, row.company)
}

/// What a malformed row held beside its values, in words; empty for any other row. Rows that differ
/// in it are not the same row, so it is written unambiguously.
pub fn residue(damage: Option<&Damage>) -> String {
    let Some(damage) = damage else {
        return String::new();
    };
    let list = |cells: &[String]| serde_json::Value::from(cells).to_string();
    let mut parts = Vec::new();
    if !damage.overflow.is_empty() {
        parts.push(format!("extra cells {}", list(&damage.overflow)));
    }
    if !damage.undecodable.is_empty() {
        parts.push(format!("unreadable bytes in {}", list(&damage.undecodable)));
    }
    parts.join("; ")
}
