### Words for values: numbers of things, times, statuses, fields, and what people did.

## Numbers of things. `$count` selects the plural, `$shown` is the number in the viewer's format.

# $count (Number) - The number.
# $shown (String) - The number as it is shown.
rows = { $count ->
    [one] { $shown } row
   *[other] { $shown } rows
}
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
contacts = { $count ->
    [one] { $shown } contact
   *[other] { $shown } contacts
}
# $done (String) - How many are done.
# $total (String) - How many there are.
done-of = { $done } of { $total }

## Times

# $day (String) - The day of the month.
# $month (Number) - The month.
# $year (String) - The year.
date = { $day } { $month ->
    [1] Jan
    [2] Feb
    [3] Mar
    [4] Apr
    [5] May
    [6] Jun
    [7] Jul
    [8] Aug
    [9] Sep
    [10] Oct
    [11] Nov
   *[12] Dec
} { $year }
# $date (String) - The date.
# $time (String) - Hours, minutes and seconds.
date-time = { $date }, { $time } UTC
ago-now = just now
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
ago-minutes = { $count ->
    [one] { $shown } minute ago
   *[other] { $shown } minutes ago
}
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
ago-hours = { $count ->
    [one] { $shown } hour ago
   *[other] { $shown } hours ago
}
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
ago-days = { $count ->
    [one] { $shown } day ago
   *[other] { $shown } days ago
}
took-instant = The last run took less than a second.
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
took-seconds = { $count ->
    [one] The last run took { $shown } second.
   *[other] The last run took { $shown } seconds.
}
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
took-minutes = { $count ->
    [one] The last run took { $shown } minute.
   *[other] The last run took { $shown } minutes.
}

## Statuses

job-pending = Waiting
job-processing = Running
job-needs-review = Needs review
job-completed = Completed
job-failed = Failed
job-cancelled = Cancelled
row-ready = Ready
row-imported = Imported
row-discarded = Discarded
row-issue = Has an issue
row-new = Not validated yet
row-validated-again = Validated again
part-imported = Imported
part-ready = Ready
part-issue = With issues
part-decided = Decided
part-discarded = Discarded
part-repeated = Repeated
no-rows-yet = No rows yet

## Fields

field-email = E-mail
    .inline = e-mail
field-first-name = First name
    .inline = first name
field-last-name = Last name
    .inline = last name
field-company = Company
    .inline = company

## What is wrong with a row; the names of rules and the rest are with the rules, in `src/domain/rules/`

# $fields (String) - The names of the fields.
wrong-missing = Missing: { $fields }
# $reason (String) - Why.
wrong-invalid-reason = Not a valid address: { $reason }

## Why an address is not valid

email-no-at = it has no @
email-second-at = it has more than one @
# $length (String) - Its length.
email-too-long = it is { $length } bytes long; at most 254 are allowed
email-empty-local = the part before the @ is empty
# $length (String) - Its length.
email-local-too-long = the part before the @ is { $length } bytes long; at most 64 are allowed
email-local-dot-first = the part before the @ starts with a dot
email-local-dot-last = the part before the @ ends with a dot
email-local-dot-dot = the part before the @ has two dots in a row
# $character (String) - The character.
email-local-character = the part before the @ contains { $character }
email-quote-open = a quotation mark before the @ is not closed
email-quote-part = quotation marks must enclose the whole part before the @
email-quote-empty = the quotation marks before the @ are empty
# $character (String) - The character.
email-quote-character = the quoted part before the @ contains { $character }
email-empty-domain = the part after the @ is empty
email-domain-literal = the part after the @ is an address in brackets; use a domain name
# $length (String) - Its length.
email-domain-too-long = the domain is { $length } bytes long; at most 253 are allowed
email-no-dot = the domain has no dot
email-domain-dot-first = the domain starts with a dot
email-domain-dot-last = the domain ends with a dot
email-domain-dot-dot = the domain has two dots in a row
# $length (String) - Its length.
email-label-too-long = a label of the domain is { $length } bytes long; at most 63 are allowed
email-label-hyphen = a label of the domain starts or ends with a hyphen
# $character (String) - The character.
email-domain-character = the domain contains { $character }
email-domain-idna = the domain is not a valid internationalized domain name
email-top-level-short = the top-level domain has only one letter
email-top-level-digits = the top-level domain is a number
# $character (String) - The character.
character-shown = “{ $character }”
character-space = a space
character-tab = a tab
character-line-break = a line break
character-damaged = a damaged character
# $code (String) - Its code, such as U+200B.
character-invisible = the invisible character { $code }

## The action of a person, whose name precedes it.

