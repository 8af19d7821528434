### The frame of every page, and the pages that belong to nothing else.

language-name = English

skip-to-content = Skip to content
brand-label = ingest, all jobs
nav-label = Main
nav-jobs = Jobs
nav-contacts = Contacts
nav-audit = Audit log
upload-short = Upload
upload-long = Upload a file
sign-in = Sign in
sign-out = Sign out
language-label = Language

## Buttons and words that several pages use

search = Search
save = Save
undo = Undo
show-all = Show all
back = Back
undone = undone
empty-value = empty
status = Status
saved = Saved.
forgotten = Forgotten.
api-docs = API documentation
api-document = OpenAPI document

## The list of keyboard shortcuts

keys-title = Keyboard shortcuts
keys-hint = Keyboard shortcuts (?)
keys-close = Close
keys-anywhere = Anywhere
keys-help = Show this list
keys-search = Search
keys-list = Next or previous entry
keys-upload = Upload
keys-move = Review: move
keys-next-issue = Next or previous issue
keys-save = Save what you typed
keys-leave = Leave the input
keys-next-kind = Next kind of issue, or finish
keys-undo = Undo the last step
keys-select = Select for a bulk decision
keys-bulk = Decide about all selected issues
keys-decide = Review: decide
keys-keep = Keep that row, discard the others
keys-choose = Choose the values of the merged row
keys-merge = Merge the rows into one
keys-suggestion = Use the suggestion
keys-edit = Edit
keys-edit-all = Edit all values of the row
keys-overwrite = Overwrite the contact
keys-fill = Fill empty fields of the contact
keys-accept = Accept as is
keys-assign = Assign to me
keys-note = Write a note
keys-discard = Discard
keys-table = Review: table
keys-view = Table, or case by case
keys-edit-cell = Edit the cell
keys-next-cell = Save it and go to the next cell
keys-restore-cell = Restore the value
keys-empty-cell = Empty the cell
keys-select-row = Select the row

## Signed out

signed-out-title = Signed out
signed-out-heading = You are signed out
signed-out-note = This browser no longer shows any of your data.

## Errors

problem-to-jobs = Go to jobs
problem-token = Token
problem-malformed = The request cannot be read
problem-unauthenticated = Sign in to continue
problem-forbidden = You cannot do this
problem-not-found = Page not found
problem-method = This address cannot be used like that
problem-timeout-body = The upload stopped
problem-conflict = That is not possible right now
problem-precondition = Someone else changed this
problem-too-large = Too large
problem-media-type = This type of file is not supported
problem-invalid = A value is not valid
problem-too-many = Too many requests
problem-internal = Something went wrong
problem-unavailable = Not available right now
problem-timeout = It took too long
advice-sign-in = Sign in and try again.
advice-forbidden = Ask someone with the right role, or have your role changed.
advice-not-found = It may have been deleted, or the address may be wrong.
advice-changed = Open it again to see its current state.
advice-too-large = Split the file, or ask for a higher limit.
advice-wait = Wait a moment and try again.
advice-unavailable = Try again in a moment. No data was lost.
advice-internal = The error was logged. Try again; if it happens again, tell the person who runs this server.
advice-back = Go back and try again.
