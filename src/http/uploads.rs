//! Uploads of files, as the request body itself or as a part of a form. Both are streamed to the store.

use std::num::ParseIntError;

use axum::extract::Request;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use tokio::io::AsyncRead;
use utoipa::IntoParams;

use super::bodies::{read_up_to, reader};
use super::find::find_job;
use super::form_data::{FormFile, is_form};
use super::problem::{Kind, Problem};
use super::state::App;
use crate::actions::{
    self, ActionError, Assignment, Beginning, ColumnChoice, Corrected, CorrectionsPreview, FieldSource,
    FileContent, FilePreview, GivenSettings, PREVIEW_BYTES, Remember, Upload, Uploaded,
};
use crate::csv::Mapping;
use crate::domain::field::{Field, PerField, by_name};
use crate::domain::file_check::FileCheck;
use crate::domain::job::{Columns, FixedValues, ImportPolicy, JobId, Owner, ParseSettings};
use crate::domain::refusal::Refusal;
use crate::domain::required::RequiredFields;
use crate::store::jobs::Job;

#[derive(Debug, Deserialize, serde::Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
/// How to import an uploaded file.
pub struct UploadQuery {
    /// The file's name, if the body is the file itself.
    #[param(min_length = 1, max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    filename: Option<String>,
    /// When valid rows become contacts.
    #[serde(default)]
    #[param(required = false)]
    policy: ImportPolicy,
    /// Create a job even if the same file was uploaded before.
    #[serde(default)]
    #[param(required = false)]
    force: bool,
    /// Position of the column of the {}, from 0, if the column names do not show it. Then those of all required fields
    /// are needed.
    #[serde(flatten, serialize_with = "by_name::serialize", deserialize_with = "positions")]
    #[param(value_type = Option<u16>, maximum = 65535)]
    positions: PerField<Option<u16>>,
    /// Number of columns in the file; required with the positions.
    #[param(maximum = 65535)]
    columns: Option<u16>,
    /// Remember the positions for files with the same header.
    #[serde(default)]
    #[param(required = false)]
    remember: bool,
    /// Values that are the same in every row, for fields without a column: a JSON object such as `{"company": "Acme"}`.
    values: Option<String>,
    /// Remember the values too.
    #[serde(default)]
    #[param(required = false)]
    remember_values: bool,
    /// Columns that are not imported: a JSON array of their names, or of their positions from 0, such as `["Notes", 7]`.
    /// Without it and without positions of fields, those that are remembered for files with the same header.
    exclude: Option<String>,
    /// Name of the encoding, such as windows-1251, if it is not the one that would be detected.
    encoding: Option<String>,
    /// Line of the header, from 1, if it is not the one that would be detected.
    #[param(minimum = 1, maximum = 2147483647)]
    header_line: Option<i64>,
    /// Name of the sheet of a workbook or of the file of an archive; a sheet of a workbook in an archive as `FILE/SHEET`.
    /// Without it, each table of an archive becomes a job.
    part: Option<String>,
    /// Character between two cells, or `comma`, `semicolon`, `tab`, `bar` or `space`, if it is not the one that would be
    /// detected.
    delimiter: Option<String>,
    /// Quote around cells, if it is not the one that would be detected: `double`, `single` or `none`.
    quote: Option<String>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
/// How to read a file for a preview.
pub struct PreviewQuery {
    /// Name of the encoding, such as windows-1251, if it is not the one that would be detected.
    encoding: Option<String>,
    /// Line of the header, from 1, if it is not the one that would be detected.
    #[param(minimum = 1, maximum = 2147483647)]
    header_line: Option<i64>,
    /// Name of the sheet of a workbook or of the file of an archive.
    part: Option<String>,
    /// Character between two cells, or its name, if it is not the one that would be detected.
    delimiter: Option<String>,
    /// Quote around cells, if it is not the one that would be detected: `double`, `single` or `none`.
    quote: Option<String>,
}

impl PreviewQuery {
    /// Returns the settings; those that the query lacks are from `other`.
    pub(crate) fn settings_or(&self, other: &ParseSettings) -> Result<ParseSettings, Problem> {
        let given = settings(GivenSettings {
            encoding: filled(&self.encoding),
            header_line: self.header_line,
            part: filled(&self.part),
            delimiter: given(&self.delimiter),
            quote: filled(&self.quote),
            values: other.values.clone(),
        })?;
        Ok(given.or(other))
    }
}

impl UploadQuery {
    /// Returns the upload of the file that the query names.
    pub(super) fn named_upload<'q>(&'q self, app: &App) -> Result<Upload<'q>, Problem> {
        self.upload(app, self.name(), settings(self.settings(self.header_line)?)?)
    }

    fn name(&self) -> &str {
        self.filename.as_deref().unwrap_or("upload.csv")
    }

    fn upload<'q>(&self, app: &App, name: &'q str, settings: ParseSettings) -> Result<Upload<'q>, Problem> {
        if name.is_empty() || name.chars().count() > 255 || name.contains(char::is_control) {
            return Err(Problem::of_parameter(Kind::Malformed, "filename", Refusal::FileName));
        }
        let columns = self.columns(&settings.values, app.required)?;
        let assignment = self.assignment(columns.as_ref(), &settings.values)?;
        Ok(Upload {
            filename: name,
            policy: self.policy,
            force: self.force,
            limit: app.upload_limit_bytes,
            columns: columns.filter(|_| assignment.is_none()),
            assignment,
            remember: Remember::of(self.remember, self.remember_values),
            settings,
            required: app.required,
        })
    }

    fn columns(&self, values: &FixedValues, required: RequiredFields) -> Result<Option<Columns>, Problem> {
        let positions = self.positions;
        if self.columns.is_none() && positions.values().into_iter().all(Option::is_none) {
            return Ok(None);
        }
        let is_given = |field| positions.get(field).is_some() || values.get(field).is_some();
        let Some(columns) = self.columns.filter(|_| required.iter().all(is_given)) else {
            return Err(refused("columns", Refusal::SomeColumns { fields: required.iter().collect() }));
        };
        if Mapping::new(positions, columns).is_none() {
            return Err(refused("columns", Refusal::SameColumn));
        }
        Ok(Some(Columns { positions, columns, excluded: Vec::new(), remembered: false }))
    }

    /// Returns the assignment of columns, with the positions of `columns`, if the query excludes columns.
    fn assignment(
        &self,
        columns: Option<&Columns>,
        values: &FixedValues,
    ) -> Result<Option<Assignment>, Problem> {
        let Some(excluded) = &self.exclude else { return Ok(None) };
        let excluded = serde_json::from_str::<Vec<ColumnChoice>>(excluded)
            .map_err(|_| refused("exclude", Refusal::NoListOfColumns))?;
        let source = |columns: &Columns, field: Field| match *columns.positions.get(field) {
            Some(at) => Some(FieldSource::Column(ColumnChoice::Position(at))),
            None if values.get(field).is_some() => None,
            None => Some(FieldSource::Empty),
        };
        let fields = PerField::from_fn(|field| columns.and_then(|columns| source(columns, field)));
        Ok(Some(Assignment {
            fields,
            excluded: Some(excluded),
            width: columns.map(|columns| columns.columns),
            is_complete: false,
        }))
    }

    fn settings(&self, header_line: Option<i64>) -> Result<GivenSettings<'_>, Problem> {
        Ok(GivenSettings {
            encoding: self.encoding.as_deref(),
            header_line,
            part: filled(&self.part),
            delimiter: given(&self.delimiter),
            quote: filled(&self.quote),
            values: self.values()?,
        })
    }

    fn values(&self) -> Result<FixedValues, Problem> {
        let values = self.values.as_deref().map(serde_json::from_str).transpose();
        let refused = |error: serde_json::Error| {
            Problem::new(Kind::Invalid).parameter("values", error.to_string()).refusing(Refusal::NoValues)
        };
        Ok(values.map_err(refused)?.unwrap_or_default())
    }
}

