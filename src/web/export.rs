//! Downloads of contacts and rows in several formats.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::form::SearchQuery;
use crate::actions::{Export, Selection};
use crate::exports::{CsvOptions, ExportFormat};
use crate::http::{self, App, Problem, Query, Reader};
use crate::texts::Text;

/// The formats to choose from, with their names.
pub(super) struct Formats(pub(super) Vec<(ExportFormat, String)>);

impl Formats {
    /// Returns all formats.
    pub(super) fn of(text: &Text) -> Formats {
        let named = |format: &ExportFormat| (*format, name(text, *format));
        Formats(ExportFormat::ALL.iter().map(named).collect())
    }
}

fn name(text: &Text, format: ExportFormat) -> String {
    match format {
        ExportFormat::Csv => text.export_csv(),
        ExportFormat::Xlsx => text.export_xlsx(),
        ExportFormat::JsonLines => text.export_jsonl(),
        ExportFormat::Parquet => text.export_parquet(),
        ExportFormat::Vcard => text.export_vcf(),
    }
}

/// The query of a download.
#[derive(Debug, Deserialize)]
pub(super) struct ExportQuery {
    format: ExportFormat,
    #[serde(flatten)]
    search: SearchQuery,
}

/// Downloads the contacts, or those that match.
pub(super) async fn contacts(
    Reader(principal): Reader,
    State(app): State<App>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    let selection = Selection::Contacts { search: query.search.search() };
    http::exported_file(&app, &principal.owner, of_page(selection, query.format)).await
}

/// Downloads all contacts as CSV, from the address that pages once linked to.
pub(super) async fn all_contacts(
    Reader(principal): Reader,
    State(app): State<App>,
) -> Result<Response, Problem> {
    let selection = Selection::Contacts { search: None };
    http::exported_file(&app, &principal.owner, of_page(selection, ExportFormat::Csv)).await
}

/// Returns the export that a page offers: people open CSV files in spreadsheet programs.
pub(super) fn of_page(selection: Selection, format: ExportFormat) -> Export {
    Export { selection, format, csv: CsvOptions { byte_order_mark: true } }
}
