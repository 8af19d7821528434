//! Files that hold contacts in another form than a table of text: compressed files, archives, workbooks and vCards.
//!
//! The form is detected by content and unpacked to text in CSV, which is then read like any other file. Libraries do that,
//! except for vCards. The code here chooses the table and limits how far a small file may grow: see [`output`].

mod archive;
mod compressed;
mod error;
mod output;
mod parts;
mod sheet;
mod vcard;
mod workbook;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

pub(crate) use self::archive::tables_of as tables_of_archive;
pub(crate) use self::error::UnpackError;
use self::output::Output;
pub(crate) use self::output::Wanted;
use self::parts::{Chosen, Parts};
use crate::domain::interpretation::{Container, ContainerFormat};
use crate::domain::rejection::Rejection;

/// Containers may be nested this deep, such as a workbook in a ZIP archive.
const MAX_DEPTH: usize = 2;

/// The number of bytes that show what a file is.
pub(crate) const SIGNATURE_BYTES: usize = 32;

/// The text of a container.
pub(crate) struct Unpacked {
    /// A temporary file without a name, at its start.
    pub text: File,
    /// Whether it is the whole text.
    pub is_whole: bool,
    /// What was unpacked, from the outside in.
    pub containers: Vec<Container>,
    /// The names of the parts from which a person can choose.
    pub parts: Vec<String>,
    /// Whether no table was named, so that it is the first of several of an archive.
    pub is_first: bool,
    /// Whether the text was written here, in UTF-8, rather than by another program.
    pub is_ours: bool,
}

/// What kind of container a file is, as its first bytes show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    Gzip,
    Zstd,
    Bzip2,
    Xz,
    /// A ZIP archive, or a workbook that is stored as one.
    Zip,
    /// A compound file, in which old versions of Excel store workbooks.
    Compound,
    /// Cards of an address book.
    Vcard,
}

impl Signature {
    /// Returns the kind of a file that begins with `head`, or `None` if it is not a container.
    pub(crate) fn of(head: &[u8]) -> Option<Signature> {
        let is = |mark: &[u8]| head.starts_with(mark);
        match () {
            () if is(b"\x1F\x8B") => Some(Signature::Gzip),
            () if is(b"\x28\xB5\x2F\xFD") => Some(Signature::Zstd),
            () if is(b"BZh") && head.get(3).is_some_and(u8::is_ascii_digit) => Some(Signature::Bzip2),
            () if is(b"\xFD7zXZ\x00") => Some(Signature::Xz),
            () if is(b"PK\x03\x04") || is(b"PK\x05\x06") => Some(Signature::Zip),
            () if is(b"\xD0\xCF\x11\xE0") => Some(Signature::Compound),
            () if is_vcard(head) => Some(Signature::Vcard),
            () => None,
        }
    }
}

fn is_vcard(head: &[u8]) -> bool {
    const MARK: &[u8] = b"BEGIN:VCARD";
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    text.get(..MARK.len()).is_some_and(|start| start.eq_ignore_ascii_case(MARK))
}

/// Unpacks a file if it is a container. Returns `None` for any other file.
///
/// Keeps the strings of a workbook in memory, and everything else in temporary files. Only one workbook at a time is in
/// memory.
pub(crate) fn unpack(packed: File, wanted: &Wanted<'_>) -> Result<Option<Unpacked>, UnpackError> {
    let (mut file, mut is_whole) = (packed, wanted.is_whole);
    let mut containers = Vec::new();
    let mut parts = Parts { rest: wanted.part, ..Parts::default() };
    let mut unpacked: Option<Unpacked> = None;
    while let Some(signature) = signature(&mut file)? {
        if containers.len() >= MAX_DEPTH {
            return Err(Rejection::NestedTooDeep.into());
        }
        let here = Wanted { is_whole, part: parts.rest, ..*wanted };
        let (mut chosen, mut text, mut is_all) = unpack_one(signature, file.try_clone()?, &here)?;
        // The beginning of a container in a container does not suffice.
        if is_whole && !is_all && self::signature(&mut text)?.is_some() {
            let here = Wanted { bytes: u64::MAX, ..here };
            (chosen, text, is_all) = unpack_one(signature, file, &here)?;
        }
        let is_ours = chosen.container.format.is_workbook();
        containers.push(parts.enter(chosen));
        (file, is_whole) = (text.try_clone()?, is_all);
        let (containers, parts) = (Vec::new(), Vec::new());
        unpacked = Some(Unpacked { text, is_whole, containers, parts, is_first: false, is_ours });
        // Cells and cards are no container, whatever they begin with.
        if is_ours || signature == Signature::Vcard {
            break;
        }
    }
    if let Some(part) = parts.rest {
        return Err(Rejection::no_part(part, parts.names).into());
    }
    let Parts { names, is_first, .. } = parts;
    let parts = if names.len() > 1 { names } else { Vec::new() };
    Ok(unpacked.map(|unpacked| Unpacked { containers, parts, is_first, ..unpacked }))
}

/// Unpacks one container. Returns it with its text, and whether that is the whole text.
fn unpack_one<'p>(
    signature: Signature,
    mut file: File,
    wanted: &Wanted<'p>,
) -> Result<(Chosen<'p>, File, bool), UnpackError> {
    file.seek(SeekFrom::Start(0))?;
    let mut output = Output::new(file.metadata()?.len(), wanted)?;
    let compressed = |format| Chosen {
        container: Container { format, part: None, others: Vec::new() },
        names: Vec::new(),
        is_first: false,
        rest: wanted.part,
    };
    let chosen = match signature {
        Signature::Gzip => compressed::gzip(file, &mut output).map(|()| compressed(ContainerFormat::Gzip)),
        Signature::Zstd => compressed::zstd(file, &mut output).map(|()| compressed(ContainerFormat::Zstd)),
        Signature::Bzip2 => compressed::bzip2(file, &mut output).map(|()| compressed(ContainerFormat::Bzip2)),
        Signature::Xz => compressed::xz(file, &mut output).map(|()| compressed(ContainerFormat::Xz)),
        Signature::Zip | Signature::Compound if !wanted.is_whole => Err(Rejection::Incomplete.into()),
        Signature::Zip => archive::unpack(file, &mut output, wanted),
        Signature::Compound => workbook::unpack_old(file, &mut output, wanted),
        Signature::Vcard => vcard::unpack(file, &mut output)
            .map(|container| Chosen { container, ..compressed(ContainerFormat::Vcard) }),
    }?;
    let (text, is_all) = output.finish()?;
    Ok((chosen, text, is_all))
}

fn signature(file: &mut File) -> Result<Option<Signature>, UnpackError> {
    let mut head = Vec::with_capacity(SIGNATURE_BYTES);
    file.seek(SeekFrom::Start(0))?;
    Read::by_ref(file).take(SIGNATURE_BYTES as u64).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(Signature::of(&head))
}

#[cfg(test)]
mod tests;
