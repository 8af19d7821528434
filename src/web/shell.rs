//! What stands around every page: where one is, who one is, and what one may do.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};

use super::asset::{ASSETS, Assets};
use super::language::Viewer;
use super::text::{Language, Text};
use crate::auth::{Means, Principal, Role};
use crate::http::{App, Problem, Reader};

/// The part of the pages that one is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    /// Jobs, and all that belongs to one.
    Jobs,
    /// Contacts.
    Contacts,
    /// Who did what.
    Audit,
    /// A new file.
    Upload,
    /// None of them.
    None,
}

/// What every page has.
#[derive(Clone)]
pub(crate) struct Shell {
    /// The texts of the viewer's language.
    pub(crate) text: Text,
    /// Where to come back to when another language is chosen.
    pub(crate) path: String,
    /// What the page is called.
    pub(crate) title: String,
    /// Where it belongs.
    pub(crate) section: Section,
    /// Who looks at it; empty where nobody is known.
    pub(crate) who: String,
    /// What forms send to show that they are ours; where somebody is signed in by a cookie.
    pub(crate) csrf: Option<String>,
    /// Whether they may upload and ask for runs.
    pub(crate) uploads: bool,
    /// Whether they may decide, edit and delete.
    pub(crate) edits: bool,
}

impl Shell {
    /// Around a page for somebody who is known.
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
                _ => None,
            },
            uploads: principal.roles.has(Role::Uploader),
            edits: principal.roles.has(Role::Editor),
        }
    }

    /// Around a page for anybody.
    pub(crate) fn stranger(viewer: Viewer, title: impl Into<String>) -> Shell {
        Shell {
            text: viewer.text,
            path: viewer.path,
            title: title.into(),
            section: Section::None,
            who: String::new(),
            csrf: None,
            uploads: false,
            edits: false,
        }
    }

    /// Whether one is there.
    pub(crate) fn is_in(&self, section: &str) -> bool {
        matches!(
            (self.section, section),
            (Section::Jobs, "jobs")
                | (Section::Contacts, "contacts")
                | (Section::Audit, "audit")
                | (Section::Upload, "upload")
        )
    }

    /// The languages to choose from, each with whether it is chosen.
    pub(crate) fn languages(&self) -> impl Iterator<Item = (Language, bool)> {
        let chosen = self.text.language();
        Language::iter().map(move |language| (*language, *language == chosen))
    }

    /// The files that the page brings.
    pub(crate) fn assets(&self) -> &'static Assets {
        &ASSETS
    }
}

/// The page.
pub(crate) fn show(page: &impl Template) -> Result<Response, Problem> {
    let html = page.render().map_err(|error| Problem::internal(&error))?;
    // Its language depends on both.
    Ok(([(header::VARY, HeaderValue::from_static("Accept-Language, Cookie"))], Html(html)).into_response())
}

#[derive(Template)]
#[template(path = "keys.html")]
struct Keys {
    shell: Shell,
}

/// The keys, for browsers in which no script shows them.
pub(super) async fn keys(Reader(principal): Reader, viewer: Viewer) -> Result<Response, Problem> {
    let title = viewer.text.keys_title();
    show(&Keys { shell: Shell::new(viewer, &principal, Section::None, title) })
}

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOut {
    shell: Shell,
}

/// Where the way out ends: not at a page that would send straight back to the provider.
pub(super) async fn signed_out(State(_): State<App>, viewer: Viewer) -> Result<Response, Problem> {
    let title = viewer.text.signed_out_title();
    show(&SignedOut { shell: Shell::stranger(viewer, title) })
}
