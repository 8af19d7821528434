### How a file was read: on the page of its job and in the preview of an upload.

reading-title = How the file was read
reading-encoding = Encoding
# $encoding (String) - The name of the encoding.
reading-encoding-set = { $encoding }, set by hand
# $encoding (String) - The name of the encoding.
reading-encoding-sure = { $encoding }, detected
# $encoding (String) - The name of the encoding.
reading-encoding-doubtful = { $encoding }, in doubt
reading-container = Unpacked from
# $format (String) - The format, such as XLSX workbook.
# $sheet (String) - The name of the sheet that was read.
reading-sheet = { $format }, sheet “{ $sheet }”
# $format (String) - The format, such as ZIP archive.
# $file (String) - The name of the file that was read.
reading-file = { $format }, file “{ $file }”
format-gzip = gzip file
format-zstd = zstd file
format-bzip2 = bzip2 file
format-xz = xz file
format-zip = ZIP archive
format-xlsx = XLSX workbook
format-xlsb = XLSB workbook
format-xls = XLS workbook
format-ods = ODS spreadsheet
format-vcard = vCard file
reading-others = Not imported
reading-delimiter = Values separated by
delimiter-space = spaces
reading-quotes = Quotes
quotes-double = quotation marks
quotes-single = apostrophes
quotes-none = none
reading-header = Column names
# $line (String) - The number of the line.
reading-header-line = On line { $line }
# $line (String) - The number of the line.
reading-no-header = None; the first row is on line { $line }
reading-columns = Columns
# $value (String) - The value.
reading-value = “{ $value }” in every row
reading-by-person = Matched by hand
reading-as-remembered = Matched as in an earlier file with these columns
reading-kept = Other columns, kept
reading-repeats = Repeated rows
# $count (Number) - The number of values.
# $shown (String) - The number as it is shown.
reading-filled = { $count ->
    [one] { $shown } empty value in other columns was filled from a repeated row.
   *[other] { $shown } empty values in other columns were filled from repeated rows.
}
# $count (Number) - The number of rows.
# $shown (String) - The number as it is shown.
reading-differing = { $count ->
    [one] { $shown } repeated row has different values in other columns, which are not imported.
   *[other] { $shown } repeated rows have different values in other columns, which are not imported.
}
# $count (Number) - The number of rows.
# $shown (String) - The number as it is shown.
reading-uncompared = { $count ->
    [one] { $shown } more repeated row has different values in other columns.
   *[other] { $shown } more repeated rows have different values in other columns.
}
# $line (String) - The line of the repeated row.
# $other (String) - The line of the row that is imported.
reading-repeat = Line { $line } differs from line { $other }:
# $count (Number) - The number of columns.
# $shown (String) - The number as it is shown.
extra-columns = { $count ->
    [one] { $shown } other column
   *[other] { $shown } other columns
}
reading-unused = Columns not imported
# $shown (String) - The number of further columns.
reading-more = and { $shown } more
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
reading-skipped = { $count ->
    [one] { $shown } line skipped
   *[other] { $shown } lines skipped
}

## If the encoding is in doubt

doubt-title = The encoding of this file is in doubt
doubt-note = In which column are all letters right? Choose it to read the file again in that encoding. Decisions about its rows are then lost.
doubt-preview-note = In which column are all letters right? Choose it to preview the file in that encoding.
doubt-readings = Likely readings
# $encoding (String) - The name of the encoding.
doubt-choose = Read as { $encoding }
reread = Read the file again
reread-note = Reads the original file with other settings. Decisions about its rows are lost.
