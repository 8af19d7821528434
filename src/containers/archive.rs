//! ZIP archives, and workbooks that are stored as one.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::error::UnpackError;
use super::output::{Output, limit};
use super::workbook;
use crate::domain::interpretation::{Container, ContainerFormat};

/// Maximum number of files in an archive that is searched.
const MAX_FILES: usize = 10_000;

/// Maximum number of names of other files that are reported.
const MAX_OTHERS: usize = 20;

/// Endings of names of files that are not tables: pictures, texts, and lists that programs add.
const OTHER_ENDINGS: [&str; 12] =
    ["png", "jpg", "jpeg", "gif", "pdf", "md", "html", "htm", "xml", "json", "docx", "exe"];

type Archive = ZipArchive<BufReader<File>>;

/// Unpacks the table of an archive, or of the workbook that it is.
///
/// `most`: the maximum bytes of a workbook that may be in memory.
pub(super) fn unpack(file: File, output: &mut Output<'_>, most: u64) -> Result<Container, UnpackError> {
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(broken)?;
    match workbook_format(&archive) {
        Some(format) => {
            if size_in_memory(&mut archive, format)? > most {
                return Err(UnpackError::TooLarge { limit: most });
            }
            let mut file = archive.into_inner().into_inner();
            file.seek(SeekFrom::Start(0))?;
            workbook::unpack(file, format, output)
        }
        None => match foreign_format(&archive) {
            Some(format) => Err(UnpackError::Foreign { format }),
            None => unpack_table(&mut archive, output),
        },
    }
}

/// Returns which kind of workbook an archive is, by the part that only such a workbook has.
fn workbook_format(archive: &Archive) -> Option<ContainerFormat> {
    let has = |name: &str| archive.index_for_name(name).is_some();
    if has("xl/workbook.xml") {
        return Some(ContainerFormat::Xlsx);
    }
    if has("xl/workbook.bin") {
        return Some(ContainerFormat::Xlsb);
    }
    (has("mimetype") && has("content.xml")).then_some(ContainerFormat::Ods)
}

/// Returns the name of a format that is stored as an archive but contains no table that can be read.
fn foreign_format(archive: &Archive) -> Option<&'static str> {
    const PARTS: [(&str, &str); 4] = [
        ("Index/Document.iwa", "a document of Apple Numbers or Pages"),
        ("word/document.xml", "a Word document"),
        ("ppt/presentation.xml", "a PowerPoint presentation"),
        ("META-INF/MANIFEST.MF", "a Java program"),
    ];
    PARTS.iter().find(|(part, _)| archive.index_for_name(part).is_some()).map(|(_, format)| *format)
}

/// Returns the size of a workbook's parts that are read into memory, or fails if all parts together exceed the limit. The
/// sizes in the archive's directory may be wrong, so each part is unpacked for this, but not kept.
fn size_in_memory(archive: &mut Archive, format: ContainerFormat) -> Result<u64, UnpackError> {
    let broken = |error: std::io::Error| UnpackError::Broken { format, reason: error.to_string() };
    let packed = (0..archive.len()).filter_map(|at| Some(archive.by_index_raw(at).ok()?.compressed_size()));
    let limit = limit(packed.sum());
    let (mut total, mut in_memory) = (0, 0);
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(|error| in_format(error, format))?;
        let is_in_memory = is_in_memory(&name(&part), format);
        let mut part = part.take(limit - total + 1);
        let size = std::io::copy(&mut part, &mut std::io::sink()).map_err(broken)?;
        total += size;
        if total > limit {
            return Err(UnpackError::TooLarge { limit });
        }
        in_memory += if is_in_memory { size } else { 0 };
    }
    Ok(in_memory)
}

/// Returns whether a part of a workbook is read into memory. Pictures are not read at all, and the rows of an XLSX sheet are
/// read as they are written.
fn is_in_memory(part: &str, format: ContainerFormat) -> bool {
    let is_in = |folder: &str| part.starts_with(folder);
    let is_picture = is_in("xl/media/") || is_in("Pictures/") || is_in("Thumbnails/");
    let is_streamed = format == ContainerFormat::Xlsx && is_in("xl/worksheets/");
    !is_picture && !is_streamed
}

fn unpack_table(archive: &mut Archive, output: &mut Output<'_>) -> Result<Container, UnpackError> {
    if archive.len() > MAX_FILES {
        let reason = format!("it contains more than {MAX_FILES} files");
        return Err(UnpackError::Broken { format: ContainerFormat::Zip, reason });
    }
    let (mut tables, mut others) = (Vec::new(), Vec::new());
    for at in 0..archive.len() {
        let part = archive.by_index_raw(at).map_err(broken)?;
        let name = name(&part);
        if part.is_dir() || is_hidden(&name) {
            continue;
        }
        match may_be_table(&name) {
            true => tables.push((at, name)),
            false if others.len() < MAX_OTHERS => others.push(name),
            false => {}
        }
    }
    match &tables[..] {
        [] => Err(UnpackError::Empty { format: ContainerFormat::Zip }),
        [(at, name)] => {
            let mut part = archive.by_index(*at).map_err(broken)?;
            output.copy(&mut part, ContainerFormat::Zip)?;
            Ok(Container { format: ContainerFormat::Zip, part: Some(name.clone()), others })
        }
        several => {
            Err(UnpackError::Several { names: several.iter().map(|(_, name)| name.clone()).collect() })
        }
    }
}

fn name<R: Read + ?Sized>(part: &ZipFile<'_, R>) -> String {
    part.name().map_or_else(|_| "a file without a readable name".to_owned(), |name| name.into_owned())
}

/// Returns whether a file is one that programs add for themselves, as macOS does.
fn is_hidden(name: &str) -> bool {
    name.split(['/', '\\']).any(|segment| segment.starts_with('.') || segment == "__MACOSX")
}

fn may_be_table(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    !ending.is_some_and(|ending| OTHER_ENDINGS.contains(&ending.as_str()))
}

fn broken(error: ZipError) -> UnpackError {
    in_format(error, ContainerFormat::Zip)
}

fn in_format(error: ZipError, format: ContainerFormat) -> UnpackError {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => UnpackError::Password { format },
        error => UnpackError::Broken { format, reason: error.to_string() },
    }
}
