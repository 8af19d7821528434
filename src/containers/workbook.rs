//! Workbooks: which sheet is read, and its cells.

use std::fs::File;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use calamine::{Data, Reader, Sheet, SheetType, SheetVisible, Sheets, Xls, XlsError, Xlsx, XlsxError};

use super::error::UnpackError;
use super::output::{Flow, Output, Wanted};
use super::parts::Chosen;
use super::sheet::{SheetWriter, Sink};
use crate::csv;
use crate::domain::interpretation::{Container, ContainerFormat};
use crate::domain::rejection::Rejection;

/// How much of a sheet shows whether it contains contacts.
const HEAD_BYTES: usize = 64 << 10;
/// Maximum number of sheets that are searched, and of names that are reported.
const MAX_SHEETS: usize = 50;

/// Allows one workbook at a time in memory.
static IN_TURN: Mutex<()> = Mutex::new(());

type Workbook = Sheets<BufReader<File>>;

/// Writes the sheet `part`, or the sheet with the contacts, of a workbook that is a ZIP archive.
pub(super) fn unpack<'p>(
    file: File,
    format: ContainerFormat,
    output: &mut Output<'_>,
    part: Option<&'p str>,
) -> Result<Chosen<'p>, UnpackError> {
    guarded(format, || write_sheet(open(file, format)?, format, output, part))
}

/// Writes the sheet that is wanted of a workbook of Excel 97 to 2003.
pub(super) fn unpack_old<'p>(
    file: File,
    output: &mut Output<'_>,
    wanted: &Wanted<'p>,
) -> Result<Chosen<'p>, UnpackError> {
    if file.metadata()?.len() > wanted.in_memory {
        return Err(Rejection::GrowsTooLarge { limit_bytes: wanted.in_memory }.into());
    }
    unpack(file, ContainerFormat::Xls, output, wanted.part)
}

/// Runs `work` while no other workbook is in memory, and reports a panic of the library as a broken workbook.
fn guarded<T>(
    format: ContainerFormat,
    work: impl FnOnce() -> Result<T, UnpackError>,
) -> Result<T, UnpackError> {
    let _turn = IN_TURN.lock().unwrap_or_else(PoisonError::into_inner);
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let reason = "its content is not what its format prescribes".to_owned();
        Err(Rejection::BrokenContainer { format, reason }.into())
    })
}

fn open(file: File, format: ContainerFormat) -> Result<Workbook, UnpackError> {
    let again = file.try_clone()?;
    let source = BufReader::new(file);
    let opened = match format {
        ContainerFormat::Xlsx => Xlsx::new(source).map(Sheets::Xlsx).map_err(calamine::Error::Xlsx),
        ContainerFormat::Xlsb => calamine::Xlsb::new(source).map(Sheets::Xlsb).map_err(calamine::Error::Xlsb),
        ContainerFormat::Ods => calamine::Ods::new(source).map(Sheets::Ods).map_err(calamine::Error::Ods),
        ContainerFormat::Xls => Xls::new(source).map(Sheets::Xls).map_err(calamine::Error::Xls),
        ContainerFormat::Gzip
        | ContainerFormat::Zstd
        | ContainerFormat::Bzip2
        | ContainerFormat::Xz
        | ContainerFormat::Zip
        | ContainerFormat::Vcard => return Err(Rejection::NoTable { format }.into()),
    };
    opened.map_err(|error| match error {
        calamine::Error::Xlsx(XlsxError::Password)
        | calamine::Error::Xls(XlsError::Password)
        | calamine::Error::Xlsb(calamine::XlsbError::Password)
        | calamine::Error::Ods(calamine::OdsError::Password) => Rejection::Protected { format }.into(),
        // An encrypted workbook of today's Excel is stored in a compound file, too.
        calamine::Error::Xls(_) if matches!(Xlsx::new(BufReader::new(again)), Err(XlsxError::Password)) => {
            Rejection::Protected { format: ContainerFormat::Xlsx }.into()
        }
        error => broken(format, &error),
    })
}

