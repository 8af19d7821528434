//! The job under review, shared by the pages of a review.

use sqlx::PgConnection;

use crate::actions::{ActionError, Effect};
use crate::auth::{Principal, Role};
use crate::domain::ids::IssueId;
use crate::domain::job::{JobId, JobStatus, Owner};
use crate::domain::rules::IssueType;
use crate::http::{Problem, find_job};
use crate::store::issues::{self, Issue};
use crate::store::jobs::Job;
use crate::texts::Text;
use crate::web::language::Viewer;
use crate::web::shell::{Section, Shell};

/// A job, and whether the viewer may decide about its rows.
pub(super) struct ReviewJob {
    pub(super) job: Job,
    pub(super) principal: Principal,
    viewer: Viewer,
    /// Whether the job is under review and the viewer may decide.
    pub(super) edits: bool,
}

impl ReviewJob {
    pub(super) async fn find(
        db: &mut PgConnection,
        viewer: Viewer,
        principal: Principal,
        job: JobId,
    ) -> Result<ReviewJob, Problem> {
        let job = find_job(db, &principal.owner, job).await?;
        if job.rows_removed_at.is_some() {
            return Err(ActionError::RowsRemoved(job.id).into());
        }
        let in_review = matches!(job.status, JobStatus::NeedsReview | JobStatus::Failed) && !job.running;
        let edits = in_review && principal.roles.has(Role::Editor);
        Ok(ReviewJob { job, principal, viewer, edits })
    }

    pub(super) fn owner(&self) -> &Owner {
        &self.principal.owner
    }

    pub(super) fn shell(&self, title: impl Into<String>) -> Shell {
        Shell::new(self.viewer.clone(), &self.principal, Section::Jobs, title)
    }

    pub(super) fn text(&self) -> &Text {
        &self.viewer.text
    }

    pub(super) async fn issue(&self, db: &mut PgConnection, id: IssueId) -> Result<Issue, Problem> {
        let issue = issues::get(db, self.owner(), self.job.tables(), id).await?;
        issue.ok_or_else(|| ActionError::NoIssue(id).into())
    }
}

/// Returns the path of a kind's cases.
pub(super) fn address(job: JobId, kind: IssueType) -> String {
    format!("/jobs/{job}/review/{}", kind.rule().slug)
}

/// Describes the effect of an action.
pub(super) fn effect(text: &Text, effect: &Effect) -> String {
    let changed = &effect.changed;
    let mut parts = Vec::new();
    if changed.discarded > 0 {
        parts.push(text.effect_discarded(changed.discarded));
    }
    if changed.restored > 0 {
        parts.push(text.effect_restored(changed.restored));
    }
    if changed.edited > 0 {
        parts.push(text.effect_edited(changed.edited));
    }
    if changed.differing > 0 {
        parts.push(text.effect_differing(changed.differing));
    }
    if parts.is_empty() {
        parts.push(text.effect_decided(changed.rows));
    }
    if effect.issues.settled > 0 {
        parts.push(text.effect_resolved(effect.issues.settled));
    }
    if effect.issues.reopened > 0 {
        parts.push(text.effect_reopened(effect.issues.reopened));
    }
    if effect.issues.raised > 0 {
        parts.push(text.effect_raised(effect.issues.raised));
    }
    if effect.issues.still_open > 0 {
        parts.push(text.effect_still_open(effect.issues.still_open));
    }
    parts.join(", ")
}
