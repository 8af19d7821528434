### Why a file, a job or a value was refused. Pages add a capital and a full stop.

# $label (String) - The heading of the part of the page.
reason-under = under “{ $label }”

## Files

reason-empty = the file is empty; upload one with a header line and at least one contact below it
reason-blank = the file contains only blank lines; upload one with a header line and at least one contact below it
# $line (String) - The number of the line.
# $how (String) - Where to set the line.
reason-header-only = the file contains a header on line { $line } but no contact below it; add at least one row and upload it again, or, if the header is on another line, set that { $how }
# $how (String) - Where to set it.
reason-utf-7 = the file is in the encoding UTF-7, which is not supported; save it as CSV in UTF-8 and upload that, or, if it is not in UTF-7, set its encoding { $how }
# $format (String) - What the file is.
reason-not-csv = the file is { $format }, not CSV text; save it as CSV in UTF-8 and upload that
# $line (String) - The number of the line.
# $columns (String) - The number of columns.
# $how (String) - Where to match them.
reason-no-header = line { $line } contains an e-mail address where the column names should be; say which of the { $columns } columns is which: match the columns { $how }
reason-first-row-kept = the first line is then kept as a contact
reason-fixed-value = a field without a column can have the same value in every row
# $line (String) - The number of the line.
# $fields (String) - The fields.
# $names (String) - The names in the header.
# $how (String) - Where to match them.
reason-columns-missing = the header on line { $line } has no column for { $fields } (found: { $names }); match the columns { $how }
# $line (String) - The number of the line.
# $fields (String) - The fields.
# $names (String) - The names in the header.
# $how (String) - Where to match them.
reason-columns-doubled = the header on line { $line } has more than one column for { $fields } (found: { $names }); match the columns { $how }
# $line (String) - The number of the line.
# $missing (String) - The fields without a column.
# $doubled (String) - The fields with several.
# $names (String) - The names in the header.
# $how (String) - Where to match them.
reason-columns-both = the header on line { $line } has no column for { $missing } and more than one for { $doubled } (found: { $names }); match the columns { $how }
reason-nameless = (no name)
reason-address = (an e-mail address)
# $names (String) - The first names.
# $count (String) - The number of further names.
reason-more-names = { $names } and { $count } more
# $name (String) - The name that was given.
# $names (String) - The names that exist.
reason-unknown-encoding = unknown encoding "{ $name }"; the known encodings are { $names }
# $what (String) - What is wrong.
# $how (String) - Where to set it.
reason-set-it = { $what }; set it { $how }
# $line (String) - The number of the line.
# $last (String) - The number of the last line that is searched.
# $how (String) - What else to do.
reason-no-such-line = the header cannot be on line { $line }: the beginning of the file ends on line { $last }; { $how }
reason-detect-line = without a line, the header is detected
# $line (String) - The number of the line.
# $found (String) - The number of columns in the file.
# $expected (String) - The number of columns that were matched.
# $how (String) - Where to match them.
reason-other-width = the header on line { $line } has { $found } columns, and the columns were matched for a file with { $expected }; match them for this file { $how }
# $line (String) - The number of the line.
reason-broken-quotes = the quotes of the row that starts on line { $line } are broken; close or remove the one that is too many and upload the file again
# $line (String) - The number of the line.
reason-row-too-long = the row that starts on line { $line } is too long or has too many columns; shorten it and upload the file again
# $line (String) - The number of the line.
# $limit (String) - The limit in bytes.
reason-too-damaged = the row that starts on line { $line } contains more than { $limit } bytes that fit no column or are not text; check for a missing line break or quote there, save the file as CSV in UTF-8 and upload it again
# $format (String) - What the file is.
reason-no-table = the { $format } contains no table; add one, and upload the file again
# $count (String) - The number of tables.
# $names (String) - Their names.
# $how (String) - Where to choose one.
reason-several-tables = the ZIP archive contains { $count } tables: { $names }; choose one { $how }; if a person uploads the archive, each table becomes a job
# $part (String) - The name that was given.
# $how (String) - What to do.
reason-no-parts = the file is no archive and no workbook, so it has no part `{ $part }`; { $how }
# $part (String) - The name that was given.
# $how (String) - How to choose one.
# $names (String) - The names that exist.
reason-no-such-part = the file has no part `{ $part }`; { $how }: { $names }
reason-leave-part-empty = leave the part empty
reason-choose-part = choose one of
# $format (String) - What the file is.
reason-foreign-container = the file is { $format }, not a table; save the table as CSV in UTF-8 and upload that
# $format (String) - What the file is.
reason-protected = the { $format } is protected with a password; save it without one and upload that
# $format (String) - What the file is.
# $reason (String) - What the library reports, in English.
reason-broken-container = the { $format } cannot be read{ $reason }; save it again, or save its table as CSV, and upload that
# $limit (String) - The limit in MB.
reason-grows-too-large = the file grows to more than { $limit } MB when it is unpacked, which is the limit for its size; unpack it, split the table into files below that limit, and upload those
reason-nested-too-deep = the file is packed more than twice; unpack it and upload the table itself
reason-incomplete = the beginning of a workbook or an archive does not show its content
# $format (String) - The word for the format.
foreign-format = { $format ->
    [zip] an Excel workbook or another ZIP archive
    [old-excel] an Excel workbook of the old kind
    [gzip] compressed with gzip
    [zstd] compressed with zstd
    [bzip2] compressed with bzip2
    [xz] compressed with xz
    [seven-zip] a 7-Zip archive
    [rar] a RAR archive
    [pdf] a PDF document
    [rtf] a text document in RTF
    [document] a Word document
    [presentation] a PowerPoint presentation
    [apple] a document of Apple Numbers or Pages
    [java-program] a Java program
    [sqlite] an SQLite database
    [picture] a picture
    [media] a picture, a sound or a film
    [access] an Access database
    [outlook] an Outlook data file
    [program] a program
    [parquet] a Parquet file
    [nuls] filled with NUL bytes, as a broken download leaves it
    [html-table] an HTML table, such as some programs save as .xls
    [web-page] a web page, perhaps one that asks to sign in
    [xml] an XML document
    [vcard] a vCard file
    [json] a JSON document
    [calendar] a calendar
    [ldif] an LDIF file of a directory
    [mail] an e-mail message
    [sql-dump] a dump of a database in SQL
   *[other] a file of another format
}

