//! Compressed files.

use std::fs::File;
use std::io::{self, BufRead, BufReader};

use ::bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::StreamingDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};

use super::error::UnpackError;
use super::output::Output;
use crate::domain::interpretation::ContainerFormat;
use crate::domain::rejection::Rejection;

/// The memory that unpacking an xz file may take, in KiB. Its highest level needs 65 MiB.
const XZ_MEMORY_KIB: u32 = 100 << 10;

/// Unpacks gzip (RFC 1952), also several members in a row.
pub(super) fn gzip(file: File, output: &mut Output<'_>) -> Result<(), UnpackError> {
    output.copy(&mut MultiGzDecoder::new(BufReader::new(file)), ContainerFormat::Gzip)
}

/// Unpacks bzip2, also several streams in a row, as `pbzip2` writes them.
pub(super) fn bzip2(file: File, output: &mut Output<'_>) -> Result<(), UnpackError> {
    output.copy(&mut MultiBzDecoder::new(BufReader::new(file)), ContainerFormat::Bzip2)
}

/// Unpacks xz, also several streams in a row.
pub(super) fn xz(file: File, output: &mut Output<'_>) -> Result<(), UnpackError> {
    let mut source = XzReader::new_mem_limit(BufReader::new(file), true, XZ_MEMORY_KIB);
    output.copy(&mut source, ContainerFormat::Xz)
}

/// Unpacks zstd (RFC 8878), also several frames in a row, as `pzstd` writes them.
pub(super) fn zstd(file: File, output: &mut Output<'_>) -> Result<(), UnpackError> {
    let mut source = BufReader::new(file);
    while !source.fill_buf()?.is_empty() {
        match StreamingDecoder::new(&mut source) {
            Ok(mut frame) => output.copy(&mut frame, ContainerFormat::Zstd)?,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length, ..
            })) => {
                io::copy(&mut io::Read::take(&mut source, u64::from(length)), &mut io::sink())?;
            }
            Err(error) => {
                let reason = error.to_string();
                return Err(Rejection::BrokenContainer { format: ContainerFormat::Zstd, reason }.into());
            }
        }
    }
    Ok(())
}
