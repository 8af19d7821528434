### The list of jobs, and the page of a job.
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
jobs-retry = { $count ->
    [one] Run the failed job again
   *[other] Run all { $shown } failed jobs again
}

## The list

jobs-title = Jobs
jobs-search = Search by file name
jobs-search-placeholder = File name
jobs-any-status = Any status
jobs-none-found = No jobs match your search
jobs-show-all = Show all jobs
jobs-none = No jobs yet
jobs-none-note = Upload a file of contacts, such as CSV or Excel, with columns for e-mail, first name, last name and company, in any order. You decide what is unclear; all other rows become contacts.
jobs-first-upload = Upload your first file
jobs-no-role = Your account can view jobs but cannot upload files.
jobs-file = File
jobs-picture = Rows by outcome
jobs-rows = Rows
jobs-imported = Imported
jobs-open = Open issues
jobs-uploaded = Uploaded
jobs-older = Older jobs
jobs-progress = Rows processed
jobs-finish = Finish
jobs-open-failed = Open
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
jobs-review = { $count ->
    [one] Review { $shown } issue
   *[other] Review { $shown } issues
}

## What a job is waiting for

state-reading = Reading the file
state-working = Validating and importing
state-in-turn = Waiting for another of your imports
state-comparing = Looking for duplicates and existing contacts
state-saving = Saving rows
state-indexing = Preparing the review
state-checking = Checking the rows again
state-importing = Importing contacts
state-finishing = Finishing
# $done (String) - How many rows are done.
# $total (String) - How many rows there are.
state-progress = { $done } of { $total } processed.
# $rows (String) - How many rows are done, in words.
state-so-far = { $rows } so far.
state-may-leave = You can leave this page.
state-waiting = Waiting for a worker
state-waiting-note = The job starts automatically as soon as a worker is free.
state-undoing = Undoing the import
state-undo-progress = Contacts processed
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
state-to-review = { $count ->
    [one] { $shown } issue to review
   *[other] { $shown } issues to review
}
state-to-review-note = Nothing is imported until every issue is resolved. You can stop and continue at any time.
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
state-partly-imported = { $count ->
    [one] { $shown } contact has been imported from valid rows. The other rows wait for your review.
   *[other] { $shown } contacts have been imported from valid rows. The other rows wait for your review.
}
state-review = Review
state-view = View issues
state-resolved = All issues are resolved
state-resolved-note = Finishing validates the rows once more and imports all that are valid.
state-finish = Finish and import
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
state-imported = { $count ->
    [one] { $shown } contact imported
   *[other] { $shown } contacts imported
}
state-done = The job is complete.
state-contacts = View contacts
state-failed = Import failed
state-removed = Rows removed
state-removed-note = The rows and issues of this job were removed after their time of retention. Its contacts stay.
state-cancelled = Job cancelled
state-cancelled-note = Run the job again to continue.
state-failed-open-note = Run the job again, or review its issues first.
state-failed-note = Run the job again when the cause is fixed.
state-upload-note = Upload the file again. It becomes a new job.
state-upload-another = Upload another file
state-run-again = Run again
state-interrupted = The last run was interrupted
state-interrupted-note = A worker continues the job automatically.
state-run-now = Run now

## The rest of the page

# $count (Number) - The number.
# $shown (String) - The number as it is shown.
job-picture = { $count ->
    [one] Outcome of { $shown } row
   *[other] Outcome of { $shown } rows
}
job-open-kinds = Open issues
job-issue-note = Rows with issues include those that you have decided about, until you finish the job. An issue can be about several rows, and a row can have several issues.
job-rows = Rows
job-rows-search = Search these rows
job-rows-placeholder = Any value in a row
job-review-these = Review these
job-repeated-note = Rows that repeat an earlier row of the file are counted but not stored.
job-line = Line
job-no-rows = No rows match.
job-end = End of the list.
job-more-rows = More rows
job-search-on = Continue searching
# $done (String) - How many rows have been searched.
# $all (String) - How many rows the job has.
job-searched = { $done } of { $all } rows searched
job-history = History
job-full-history = Full audit log of this job
job-downloads = Downloads
job-original = Original file
job-corrections = Rows with issues, to correct in a spreadsheet
job-upload-corrections = Upload corrected rows
job-corrections-note = Upload the file of rows with issues as you have corrected it, saved as CSV. You see its changes before they are applied, and can undo them in one step.
job-corrections-file = Corrected file
job-apply-corrections = Apply corrections
job-more = More actions
job-policy = When contacts are created
job-policy-hold = All at once, when the review is finished
job-policy-at-once = Valid rows with the next run, the others once their issues are resolved
job-undo-import = Undo the import
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
job-undo-import-note = { $count ->
    [one] Removes the contact that this job created and restores the earlier values of contacts that it changed. Contacts that someone has edited since are kept. The rows return to review.
   *[other] Removes the { $shown } contacts that this job created and restores the earlier values of contacts that it changed. Contacts that someone has edited since are kept. The rows return to review.
}
job-cancel = Cancel the job
job-cancel-note = The job stops until someone runs it again.
job-delete = Delete the job
job-delete-note = Permanently deletes its rows, its issues and the file. Contacts are kept.
job-delete-button = Delete permanently
job-created = Job created
job-run-began = Run started
job-run-ended = Run ended
job-run-completed = Run ended: contacts imported
job-run-review = Run ended: review needed
job-run-failed = Run ended: import failed

## Corrections

# $job (String) - The number of the job.
corrections-title = Corrections of job { $job }
corrections-heading = Corrections applied
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
corrections-changed = { $count ->
    [one] { $shown } row changed
   *[other] { $shown } rows changed
}
# $unchanged (String) - How many rows are as they were.
# $read (String) - How many rows the file has.
corrections-unchanged = Unchanged rows: { $unchanged } of { $read } in the file.
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
corrections-contacts = { $count ->
    [one] { $shown } row is already a contact and was not changed.
   *[other] { $shown } rows are already contacts and were not changed.
}
corrections-unknown = Rows that this job does not have
corrections-unknown-note = The value of row_key is missing or belongs to another job. These rows were skipped.
# $line (String) - The number of the line.
corrections-line = Line { $line }
# $shown (String) - How many there are.
corrections-first = These are the first 100 of { $shown }.
corrections-to-job = Go to the job
corrections-undo = Undo the corrections
corrections-show = Show the changes
corrections-preview = What the file changes
corrections-again = Choose the file again to apply these changes.
corrections-refused = Nothing was changed.