fn write_sheet<'p>(
    mut workbook: Workbook,
    format: ContainerFormat,
    output: &mut Output<'_>,
    part: Option<&'p str>,
) -> Result<Chosen<'p>, UnpackError> {
    let sheets = workbook.sheets_metadata().to_vec();
    let visible = |sheet: &&Sheet| sheet.visible == SheetVisible::Visible;
    let mut names = names(sheets.iter().filter(visible));
    if names.is_empty() {
        names = self::names(sheets.iter());
    }
    let mut filled: Vec<(String, usize)> = Vec::new();
    for name in names {
        let head = head(&mut workbook, format, &name)?;
        if !head.is_empty() {
            filled.push((name, csv::recognized_fields(&head)));
        }
    }
    let best = match part {
        Some(part) => Some(named(&self::names(sheets.iter()), part)?),
        // The first of those with the most fields.
        None => filled.iter().rev().max_by_key(|(_, fields)| *fields).map(|(name, _)| name.clone()),
    };
    let Some(best) = best else { return Err(Rejection::NoTable { format }.into()) };
    write_cells(&mut workbook, format, &best, &mut |bytes| output.write(bytes))?;
    let names: Vec<String> = filled.into_iter().map(|(name, _)| name).collect();
    let others = names.iter().filter(|name| **name != best).cloned().collect();
    Ok(Chosen {
        container: Container { format, part: Some(best), others },
        names,
        is_first: false,
        rest: None,
    })
}

/// Returns the name of the sheet `part`, which may be written in another case.
fn named(names: &[String], part: &str) -> Result<String, UnpackError> {
    let exact = names.iter().find(|name| *name == part);
    let folded = || names.iter().find(|name| name.to_lowercase() == part.to_lowercase());
    let found = exact.or_else(folded).cloned();
    found.ok_or_else(|| Rejection::no_part(part, names.to_vec()).into())
}

fn names<'a>(sheets: impl Iterator<Item = &'a Sheet>) -> Vec<String> {
    let tables = sheets.filter(|sheet| sheet.typ == SheetType::WorkSheet);
    tables.map(|sheet| sheet.name.clone()).take(MAX_SHEETS).collect()
}

/// Returns the beginning of a sheet in CSV, of whole lines.
fn head(workbook: &mut Workbook, format: ContainerFormat, name: &str) -> Result<Vec<u8>, UnpackError> {
    let mut head = Vec::new();
    write_cells(workbook, format, name, &mut |bytes| {
        head.extend_from_slice(bytes);
        Ok(if head.len() >= HEAD_BYTES { Flow::Enough } else { Flow::More })
    })?;
    Ok(head)
}

/// Writes the cells of a sheet. Those of an XLSX workbook are read as they are written, so that no sheet is in memory.
fn write_cells<'s>(
    workbook: &mut Workbook,
    format: ContainerFormat,
    name: &str,
    sink: &'s mut Sink<'s>,
) -> Result<(), UnpackError> {
    let mut writer = SheetWriter::new(sink);
    if let Sheets::Xlsx(workbook) = workbook {
        let mut cells = workbook.worksheet_cells_reader(name).map_err(|error| broken(format, &error))?;
        while let Some(cell) = cells.next_cell().map_err(|error| broken(format, &error))? {
            if writer.add(cell.get_position(), Data::from(cell.get_value().clone()))? == Flow::Enough {
                return Ok(());
            }
        }
        return writer.finish();
    }
    let range = workbook.worksheet_range(name).map_err(|error| broken(format, &error))?;
    let (row, column) = range.start().unwrap_or_default();
    for (inner_row, inner_column, value) in range.used_cells() {
        let place = (row + inner_row as u32, column + inner_column as u32);
        if writer.add(place, value.clone())? == Flow::Enough {
            return Ok(());
        }
    }
    writer.finish()
}

fn broken(format: ContainerFormat, error: &dyn std::fmt::Display) -> UnpackError {
    Rejection::BrokenContainer { format, reason: error.to_string() }.into()
}
