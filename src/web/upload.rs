//! A new file: what it looks like, which columns are which, and on its way in.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};

use super::form::request;
use super::shell::{Section, Shell, show};
use crate::actions::FilePreview;
use crate::domain::decision::Field;
use crate::http::{App, Problem, Query, UploadQuery, Uploader, preview_of, take_upload};

#[derive(Template)]
#[template(path = "upload.html")]
struct Page {
    shell: Shell,
}

/// The form.
pub(super) async fn page(Uploader(principal): Uploader) -> Result<Response, Problem> {
    show(&Page { shell: Shell::new(&principal, Section::Upload, "Upload a file") })
}

/// One of the four columns, and the file's columns to choose from.
struct Choice {
    field: Field,
    name: &'static str,
    place: Option<u16>,
}

impl Choice {
    /// Whether the column at `at` is chosen.
    fn is_chosen(&self, at: &usize) -> bool {
        self.place.is_some_and(|place| usize::from(place) == *at)
    }
}

#[derive(Template)]
#[template(path = "upload_preview.html")]
struct Part {
    choices: Vec<Choice>,
    preview: FilePreview,
    encoding: String,
    delimiter: &'static str,
    complete: bool,
}

/// What the beginning of a file looks like.
pub(super) async fn preview(
    Uploader(principal): Uploader,
    State(app): State<App>,
    head: Request,
) -> Result<Response, Problem> {
    let preview = preview_of(&app, &principal.owner, head).await?;
    let name = |field| match field {
        Field::Email => "E-mail",
        Field::FirstName => "First name",
        Field::LastName => "Last name",
        Field::Company => "Company",
    };
    let choices = preview.columns.iter();
    let choices =
        choices.map(|column| Choice { field: column.field, name: name(column.field), place: column.place });
    let delimiter = match preview.delimiter.as_str() {
        "," => "commas",
        ";" => "semicolons",
        "\t" => "tabs",
        _ => "vertical bars",
    };
    show(&Part {
        choices: choices.collect(),
        encoding: preview.encoding.to_uppercase(),
        delimiter,
        complete: preview.matched().is_some(),
        preview,
    })
}

/// Takes a file in, of a browser without scripts.
pub(super) async fn take(
    Uploader(principal): Uploader,
    State(app): State<App>,
    Query(asked): Query<UploadQuery>,
    form: Request,
) -> Result<Redirect, Problem> {
    let made = take_upload(&app, &request(principal), &asked, form).await?;
    Ok(Redirect::to(&format!("/jobs/{}", made.job)))
}

/// A file to try it with.
pub(super) async fn sample(Uploader(_): Uploader) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"contacts.csv\""),
    ];
    (headers, include_str!("../../examples/contacts.csv")).into_response()
}
