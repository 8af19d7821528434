### The upload of a file.

upload-title = Upload a file
upload-file = Drop a file of contacts here, or choose one
# $formats (String) - The ends of names of files.
# $limit (String) - The maximum size in MB.
upload-formats = Files of these kinds can be up to { $limit } MB: { $formats }.
upload-note = The columns for e-mail, first name, last name and company can be in any order.
upload-sample = Sample file
upload-reading = Encoding, header line and more
upload-encoding = Encoding
upload-detect = Detect automatically
upload-header-line = Line of the column names
# $line (String) - The number of the line.
upload-use-line = Use line { $line } for the column names
upload-lines-note = If the column names are on another line, click that line.
upload-part = Sheet or file of an archive
parts-split = This archive contains several tables. Each becomes a job of its own. To import only one, or to match its columns, choose it.
parts-note = The file has several tables. The one that is marked is imported; choose another one to see it.
upload-policy = When contacts are created
upload-policy-question = When should contacts be created?
upload-policy-hold = All at once, when every issue is resolved
upload-policy-at-once = Valid rows immediately, the others once their issues are resolved
upload-progress = Upload progress
upload-send = Upload and import
upload-cancel = Cancel upload
upload-cancelled = The upload was cancelled. Nothing was imported.
upload-several = These files are uploaded one after another, each with the settings that are detected and the columns that its column names or remembered columns identify. To see first how a file is read, choose only that file.
upload-files = Files to upload
upload-waits = Waiting
upload-not-sent = Not uploaded
upload-open = Open job
upload-ended = The upload has ended. The list shows the result of each file.
upload-all = View all jobs
upload-columns = Match the columns
# $name (String) - The name of the sheet or file.
remedy-part = Read “{ $name }”
remedy-encoding = Detect the encoding
remedy-header-line = Detect the header line
upload-remembered = Matched as in an earlier file with these columns.
# $number (String) - The number of the column.
upload-column = Column { $number }
upload-remember = Remember this for files with the same columns
upload-rows = First rows
# $packed (String) - The maximum size in MB.
# $unpacked (String) - The maximum size of the content in MB.
upload-no-preview = The preview shows workbooks and archives of up to { $packed } MB, and { $unpacked } MB when they are unpacked. This one is larger: upload it without a preview. The page of its job then shows how it is read, and you can match its columns there.
delimiter-comma = commas
delimiter-semicolon = semicolons
delimiter-tab = tabs
delimiter-bar = vertical bars
upload-unreachable = The server cannot be reached. Check your connection and try again.
upload-interrupted = The upload was interrupted. Try again.
upload-failed = The upload failed. Try again.
upload-lost = The upload was interrupted, for example by a lost connection. It continues automatically.
upload-begun = Part of this file has already been uploaded.
# $percent (String) - How much of the file has arrived, such as 43 %.
upload-continue = Continue at { $percent }
upload-known = You have already uploaded this file.
upload-known-open = Open that job
upload-known-again = Import it again
upload-value = One value for every row
# $field (String) - The name of the field.
upload-value-of = { $field } in every row
upload-remember-values = Remember values for every row, too

## The columns of a job

mapping-note = Choose where each column goes, then read the file again. Decisions about its rows are lost.
mapping-leave-empty = Leave empty in this job
mapping-send = Read the file with these columns

## Remembered columns

mappings-title = Remembered columns
mappings-none = No columns are remembered
mappings-none-note = When you match the columns of a file, they can be remembered for files with the same column names.
mappings-note = They apply to files with the same column names, whoever sends them for you. Jobs keep the columns that they have.
mappings-change = Change
# $number (String) - The number of the mapping.
mappings-change-one = Change columns { $number }
mappings-change-note = The change applies to files that are imported from now on.
mappings-save = Save
mappings-forget = Forget
# $number (String) - The number of the mapping.
mappings-forget-one = Forget columns { $number }
mappings-forget-note = Files with these column names are matched again when they are uploaded. This cannot be undone.

## The steps

upload-steps = Steps of the upload
step-file = File
step-reading = Reading
step-columns = Columns
step-check = Check
step-import = Import
step-file-title = Choose a file
step-reading-title = Is the file read correctly?
step-check-title = What the import will find
step-import-title = Import the file
step-next = Next
step-no-file = Choose a file first.
step-wait = The file is being read.
step-unreadable = The file cannot be read like this. Change how it is read below, or choose another file.
# $fields (String) - The names of fields.
step-unmatched = Choose a column or type a value for: { $fields }
step-refused = The file would be refused for the reason above.
# $fields (String) - The names of fields.
step-doubled = Two columns go to: { $fields }. Choose one of them.
step-done = done

## Where each column goes

goes-title = Where each column goes
goes-column = Column
goes-samples = Examples
goes-to = Goes to
goes-kept = Kept with the contact
goes-unused = Not imported
goes-full-name = First and last name, split
without-title = Fields without a column
without-note = A value here counts only if no column goes to the field.
without-value = needs a column
# $fields (Element) - The names of fields.
columns-incomplete = No column is chosen for: { $fields }. Choose it in the table. A field other than the e-mail can have one value for every row instead.

## The check before the import

check-checking = The rows are being checked.
check-failed = The rows could not be checked. You can still import the file; its job then says what to decide.
# $count (Number) - The number of rows.
# $shown (String) - The number as it is shown.
check-beginning = { $count ->
    [one] This is about the first row. The import checks all rows.
   *[other] This is about the first { $shown } rows. The import checks all rows.
}
check-split = This is about the first table of the archive. Each table becomes a job of its own.
# $count (Number) - The number.
# $shown (Element) - The number as it is shown.
check-valid = { $shown } { $count ->
    [one] row becomes a contact
   *[other] rows become contacts
}
# $count (Number) - The number.
# $shown (Element) - The number as it is shown.
check-asked = { $shown } { $count ->
    [one] row has issues
   *[other] rows have issues
}
# $count (Number) - The number.
# $shown (Element) - The number as it is shown.
check-repeated = { $shown } { $count ->
    [one] row repeats another one
   *[other] rows repeat others
}
# $count (Number) - The number.
# $shown (Element) - The number as it is shown.
check-skipped = { $shown } { $count ->
    [one] line is not a row
   *[other] lines are not rows
}
check-clean = No row has an issue. Nothing will be asked.
check-issues-title = What you will be asked
check-issues-note = After the import you decide about these issues one by one or many at once.
check-kind = Kind
check-issues = Issues
check-rows = Rows
# $count (Number) - The number of rows.
# $shown (String) - The number as it is shown.
check-identical = { $count ->
    [one] { $shown } row has the same values as its contact. The review offers to skip it.
   *[other] { $shown } rows have the same values as their contacts. The review offers to skip them.
}
# $count (Number) - The number of rows.
# $shown (String) - The number as it is shown.
check-misspelt = { $count ->
    [one] { $shown } valid row has an e-mail address whose domain looks misspelt. You will not be asked about it: correct it in the file if it is wrong.
   *[other] { $shown } valid rows have e-mail addresses whose domains look misspelt. You will not be asked about them: correct them in the file if they are wrong.
}
check-unknown-contacts = Another program has just inserted contacts, with which rows are not compared yet. The import compares all of them.
check-examples = Examples
check-value = Value
check-reason = What is wrong
