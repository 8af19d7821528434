//! Columns of files: those of a job, and those that are remembered for files with the same header.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::request::{IdempotencyKey, Keyed, Page};
use crate::actions::{self, Assignment, Changed, ColumnChoice, FieldSource, FilePreview, Remember, Reread};
use crate::auth::Principal;
use crate::domain::field::{Field, PerField, by_name};
use crate::domain::ids::MappingId;
use crate::domain::job::{FixedValues, JobId};
use crate::http::{
    App, Editor, Json, Path, PreviewQuery, Problem, ProblemBody, Query, Reader, Uploader, find_job,
    preview_of_job,
};
use crate::store::column_mappings::{self, ColumnMapping};

/// The positions of columns by the names of the fields.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Positions {
    #[serde(serialize_with = "by_name::serialize_given", deserialize_with = "by_name::deserialize_only")]
    pub(super) positions: PerField<Option<u16>>,
}

/// Declares the body of a request that says which column is which. `columns`, `empty` and `exclude` have the comments that
/// say what becomes of other fields and columns; further fields follow.
macro_rules! assigned {
    ($(#[$doc:meta])* $name:ident {
        $(#[$columns:meta])* columns,
        $(#[$empty:meta])* empty,
        $(#[$exclude:meta])* exclude,
        $($(#[$choice_doc:meta])* $choice:ident: bool,)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            $(#[$columns])*
            #[serde(default)]
            #[schema(required = false)]
            columns: Positions,
            /// The fields that have the same value in every row.
            #[serde(default)]
            #[schema(required = false)]
            values: FixedValues,
            $(#[$empty])*
            #[serde(default)]
            #[schema(required = false)]
            empty: Vec<Field>,
            $(#[$exclude])*
            #[serde(default)]
            exclude: Option<Vec<ColumnChoice>>,
            $(
                $(#[$choice_doc])*
                #[serde(default)]
                #[schema(required = false)]
                $choice: bool,
            )*
        }

        impl $name {
            fn assignment(&self) -> Assignment {
                let column = |at: u16| FieldSource::Column(ColumnChoice::Position(at));
                let fields = PerField::from_fn(|field| match self.columns.positions.get(field) {
                    _ if self.empty.contains(&field) => Some(FieldSource::Empty),
                    position => position.map(column),
                });
                Assignment { fields, excluded: self.exclude.clone(), ..Assignment::default() }
            }
        }
    };
}

assigned! {
    /// Which column is which.
    ChangeMapping {
        /// The columns of fields; those of other fields stay as they are.
        columns,
        /// The fields without a column.
        empty,
        /// The columns that are not imported; if absent, the same as before.
        exclude,
    }
}

assigned! {
    /// Which column of the file of a job is which.
    MapColumns {
        /// The columns of fields; those of other fields follow from the names of the columns.
        columns,
        /// The fields that are left empty; this job does not require them.
        empty,
        /// The columns that are not imported; if absent, those that are remembered for files with the same header.
        exclude,
        /// Remember the columns for files with the same header.
        remember: bool,
        /// Remember the values too.
        remember_values: bool,
    }
}

/// Returns how the beginning of the file of a job is parsed, with the job's own settings if the query has none.
#[utoipa::path(get, path = "/jobs/{job}/preview", tag = "jobs",
    params(("job" = i64, Path, description = "The job"), PreviewQuery),
    responses((status = 200, description = "The parsed beginning", body = FilePreview),
        (status = 404, description = "No such job, or its file is no longer stored", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The file cannot be parsed so", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn preview_job_file(
    Reader(principal): Reader,
    State(app): State<App>,
    Path(job): Path<JobId>,
    Query(query): Query<PreviewQuery>,
) -> Result<axum::Json<FilePreview>, Problem> {
    let mut db = app.owners.read(&principal.owner).await?;
    let job = find_job(&mut db, &principal.owner, job).await?;
    db.rollback().await?;
    Ok(axum::Json(preview_of_job(&app, &principal.owner, &job, &query).await?))
}

/// Assigns the columns of the file of a job and reads it again, with the settings that the job has. The job's rows and all
/// decisions about them are replaced. No row may be a contact.
#[utoipa::path(post, path = "/jobs/{job}/map", tag = "jobs", request_body = MapColumns,
    params(("job" = i64, Path, description = "The job"), IdempotencyKey),
    responses((status = 202, description = "The file will be read again", body = Changed),
        (status = 404, description = "No such job", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The job is running, is neither under review nor FAILED, or has imported contacts", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn map_job(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(job): Path<JobId>,
    keyed: Keyed,
    Json(map): Json<MapColumns>,
) -> Result<(StatusCode, axum::Json<Changed>), Problem> {
    let request = keyed.request(principal, &map)?;
    let mut db = app.owners.read(&request.owner).await?;
    let found = find_job(&mut db, &request.owner, job).await?;
    db.rollback().await?;
    let mut settings = found.settings;
    let assignment = map.assignment();
    for (field, value) in actions::checked_values(map.values)?.iter() {
        settings.values.set(field, Some(value.to_owned()));
    }
    let reread = Reread {
        settings: &settings,
        assignment: Some(&assignment),
        remember: Remember::of(map.remember, map.remember_values),
        required: app.required,
    };
    let queue = Some(&app.queue);
    let changed = actions::reread(&app.owners, &app.objects, queue, &request, job, &reread).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(changed)))
}

/// Lists the caller's remembered columns, the latest first.
#[utoipa::path(get, path = "/mappings", tag = "uploads",
    responses((status = 200, description = "The mappings", body = Page<ColumnMapping>)))]
pub(super) async fn list_mappings(
    Reader(principal): Reader,
    State(app): State<App>,
) -> Result<axum::Json<Page<ColumnMapping>>, Problem> {
    let mut db = app.owners.read(&principal.owner).await?;
    let mappings = column_mappings::list(&mut db, &principal.owner).await?;
    Ok(axum::Json(Page::with_next(mappings, None::<i64>)))
}

/// Changes remembered columns, for files that are imported from now on.
#[utoipa::path(put, path = "/mappings/{mapping}", tag = "uploads", request_body = ChangeMapping,
    params(("mapping" = i32, Path, description = "The mapping")),
    responses((status = 200, description = "The mapping as it is now", body = ColumnMapping),
        (status = 404, description = "No such mapping", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn change_mapping(
    Uploader(principal): Uploader,
    State(app): State<App>,
    Path(mapping): Path<MappingId>,
    Json(change): Json<ChangeMapping>,
) -> Result<axum::Json<ColumnMapping>, Problem> {
    let (request, assignment) = (request(principal), change.assignment());
    let changed =
        actions::change_mapping(&app.owners, &request, mapping, &assignment, &change.values).await?;
    Ok(axum::Json(changed))
}

/// Forgets remembered columns. Jobs keep the columns that they have.
#[utoipa::path(delete, path = "/mappings/{mapping}", tag = "uploads",
    params(("mapping" = i32, Path, description = "The mapping")),
    responses((status = 204, description = "The mapping is forgotten"),
        (status = 404, description = "No such mapping", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn forget_mapping(
    Uploader(principal): Uploader,
    State(app): State<App>,
    Path(mapping): Path<MappingId>,
) -> Result<StatusCode, Problem> {
    actions::forget_mapping(&app.owners, &request(principal), mapping).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Returns a request that has the same effect if it is repeated.
fn request(principal: Principal) -> actions::Request {
    actions::Request { owner: principal.owner, actor: principal.name, idempotency: None }
}
