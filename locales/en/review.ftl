### The review: issues of one kind, decisions about one or many of them.

review-title = Review
# $kind (String) - The kind of issue.
# $file (String) - The name of the file.
review-page-title = { $kind }: { $file }
review-search = Search these issues
review-which = Which issues
review-open = Open
review-resolved = Resolved
review-all = All
review-show = Show
review-tools = More
review-undo-last = Undo last step
review-nothing-to-undo = There is nothing of yours here that can be undone.
review-none-found = No issues match your search
# $text (String) - What was searched for.
review-counts-all = Below are the issues that match “{ $text }”. The numbers above count all issues.
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
review-identical = { $count ->
    [one] { $shown } row below is identical to its contact.
   *[other] { $shown } rows below are identical to their contacts.
}
review-skip-identical = Skip the identical rows…
review-none-resolved = No issues resolved yet
review-more = More issues
review-kinds = Kinds of issues
review-kind-done = all resolved
review-kind-open = open
# $kind (String) - The kind of issue.
review-progress-label = Resolved: { $kind }
# $done (String) - How many are resolved.
# $total (String) - How many there are.
review-progress = { $done } of { $total } resolved
# $kind (String) - The kind of issue.
review-next = Next: { $kind }
review-kind-finished = All issues of this kind are resolved.
# $kind (String) - The kind of issue.
review-continue = Continue with: { $kind }
review-to-job = Go to the job
# $effect (String) - What was done.
review-done = Done: { $effect }.
# $effect (String) - What was done.
review-undone = Undone: { $effect }.
review-closed-completed = The import is complete. To change a decision, undo the import on the page of the job.
review-closed-running = A run is working on this job. You can decide when it has ended.
review-closed-role = You can view these issues, but deciding needs the role “editor”.

## What a decision did

# $count (Number) - The number.
# $shown (String) - The number as it is shown.
effect-discarded = { $count ->
    [one] { $shown } row discarded
   *[other] { $shown } rows discarded
}
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
effect-restored = { $count ->
    [one] { $shown } row restored
   *[other] { $shown } rows restored
}
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
effect-edited = { $count ->
    [one] { $shown } row edited
   *[other] { $shown } rows edited
}
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
effect-differing = { $count ->
    [one] { $shown } row discarded with different values in other columns
   *[other] { $shown } rows discarded with different values in other columns
}
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
effect-decided = { $count ->
    [one] { $shown } row decided
   *[other] { $shown } rows decided
}
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
effect-resolved = { $count ->
    [one] { $shown } issue resolved
   *[other] { $shown } issues resolved
}
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
effect-reopened = { $count ->
    [one] { $shown } issue reopened
   *[other] { $shown } issues reopened
}
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
effect-raised = { $count ->
    [one] { $shown } new issue
   *[other] { $shown } new issues
}
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
effect-still-open = { $count ->
    [one] { $shown } issue still open
   *[other] { $shown } issues still open
}

## Decisions about many issues

bulk-open = Decide about many
bulk-scope = Apply to
# $selected (Element) - How many are selected.
bulk-selected = Selected issues ({ $selected })
# $count (Number) - How many are open.
# $shown (String) - The number as it is shown.
bulk-all = { $count ->
    [one] The only open issue
   *[other] All { $shown } open issues
}
bulk-select-all = Select all shown
bulk-note = Nothing changes yet: you see a preview first.
# $field (Element) - A choice of fields.
# $value (Element) - An input for the value.
bulk-blanks = Where { $field } is missing, fill in { $value }
bulk-blanks-field = Field
bulk-blanks-value = Value
bulk-keep-first = Keep the first row
    .question = Keep the first row of each group?
bulk-keep-last = Keep the last row
    .question = Keep the last row of each group?
bulk-merge = Merge rows
    .question = Merge the rows of each group?
bulk-correct = Use suggestions
    .question = Use the suggested addresses?
bulk-keep-contact = Keep contacts
    .question = Keep the contacts as they are?
bulk-overwrite = Overwrite contacts
    .question = Overwrite the contacts?
bulk-fill = Fill empty fields
    .question = Fill empty fields of the contacts?
bulk-accept = Accept as is
    .question = Accept the rows as they are?
bulk-discard = Discard
    .question = Discard the rows?
bulk-fill-in = Fill in
    .question = Fill in the missing value?
