"""Makes each call of the API with the client that openapi-python-client has generated, and checks what comes back. Arguments: the
URL of the server, and a token."""

import json
import sys
from io import BytesIO
from typing import TypeVar

from ingest_client import AuthenticatedClient, models
from ingest_client.api.access import create_token, end_sessions, get_me, list_tokens, revoke_token
from ingest_client.api.audit import list_actions, undo_action
from ingest_client.api.contacts import (
    delete_contact,
    delete_contacts,
    download_contacts,
    edit_contact,
    export_contacts,
    get_contact,
    list_contact_changes,
    list_contacts,
)
from ingest_client.api.health import check_health, check_readiness
from ingest_client.api.issues import assign_issues, get_issue, list_issues, note_issue, resolve_issue
from ingest_client.api.jobs import (
    cancel_job,
    delete_job,
    download_job_file,
    get_job,
    list_jobs,
    map_job,
    reprocess_job,
    reread_job,
    retry_jobs,
    set_policy,
    stream_events,
    stream_job_events,
    undo_import,
)
from ingest_client.api.people import describe_person, forget_person, list_erasures
from ingest_client.api.rows import (
    decide_rows,
    download_corrections,
    edit_row,
    edit_rows,
    export_rows,
    get_row,
    list_rows,
    preview_decision,
    upload_corrections,
)
from ingest_client.api.uploads import (
    change_mapping,
    check_upload,
    create_resumable,
    delete_resumable,
    describe_resumable,
    forget_mapping,
    get_resumable,
    list_mappings,
    preview_upload,
    send_part,
    upload_file,
)
from ingest_client.api.webhooks import (
    create_webhook,
    delete_webhook,
    list_deliveries,
    list_webhooks,
    resend_event,
    test_webhook,
)
from ingest_client.types import File, Response

HEADER = "email,first_name,last_name,company\n"
DIRTY = (
    HEADER
    + "ann@example.com,Ann,Lee,Acme\nbad,Bob,Ray,Acme\nd@example.com,D,One,Co\n"
    + "d@example.com,D,Two,Co\nw@example.com,W,Ide,Acme, Inc\nn@example.com,N,,Co\n"
)

url, token = sys.argv[1:]
client = AuthenticatedClient(base_url=url, token=token)
T = TypeVar("T")


def ok(response: Response[T | models.Problem]) -> T:
    """Returns the body of a successful response."""
    assert response.status_code < 300, response.content
    assert response.headers["x-request-id"]
    assert not isinstance(response.parsed, models.Problem) and response.parsed is not None, response.content
    return response.parsed


def file(content: str) -> File:
    return File(payload=BytesIO(content.encode()), file_name="file.csv")


def until_end(job: int) -> models.Job:
    """Reads a job's events until it needs nothing more, and returns it."""
    text = ok(stream_job_events.sync_detailed(job, client=client))
    return models.Job.from_dict(json.loads(text.split("event: end\ndata: ")[1]))


def upload(filename: str, content: str) -> int:
    form = models.Form(file=file(content))
    made = ok(upload_file.sync_detailed(client=client, body=form, filename=filename))
    until_end(made.job)
    return made.job


def access() -> None:
    assert ok(check_health.sync_detailed(client=client)) == "ok\n"
    assert ok(check_readiness.sync_detailed(client=client)) == "ok\n"
    me = ok(get_me.sync_detailed(client=client))
    assert (me.owner, me.via, me.roles) == ("tester", "local", ["uploader", "editor", "operator"])
    new = models.NewToken(name="nightly", roles=[models.RoleName.UPLOADER])
    made = ok(create_token.sync_detailed(client=client, body=new))
    assert made.secret.startswith("ing_")
    assert revoke_token.sync_detailed(made.id, client=client).status_code == 204
    assert ok(list_tokens.sync_detailed(client=client))[0].revoked_at
    assert end_sessions.sync_detailed(client=client).status_code == 204
    missing = get_job.sync(999, client=client)
    assert isinstance(missing, models.Problem) and missing.status == 404


def webhooks() -> None:
    hook = "https://receiver.invalid/hook"
    new = models.NewWebhook(url=hook, events=[models.WebhookEvent.JOB_FAILED])
    made = ok(create_webhook.sync_detailed(client=client, body=new))
    assert made.secret.startswith("whsec_")
    assert ok(list_webhooks.sync_detailed(client=client))[0].url == hook
    test = ok(test_webhook.sync_detailed(made.id, client=client))
    assert test.event == "webhook.test"
    assert ok(list_deliveries.sync_detailed(made.id, client=client)).items[0].id == test.id
    assert resend_event.sync_detailed(made.id, test.id, client=client).status_code == 202
    assert delete_webhook.sync_detailed(made.id, client=client).status_code == 204