## Jobs

failure-replaced = the file was replaced during the import; import the new file as a separate job
failure-rows-removed = its rows were removed after their time of retention; import its file again
# $key (String) - The key of the file.
failure-no-file = there is no file `{ $key }` in the store
# $key (String) - The key of the file.
# $reason (String) - What is wrong with it.
failure-bad-key = the file's key `{ $key }` cannot be used: { $reason }
key-empty = it is empty
key-too-long = it is longer than 1024 bytes
key-control-character = it contains a control character
key-slash-at-edge = it begins or ends with `/`
key-empty-name = it has nothing between two `/`
key-dot-name = it has a `.` or `..` between two `/`
key-long-name = a name in it is longer than 255 bytes
key-upload-name = a name in it ends like that of an unfinished upload
key-other-form = it has a form that this program cannot ask for
key-refused = the store cannot have an object of this name
key-symbolic-link = a symbolic link takes it out of the folder
key-no-file = it names something that is no file
# $runs (String) - The number of runs.
failure-cut-off = { $runs } runs of this job ended at the same point because their worker was killed, possibly for lack of memory; it will not run again until someone retries it
# $rows (String) - The number of rows.
failure-too-many-rows = the number of rows is { $rows }, more than the limit of one job
# $by (String) - The name of the person.
failure-cancelled = cancelled by { $by }
# $fault (String) - What has failed.
failure-server = { $fault }; the log of the service has the cause under the job's number
# $code (String) - The SQLSTATE.
failure-database-refused = the database refused (error { $code })
# $fault (String) - The word for the fault.
fault = { $fault ->
    [no-store] the store of the files does not exist
    [file-changed] the file was replaced while it was being read
    [store-denied] the store of the files refuses access
    [store-unavailable] the store of the files is unavailable
    [file-cut] the file could not be read to its end
    [no-scratch] a temporary file could not be written or read
    [database-not-ready] the database is not ready for use
    [database-unreachable] the database could not be reached
    [ids-used-up] the database has no numbers left for new issues; once the operator has run `ingest migrate --wide-ids`, the job can be run again
    [database-unknown] the database contains something that this version does not know
    [aborted] the run was overtaken by another one
   *[other] the server has failed
}

## Values

