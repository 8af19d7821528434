"""Makes each call of the API with the client that openapi-generator has generated, which validates each response, and checks what
comes back. Arguments: the URL of the server, and a token."""

import json
import sys

from ingest_client import ApiClient, ApiException, Configuration
from ingest_client import api, models

HEADER = "email,first_name,last_name,company\n"
DIRTY = (
    HEADER
    + "ann@example.com,Ann,Lee,Acme\nbad,Bob,Ray,Acme\nd@example.com,D,One,Co\n"
    + "d@example.com,D,Two,Co\nw@example.com,W,Ide,Acme, Inc\nn@example.com,N,,Co\n"
)

url, token = sys.argv[1:]
client = ApiClient(Configuration(host=url, access_token=token))
access_api, jobs_api, rows_api = api.AccessApi(client), api.JobsApi(client), api.RowsApi(client)
issues_api, uploads_api, contacts_api = api.IssuesApi(client), api.UploadsApi(client), api.ContactsApi(client)
audit_api, people_api, webhooks_api = api.AuditApi(client), api.PeopleApi(client), api.WebhooksApi(client)


def status_of(call, *arguments, **named):
    """Returns the status of a call that is refused."""
    try:
        call(*arguments, **named)
    except ApiException as error:
        assert json.loads(error.body)["status"] == error.status, error.body
        return error.status
    raise AssertionError("the call is not refused")


def until_end(job):
    """Reads a job's events until it needs nothing more, and returns it."""
    text = jobs_api.stream_job_events(job)
    return models.Job.from_json(text.split("event: end\ndata: ")[1])


def upload(filename, content):
    made = uploads_api.upload_file(content.encode(), filename=filename)
    until_end(made.job)
    return made.job


def access():
    health = api.HealthApi(client)
    assert health.check_health() == "ok\n" and health.check_readiness() == "ok\n"
    me = access_api.get_me()
    assert (me.owner, me.via, me.roles) == ("tester", "local", ["uploader", "editor", "operator"])
    made = access_api.create_token(models.NewToken(name="nightly", roles=["uploader"]))
    assert made.secret.startswith("ing_")
    access_api.revoke_token(made.id)
    assert access_api.list_tokens()[0].revoked_at
    access_api.end_sessions()
    assert status_of(jobs_api.get_job, 999) == 404


def webhooks():
    hook = "https://receiver.invalid/hook"
    made = webhooks_api.create_webhook(models.NewWebhook(url=hook, events=["job.failed"]))
    assert made.secret.startswith("whsec_")
    assert webhooks_api.list_webhooks()[0].url == hook
    test = webhooks_api.test_webhook(made.id)
    assert test.event == "webhook.test"
    assert webhooks_api.list_deliveries(made.id).items[0].id == test.id
    webhooks_api.resend_event(made.id, test.id)
    webhooks_api.delete_webhook(made.id)


def resumable():
    """Sends a file in two parts."""
    content = HEADER + "resumed@example.com,Ann,Lee,Acme\n"
    described = uploads_api.describe_resumable_with_http_info()
    assert described.headers["tus-version"] == "1.0.0"
    made = uploads_api.create_resumable_with_http_info("1.0.0", len(content))
    upload = made.headers["location"].split("/")[-1]

    def send(start, end):
        body = content[start:end].encode()
        return uploads_api.send_part_with_http_info(upload, "1.0.0", start, body).headers

    assert "ingest-jobs" not in send(0, 10)
    assert uploads_api.get_resumable_with_http_info(upload, "1.0.0").headers["upload-offset"] == "10"
    until_end(int(send(10, len(content))["ingest-jobs"]))
    uploads_api.delete_resumable(upload, "1.0.0")