def resumable() -> None:
    """Sends a file in two parts."""
    content = HEADER + "resumed@example.com,Ann,Lee,Acme\n"
    described = describe_resumable.sync_detailed(client=client)
    assert described.headers["tus-version"] == "1.0.0"
    made = create_resumable.sync_detailed(client=client, tus_resumable="1.0.0", upload_length=len(content))
    upload = made.headers["location"].split("/")[-1]

    def send(start: int, end: int) -> str:
        part = file(content[start:end])
        sent = send_part.sync_detailed(
            upload, client=client, body=part, tus_resumable="1.0.0", upload_offset=start
        )
        assert sent.status_code == 204, sent.content
        return sent.headers.get("ingest-jobs", "")

    assert send(0, 10) == ""
    found = get_resumable.sync_detailed(upload, client=client, tus_resumable="1.0.0")
    assert found.headers["upload-offset"] == "10"
    assert until_end(int(send(10, len(content)))).status == "COMPLETED"
    deleted = delete_resumable.sync_detailed(upload, client=client, tus_resumable="1.0.0")
    assert deleted.status_code == 204


def review() -> int:
    preview = ok(preview_upload.sync_detailed(client=client, body=file(DIRTY)))
    assert preview.names == ["email", "first_name", "last_name", "company"]
    check = ok(check_upload.sync_detailed(client=client, body=file(DIRTY)))
    assert (check.rows, check.is_whole) == (6, True)
    assert models.IssueType.INVALID_EMAIL in [found.issue_type for found in check.issues]
    job = upload("dirty.csv", DIRTY)
    found = ok(get_job.sync_detailed(job, client=client))
    assert (found.status, found.total_rows) == ("NEEDS_REVIEW", 6)
    hold = models.Policy(policy=models.ImportPolicy.HOLD)
    ok(set_policy.sync_detailed(job, client=client, body=hold))
    follow(job)

    invalid = models.IssueType.INVALID_EMAIL
    issue = ok(list_issues.sync_detailed(job, client=client, issue_type=invalid)).items[0].id
    assert ok(get_issue.sync_detailed(job, issue, client=client)).rows[0].email == "bad"
    note = models.IssueNote(note="Asked Bob")
    assert ok(note_issue.sync_detailed(job, issue, client=client, body=note)).issues == 1
    assign = models.Assigning(to="me", filter_=models.Filter(issues=[issue]))
    assert ok(assign_issues.sync_detailed(job, client=client, body=assign)).issues == 1
    edit = models.EditDecision(decision=models.EditDecisionDecision.EDIT, email="bob@example.com")
    edited = ok(resolve_issue.sync_detailed(job, issue, client=client, body=edit))
    assert edited.changed.edited == 1 and isinstance(edited.action, int)
    assert ok(undo_action.sync_detailed(edited.action, client=client)).issues.reopened == 1
    discard = models.DiscardDecision(decision=models.DiscardDecisionDecision.DISCARD)
    assert ok(resolve_issue.sync_detailed(job, issue, client=client, body=discard)).changed.discarded == 1

    sheet = ok(download_corrections.sync_detailed(job, client=client)).payload.read().decode()
    corrected = file(sheet.replace('"N",""', '"N","Ew"'))
    assert ok(upload_corrections.sync_detailed(job, client=client, body=corrected)).effect.changed.edited == 1
    keep_first = models.KeepFirstDecision(decision=models.KeepFirstDecisionDecision.KEEP_FIRST)
    bulk = models.Bulk(filter_=models.Filter(issue_type=models.IssueType.DUPLICATE_EMAIL), decision=keep_first)
    assert ok(preview_decision.sync_detailed(job, client=client, body=bulk)).changed.discarded == 1
    ok(decide_rows.sync_detailed(job, client=client, body=bulk))
    accept = models.AcceptDecision(decision=models.AcceptDecisionDecision.ACCEPT)
    ok(decide_rows.sync_detailed(job, client=client, body=models.Bulk(decision=accept)))

    row = ok(list_rows.sync_detailed(job, client=client, text="ann@")).items[0].row
    read = get_row.sync_detailed(job, row, client=client)
    tag = ok(read).etag
    assert read.headers["etag"] == tag
    change = models.Edits(last_name="Leigh")
    assert ok(edit_row.sync_detailed(job, row, client=client, body=change, if_match=tag)).changed.edited == 1
    assert edit_row.sync_detailed(job, row, client=client, body=change, if_match=tag).status_code == 412
    several = models.EditedRows(rows=[models.EditedRow(row=row, values=models.Edits(company="Acme Inc"))])
    assert ok(edit_rows.sync_detailed(job, client=client, body=several)).changed.edited == 1
    assert ok(reprocess_job.sync_detailed(job, client=client)).before == "NEEDS_REVIEW"
    assert ok(retry_jobs.sync_detailed(client=client, body=models.RetryJobs(dry_run=True))).jobs == 0
    assert until_end(job).status == "COMPLETED"
    assert [job.status for job in ok(list_jobs.sync_detailed(client=client)).items] == ["COMPLETED"]
    return job