# $packed (String) - The maximum size in MB.
# $unpacked (String) - The maximum size of the content in MB.
refusal-preview-too-large = the preview shows workbooks and archives of up to { $packed } MB, and { $unpacked } MB when they are unpacked; import the file to see how it is read
# $count (String) - The number of tables.
# $limit (String) - The maximum.
# $how (String) - How to choose one.
refusal-too-many-tables = the archive contains { $count } tables, and an upload makes at most { $limit } jobs; split the archive, or choose one table { $how }
# $count (String) - The number of tables.
# $names (String) - Their names.
# $how (String) - How to choose one.
refusal-match-one-table = the archive contains { $count } tables, and columns can be matched or excluded for one at a time; choose it { $how }: { $names }
refusal-file-name = the name of the file takes 1 to 255 characters, none of them a control character
refusal-delimiter = expected one punctuation character, or one of comma, semicolon, tab, bar and space
refusal-quote = expected one of double, single and none
refusal-nul = a value contains the character NUL, which cannot be stored
refusal-no-address = expected the e-mail address of a person
# $line (String) - The number that was given.
refusal-header-line = the lines of a file are numbered from 1, so the header cannot be on line { $line }
refusal-no-number = the line of the header is not a number
# $field (String) - The field.
refusal-value-of-identity = { $field }: identifies a contact, so it cannot be the same in every row
# $field (String) - The field.
refusal-value-empty = { $field }: the value for every row is empty
# $field (String) - The field.
refusal-value-control = { $field }: the value for every row contains a control character
# $field (String) - The field.
# $limit (String) - The maximum number of characters.
refusal-value-too-long = { $field }: the value for every row has more than { $limit } characters
refusal-same-column = the same column is given for two fields
# $field (String) - The field.
refusal-two-columns = two columns are given for { $field }; choose one of them
# $fields (String) - The fields.
refusal-some-columns = the columns of { $fields } and their number are given together or not at all, except for fields with one value for every row
# $column (String) - The name or number that was given.
# $names (String) - The columns.
refusal-no-column = the file has no column { $column }; the columns are: { $names }
# $found (String) - The number of columns of the file.
# $expected (String) - The number that was given.
# $names (String) - The columns.
refusal-other-width = the file has { $found } columns and not { $expected }; the columns are: { $names }
# $field (String) - The field.
# $column (String) - The number of the column and its name.
refusal-excluded-field = { $field } is read from column { $column }, which cannot be excluded then; choose another column for the field, or exclude another column
refusal-no-list-of-columns = expected a JSON array of names and positions of columns
# $job (String) - The number of the job.
# $column (String) - The name that was given.
# $others (String) - The columns that belong to no field.
refusal-no-other-of-job = the file of job { $job } has no column { $column } that belongs to no field; { $others }
# $column (String) - The name that was given.
# $others (String) - The columns that belong to no field.
refusal-no-other = none of your files has a column { $column } that belongs to no field; { $others }
# $names (String) - The columns that belong to no field.
refusal-others = those columns are: { $names }
refusal-others-none = there are no such columns
# $field (String) - The field.
# $how (String) - How to choose it, in parentheses.
# $value (String) - How to give a value, in parentheses.
# $names (String) - The columns.
refusal-unassigned = no column is recognized as { $field }; choose its column{ $how }, or a value for every row{ $value }; the columns are: { $names }
# $field (String) - The field.
# $how (String) - How to choose it, in parentheses.
# $names (String) - The columns.
refusal-unassigned-email = no column is recognized as { $field }; choose its column{ $how }; the columns are: { $names }
refusal-email-without-column = the e-mail needs a column
refusal-not-in-header = the header has no such column
# $flaw (String) - What is wrong with it.
refusal-search = a text to search for { $flaw }
refusal-text-nul = contains the character NUL
# $limit (String) - The maximum number of characters.
refusal-text-too-long = has more than { $limit } characters
refusal-no-new-value = no new value is given
# $name (String) - The name of the person.
# $people (String) - The names of the people.
refusal-unknown-person = { $name } has not worked on this data; issues can be assigned to you, to nobody, or to one of: { $people }
# $name (String) - The name of the person.
refusal-no-people = { $name } has not worked on this data, nor has anybody else; issues can be assigned to you or to nobody
# $limit (String) - The maximum number of characters.
refusal-long-note = a note can have { $limit } characters; shorten it
refusal-nothing-to-find = the text to find is empty; type it, or choose rows by a filter and edit them instead
# $limit (String) - The maximum size in KiB.
refusal-long-result = the replacement makes a value longer than { $limit } KiB; replace by a shorter text
# $row (String) - The number of the row.
refusal-row-twice = row { $row } is named twice; put all of its new values into one entry
# $limit (String) - The maximum number.
refusal-row-count = a request edits at least one row and at most { $limit }; send the others in another request
refusal-no-contact-filter = say which contacts are meant: by text, job or number, or all of them without another condition
refusal-no-expected-count = the number of contacts that the preview has counted is missing
refusal-contact-value = a contact needs a value here
# $line (String) - The number of the line.
refusal-misread-header = the header on line { $line } begins with letters that are not its own: a program has taken the file for one in another encoding; open it there as UTF-8, correct it and upload it again
# $line (String) - The number of the line.
# $column (String) - What is in the columns.
# $names (String) - The names in the header.
refusal-several-columns = the header on line { $line } has more than one column for { $column } (found: { $names }); keep one of them and upload the file again
# $line (String) - The number of the line.
# $column (String) - The name of the column.
# $names (String) - The names in the header.
refusal-no-key-column = the header on line { $line } has no column { $column } (found: { $names }); download the rows with issues of this job, correct them there and upload that file
# $line (String) - The number of the line.
# $fields (String) - The fields.
# $names (String) - The names in the header.
refusal-no-value-column = the header on line { $line } has no column with values (found: { $names }); name at least one of { $fields } and upload the file again
# $line (String) - The number of the line.
refusal-not-text = the row on line { $line } contains a NUL or bytes that are not text; save the file as CSV in UTF-8 and upload it again
# $line (String) - The number of the line.
refusal-too-many-cells = the row on line { $line } has more cells than the header; put values that hold the delimiter in quotes and upload the file again
# $first (String) - The first line.
# $second (String) - The second line.
# $column (String) - The name of the column.
refusal-contradiction = lines { $first } and { $second } have the same { $column } and different values; keep one of them and upload the file again