def review():
    preview = uploads_api.preview_upload(DIRTY.encode())
    assert preview.names == ["email", "first_name", "last_name", "company"]
    check = uploads_api.check_upload(DIRTY.encode())
    assert (check.rows, check.is_whole) == (6, True)
    assert "INVALID_EMAIL" in [found.issue_type for found in check.issues]
    job = upload("dirty.csv", DIRTY)
    found = jobs_api.get_job(job)
    assert (found.status, found.total_rows, found.interpretation.encoding) == ("NEEDS_REVIEW", 6, "UTF-8")
    assert len(jobs_api.preview_job_file(job).rows) == 6
    jobs_api.set_policy(job, models.Policy(policy="HOLD"))
    follow(job)

    issue = issues_api.list_issues(job, issue_type="INVALID_EMAIL").items[0]
    assert issues_api.get_issue(job, issue.id).rows[0].email == "bad"
    assert issues_api.note_issue(job, issue.id, models.IssueNote(note="Asked Bob")).issues == 1
    assign = models.Assigning(to="me", filter=models.Filter(issues=[issue.id]))
    assert issues_api.assign_issues(job, assign).issues == 1
    edit = models.Decision(models.EditDecision(decision="edit", email="bob@example.com"))
    edited = issues_api.resolve_issue(job, issue.id, edit)
    assert edited.changed.edited == 1
    assert audit_api.undo_action(edited.action).issues.reopened == 1
    discard = models.Decision(models.DiscardDecision(decision="discard"))
    assert issues_api.resolve_issue(job, issue.id, discard).changed.discarded == 1

    sheet = bytes(rows_api.download_corrections(job)).replace(b'"N",""', b'"N","Ew"')
    assert rows_api.upload_corrections(job, sheet).effect.changed.edited == 1
    keep_first = models.Decision(models.KeepFirstDecision(decision="keep_first"))
    bulk = models.Bulk(filter=models.Filter(issue_type="DUPLICATE_EMAIL"), decision=keep_first)
    assert rows_api.preview_decision(job, bulk).changed.discarded == 1
    rows_api.decide_rows(job, bulk)
    rows_api.decide_rows(job, models.Bulk(decision=models.Decision(models.AcceptDecision(decision="accept"))))

    row = rows_api.list_rows(job, text="ann@").items[0].row
    read = rows_api.get_row_with_http_info(job, row)
    assert read.headers["etag"] == read.data.etag
    change = models.Edits(last_name="Leigh")
    assert rows_api.edit_row(job, row, change, if_match=read.data.etag).changed.edited == 1
    assert status_of(rows_api.edit_row, job, row, change, if_match=read.data.etag) == 412
    several = [models.EditedRow(row=row, values=models.Edits(company="Acme Inc"))]
    assert rows_api.edit_rows(job, models.EditedRows(rows=several)).changed.edited == 1
    assert jobs_api.reprocess_job(job).before == "NEEDS_REVIEW"
    assert jobs_api.retry_jobs(models.RetryJobs(dry_run=True)).jobs == 0
    assert until_end(job).status == "COMPLETED"
    assert [job.status for job in jobs_api.list_jobs().items] == ["COMPLETED"]
    return job


def follow(job):
    """Reads the first events of the stream of all jobs, which has no end."""
    stream = jobs_api.stream_events_without_preload_content(last_event_id="1:1:")
    text = b""
    while f'"id":{job},'.encode() not in text:
        text += stream.read(1)
    assert b"event: job\n" in text
    stream.close()


def files(job):
    assert bytes(jobs_api.download_job_file(job)).decode() == DIRTY
    assert len(contacts_api.download_contacts().strip().splitlines()) == 5
    assert bytes(contacts_api.export_contacts("xlsx"))[:2] == b"PK"
    assert len(bytes(rows_api.export_rows(job, "jsonl")).strip().splitlines()) == 6


def contacts(job):
    contact = contacts_api.list_contacts(text="leigh").items[0].id
    read = contacts_api.get_contact_with_http_info(contact)
    assert read.data.last_name == "Leigh"
    known = contacts_api.list_contact_changes()
    assert len(known.items) == 4 and known.items[0].actual_instance.change == "saved"
    known = contacts_api.list_contact_changes(since=known.next)
    edit = models.Edits(company="Acme Ltd")
    assert contacts_api.edit_contact(contact, edit, if_match=read.headers["etag"]).action
    deleted = contacts_api.delete_contact(contact, if_match="*")
    gone = contacts_api.list_contact_changes(since=known.next).items[0].actual_instance
    assert (gone.change, gone.id) == ("deleted", contact)
    assert audit_api.undo_action(deleted.action).contacts.restored == 1
    everything = models.DeleteContactsBody(filter=models.ContactFilter(all=True), dry_run=True)
    assert contacts_api.delete_contacts(everything).count == 4

    email = "ann@example.com"
    about = people_api.describe_person(models.PersonBody(email=email))
    assert about.contacts[0].contact.company == "Acme Ltd"
    forgotten = people_api.forget_person(models.ForgetBody(email=email, dry_run=True))
    assert forgotten.counts.contacts == 1
    assert people_api.list_erasures().items == []
    undone = jobs_api.undo_import(job)
    assert (undone.removed, undone.kept) == (3, [contact])
    assert audit_api.list_actions(job=job).items[0].kind == "UNDO_IMPORT"


def columns():
    job = upload("columns.csv", "a,b,c,d\nno-address,Cid,Day,Acme\n")
    places = models.Positions(email=0, first_name=1, last_name=2, company=3)
    assert jobs_api.map_job(job, models.MapColumns(columns=places, remember=True)).before == "FAILED"
    assert until_end(job).status == "NEEDS_REVIEW"
    jobs_api.reread_job(job, models.Reread(encoding="windows-1252"))
    assert until_end(job).settings.encoding == "windows-1252"
    jobs_api.cancel_job(job)
    assert jobs_api.delete_job(job).after is None

    mapping = uploads_api.list_mappings().items[0].id
    change = models.ChangeMapping(
        columns=models.Positions(first_name=2, last_name=1), exclude=[models.ColumnChoice(3)], empty=["company"]
    )
    assert uploads_api.change_mapping(mapping, change).columns.places == [0, 2, 1, None]
    uploads_api.forget_mapping(mapping)


access()
webhooks()
reviewed = review()
files(reviewed)
contacts(reviewed)
columns()
resumable()
