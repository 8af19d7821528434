### Warum eine Datei, ein Auftrag oder ein Wert abgelehnt wurde. Seiten setzen den Großbuchstaben und den Punkt.

reason-under = unter „{ $label }“

## Dateien

reason-empty = die Datei ist leer; laden Sie eine mit einer Kopfzeile und mindestens einem Kontakt darunter hoch
reason-blank = die Datei enthält nur leere Zeilen; laden Sie eine mit einer Kopfzeile und mindestens einem Kontakt darunter hoch
reason-header-only = die Datei enthält eine Kopfzeile in Zeile { $line }, aber keinen Kontakt darunter; fügen Sie mindestens eine Zeile hinzu und laden Sie sie erneut hoch, oder legen Sie, wenn die Kopfzeile in einer anderen Zeile steht, diese { $how } fest
reason-utf-7 = die Datei ist in UTF-7 kodiert, was nicht unterstützt wird; speichern Sie sie als CSV in UTF-8 und laden Sie diese hoch, oder legen Sie, wenn sie nicht in UTF-7 kodiert ist, ihre Zeichenkodierung { $how } fest
reason-not-csv = statt CSV-Text ist die Datei { $format }; speichern Sie sie als CSV in UTF-8 und laden Sie diese hoch
reason-no-header = Zeile { $line } enthält eine E-Mail-Adresse, wo die Spaltennamen stehen sollten; geben Sie an, welche der { $columns } Spalten welche ist: ordnen Sie die Spalten { $how } zu
reason-first-row-kept = die erste Zeile bleibt dann ein Kontakt
reason-fixed-value = ein Feld ohne Spalte kann in jeder Zeile denselben Wert haben
reason-columns-missing = die Kopfzeile in Zeile { $line } hat keine Spalte für { $fields } (gefunden: { $names }); ordnen Sie die Spalten { $how } zu
reason-columns-doubled = die Kopfzeile in Zeile { $line } hat mehr als eine Spalte für { $fields } (gefunden: { $names }); ordnen Sie die Spalten { $how } zu
reason-columns-both = die Kopfzeile in Zeile { $line } hat keine Spalte für { $missing } und mehr als eine für { $doubled } (gefunden: { $names }); ordnen Sie die Spalten { $how } zu
reason-nameless = (ohne Namen)
reason-address = (eine E-Mail-Adresse)
reason-more-names = { $names } und { $count } weitere
reason-unknown-encoding = die Zeichenkodierung „{ $name }“ ist unbekannt; bekannt sind { $names }
reason-set-it = { $what }; legen Sie sie { $how } fest
reason-no-such-line = die Kopfzeile kann nicht in Zeile { $line } stehen: der Anfang der Datei endet in Zeile { $last }; { $how }
reason-detect-line = ohne Angabe einer Zeile wird die Kopfzeile erkannt
reason-other-width = die Kopfzeile in Zeile { $line } hat { $found } Spalten, zugeordnet wurden die Spalten aber für eine Datei mit { $expected }; ordnen Sie sie für diese Datei { $how } zu
reason-broken-quotes = die Anführungszeichen der Zeile, die in Zeile { $line } beginnt, sind fehlerhaft; schließen oder entfernen Sie das überzählige und laden Sie die Datei erneut hoch
reason-row-too-long = die Zeile, die in Zeile { $line } beginnt, ist zu lang oder hat zu viele Spalten; kürzen Sie sie und laden Sie die Datei erneut hoch
reason-too-damaged = die Zeile, die in Zeile { $line } beginnt, enthält mehr als { $limit } Bytes, die in keine Spalte passen oder kein Text sind; suchen Sie dort nach einem fehlenden Zeilenumbruch oder Anführungszeichen, speichern Sie die Datei als CSV in UTF-8 und laden Sie sie erneut hoch
reason-no-table = die Datei ({ $format }) enthält keine Tabelle; fügen Sie eine hinzu und laden Sie die Datei erneut hoch
reason-several-tables = das ZIP-Archiv enthält { $count } Tabellen: { $names }; wählen Sie eine { $how } aus; wenn jemand das Archiv hochlädt, wird jede Tabelle ein Auftrag
reason-no-parts = die Datei ist weder ein Archiv noch eine Mappe, hat also keinen Teil „{ $part }“; { $how }
reason-no-such-part = die Datei hat keinen Teil „{ $part }“; { $how }: { $names }
reason-leave-part-empty = lassen Sie den Teil leer
reason-choose-part = wählen Sie einen von diesen
reason-foreign-container = statt einer Tabelle ist die Datei { $format }; speichern Sie die Tabelle als CSV in UTF-8 und laden Sie diese hoch
reason-protected = die Datei ({ $format }) ist mit einem Passwort geschützt; speichern Sie sie ohne Passwort und laden Sie diese hoch
reason-broken-container = die Datei ({ $format }) kann nicht gelesen werden{ $reason }; speichern Sie sie erneut, oder speichern Sie ihre Tabelle als CSV, und laden Sie diese hoch
reason-grows-too-large = die Datei wird beim Entpacken größer als { $limit } MB, die Grenze für ihre Größe; entpacken Sie sie, teilen Sie die Tabelle in Dateien unter dieser Grenze und laden Sie diese hoch
reason-nested-too-deep = die Datei ist mehr als zweimal gepackt; entpacken Sie sie und laden Sie die Tabelle selbst hoch
reason-incomplete = der Anfang einer Mappe oder eines Archivs zeigt ihren Inhalt nicht
foreign-format = { $format ->
    [zip] eine Excel-Mappe oder ein anderes ZIP-Archiv
    [old-excel] eine Excel-Mappe alter Art
    [gzip] eine mit gzip komprimierte Datei
    [zstd] eine mit zstd komprimierte Datei
    [bzip2] eine mit bzip2 komprimierte Datei
    [xz] eine mit xz komprimierte Datei
    [seven-zip] ein 7-Zip-Archiv
    [rar] ein RAR-Archiv
    [pdf] ein PDF-Dokument
    [rtf] ein Textdokument in RTF
    [document] ein Word-Dokument
    [presentation] eine PowerPoint-Präsentation
    [apple] ein Dokument von Apple Numbers oder Pages
    [java-program] ein Java-Programm
    [sqlite] eine SQLite-Datenbank
    [picture] ein Bild
    [media] ein Bild, ein Ton oder ein Film
    [access] eine Access-Datenbank
    [outlook] eine Outlook-Datendatei
    [program] ein Programm
    [parquet] eine Parquet-Datei
    [nuls] eine Folge von NUL-Bytes, wie ein abgebrochener Download sie hinterlässt
    [html-table] eine HTML-Tabelle, wie manche Programme sie als .xls speichern
    [web-page] eine Webseite, vielleicht eine, die eine Anmeldung verlangt
    [xml] ein XML-Dokument
    [vcard] eine vCard-Datei
    [json] ein JSON-Dokument
    [calendar] ein Kalender
    [ldif] eine LDIF-Datei eines Verzeichnisses
    [mail] eine E-Mail
    [sql-dump] ein SQL-Abzug einer Datenbank
   *[other] eine Datei in einem anderen Format
}

