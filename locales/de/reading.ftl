### Wie eine Datei gelesen wurde: auf der Seite ihres Auftrags und in der Vorschau beim Hochladen.

reading-title = So wurde die Datei gelesen
reading-encoding = Zeichenkodierung
reading-encoding-set = { $encoding }, von Hand gewählt
reading-encoding-sure = { $encoding }, erkannt
reading-encoding-doubtful = { $encoding }, unsicher
reading-container = Entpackt aus
reading-sheet = { $format }, Tabelle „{ $sheet }“
reading-file = { $format }, Datei „{ $file }“
format-gzip = gzip-Datei
format-zstd = zstd-Datei
format-bzip2 = bzip2-Datei
format-xz = xz-Datei
format-zip = ZIP-Archiv
format-xlsx = XLSX-Arbeitsmappe
format-xlsb = XLSB-Arbeitsmappe
format-xls = XLS-Arbeitsmappe
format-ods = ODS-Tabelle
format-vcard = vCard-Datei
reading-others = Nicht importiert
reading-delimiter = Werte getrennt durch
delimiter-space = Leerzeichen
reading-quotes = Anführungszeichen
quotes-double = doppelte
quotes-single = einfache
quotes-none = keine
reading-header = Spaltennamen
reading-header-line = In Zeile { $line }
reading-no-header = Keine; die Daten beginnen in Zeile { $line }
reading-columns = Spalten
reading-value = „{ $value }“ in jeder Zeile
reading-by-person = Von Hand zugeordnet
reading-as-remembered = Zugeordnet wie in einer früheren Datei mit diesen Spalten
reading-kept = Weitere Spalten, mit übernommen
reading-repeats = Wiederholte Zeilen
reading-filled = { $count ->
    [one] { $shown } leerer Wert in weiteren Spalten wurde aus einer wiederholten Zeile ergänzt.
   *[other] { $shown } leere Werte in weiteren Spalten wurden aus wiederholten Zeilen ergänzt.
}
reading-differing = { $count ->
    [one] { $shown } wiederholte Zeile hat andere Werte in weiteren Spalten, die nicht importiert werden.
   *[other] { $shown } wiederholte Zeilen haben andere Werte in weiteren Spalten, die nicht importiert werden.
}
reading-uncompared = { $count ->
    [one] { $shown } weitere wiederholte Zeile hat andere Werte in weiteren Spalten.
   *[other] { $shown } weitere wiederholte Zeilen haben andere Werte in weiteren Spalten.
}
reading-repeat = Zeile { $line } weicht von Zeile { $other } ab:
extra-columns = { $count ->
    [one] { $shown } weitere Spalte
   *[other] { $shown } weitere Spalten
}
reading-unused = Nicht importierte Spalten
reading-more = und { $shown } weitere
reading-skipped = { $count ->
    [one] { $shown } Zeile übersprungen
   *[other] { $shown } Zeilen übersprungen
}

## If the encoding is in doubt

doubt-title = Die Zeichenkodierung dieser Datei ist unsicher
doubt-note = In welcher Spalte stimmen alle Buchstaben? Wählen Sie diese, um die Datei in dieser Kodierung erneut zu lesen. Entscheidungen über ihre Zeilen gehen dabei verloren.
doubt-preview-note = In welcher Spalte stimmen alle Buchstaben? Wählen Sie diese, um die Datei in dieser Kodierung zu sehen.
doubt-readings = Wahrscheinliche Lesarten
doubt-choose = Als { $encoding } lesen
reread = Datei erneut lesen
reread-note = Liest die Originaldatei mit anderen Einstellungen. Entscheidungen über ihre Zeilen gehen verloren.
