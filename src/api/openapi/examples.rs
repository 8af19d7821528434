//! Examples of the bodies of requests and responses. All are about one job, its rows and a contact. A test validates them by
//! the schemas of the document, and Schemathesis sends those of requests to a server.

use serde_json::{Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::path::Operation;

/// The media type of the bodies that have examples.
const JSON: &str = "application/json";

/// Adds the examples of an operation.
pub(super) fn add(operation: &mut Operation) {
    let id = operation.operation_id.clone().unwrap_or_default();
    if let Some(RefOr::T(body)) = &mut operation.request_body
        && let Some(RefOr::T(content)) = body.content.get_mut(JSON)
    {
        content.example = request(&id);
    }
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response
            && let Some(RefOr::T(content)) = response.content.get_mut(JSON)
        {
            content.example = response_of(&id);
        }
    }
}

/// Returns the body of a request.
fn request(operation: &str) -> Option<Value> {
    Some(match operation {
        "create_token" => json!({ "name": "nightly upload", "roles": ["uploader"], "expires_in_days": 30 }),
        "create_webhook" => {
            json!({ "url": "https://crm.example.com/hooks/ingest", "events": ["job.needs_review"] })
        }
        "retry_jobs" => json!({ "since": "2026-10-05T00:00:00Z", "text": "crm" }),
        "reread_job" => json!({ "encoding": "windows-1252", "delimiter": "semicolon" }),
        "map_job" => json!({ "columns": { "email": 2, "first_name": 0, "last_name": 1 },
            "values": { "company": "Acme" }, "exclude": ["Notes", 7], "remember": true }),
        "change_mapping" => json!({ "columns": { "email": 2 }, "values": { "company": "Acme" } }),
        "set_policy" => json!({ "policy": "AT_ONCE" }),
        "resolve_issue" => json!({ "decision": "edit", "email": "bob@example.com" }),
        "assign_issues" => {
            json!({ "filter": { "issue_type": "INVALID_EMAIL", "assigned": "nobody" }, "to": "me" })
        }
        "note_issue" => json!({ "note": "Asked Ann: she has moved to Acme" }),
        "decide_rows" | "preview_decision" => {
            json!({ "filter": { "issue_type": "DUPLICATE_EMAIL" }, "decision": { "decision": "keep_first" } })
        }
        "edit_row" => json!({ "email": "bob@example.com", "extra": { "Phone": "555-0100" } }),
        "edit_rows" => json!({ "rows": [
            { "row": 1003, "values": { "email": "bob@example.com" } },
            { "row": 1004, "values": { "company": "Acme Ltd" } },
        ] }),
        "edit_contact" => json!({ "company": "Acme Ltd" }),
        "delete_contacts" => json!({ "filter": { "text": "acme" }, "dry_run": true }),
        "describe_person" => json!({ "email": "bob@example.com" }),
        "forget_person" => json!({ "email": "bob@example.com", "dry_run": true }),
        _ => return None,
    })
}

/// Returns the body of a successful response.
fn response_of(operation: &str) -> Option<Value> {
    Some(match operation {
        "get_me" => {
            json!({ "owner": "ann", "name": "Ann Lee", "roles": ["uploader", "editor"], "via": "bearer" })
        }
        "list_tokens" => json!([token()]),
        "create_token" => with(token(), json!({ "secret": "ing_…" })),
        "upload_file" => json!({ "job": 42, "earlier": false, "bytes": 5120, "parts": [] }),
        "check_upload" => file_check(),
        "list_jobs" => page(job()),
        "get_job" => with(job(), json!({ "open": [{ "issue_type": "INVALID_EMAIL", "count": 1 }] })),
        "reprocess_job" | "reread_job" | "map_job" => {
            json!({ "action": 7, "job": 42, "before": "NEEDS_REVIEW", "after": "PENDING" })
        }
        "retry_jobs" => json!({ "jobs": 3, "skipped": 0, "next": null }),
        "list_issues" => page(issue()),
        "get_issue" => with(
            issue(),
            json!({ "rows": [with(row(), json!({ "suggestion": "bob@example.com" }))], "more": false }),
        ),
        "resolve_issue" | "decide_rows" | "edit_row" | "undo_action" => effect(),
        "note_issue" | "assign_issues" => json!({ "action": 9, "issues": 1 }),
        "list_rows" => page(row()),
        "get_row" => row(),
        "list_contacts" => page(contact()),
        "list_contact_changes" => json!({
            "items": [{ "change": "saved", "contact": contact() }, { "change": "deleted", "id": 1000 }],
            "next": "c2Vlbg", "more": false,
        }),
        "get_contact" => with(contact(), json!({ "changes": [], "more_changes": false })),
        "edit_contact" => json!({ "action": 9, "contact": 1001 }),
        "delete_contact" => json!({ "action": 10, "deleted": 1 }),
        "delete_contacts" => json!({ "action": null, "count": 1, "examples": [contact()] }),
        "list_actions" => page(json!({
            "id": 8, "actor": "Ann Lee", "at": "2026-10-05T09:20:00Z", "kind": "EDIT", "job": 42,
            "request": { "decision": "edit" }, "result": {}, "undone_by": null,
        })),
        "list_webhooks" => json!([webhook()]),
        "create_webhook" => with(webhook(), json!({ "secret": "whsec_…" })),
        "list_deliveries" => page(json!({
            "id": 5, "event": "job.needs_review", "job": 42, "created_at": "2026-10-05T09:15:03Z", "attempts": 1,
            "delivered_at": "2026-10-05T09:15:04Z", "status": 204,
        })),
        _ => return None,
    })
}