/// Parses the positions of the fields. Rejects all other parameters that [`UploadQuery`] does not name.
fn positions<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PerField<Option<u16>>, D::Error> {
    // In flattened values of a query, numbers are still text.
    let texts: PerField<Option<String>> = by_name::deserialize_only(deserializer)?;
    PerField::try_from_fn(|field| {
        let position = texts.get(field).as_ref().map(|text| text.parse());
        position.transpose().map_err(|error: ParseIntError| D::Error::custom(format!("{field}: {error}")))
    })
}

/// Uploads a file from the body of a request, or from the part `file` of a form.
pub async fn take_upload(
    app: &App,
    by: &actions::Request,
    query: &UploadQuery,
    request: Request,
) -> Result<Uploaded, Problem> {
    let _permit = app.ceilings.uploads.enter(&by.owner)?;
    if !is_form(request.headers()) {
        let settings = settings(query.settings(query.header_line)?)?;
        return take(app, by, query, query.name(), settings, reader(request.into_body())).await;
    }
    let file = FormFile::find(request).await?;
    let line = file.text("header_line").map(str::parse::<i64>).transpose();
    let line = line.map_err(|_| refused("header_line", Refusal::NoNumber))?;
    let given = query.settings(query.header_line.or(line))?;
    let settings = settings(GivenSettings {
        encoding: given.encoding.or(file.text("encoding")),
        part: given.part.or(file.text("part")),
        delimiter: given.delimiter.or(file.text("delimiter")),
        quote: given.quote.or(file.text("quote")),
        ..given
    })?;
    let name = query.filename.clone().or_else(|| file.name().map(str::to_owned));
    take(app, by, query, name.as_deref().unwrap_or("upload.csv"), settings, file.into_reader()).await
}