## Aufträge

failure-replaced = die Datei wurde während des Imports ersetzt; importieren Sie die neue Datei als eigenen Auftrag
failure-rows-removed = seine Zeilen wurden nach Ablauf ihrer Aufbewahrungsfrist entfernt; importieren Sie seine Datei noch einmal
failure-no-file = im Speicher gibt es keine Datei „{ $key }“
failure-bad-key = der Schlüssel der Datei, „{ $key }“, kann nicht verwendet werden: { $reason }
key-empty = er ist leer
key-too-long = er ist länger als 1024 Bytes
key-control-character = er enthält ein Steuerzeichen
key-slash-at-edge = er beginnt oder endet mit „/“
key-empty-name = zwischen zwei „/“ steht nichts
key-dot-name = zwischen zwei „/“ steht „.“ oder „..“
key-long-name = ein Name darin ist länger als 255 Bytes
key-upload-name = ein Name darin endet wie der eines unvollständigen Hochladens
key-other-form = das Programm kann keine Datei mit einem solchen Schlüssel abrufen
key-refused = der Speicher kann kein Objekt mit diesem Namen haben
key-symbolic-link = ein symbolischer Link führt aus dem Ordner hinaus
key-no-file = er bezeichnet etwas, das keine Datei ist
failure-cut-off = { $runs } Läufe dieses Auftrags endeten an derselben Stelle, weil ihr Prozess beendet wurde, vielleicht aus Mangel an Arbeitsspeicher; er läuft erst wieder, wenn ihn jemand neu startet
failure-too-many-rows = die Datei hat { $rows } Zeilen, mehr als ein Auftrag haben kann
failure-cancelled = abgebrochen von { $by }
failure-server = { $fault }; die Ursache steht im Protokoll des Dienstes unter der Nummer des Auftrags
failure-database-refused = die Datenbank hat den Zugriff abgelehnt (Fehler { $code })
fault = { $fault ->
    [no-store] der Speicher der Dateien existiert nicht
    [file-changed] die Datei wurde ersetzt, während sie gelesen wurde
    [store-denied] der Speicher der Dateien verweigert den Zugriff
    [store-unavailable] der Speicher der Dateien ist nicht erreichbar
    [file-cut] die Datei konnte nicht bis zum Ende gelesen werden
    [no-scratch] eine temporäre Datei konnte nicht geschrieben oder gelesen werden
    [database-not-ready] die Datenbank ist nicht einsatzbereit
    [database-unreachable] die Datenbank war nicht erreichbar
    [ids-used-up] die Datenbank hat keine Nummern mehr für neue Probleme; nachdem der Betreiber `ingest migrate --wide-ids` ausgeführt hat, kann der Auftrag wieder laufen
    [database-unknown] die Datenbank enthält etwas, das diese Version nicht kennt
    [aborted] ein anderer Lauf ist diesem zuvorgekommen
   *[other] auf dem Server ist ein Fehler aufgetreten
}

