//! Files of Apache Parquet: text as UTF-8, numbers as INT64, times in microseconds of UTC; no value is NULL.

use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{Type, TypePtr};

use super::ExportFormat;
use super::buffer::Buffer;
use super::columns::{Cell, Columns, Exported, Kind};
use super::error::ExportError;

/// Bytes of values in a row group, which are in memory until it is complete.
const ROW_GROUP: usize = 4 << 20;

/// A file that is written by row groups.
pub(super) struct Parquet {
    columns: Columns,
    writer: SerializedFileWriter<Buffer>,
    values: Vec<Values>,
    bytes: usize,
}

/// The values of a column in the next row group.
enum Values {
    Numbers { values: Vec<i64>, levels: Vec<i16> },
    Texts { values: Vec<ByteArray>, levels: Vec<i16> },
}

impl Values {
    fn new(kind: Kind) -> Values {
        match kind {
            Kind::Number | Kind::Time => Values::Numbers { values: Vec::new(), levels: Vec::new() },
            Kind::Text => Values::Texts { values: Vec::new(), levels: Vec::new() },
        }
    }

    /// Adds a value; returns its size. A value of another kind than its column's counts as none.
    fn push(&mut self, cell: Cell<'_>) -> usize {
        let number = match &cell {
            Cell::Number(number) => Some(*number),
            Cell::Time(time) => Some(time.timestamp_micros()),
            Cell::Text(_) | Cell::Empty => None,
        };
        match self {
            Values::Numbers { values, levels } => {
                levels.push(i16::from(number.is_some()));
                values.extend(number);
                size_of::<i64>()
            }
            Values::Texts { values, levels } => match cell {
                Cell::Empty => {
                    levels.push(0);
                    size_of::<i16>()
                }
                cell => {
                    let text = cell.into_text();
                    let size = text.len() + size_of::<ByteArray>();
                    levels.push(1);
                    values.push(text.into_bytes().into());
                    size
                }
            },
        }
    }
}

impl Parquet {
    pub(super) fn new(buffer: Buffer, columns: Columns) -> Result<Parquet, ExportError> {
        let fields = columns.iter().map(|(name, kind)| column(name, kind)).collect::<Result<_, _>>();
        let schema = Type::group_type_builder("contacts").with_fields(fields.map_err(failed)?).build();
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let writer =
            SerializedFileWriter::new(buffer, Arc::new(schema.map_err(failed)?), Arc::new(properties));
        let values = columns.iter().map(|(_, kind)| Values::new(kind)).collect();
        Ok(Parquet { columns, writer: writer.map_err(failed)?, values, bytes: 0 })
    }

    pub(super) fn push<T: Exported>(&mut self, record: &T) -> Result<(), ExportError> {
        let cells = self.columns.cells(record, ExportFormat::Parquet)?;
        for (values, cell) in self.values.iter_mut().zip(cells) {
            self.bytes += values.push(cell);
        }
        if self.bytes < ROW_GROUP {
            return Ok(());
        }
        self.write_row_group().map_err(failed)
    }

    fn write_row_group(&mut self) -> Result<(), ParquetError> {
        self.bytes = 0;
        let mut group = self.writer.next_row_group()?;
        for (values, (_, kind)) in self.values.iter_mut().zip(self.columns.iter()) {
            let Some(mut column) = group.next_column()? else { break };
            match std::mem::replace(values, Values::new(kind)) {
                Values::Numbers { values, levels } => {
                    column.typed::<Int64Type>().write_batch(&values, Some(&levels), None)?;
                }
                Values::Texts { values, levels } => {
                    column.typed::<ByteArrayType>().write_batch(&values, Some(&levels), None)?;
                }
            }
            column.close()?;
        }
        group.close()?;
        self.writer.flush()?;
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<(), ExportError> {
        if self.bytes > 0 {
            self.write_row_group().map_err(failed)?;
        }
        self.writer.close().map_err(failed)?;
        Ok(())
    }
}

fn column(name: &str, kind: Kind) -> Result<TypePtr, ParquetError> {
    let (physical, logical) = match kind {
        Kind::Number => (Physical::INT64, None),
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Time => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
    };
    let column = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
    Ok(Arc::new(column.with_logical_type(logical).build()?))
}

fn failed(error: ParquetError) -> ExportError {
    ExportError::Library { format: ExportFormat::Parquet, reason: error.to_string() }
}