fn settings(given: GivenSettings<'_>) -> Result<ParseSettings, Problem> {
    actions::parse_settings(given).map_err(of_settings)
}

/// Returns a parameter unless it is blank, as forms send it.
fn filled(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// Returns a parameter that may be a space or a tab, unless it is empty.
fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// Returns the problem, with the parameter that has caused it.
pub(super) fn of_settings(error: ActionError) -> Problem {
    const PARAMETERS: [&str; 8] =
        ["encoding", "header_line", "part", "delimiter", "quote", "values", "columns", "exclude"];
    match error {
        ActionError::Invalid { field, reason } if PARAMETERS.contains(&field) => refused(field, reason),
        error => error.into(),
    }
}

/// Returns the problem for an invalid parameter.
fn refused(parameter: &'static str, reason: Refusal) -> Problem {
    Problem::of_parameter(Kind::Invalid, parameter, reason)
}

async fn take(
    app: &App,
    by: &actions::Request,
    query: &UploadQuery,
    name: &str,
    settings: ParseSettings,
    content: impl AsyncRead + Send,
) -> Result<Uploaded, Problem> {
    let upload = query.upload(app, name, settings)?;
    let content = Box::pin(content);
    let uploaded = actions::upload(&app.owners, &app.objects, Some(&app.queue), by, &upload, content).await;
    uploaded.map_err(of_settings)
}

/// Previews the file whose beginning is the body of a request.
pub async fn preview_of(
    app: &App,
    owner: &Owner,
    query: &PreviewQuery,
    request: Request,
) -> Result<FilePreview, Problem> {
    let settings = query.settings_or(&ParseSettings::default())?;
    let mut permit = None;
    let body = read_up_to(request.into_body(), |head| {
        if head.len() > PREVIEW_BYTES && permit.is_none() {
            permit = Some(app.ceilings.large_bodies.enter(owner)?);
        }
        Ok(actions::preview_limit(head))
    })
    .await?;
    // A longer body is a container, which is sent whole.
    let whole = body.len() != PREVIEW_BYTES;
    let beginning = Beginning::new(body.into(), whole);
    let preview = actions::preview_file(&app.owners, owner, &beginning, &settings, app.required).await;
    preview.map_err(of_settings)
}

/// Checks the file whose content, or whose beginning, is the body of a request, as the query would import it.
pub async fn check_of(
    app: &App,
    owner: &Owner,
    query: &UploadQuery,
    request: Request,
) -> Result<FileCheck, Problem> {
    let upload = query.named_upload(app)?;
    let _permit = app.ceilings.large_bodies.enter(owner)?;
    let body = read_up_to(request.into_body(), |head| Ok(actions::check_limit(head))).await?;
    let content = FileContent::of_body(&body)?;
    actions::check_file(&app.owners, owner, content, &upload).await.map_err(of_settings)
}

/// Previews the stored file of a job, as its settings and the query say.
pub(crate) async fn preview_of_job(
    app: &App,
    owner: &Owner,
    job: &Job,
    query: &PreviewQuery,
) -> Result<FilePreview, Problem> {
    let settings = query.settings_or(&job.settings)?;
    let _permit = app.ceilings.large_bodies.enter(owner)?;
    let preview = actions::preview_job(&app.owners, &app.objects, owner, job, &settings, app.required).await;
    preview.map_err(of_settings)
}

/// Returns what the corrections in the part `file` of a form would change.
pub(crate) async fn preview_corrections(
    app: &App,
    owner: &Owner,
    job: JobId,
    request: Request,
) -> Result<CorrectionsPreview, Problem> {
    let mut db = app.owners.read(owner).await?;
    find_job(&mut db, owner, job).await?;
    db.rollback().await?;
    let _permit = app.ceilings.corrections.enter(owner)?;
    let file = FormFile::find(request).await?.into_reader();
    Ok(actions::preview_corrections(&app.owners, owner, job, file).await?)
}

/// Imports corrections from the body of a request, or from the part `file` of a form.
pub async fn take_corrections(
    app: &App,
    by: &actions::Request,
    job: JobId,
    request: Request,
) -> Result<Corrected, Problem> {
    let mut db = app.owners.read(&by.owner).await?;
    find_job(&mut db, &by.owner, job).await?;
    db.rollback().await?;
    let _permit = app.ceilings.corrections.enter(&by.owner)?;
    let corrected = match is_form(request.headers()) {
        true => {
            let file = FormFile::find(request).await?.into_reader();
            actions::correct(&app.owners, by, job, file).await?
        }
        false => actions::correct(&app.owners, by, job, reader(request.into_body())).await?,
    };
    Ok(corrected)
}