## Requests

# $role (String) - The name of the role.
refusal-needs-role = this needs the role { $role }
# $how (String) - What a script does instead, after a semicolon; nothing on pages.
refusal-foreign-page = the request comes from a page of another site{ $how }
refusal-bad-tokens = too many bad tokens from this address
# $count (String) - The amount in progress.
# $work (String) - The kind of work, such as "uploads".
refusal-too-much-work = you already have { $count } { $work } in progress; wait until one has ended
# $work (String) - The kind of work, such as "uploads".
refusal-server-full = the server has as many { $work } in progress as it can; try again in a moment
refusal-broken-form = the form ended early, is not a form, or has a value that is not allowed
# $limit (String) - The maximum number of bytes.
refusal-late-file = the form has more than { $limit } bytes before its part `file`; send that part first
refusal-slow-query = the database query timed out; narrow the search or request fewer entries
refusal-no-file = the form has no file
# $name (String) - Its name.
refusal-bad-parameter = the address has the parameter `{ $name }`, which is unknown here or has a value that is not allowed
refusal-bad-address = the address contains a value that is not allowed
refusal-body-cut = the body ended early
# $limit (String) - The maximum number of bytes.
refusal-body-too-large = at most { $limit } bytes are accepted here
refusal-no-values = expected a JSON object of fields and their values
refusal-no-language = there are no pages in this language
refusal-file-gone = the file is no longer in the store
# $bucket (String) - The name of the bucket.
refusal-no-bucket = the bucket `{ $bucket }` for the files does not exist; the operator of the service has to create it or correct the setting CSV_BUCKET_NAME
refusal-no-folder = the folder for the files does not exist; the operator of the service has to create it again
# $how (String) - What a program does instead, after a comma; nothing on pages.
refusal-needs-local-token = open the address that `ingest serve` shows with its token{ $how }
refusal-wrong-local-token = the token is not that of this server; it is in serve.token in the data folder
# $header (String) - The header that says so.
refusal-proxied = the request came through a proxy (header { $header }), and this server serves its own machine only; set OIDC_ISSUER to serve others
refusal-other-host = this server serves its own machine only, as localhost; set OIDC_ISSUER to serve others
refusal-needs-person = an API token cannot do this; a person can
refusal-bad-token = the token is not accepted
refusal-no-sign-in = sign-in is not configured; set OIDC_CLIENT_ID
refusal-sign-in-expired = this sign-in has expired or was started in another browser; go to /sign-in again
refusal-other-provider = the response is from another provider; go to /sign-in to try again
refusal-not-signed-in = the provider did not sign you in; go to /sign-in to try again
refusal-sign-in-rejected = the provider rejected the sign-in
work-requests = requests
work-uploads = uploads
work-corrections = uploads of corrections
work-downloads = downloads
work-event-streams = event streams
work-large-requests = large requests

## Files to download

# $number (String) - Its number.
record-contact = contact { $number }
# $number (String) - Its number.
record-row = row { $number }
# $record (String) - The contact or row.
# $limit (String) - The maximum number of characters.
# $column (String) - The name of the column.
# $format (String) - The format, such as xlsx.
refusal-long-value = { $record } has a value of more than { $limit } characters in the column `{ $column }`, which { $format } files cannot contain; export as csv or jsonl
# $record (String) - The contact or row.
# $column (String) - The name of the column.
# $format (String) - The format, such as xlsx.
refusal-unknown-column = { $record } has a value in the column `{ $column }`, which another program added; { $format } files have the columns of imported files only; export as jsonl or vcf
# $columns (String) - The number of columns.
# $format (String) - The format, such as xlsx.
# $limit (String) - The maximum number of columns.
refusal-wide-file = the contacts have { $columns } columns; { $format } files have at most { $limit }; export as csv or jsonl
