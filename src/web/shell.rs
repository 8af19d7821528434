//! The frame of every page: navigation, the viewer's name, language and permissions.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};

use super::asset::{ASSETS, Assets};
use super::language::Viewer;
use crate::auth::{Means, Principal, Role};
use crate::http::{App, Problem, Reader};
use crate::texts::{Language, Text};

/// The section of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    /// Jobs and everything that belongs to one.
    Jobs,
    /// Contacts.
    Contacts,
    /// The audit trail.
    Audit,
    /// The upload.
    Upload,
    /// No section.
    None,
}

/// The frame of a page.
#[derive(Clone)]
pub(crate) struct Shell {
    /// The texts of the viewer's language.
    pub(crate) text: Text,
    /// The path to return to after choosing another language.
    pub(crate) path: String,
    /// The title of the page.
    pub(crate) title: String,
    /// The section of the page.
    pub(crate) section: Section,
    /// The name of the viewer; empty if they are not authenticated.
    pub(crate) who: String,
    /// The CSRF token for forms, if the viewer has a session.
    pub(crate) csrf: Option<String>,
    /// Whether the viewer may upload files and request runs.
    pub(crate) uploads: bool,
    /// Whether the viewer may decide, edit and delete.
    pub(crate) edits: bool,
    /// Whether the viewer may operate what all owners share.
    pub(crate) operates: bool,
}

impl Shell {
    /// Returns the frame of a page for an authenticated viewer.
    pub(crate) fn new(
        viewer: Viewer,
        principal: &Principal,
        section: Section,
        title: impl Into<String>,
    ) -> Shell {
        Shell {
            text: viewer.text,
            path: viewer.path,
            title: title.into(),
            section,
            who: principal.name.clone(),
            csrf: match &principal.means {
                Means::Session { csrf } => Some(csrf.expose().to_owned()),
                Means::Local | Means::Bearer | Means::ApiToken(_) => None,
            },
            uploads: principal.roles.has(Role::Uploader),
            edits: principal.roles.has(Role::Editor),
            operates: principal.roles.has(Role::Operator),
        }
    }

    /// Returns the frame of a page for a viewer who is not authenticated.
    pub(crate) fn anonymous(viewer: Viewer, title: impl Into<String>) -> Shell {
        Shell {
            text: viewer.text,
            path: viewer.path,
            title: title.into(),
            section: Section::None,
            who: String::new(),
            csrf: None,
            uploads: false,
            edits: false,
            operates: false,
        }
    }

    /// Returns whether the page belongs to the section.
    pub(crate) fn is_in(&self, section: &str) -> bool {
        matches!(
            (self.section, section),
            (Section::Jobs, "jobs")
                | (Section::Contacts, "contacts")
                | (Section::Audit, "audit")
                | (Section::Upload, "upload")
        )
    }

    /// Returns the languages to choose from, and whether each is chosen.
    pub(crate) fn languages(&self) -> impl Iterator<Item = (Language, bool)> {
        let chosen = self.text.language();
        Language::iter().map(move |language| (*language, *language == chosen))
    }

    /// Returns the files that the page loads.
    pub(crate) fn assets(&self) -> &'static Assets {
        &ASSETS
    }
}

/// Renders a page.
pub(crate) fn show(page: &impl Template) -> Result<Response, Problem> {
    let html = page.render().map_err(|error| Problem::internal(&error))?;
    // The language depends on these headers.
    Ok(([(header::VARY, HeaderValue::from_static("Accept-Language, Cookie"))], Html(html)).into_response())
}

#[derive(Template)]
#[template(path = "keys.html")]
struct Keys {
    shell: Shell,
}

/// Shows the keyboard shortcuts, for browsers without scripts.
pub(super) async fn keys(Reader(principal): Reader, viewer: Viewer) -> Result<Response, Problem> {
    let title = viewer.text.keys_title();
    show(&Keys { shell: Shell::new(viewer, &principal, Section::None, title) })
}

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOut {
    shell: Shell,
}

/// Shows that the viewer has signed out. Other pages would redirect to the provider and sign in again.
pub(super) async fn signed_out(State(_): State<App>, viewer: Viewer) -> Result<Response, Problem> {
    let title = viewer.text.signed_out_title();
    show(&SignedOut { shell: Shell::anonymous(viewer, title) })
}