/// Returns the last page of a list.
fn page(item: Value) -> Value {
    json!({ "items": [item], "next": null })
}

/// Adds the members of an object to another one.
fn with(mut object: Value, more: Value) -> Value {
    if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
        object.extend(more);
    }
    object
}

fn token() -> Value {
    json!({ "id": 3, "name": "nightly upload", "roles": ["uploader"], "created_at": "2026-10-05T09:00:00Z",
        "expires_at": "2026-11-04T09:00:00Z" })
}

fn webhook() -> Value {
    json!({ "id": 1, "url": "https://crm.example.com/hooks/ingest", "events": ["job.needs_review"],
        "created_at": "2026-10-05T09:00:00Z" })
}

fn job() -> Value {
    json!({
        "id": 42, "owner": "ann", "filename": "contacts.csv", "object_key": "uploads/ann/contacts.csv",
        "status": "NEEDS_REVIEW", "policy": "HOLD", "cancelled": false, "running": false, "wanted": false,
        "total_rows": 120, "processed_rows": 120, "progress": null, "repeated_rows": 2, "open_issues": 1,
        "counts": { "ready": 117, "with_issues": 1, "discarded": 0, "consolidated": 0, "repeated": 2 },
        "undoing": null, "failure": null, "settings": {}, "interpretation": null,
        "created_at": "2026-10-05T09:15:00Z", "started_at": "2026-10-05T09:15:01Z",
        "ended_at": "2026-10-05T09:15:03Z", "rows_removed_at": null, "file_removed_at": null,
    })
}

fn issue() -> Value {
    json!({ "id": 17, "issue_type": "INVALID_EMAIL", "key": "bob@example,com", "description": null, "resolved": false,
        "resolved_by": null, "comment": null, "assignee": null, "created_at": "2026-10-05T09:15:02Z" })
}

fn row() -> Value {
    json!({
        "row": 2001, "line": 12, "email": "bob@example,com", "first_name": "Bob", "last_name": "Ray", "company": "Acme",
        "status": "ISSUE", "residue": null, "accepted": false, "on_existing": null, "extra": { "Phone": "555-0100" },
        "etag": "\"5f2b8c01\"",
    })
}

fn contact() -> Value {
    json!({ "id": 1001, "email": "ann@example.com", "first_name": "Ann", "last_name": "Lee", "company": "Acme",
        "created_at": "2026-10-05T09:16:00Z", "row": 2000, "extra": { "Phone": "555-0101" } })
}

fn file_check() -> Value {
    json!({
        "rows": 120, "is_whole": true, "is_split": false, "valid_rows": 117, "issue_rows": 1, "repeated_rows": 2,
        "identical_rows": 0, "has_unknown_contacts": false, "skipped_lines": 0,
        "issues": [{ "issue_type": "INVALID_EMAIL", "issues": 1, "rows": 1 }],
        "misspelt_domains": [{ "domain": "gmial.con", "intended": "gmail.com", "rows": 3 }],
        "columns": [{ "field": "email", "name": "E-Mail" }],
        "examples": [{
            "number": 11, "line": 12, "email": "bob@example,com", "first_name": "Bob", "last_name": "Ray",
            "company": "Acme", "residue": null,
            "issues": [{ "issue_type": "INVALID_EMAIL", "fields": ["email"],
                "reason": "‘,’ is not allowed after the @" }],
        }],
    })
}

fn effect() -> Value {
    json!({
        "action": 8, "changed": { "rows": 1, "discarded": 0, "restored": 0, "edited": 1, "differing": 0 },
        "issues": { "settled": 1, "reopened": 0, "raised": 0, "still_open": 0 }, "warnings": [], "open_issues": 0, "left": [],
    })
}