action-upload = uploaded the file
action-edit = edited rows
action-discard = discarded rows
action-restore = restored rows
action-accept = accepted rows as they are
action-keep-contact = kept existing contacts
action-overwrite = chose to overwrite contacts
action-fill = chose to fill empty fields of contacts
action-correct = used suggested addresses
action-replace = replaced a text
action-keep-row = kept one of several rows
action-merge = merged rows
action-note = left a note
action-assign = assigned issues
action-corrections = uploaded corrections
action-undo = undid an action
action-undo-import = undid the import
action-reprocess = requested a run
action-reread = requested to read the file again
action-mapping = changed or forgot remembered columns
action-cancel = cancelled the job
action-delete = deleted the job
action-policy = changed when contacts are created
action-edit-contact = edited a contact
action-delete-contacts = deleted contacts
# $rows (String) - How many rows.
action-edit-rows = edited { $rows }
# $rows (String) - How many rows.
action-discard-rows = discarded { $rows }
# $rows (String) - How many rows.
action-restore-rows = restored { $rows }
# $rows (String) - How many rows.
action-accept-rows = accepted { $rows } as they are
# $rows (String) - How many rows.
action-keep-contact-rows = kept existing contacts and discarded { $rows }
# $rows (String) - How many rows.
action-overwrite-rows = chose to overwrite contacts with { $rows }
# $rows (String) - How many rows.
action-fill-rows = chose to fill empty fields of contacts from { $rows }
# $rows (String) - How many rows.
action-correct-rows = used suggested addresses for { $rows }
# $rows (String) - How many rows.
action-replace-rows = replaced a text in { $rows }
# $rows (String) - How many rows.
action-keep-row-rows = kept one of several rows and discarded { $rows }
# $rows (String) - How many rows.
action-merge-rows = merged rows, changing { $rows }
# $rows (String) - How many rows.
action-undo-rows = undid changes to { $rows }
# $action (String) - What was done.
# $rows (String) - How many rows.
action-rows = { $action }: { $rows }
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
action-resolved = { $count ->
    [one] { $shown } issue resolved
   *[other] { $shown } issues resolved
}
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
action-reopened = { $count ->
    [one] { $shown } issue reopened
   *[other] { $shown } issues reopened
}
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
action-raised = { $count ->
    [one] { $shown } new issue
   *[other] { $shown } new issues
}
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
action-removed = { $count ->
    [one] { $shown } contact removed
   *[other] { $shown } contacts removed
}
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
action-deleted-contacts = { $count ->
    [one] deleted { $shown } contact
   *[other] deleted { $shown } contacts
}
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
action-restored-contacts = { $count ->
    [one] { $shown } contact restored
   *[other] { $shown } contacts restored
}

## Why an action was refused

# $number (String) - Its number.
error-no-job = There is no job { $number }.
# $number (String) - Its number.
error-no-row = There is no row { $number }.
# $number (String) - Its number.
error-no-issue = This job has no issue { $number }.
# $number (String) - Its number.
error-no-action = There is no action { $number }.
# $number (String) - Its number.
error-no-mapping = There are no remembered columns { $number }.
# $number (String) - Its number.
error-no-contact = There is no contact { $number }.
# $number (String) - Its number.
error-contact-deleted = Contact { $number } was deleted.
# $number (String) - Its number.
# $action (String) - The number of the action that deleted it.
error-contact-deleted-by = Contact { $number } was deleted. To restore it, undo action { $action } in the audit log.
# $now (String) - The number of contacts now.
# $expected (String) - The number of contacts in the preview.
error-other-count = The number of contacts that match is { $now } now and was { $expected } in the preview. Nothing was deleted.
# $status (String) - The status of the job.
error-not-in-review = The job has the status “{ $status }”. Rows can be changed while a job needs review or has failed.
error-running = A run is working on this job. Try again when it has ended.
error-rows-removed = The rows of this job were removed after their time of retention. Import its file again.
# $number (String) - Its number.
error-unread = Job { $number } has not read its whole file yet, and the person is in it. Run it again or delete it, and then erase the person again.
# $status (String) - The status of the job.
error-unfit = The status of the job, “{ $status }”, does not allow this.
error-consolidated = This row is already a contact and can no longer be changed here.
error-stale = Someone else has changed this since you opened it. Nothing of yours was saved.
error-not-undoable = This action changed nothing, or has already been undone.
error-restored-contacts = This action restored deleted contacts and cannot be undone. Delete the contacts again.
error-email-taken = Another contact already has this e-mail address.
error-key-reused = This idempotency key was already used for another request.
error-busy = Another action is in progress. Try again.
# $limit (String) - The most bytes.
error-too-large = The file is larger than the limit of { $limit } bytes.
error-no-upload = What was uploaded of this file is no longer stored. Choose the file again.
# $limit (String) - The maximum number.
error-too-many-uploads = You already have { $limit } unfinished uploads. Continue or cancel one of them first.
error-no-kind = There is no such kind of issue.