def follow(job: int) -> None:
    """Reads the first events of the stream of all jobs, which has no end."""
    request = stream_events._get_kwargs(last_event_id="1:1:")
    text = ""
    with client.get_httpx_client().stream(**request) as stream:
        assert stream.status_code == 200
        for piece in stream.iter_text():
            text += piece
            if f'"id":{job},' in text:
                break
    assert "event: job\n" in text


def files(job: int) -> None:
    original = ok(download_job_file.sync_detailed(job, client=client))
    assert original.payload.read().decode() == DIRTY
    contacts = ok(download_contacts.sync_detailed(client=client)).payload.read()
    assert len(contacts.strip().splitlines()) == 5
    xlsx = models.ExportContactsFormat.XLSX
    assert ok(export_contacts.sync_detailed(client=client, format_=xlsx)).payload.read(2) == b"PK"
    lines = ok(export_rows.sync_detailed(job, client=client, format_=models.ExportRowsFormat.JSONL)).payload.read()
    assert len(lines.strip().splitlines()) == 6


def contacts(job: int) -> None:
    contact = ok(list_contacts.sync_detailed(client=client, text="leigh")).items[0].id
    read = get_contact.sync_detailed(contact, client=client)
    assert ok(read).last_name == "Leigh"
    known = ok(list_contact_changes.sync_detailed(client=client))
    assert len(known.items) == 4 and all(isinstance(item, models.SavedContactChange) for item in known.items)
    known = ok(list_contact_changes.sync_detailed(client=client, since=known.next_))
    edit = models.Edits(company="Acme Ltd")
    assert ok(edit_contact.sync_detailed(contact, client=client, body=edit, if_match=read.headers["etag"])).action
    deleted = ok(delete_contact.sync_detailed(contact, client=client, if_match="*"))
    [gone] = ok(list_contact_changes.sync_detailed(client=client, since=known.next_)).items
    assert isinstance(gone, models.DeletedContactChange) and gone.id == contact
    assert isinstance(deleted.action, int)
    restored = ok(undo_action.sync_detailed(deleted.action, client=client)).contacts
    assert isinstance(restored, models.RestoredContacts) and restored.restored == 1
    everything = models.DeleteContactsBody(filter_=models.ContactFilter(all_=True), dry_run=True)
    assert ok(delete_contacts.sync_detailed(client=client, body=everything)).count == 4

    email = "ann@example.com"
    known_contact = ok(describe_person.sync_detailed(client=client, body=models.PersonBody(email=email))).contacts[0].contact
    assert isinstance(known_contact, models.Contact) and known_contact.company == "Acme Ltd"
    preview = models.ForgetBody(email=email, dry_run=True)
    assert ok(forget_person.sync_detailed(client=client, body=preview)).counts.contacts == 1
    assert ok(list_erasures.sync_detailed(client=client)).items == []
    undone = ok(undo_import.sync_detailed(job, client=client))
    assert (undone.removed, undone.kept) == (3, [contact])
    assert ok(list_actions.sync_detailed(client=client, job=job)).items[0].kind == "UNDO_IMPORT"


def columns() -> None:
    job = upload("columns.csv", "a,b,c,d\nno-address,Cid,Day,Acme\n")
    places = models.Positions(email=0, first_name=1, last_name=2, company=3)
    chosen = models.MapColumns(columns=places, remember=True)
    assert ok(map_job.sync_detailed(job, client=client, body=chosen)).before == "FAILED"
    assert until_end(job).status == "NEEDS_REVIEW"
    ok(reread_job.sync_detailed(job, client=client, body=models.Reread(encoding="windows-1252")))
    assert until_end(job).settings.encoding == "windows-1252"
    ok(cancel_job.sync_detailed(job, client=client))
    assert ok(delete_job.sync_detailed(job, client=client)).after is None

    mapping = ok(list_mappings.sync_detailed(client=client)).items[0].id
    change = models.ChangeMapping(
        columns=models.Positions(first_name=2, last_name=1), exclude=[3], empty=[models.ContactField.COMPANY]
    )
    changed = ok(change_mapping.sync_detailed(mapping, client=client, body=change))
    assert changed.columns.places == [0, 2, 1, None]
    assert forget_mapping.sync_detailed(mapping, client=client).status_code == 204


access()
webhooks()
reviewed = review()
files(reviewed)
contacts(reviewed)
columns()
resumable()