bulk-nothing = Nothing would change.
bulk-apply = Apply
bulk-can-undo = You can undo this until the job is imported.
bulk-rows = Rows that change
bulk-rows-first = The first 20 rows that change
bulk-then = Result
bulk-contacts-note = The table shows each contact as it is now and as it will be when the job is imported.
bulk-none-selected = No issues are selected. Select issues with the key x, or choose all of them.
bulk-no-value = Type the value to fill in.
bulk-no-field = Choose the field to fill in.
# $count (Number) - The number.
# $shown (Element) - The number as it is shown.
bulk-effect-decided = { $shown } { $count ->
    [one] row is decided
   *[other] rows are decided
}
# $count (Number) - The number.
# $shown (Element) - The number as it is shown.
bulk-effect-discarded = { $shown } { $count ->
    [one] row is discarded
   *[other] rows are discarded
}
# $count (Number) - The number.
# $shown (Element) - The number as it is shown.
bulk-effect-restored = { $shown } { $count ->
    [one] row is restored
   *[other] rows are restored
}
# $count (Number) - The number.
# $shown (Element) - The number as it is shown.
bulk-effect-edited = { $shown } { $count ->
    [one] row gets new values
   *[other] rows get new values
}
# $count (Number) - The number.
# $shown (Element) - The number as it is shown.
bulk-effect-differing = { $shown } { $count ->
    [one] discarded row has different values in other columns
   *[other] discarded rows have different values in other columns
}
# $count (Number) - The number.
# $shown (Element) - The number as it is shown.
bulk-effect-resolved = { $shown } { $count ->
    [one] issue is resolved
   *[other] issues are resolved
}
# $count (Number) - The number.
# $shown (Element) - The number as it is shown.
bulk-effect-reopened = { $shown } { $count ->
    [one] issue is reopened
   *[other] issues are reopened
}
# $count (Number) - The number.
# $shown (Element) - The number as it is shown.
bulk-effect-raised = { $shown } { $count ->
    [one] new issue is raised
   *[other] new issues are raised
}
# $count (Number) - The number.
# $shown (Element) - The number as it is shown.
bulk-effect-still-open = { $shown } { $count ->
    [one] issue stays open: its row is still wrong
   *[other] issues stay open: their rows are still wrong
}

## One issue

# $title (String) - What the issue is about.
case-select = Select { $title }
# $rows (String) - How many rows.
case-undo-all = Undo all { $rows }
case-contact-gone = The contact has been deleted. The next run finds no conflict for this row.
case-compare = Rows side by side
# $field (String) - The name of the field.
# $column (String) - The row.
case-input = { $field } of { $column }
case-differs = differs
case-choose = Merge takes the chosen values.
# $field (String) - The name of the field or column.
# $value (String) - The value.
# $column (String) - The row.
case-choice = { $field }: { $value } ({ $column })
# $number (String) - The number of the cell among the extra ones.
case-extra-cell = Extra cell { $number }
case-unreadable-cell = With unreadable characters
case-oddity = Looks damaged
case-keep = Keep this
case-first-rows = These are the first 20 rows. Your decision applies to all of them.
case-too-long = Some values are too long to be edited here. Edit them in a file of corrections.
# $address (Element) - The suggested address.
case-use = Use { $address }
case-merge = Merge
case-overwrite = Overwrite contact
case-fill = Fill empty fields
case-keep-contact = Keep contact, discard row
case-accept = Accept as is
case-edit = Edit
case-show = Details
case-discard = Discard
case-discard-all = Discard all
case-cancel = Cancel
case-assignee = Assigned to
case-assign = Assign
case-assign-me = Assign to me
# $name (String) - The name of the person.
case-assigned-to = Assigned to { $name }.
case-assigned-to-nobody = Assigned to nobody.
assigned-any = Assigned to anyone
assigned-me = Assigned to me
assigned-nobody = nobody
# $count (Number) - The number.
# $shown (String) - The number as it is shown, with a plus if there may be more.
bulk-all-matching = { $count ->
    [one] The only open issue that matches
   *[other] All { $shown } open issues that match, on every page
}
case-note = Note
case-note-save = Save note
case-note-saved = Note saved.
case-has-note = has a note
case-back = Back to the review
# $number (String) - The number of the line.
case-line = Line { $number }
# $number (String) - The number of the row.
case-row = Row { $number }
case-contact = Contact
case-file = File
# $date (Element) - When the contact was created.
case-since = since { $date }
case-overwrites = overwrites the contact
case-fills = fills empty fields of the contact
case-nothing-changed = Nothing had to change.
case-not-edited = The values are the same as before.
# $reason (String) - What is wrong with the row.
case-still-open = Saved, but the case is still open. { $reason }.
# $issue (String) - The name of the kind of issues.
case-other-issue = Saved, but the row now has another issue: { $issue }.
# $reason (String) - What is wrong with the row.
case-warns = Saved. The next import asks about this row: { $reason }.
# $notice (String) - Why nothing was saved.
# $typed (String) - What somebody typed.
case-you-typed = { $notice } You typed: { $typed }
case-undone-partly = Not everything could be undone: someone else has changed some of the rows since.
case-already-undone = This has already been undone.
case-resolved-by-run = Resolved automatically: the last run found no issue
# $who (String) - Who did it.
case-resolved-by = Resolved by { $who }
# $what (String) - What was decided.
# $who (String) - Who decided.
# $when (Element) - How long ago.
case-decision = { $what } by { $who }, { $when }
decided-keep-row = Kept one row
decided-merge = Merged
decided-edit = Edited
decided-discard = Discarded
decided-keep-contact = Contact kept
decided-overwrite = Contact will be overwritten
decided-fill = Empty fields of the contact will be filled
decided-correct = Suggestion used
decided-replace = Text replaced
decided-accept = Accepted as is
decided-restore = Restored
decided-other = Decided
case-encoding = Encoding of the file
wrong-encoding = The letters of these rows may be wrong, since the encoding of the file is in doubt. Accept the rows if all letters are right.
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
wrong-extra-cells = { $count ->
    [one] The row has one cell more than the file has columns
   *[other] The row has { $shown } cells more than the file has columns
}
wrong-unreadable = Some characters of the row cannot be read
wrong-oddity = Something in the row looks damaged
case-encoding-readings = Compare the likely readings