## Werte

refusal-preview-too-large = die Vorschau zeigt Mappen und Archive bis { $packed } MB, entpackt bis { $unpacked } MB; importieren Sie die Datei, um zu sehen, wie sie gelesen wird
refusal-too-many-tables = das Archiv enthält { $count } Tabellen, und aus einem Hochladen werden höchstens { $limit } Aufträge; teilen Sie das Archiv, oder wählen Sie eine Tabelle { $how } aus
refusal-match-one-table = das Archiv enthält { $count } Tabellen, und Spalten können nur für eine auf einmal zugeordnet oder ausgeschlossen werden; wählen Sie sie { $how } aus: { $names }
refusal-file-name = der Name der Datei muss 1 bis 255 Zeichen haben, darunter kein Steuerzeichen
refusal-delimiter = als Trennzeichen ist ein Satzzeichen möglich, oder eines der Wörter comma, semicolon, tab, bar und space
refusal-quote = als Anführungszeichen ist eines der Wörter double, single und none möglich
refusal-nul = ein Wert enthält das Zeichen NUL, das nicht gespeichert werden kann
refusal-no-address = hier wird die E-Mail-Adresse einer Person erwartet
refusal-header-line = die Zeilen einer Datei werden ab 1 gezählt, die Kopfzeile kann also nicht in Zeile { $line } stehen
refusal-no-number = die Zeile der Spaltennamen ist keine Zahl
refusal-value-of-identity = { $field }: daran wird ein Kontakt erkannt, also kann der Wert nicht in jeder Zeile derselbe sein
refusal-value-empty = { $field }: der Wert für jede Zeile ist leer
refusal-value-control = { $field }: der Wert für jede Zeile enthält ein Steuerzeichen
refusal-value-too-long = { $field }: der Wert für jede Zeile hat mehr als { $limit } Zeichen
refusal-same-column = für zwei Felder ist dieselbe Spalte angegeben
refusal-two-columns = für { $field } sind zwei Spalten angegeben; wählen Sie eine davon
refusal-some-columns = die Spalten für { $fields } und ihre Anzahl werden zusammen angegeben oder gar nicht, außer für Felder mit einem Wert für jede Zeile
refusal-no-column = die Datei hat keine Spalte { $column }; die Spalten sind: { $names }
refusal-other-width = die Datei hat { $found } Spalten und nicht { $expected }; die Spalten sind: { $names }
refusal-excluded-field = { $field } wird aus Spalte { $column } gelesen, die deshalb nicht ausgeschlossen werden kann; wählen Sie eine andere Spalte für das Feld, oder schließen Sie eine andere Spalte aus
refusal-no-list-of-columns = erwartet wird ein JSON-Array von Namen und Positionen von Spalten
refusal-no-other-of-job = die Datei von Auftrag { $job } hat keine Spalte { $column }, die zu keinem Feld gehört; { $others }
refusal-no-other = keine Ihrer Dateien hat eine Spalte { $column }, die zu keinem Feld gehört; { $others }
refusal-others = diese Spalten sind: { $names }
refusal-others-none = es gibt keine solchen Spalten
refusal-unassigned = keine Spalte wird als { $field } erkannt; wählen Sie ihre Spalte{ $how } oder einen Wert für jede Zeile{ $value }; die Spalten sind: { $names }
refusal-unassigned-email = keine Spalte wird als { $field } erkannt; wählen Sie ihre Spalte{ $how }; die Spalten sind: { $names }
refusal-email-without-column = die E-Mail-Adresse braucht eine Spalte
refusal-not-in-header = die Kopfzeile hat keine solche Spalte
refusal-search = ein Suchtext { $flaw }
refusal-text-nul = enthält das Zeichen NUL
refusal-text-too-long = hat mehr als { $limit } Zeichen
refusal-no-new-value = es ist kein neuer Wert angegeben
refusal-unknown-person = { $name } hat an diesen Daten nicht gearbeitet; Probleme können Ihnen, niemandem oder einer dieser Personen zugewiesen werden: { $people }
refusal-no-people = { $name } hat an diesen Daten nicht gearbeitet, auch sonst niemand; Probleme können Ihnen oder niemandem zugewiesen werden
refusal-long-note = eine Notiz kann { $limit } Zeichen haben; kürzen Sie sie
refusal-nothing-to-find = der gesuchte Text ist leer; geben Sie ihn an, oder wählen Sie Zeilen durch einen Filter und bearbeiten Sie sie
refusal-long-result = durch das Ersetzen wird ein Wert länger als { $limit } KiB; ersetzen Sie durch einen kürzeren Text
refusal-row-twice = Zeile { $row } kommt zweimal vor; fassen Sie ihre neuen Werte in einem Eintrag zusammen
refusal-row-count = eine Anfrage bearbeitet mindestens eine und höchstens { $limit } Zeilen; senden Sie die übrigen in einer weiteren Anfrage
refusal-no-contact-filter = es muss angegeben werden, welche Kontakte gemeint sind: durch Text, Auftrag oder Nummer, oder alle ohne weitere Bedingung
refusal-no-expected-count = die Anzahl der Kontakte aus der Vorschau fehlt
refusal-contact-value = ein Kontakt braucht hier einen Wert
refusal-misread-header = die Kopfzeile in Zeile { $line } beginnt mit Buchstaben, die nicht zu ihr gehören: ein Programm hat die Datei in einer anderen Zeichenkodierung gelesen; öffnen Sie sie dort als UTF-8, korrigieren Sie sie und laden Sie sie erneut hoch
refusal-several-columns = die Kopfzeile in Zeile { $line } hat mehr als eine Spalte für { $column } (gefunden: { $names }); behalten Sie eine davon und laden Sie die Datei erneut hoch
refusal-no-key-column = die Kopfzeile in Zeile { $line } hat keine Spalte { $column } (gefunden: { $names }); laden Sie die Zeilen mit Problemen dieses Auftrags herunter, korrigieren Sie sie dort und laden Sie diese Datei hoch
refusal-no-value-column = die Kopfzeile in Zeile { $line } hat keine Spalte mit Werten (gefunden: { $names }); benennen Sie mindestens eine für { $fields } und laden Sie die Datei erneut hoch
refusal-not-text = die Zeile { $line } enthält ein NUL oder Bytes, die kein Text sind; speichern Sie die Datei als CSV in UTF-8 und laden Sie sie erneut hoch
refusal-too-many-cells = die Zeile { $line } hat mehr Zellen als die Kopfzeile; setzen Sie Werte, die das Trennzeichen enthalten, in Anführungszeichen und laden Sie die Datei erneut hoch
refusal-contradiction = die Zeilen { $first } und { $second } haben denselben Wert in { $column } und sonst verschiedene Werte; behalten Sie eine davon und laden Sie die Datei erneut hoch

