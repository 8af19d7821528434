//! ZIP archives, and workbooks that are stored as one.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::error::UnpackError;
use super::output::{Output, Wanted, limit};
use super::parts::Chosen;
use super::workbook;
use crate::domain::interpretation::{Container, ContainerFormat};
use crate::domain::rejection::{ForeignFormat, Rejection};

/// Maximum number of files in an archive that is searched.
const MAX_FILES: usize = 10_000;

/// Maximum number of names of other files that are reported.
const MAX_OTHERS: usize = 20;

/// Endings of names of files that are not tables: pictures, texts, and lists that programs add.
const OTHER_ENDINGS: [&str; 12] =
    ["png", "jpg", "jpeg", "gif", "pdf", "md", "html", "htm", "xml", "json", "docx", "exe"];

/// Names of files without an ending that are not tables.
const OTHER_NAMES: [&str; 4] = ["readme", "license", "licence", "changelog"];

type Archive = ZipArchive<BufReader<File>>;

/// Returns the names of the tables of an archive; none if it is a workbook, or if its directory cannot be read.
pub(crate) fn tables_of(source: impl Read + Seek) -> Vec<String> {
    let Ok(archive) = ZipArchive::new(source) else { return Vec::new() };
    if workbook_format(&archive).is_some() || foreign_format(&archive).is_some() || archive.len() > MAX_FILES
    {
        return Vec::new();
    }
    let names = (0..archive.len()).filter_map(|at| Some(archive.name_for_index(at)?.ok()?.into_owned()));
    names.filter(|name| !name.ends_with(['/', '\\']) && !is_hidden(name) && may_be_table(name)).collect()
}

/// Unpacks the table of an archive, or of the workbook that it is.
pub(super) fn unpack<'p>(
    file: File,
    output: &mut Output<'_>,
    wanted: &Wanted<'p>,
) -> Result<Chosen<'p>, UnpackError> {
    let most = wanted.in_memory;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(broken)?;
    match workbook_format(&archive) {
        Some(format) => {
            if size_in_memory(&mut archive, format)? > most {
                return Err(Rejection::GrowsTooLarge { limit_bytes: most }.into());
            }
            let mut file = archive.into_inner().into_inner();
            file.seek(SeekFrom::Start(0))?;
            workbook::unpack(file, format, output, wanted.part)
        }
        None => match foreign_format(&archive) {
            Some(format) => Err(Rejection::ForeignContainer { format }.into()),
            None => unpack_table(&mut archive, output, wanted),
        },
    }
}

/// Returns which kind of workbook an archive is, by the part that only such a workbook has.
fn workbook_format<R: Read + Seek>(archive: &ZipArchive<R>) -> Option<ContainerFormat> {
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
fn foreign_format<R: Read + Seek>(archive: &ZipArchive<R>) -> Option<ForeignFormat> {
    const PARTS: [(&str, ForeignFormat); 4] = [
        ("Index/Document.iwa", ForeignFormat::Apple),
        ("word/document.xml", ForeignFormat::Document),
        ("ppt/presentation.xml", ForeignFormat::Presentation),
        ("META-INF/MANIFEST.MF", ForeignFormat::JavaProgram),
    ];
    PARTS.iter().find(|(part, _)| archive.index_for_name(part).is_some()).map(|(_, format)| *format)
}

/// Returns the size of a workbook's parts that are read into memory, or fails if all parts together exceed the limit. The
/// sizes in the archive's directory may be wrong, so each part is unpacked for this, but not kept.
fn size_in_memory(archive: &mut Archive, format: ContainerFormat) -> Result<u64, UnpackError> {
    let broken = |error: std::io::Error| {
        UnpackError::from(Rejection::BrokenContainer { format, reason: error.to_string() })
    };
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
            return Err(Rejection::GrowsTooLarge { limit_bytes: limit }.into());
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

fn unpack_table<'p>(
    archive: &mut Archive,
    output: &mut Output<'_>,
    wanted: &Wanted<'p>,
) -> Result<Chosen<'p>, UnpackError> {
    let format = ContainerFormat::Zip;
    if archive.len() > MAX_FILES {
        let reason = format!("it contains more than {MAX_FILES} files");
        return Err(Rejection::BrokenContainer { format, reason }.into());
    }
    let (mut tables, mut others) = (Vec::new(), Vec::new());
    for at in 0..archive.len() {
        let part = archive.by_index_raw(at).map_err(broken)?;
        let name = name(&part);
        match part.is_dir() || is_hidden(&name) {
            true => {}
            false if may_be_table(&name) => tables.push((at, name)),
            false => others.push(name),
        }
    }
    let names: Vec<String> = tables.iter().map(|(_, name)| name.clone()).collect();
    let (chosen, rest) = match (wanted.part, names.len()) {
        (_, 0) => return Err(Rejection::NoTable { format }.into()),
        (None, 1) => (0, None),
        (None, _) if wanted.takes_first => (0, None),
        (None, _) => return Err(Rejection::SeveralTables { names }.into()),
        (Some(part), 1) => find(&names, part).unwrap_or((0, Some(part))),
        (Some(part), _) => find(&names, part).ok_or_else(|| Rejection::no_part(part, names.clone()))?,
    };
    let (at, part) = tables.remove(chosen);
    output.copy(&mut archive.by_index(at).map_err(broken)?, format)?;
    let others = tables.into_iter().map(|(_, name)| name).chain(others).take(MAX_OTHERS).collect();
    let is_first = wanted.part.is_none() && names.len() > 1;
    Ok(Chosen { container: Container { format, part: Some(part), others }, names, is_first, rest })
}

/// Returns the index of the table with this name, or with this name in the only folder that has one, and what follows the
/// name after a slash.
fn find<'p>(names: &[String], part: &'p str) -> Option<(usize, Option<&'p str>)> {
    let exact = names.iter().position(|name| name == part).map(|at| (at, None));
    let inner = || {
        let rest = |name: &String| part.strip_prefix(name.as_str())?.strip_prefix('/');
        names.iter().enumerate().find_map(|(at, name)| Some((at, Some(rest(name)?))))
    };
    let in_folder = || {
        let is_there = |name: &String| name.strip_suffix(part).is_some_and(|folder| folder.ends_with('/'));
        let mut found = names.iter().enumerate().filter(|(_, name)| is_there(name));
        let (at, _) = found.next()?;
        found.next().is_none().then_some((at, None))
    };
    exact.or_else(inner).or_else(in_folder)
}

fn name<R: Read + ?Sized>(part: &ZipFile<'_, R>) -> String {
    part.name().map_or_else(|_| "a file without a readable name".to_owned(), |name| name.into_owned())
}

/// Returns whether a file is one that programs add for themselves, as macOS does.
fn is_hidden(name: &str) -> bool {
    name.split(['/', '\\']).any(|segment| segment.starts_with('.') || segment == "__MACOSX")
}

fn may_be_table(name: &str) -> bool {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name).to_ascii_lowercase();
    let (stem, ending) = file.rsplit_once('.').unwrap_or((&file, ""));
    let is_remark = matches!(ending, "" | "txt") && OTHER_NAMES.contains(&stem);
    !is_remark && !OTHER_ENDINGS.contains(&ending)
}

fn broken(error: ZipError) -> UnpackError {
    in_format(error, ContainerFormat::Zip)
}

fn in_format(error: ZipError, format: ContainerFormat) -> UnpackError {
    let rejection = match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => Rejection::Protected { format },
        error => Rejection::BrokenContainer { format, reason: error.to_string() },
    };
    rejection.into()
}