## The review as a table

grid-title = Open rows
grid-views = View
grid-cases = Case by case
grid-table = Table
grid-all-kinds = All
grid-search = Search the open rows
grid-column = Search in
grid-any-column = Any column
grid-others = Other columns
grid-first-others = The table shows the first 30 other columns. The others are in each case and in a file of corrections.
grid-issues = Issues
grid-resolved = Resolved
grid-no-rows = No open rows match.
# $selected (Element) - How many are selected.
grid-selected = Selected rows ({ $selected })
# $count (Number) - The number.
# $shown (String) - The number as it is shown, with a plus if there may be more.
grid-all-rows = { $count ->
    [one] The only open row
   *[other] All { $shown } open rows
}
# $count (Number) - The number.
# $shown (String) - The number as it is shown, with a plus if there may be more.
grid-all-matching = { $count ->
    [one] The only open row that matches
   *[other] All { $shown } open rows that match, on every page
}
grid-select-shown = Select the rows shown
# $shown (String) - How many match.
grid-select-all = Select all { $shown } that match
grid-none-selected = No rows are selected. Select rows by their checkboxes, or choose all that match.
grid-replace = Replace
    .title = Find and replace
    .question = Replace the text?
    .field = In
    .find = find
    .with = and replace by
grid-match-case = Match case
grid-hint = Type or press Enter in a cell to edit it; it is saved when you leave it. Paste a column to fill the cells below. Shift selects several rows.
grid-lost = Not saved: the server could not be reached. What you typed is still in the cell.
grid-undo-key = Ctrl+Z
grid-paste-title = Paste these values?
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
grid-left-lines = { $count ->
    [one] { $shown } pasted line does not fit: the table shows no more rows below. It is not pasted. Scroll to the end to load more rows, and paste again to include it.
   *[other] { $shown } pasted lines do not fit: the table shows no more rows below. They are not pasted. Scroll to the end to load more rows, and paste again to include them.
}
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
grid-left-columns = { $count ->
    [one] { $shown } pasted column does not fit to the right of this cell. It is not pasted.
   *[other] { $shown } pasted columns do not fit to the right of this cell. They are not pasted.
}
grid-left-label = Lines that are not pasted

## What looks odd in a row

# $place (String) - The name of the field or column.
# $value (String) - The value in quotes.
# $likely (String) - The likely value in quotes.
oddity-codes = { $place } { $value } is written in the codes of another program: { $likely }
# $place (String) - The name of the field or column.
# $value (String) - The value in quotes.
# $likely (String) - The likely value in quotes.
oddity-invisible = { $place } { $value } has invisible characters in it; without them it is { $likely }
# $place (String) - The name of the field or column.
# $value (String) - The value in quotes.
# $likely (String) - The likely value in quotes.
oddity-other-encoding = { $place } { $value } may be in another encoding: { $likely }
# $place (String) - The name of the field or column.
# $value (String) - The value in quotes.
# $likely (String) - The likely value in quotes.
oddity-encoded-twice = { $place } { $value } was encoded twice: { $likely }
# $place (String) - The name of the field or column.
# $value (String) - The value in quotes.
# $likely (String) - The likely value in quotes.
oddity-two-alphabets = { $place } { $value } has letters of two alphabets; in Latin letters it is { $likely }
# $place (String) - The name of the field or column.
# $value (String) - The value in quotes.
# $likely (String) - The likely value in quotes.
oddity-wide = { $place } { $value } has wide letters: { $likely }
# $place (String) - The name of the field or column.
# $value (String) - The value in quotes.
# $likely (String) - The likely value in quotes.
oddity-in-quotes = { $place } { $value } stands in quotes: { $likely }
# $place (String) - The name of the field or column.
# $value (String) - The value in quotes.
# $likely (String) - The likely value in quotes.
oddity-by-other-header = { $place } { $value } is by that header { $likely }
# $place (String) - The name of the field or column.
# $value (String) - The value in quotes.
oddity-placeholder = { $place } { $value } stands for a missing value
# $place (String) - The name of the field or column.
# $value (String) - The value in quotes.
oddity-may-have-lost = { $place } may have lost letters: { $value }
# $place (String) - The name of the field or column.
# $value (String) - The value in quotes.
oddity-has-lost = { $place } has lost letters: { $value }
# $place (String) - The name of the field or column.
oddity-cut-value = { $place } is too long and was cut off
oddity-cut-row = the row is too long: cells at its end were left out
oddity-broken-quotes = the quotes of the row are broken and can be read in another way
# $name (String) - The name in quotes.
oddity-ambiguous-name = the name can be split in more than one place: { $name }
# $line (String) - The line of the header in the file.
oddity-other-header = the row is below another header, on line { $line }, whose columns are in another order
