//! The formats of exported files.

use std::path::Path;

use crate::domain::words::words;

words! {
    /// A format of an exported file.
    ExportFormat, "file format" {
        /// Comma-separated values (RFC 4180), in UTF-8.
        Csv = "csv",
        /// A workbook of Excel (Office Open XML).
        Xlsx = "xlsx",
        /// One JSON object on each line.
        JsonLines = "jsonl",
        /// Apache Parquet, compressed with Snappy.
        Parquet = "parquet",
        /// vCard 4.0 (RFC 6350), for address books.
        Vcard = "vcf",
    }
}

impl ExportFormat {
    /// Returns the media type.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            ExportFormat::Csv => "text/csv; charset=utf-8",
            ExportFormat::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            ExportFormat::JsonLines => "application/jsonl; charset=utf-8",
            ExportFormat::Parquet => "application/vnd.apache.parquet",
            ExportFormat::Vcard => "text/vcard; charset=utf-8",
        }
    }

    /// Returns the format that the extension of a file's name stands for.
    ///
    /// ```
    /// use std::path::Path;
    ///
    /// use ingest::exports::ExportFormat;
    ///
    /// assert_eq!(ExportFormat::of(Path::new("contacts.XLSX")), Some(ExportFormat::Xlsx));
    /// assert_eq!(ExportFormat::of(Path::new("contacts")), None);
    /// ```
    pub fn of(file: &Path) -> Option<ExportFormat> {
        file.extension()?.to_str()?.to_ascii_lowercase().parse().ok()
    }
}
