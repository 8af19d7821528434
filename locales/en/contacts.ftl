### Contacts, one contact, and the audit log.

contacts-title = Contacts
contacts-search = Search contacts
contacts-search-placeholder = Name, company or address
contacts-fold-accents = Ignore accents
export-format = Format of the file
export-all = Download all
export-found = Download all that match
export-csv = CSV
export-xlsx = Excel (XLSX)
export-jsonl = JSON lines
export-parquet = Parquet
export-vcf = vCard
contacts-none = No contacts yet
contacts-none-note = Contacts appear when a job is completed.
# $found (String) - How many contacts match the search.
# $all (String) - How many contacts there are.
contacts-found = { $found } of { $all }
# $all (String) - How many contacts there are.
contacts-searched = search among { $all }
# $text (String) - What was searched for.
contacts-none-found = No contacts match “{ $text }”
contacts-from = Source
contacts-since = Created
# $number (String) - The number of the line.
contacts-line = line { $number }
contacts-deleted-job = deleted job
contacts-more = More contacts
# $time (Element) - When the oldest contact that was searched was created.
contacts-searched-to = Searched from the newest contacts back to: { $time }
contact-other-columns = Other columns
contact-more-columns = Values in more columns
contact-history = Source and changes
contact-more-changes = This contact has later changes, which are not shown here.
# $file (Element) - A link to the job.
contact-imported = Imported from { $file }
# $file (Element) - A link to the job.
# $number (String) - The number of the line.
contact-imported-line = Imported from { $file }, line { $number }
contact-imported-deleted = Imported by a job whose rows have been deleted
# $job (String) - The number of the job.
contact-changed-by-job = Changed by job { $job }
contact-edited = Edited on this page or through the API
contact-changed = Changed
contact-stale = Someone else changed this contact. The page shows its current values; nothing of yours was saved.
# $reason (String) - Why.
contact-not-saved = Not saved. { $reason }
# $reason (String) - Why.
contact-not-valid = The e-mail address is not valid: { $reason }.
contact-delete = Delete this contact
contact-delete-note = You can undo this in the audit log. Another run of the job does not create the contact again.
contact-delete-button = Delete

## Deleting contacts

contacts-delete-found = Delete all that match
contacts-selection = Selection
# $email (String) - The e-mail of the contact.
contacts-select = Select { $email }
contacts-delete-selected = Delete selected contacts
contacts-delete-selected-question = Delete the selected contacts?
# $text (String) - What was searched for.
contacts-delete-question = Delete all contacts that match “{ $text }”?
contacts-delete-note = You can undo this in the audit log. Other runs of their jobs do not create the contacts again.
contacts-delete-apply = Delete
contacts-delete-newest = The newest of them
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
contacts-deleted = { $count ->
    [one] { $shown } contact deleted.
   *[other] { $shown } contacts deleted.
}
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
contacts-restored = { $count ->
    [one] { $shown } contact restored.
   *[other] { $shown } contacts restored.
}
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
contacts-email-taken = { $count ->
    [one] { $shown } contact was not restored, since another contact has its e-mail address now.
   *[other] { $shown } contacts were not restored, since other contacts have their e-mail addresses now.
}
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
contacts-values-removed = { $count ->
    [one] { $shown } contact cannot be restored, since its values were removed.
   *[other] { $shown } contacts cannot be restored, since their values were removed.
}

audit-title = Audit log
audit-who = Who
audit-job = Job number
audit-from = From (UTC)
audit-until = To (UTC)
audit-export = Download as CSV
# $row (String) - The number of the row.
audit-row = Only actions that changed row { $row }.
audit-none-found = No actions match your search
audit-none = No actions yet
audit-none-note = Uploads, decisions, edits and undone actions are recorded here with the person who made them.
audit-table = Recorded actions
audit-when = When
audit-what = What
audit-job-column = Job
audit-number = No.
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
audit-and-more = { $count ->
    [one] and { $shown } more row
   *[other] and { $shown } more rows
}
# $row (String) - The number of the row.
audit-row-link = row { $row }
# $number (String) - The number of the action.
audit-undone-by = undone by no. { $number }
audit-older = Older actions

## The page about one person

people-title = Export or erase a person
people-note = Everything with this e-mail address, and everything that had it once, belongs to the person: contacts, rows of files, issues, and what was recorded of them.
people-address = E-mail address
people-find = Find
people-none = Nothing is known of this person
people-known = Known of this person
people-contacts = Contacts
people-changes = Changes of contacts
people-rows = Rows
people-deleted-contacts = Deleted contacts
people-issues = Issues
people-decisions = Recorded decisions
people-mentions = Mentions elsewhere
people-records = Records
people-files = Stored files
people-export = Download as JSON
people-erase = Erase this person
people-erase-note = This cannot be undone. The stored files that contain the person are deleted. Values of other people that contain the address are removed.
# $what (String) - How much of each kind.
people-erased = Erased: { $what }.
# $jobs (String) - The numbers of jobs.
people-unread = Not searched, since only the stored files have the rows of these jobs: { $jobs }. Run or delete these jobs, and then search again.
# $jobs (String) - The numbers of jobs.
people-shared = The stored files of these jobs stay, since jobs of others read them too: { $jobs }.
people-erasures = Erasures
people-cut-off = not finished; if it is not in progress, erase the person again
