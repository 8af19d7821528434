//! What a person can do about a failed job.

use crate::actions;
use crate::domain::failure::Failure;
use crate::domain::rejection::Rejection;
use crate::store::jobs::Job;
use crate::texts::Text;
use crate::web::remedies::{self, Remedy};
use crate::web::settings;

/// What most likely makes the file of a failed job importable.
pub(in crate::web) enum Cure {
    /// Matching its columns.
    Columns,
    /// Reading it with another setting, which is known.
    Remedies(Remedies),
    /// Reading it with other settings, which a person has to find.
    Reread,
    /// Uploading another file.
    Upload,
    /// Running the job again.
    Run,
}

/// Buttons that read the file with another setting, and the settings that stay.
pub(in crate::web) struct Remedies {
    pub(super) kept: Vec<(&'static str, String)>,
    pub(super) buttons: Vec<Remedy>,
}

impl Cure {
    /// Returns the cure for a failed job, among those that the viewer can carry out: reading a file again needs an editor.
    pub(in crate::web) fn of(text: &Text, job: &Job, edits: bool) -> Cure {
        // A run that was cut off continues, and rows with issues are reviewed.
        if job.cancelled || job.open_issues > 0 {
            return Cure::Run;
        }
        let can_reread = edits && actions::can_reread(job);
        match &job.failure_reason {
            Some(Failure::Rejected { rejection }) if can_reread => of_rejection(text, job, rejection),
            Some(
                Failure::Rejected { .. }
                | Failure::Replaced
                | Failure::NoFile { .. }
                | Failure::BadKey { .. }
                | Failure::TooManyRows { .. }
                | Failure::RowsRemoved,
            ) => Cure::Upload,
            Some(
                Failure::CutOff { .. }
                | Failure::Server { .. }
                | Failure::DatabaseRefused { .. }
                | Failure::Cancelled { .. },
            )
            | None => Cure::Run,
        }
    }
}

fn of_rejection(text: &Text, job: &Job, rejection: &Rejection) -> Cure {
    if rejection.needs_columns() {
        return Cure::Columns;
    }
    let buttons = remedies::of(text, rejection);
    let Some(first) = buttons.first() else {
        return if rejection.may_be_misread() { Cure::Reread } else { Cure::Upload };
    };
    let mut kept = settings::fields(&job.settings);
    kept.retain(|(name, _)| *name != first.setting);
    Cure::Remedies(Remedies { kept, buttons })
}
