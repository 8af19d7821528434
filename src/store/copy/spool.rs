//! Lines that may be too many for memory.

use sqlx::PgConnection;

use super::{INSERTED_LINES, Line, PIECE, Target, insert};
use crate::store::StoreError;
use crate::store::at_rest::UnderWay;

/// Lines for one COPY, in memory or, if they are many, in a temporary file.
pub(crate) struct Spool {
    file: tempfile::SpooledTempFile,
    lines: usize,
    /// Lines that are not written to the file yet.
    buffer: Vec<u8>,
    spilled: bool,
}

impl Default for Spool {
    fn default() -> Self {
        let file = tempfile::SpooledTempFile::new(PIECE * 4);
        Spool { file, lines: 0, buffer: Vec::new(), spilled: false }
    }
}

impl Spool {
    /// Adds the line that `write` writes.
    pub(crate) fn push(&mut self, write: impl FnOnce(&mut Line<'_>)) -> std::io::Result<()> {
        let mut line = Line::new(&mut self.buffer);
        write(&mut line);
        line.end();
        self.lines += 1;
        if self.buffer.len() >= PIECE { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        use std::io::Write;
        self.file.write_all(&self.buffer)?;
        self.buffer.clear();
        self.spilled = true;
        Ok(())
    }

    /// Sends all lines. Does nothing if there are none.
    pub(crate) async fn send(
        mut self,
        connection: &mut PgConnection,
        target: &Target,
    ) -> Result<(), StoreError> {
        use std::io::{Read, Seek};
        if self.lines == 0 {
            return Ok(());
        }
        if self.lines <= INSERTED_LINES && !self.spilled {
            return insert(connection, target, &self.buffer).await;
        }
        self.flush()?;
        self.file.rewind()?;
        let copying = UnderWay::start();
        let mut copy = connection.copy_in_raw(&target.copy()).await?;
        let mut piece = vec![0; PIECE];
        loop {
            match self.file.read(&mut piece)? {
                0 => break,
                length => copy.send(&piece[..length]).await?,
            };
        }
        copy.finish().await?;
        copying.end();
        Ok(())
    }
}