## Anfragen

refusal-needs-role = dafür ist die Rolle { $role } nötig
refusal-foreign-page = die Anfrage kommt von einer Seite einer anderen Website{ $how }
refusal-bad-tokens = von dieser Adresse kamen zu viele ungültige Token
refusal-too-much-work = bei Ihnen laufen bereits { $count } { $work }; warten Sie, bis eine davon beendet ist
refusal-server-full = auf dem Server laufen so viele { $work }, wie er bewältigen kann; versuchen Sie es gleich noch einmal
refusal-broken-form = das Formular endete vorzeitig, ist keines oder enthält einen unzulässigen Wert
refusal-late-file = vor dem Teil „file“ des Formulars stehen mehr als { $limit } Bytes; senden Sie diesen Teil zuerst
refusal-slow-query = die Datenbankabfrage hat zu lange gedauert; grenzen Sie die Suche ein, oder fordern Sie weniger Einträge an
refusal-no-file = das Formular enthält keine Datei
refusal-bad-parameter = die Adresse hat den Parameter „{ $name }“, der hier unbekannt ist oder einen unzulässigen Wert hat
refusal-bad-address = die Adresse enthält einen unzulässigen Wert
refusal-body-cut = die Anfrage brach vorzeitig ab
refusal-body-too-large = hier werden höchstens { $limit } Bytes angenommen
refusal-no-values = erwartet wird ein JSON-Objekt aus Feldern und ihren Werten
refusal-no-language = in dieser Sprache gibt es keine Seiten
refusal-file-gone = die Datei ist nicht mehr gespeichert
refusal-no-bucket = den Bucket `{ $bucket }` für die Dateien gibt es nicht; der Betreiber des Dienstes muss ihn anlegen oder die Einstellung CSV_BUCKET_NAME korrigieren
refusal-no-folder = den Ordner für die Dateien gibt es nicht; der Betreiber des Dienstes muss ihn wieder anlegen
refusal-needs-local-token = öffnen Sie die Adresse mit dem Token, die „ingest serve“ anzeigt{ $how }
refusal-wrong-local-token = das Token ist nicht das dieses Servers; es steht im Datenordner in serve.token
refusal-proxied = die Anfrage kam über einen Proxy ({ $header }), und dieser Server bedient nur seinen eigenen Rechner; für andere muss OIDC_ISSUER gesetzt sein
refusal-other-host = dieser Server bedient nur seinen eigenen Rechner, als localhost; für andere muss OIDC_ISSUER gesetzt sein
refusal-needs-person = mit einem API-Token geht das nicht; das kann nur eine Person
refusal-bad-token = das Token wird nicht akzeptiert
refusal-no-sign-in = die Anmeldung ist nicht eingerichtet; OIDC_CLIENT_ID muss gesetzt sein
refusal-sign-in-expired = diese Anmeldung ist abgelaufen oder wurde in einem anderen Browser begonnen; öffnen Sie /sign-in erneut
refusal-other-provider = die Antwort stammt von einem anderen Anbieter; öffnen Sie /sign-in, um es erneut zu versuchen
refusal-not-signed-in = der Anbieter hat Sie nicht angemeldet; öffnen Sie /sign-in, um es erneut zu versuchen
refusal-sign-in-rejected = der Anbieter hat die Anmeldung abgelehnt
work-requests = Anfragen
work-uploads = Übertragungen von Dateien
work-corrections = Übertragungen von Korrekturen
work-downloads = Übertragungen zum Herunterladen
work-event-streams = Verbindungen für Ereignisse
work-large-requests = große Anfragen

## Dateien zum Herunterladen

record-contact = Kontakt { $number }
record-row = Zeile { $number }
refusal-long-value = { $record } hat in der Spalte „{ $column }“ einen Wert von mehr als { $limit } Zeichen, den Dateien im Format { $format } nicht enthalten können; exportieren Sie als csv oder jsonl
refusal-unknown-column = { $record } hat einen Wert in der Spalte „{ $column }“, die ein anderes Programm hinzugefügt hat; Dateien im Format { $format } haben nur die Spalten importierter Dateien; exportieren Sie als jsonl oder vcf
refusal-wide-file = die Kontakte haben { $columns } Spalten; Dateien im Format { $format } haben höchstens { $limit }; exportieren Sie als csv oder jsonl
