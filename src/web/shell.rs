//! What stands around every page: where one is, who one is, and what one may do.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};

use super::asset::{ASSETS, Assets};
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
#[derive(Debug, Clone)]
pub(crate) struct Shell {
    /// What the page is called.
    pub title: String,
    /// Where it belongs.
    pub section: Section,
    /// Who looks at it; empty where nobody is known.
    pub who: String,
    /// What forms send to show that they are ours; where somebody is signed in by a cookie.
    pub csrf: Option<String>,
    /// Whether they may upload and ask for runs.
    pub uploads: bool,
    /// Whether they may decide, edit and delete.
    pub edits: bool,
}

impl Shell {
    /// Around a page for somebody who is known.
    pub(crate) fn new(principal: &Principal, section: Section, title: impl Into<String>) -> Shell {
        Shell {
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
    pub(crate) fn stranger(title: impl Into<String>) -> Shell {
        Shell {
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

    /// The files that the page brings.
    pub(crate) fn assets(&self) -> &'static Assets {
        &ASSETS
    }
}

/// The page.
pub(crate) fn show(page: &impl Template) -> Result<Response, Problem> {
    let html = page.render().map_err(|error| Problem::internal(&error))?;
    Ok(Html(html).into_response())
}

#[derive(Template)]
#[template(path = "keys.html")]
struct Keys {
    shell: Shell,
}

/// The keys, for browsers in which no script shows them.
pub(super) async fn keys(Reader(principal): Reader) -> Result<Response, Problem> {
    show(&Keys { shell: Shell::new(&principal, Section::None, "Keys") })
}

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOut {
    shell: Shell,
}

/// Where the way out ends: not at a page that would send straight back to the provider.
pub(super) async fn signed_out(State(_): State<App>) -> Result<Response, Problem> {
    show(&SignedOut { shell: Shell::stranger("Signed out") })
}
