//! Files of JSON lines: each record as the API shows it.

use std::io::Write;

use super::ExportFormat;
use super::buffer::Buffer;
use super::columns::Exported;
use super::error::ExportError;

/// A file with a JSON object on each line.
pub(super) struct JsonLines {
    buffer: Buffer,
}

impl JsonLines {
    pub(super) fn new(buffer: Buffer) -> JsonLines {
        JsonLines { buffer }
    }

    pub(super) fn push<T: Exported>(&mut self, record: &T) -> Result<(), ExportError> {
        let failed = |error: serde_json::Error| ExportError::Library {
            format: ExportFormat::JsonLines,
            reason: error.to_string(),
        };
        serde_json::to_writer(&mut self.buffer, record).map_err(failed)?;
        Ok(self.buffer.write_all(b"\n")?)
    }
}
