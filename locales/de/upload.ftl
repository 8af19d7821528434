### Das Hochladen einer Datei.

upload-title = Datei hochladen
upload-file = Ziehen Sie eine Datei mit Kontakten hierher, oder wählen Sie sie aus
upload-formats = Dateien dieser Arten können bis zu { $limit } MB groß sein: { $formats }.
upload-note = Die Spalten für E-Mail, Vorname, Nachname und Firma können in beliebiger Reihenfolge stehen.
upload-sample = Beispieldatei
upload-reading = Zeichenkodierung, Kopfzeile und mehr
upload-encoding = Zeichenkodierung
upload-detect = Automatisch erkennen
upload-header-line = Zeile der Spaltennamen
upload-use-line = Zeile { $line } für die Spaltennamen verwenden
upload-lines-note = Wenn die Spaltennamen in einer anderen Zeile stehen, klicken Sie auf diese Zeile.
upload-part = Tabelle der Mappe oder Datei des Archivs
parts-split = Dieses Archiv enthält mehrere Tabellen. Jede wird ein eigener Auftrag. Um nur eine zu importieren oder ihre Spalten zuzuordnen, wählen Sie sie aus.
parts-note = Die Datei hat mehrere Tabellen. Die markierte wird importiert; wählen Sie eine andere, um sie zu sehen.
upload-policy = Wann Kontakte angelegt werden
upload-policy-question = Wann sollen Kontakte angelegt werden?
upload-policy-hold = Alle auf einmal, wenn alle Probleme gelöst sind
upload-policy-at-once = Gültige Zeilen sofort, die anderen, sobald ihre Probleme gelöst sind
upload-progress = Fortschritt des Hochladens
upload-send = Hochladen und importieren
upload-cancel = Hochladen abbrechen
upload-cancelled = Das Hochladen wurde abgebrochen. Nichts wurde importiert.
upload-several = Diese Dateien werden nacheinander hochgeladen, jede mit den erkannten Einstellungen und den Spalten, die sich aus den Spaltennamen oder gemerkten Spalten ergeben. Um vorher zu sehen, wie eine Datei gelesen wird, wählen Sie nur diese.
upload-files = Dateien zum Hochladen
upload-waits = Wartet
upload-not-sent = Nicht hochgeladen
upload-open = Auftrag öffnen
upload-ended = Das Hochladen ist beendet. Die Liste zeigt das Ergebnis jeder Datei.
upload-all = Alle Aufträge ansehen
upload-columns = Spalten zuordnen
remedy-part = „{ $name }“ lesen
remedy-encoding = Zeichenkodierung erkennen
remedy-header-line = Kopfzeile erkennen
upload-remembered = Zugeordnet wie in einer früheren Datei mit diesen Spalten.
upload-column = Spalte { $number }
upload-remember = Für Dateien mit denselben Spalten merken
upload-rows = Erste Zeilen
upload-no-preview = Die Vorschau zeigt Mappen und Archive bis { $packed } MB, entpackt bis { $unpacked } MB. Diese Datei ist größer: laden Sie sie ohne Vorschau hoch. Die Seite ihres Auftrags zeigt dann, wie sie gelesen wird, und dort können Sie auch ihre Spalten zuordnen.
delimiter-comma = Kommas
delimiter-semicolon = Semikolons
delimiter-tab = Tabulatoren
delimiter-bar = senkrechte Striche
upload-unreachable = Der Server ist nicht erreichbar. Prüfen Sie Ihre Verbindung und versuchen Sie es erneut.
upload-interrupted = Das Hochladen wurde unterbrochen. Versuchen Sie es erneut.
upload-failed = Das Hochladen ist fehlgeschlagen. Versuchen Sie es erneut.
upload-lost = Das Hochladen wurde unterbrochen, etwa durch eine verlorene Verbindung. Es geht automatisch weiter.
upload-begun = Ein Teil dieser Datei wurde bereits hochgeladen.
upload-continue = Bei { $percent } fortsetzen
upload-known = Sie haben diese Datei bereits hochgeladen.
upload-known-open = Diesen Auftrag öffnen
upload-known-again = Erneut importieren
upload-value = Ein Wert für jede Zeile
upload-value-of = { $field } in jeder Zeile
upload-remember-values = Auch die Werte für jede Zeile merken

## The columns of a job

mapping-note = Wählen Sie, wohin jede Spalte kommt, und lesen Sie die Datei erneut. Entscheidungen über ihre Zeilen gehen verloren.
mapping-leave-empty = In diesem Auftrag leer lassen
mapping-send = Datei mit diesen Spalten lesen

## Remembered columns

mappings-title = Gemerkte Spalten
mappings-none = Es sind keine Spalten gemerkt
mappings-none-note = Wenn Sie die Spalten einer Datei zuordnen, können sie für Dateien mit denselben Spaltennamen gemerkt werden.
mappings-note = Sie gelten für Dateien mit denselben Spaltennamen, wer auch immer sie für Sie sendet. Aufträge behalten ihre Spalten.
mappings-change = Ändern
mappings-change-one = Spalten { $number } ändern
mappings-change-note = Die Änderung gilt für Dateien, die ab jetzt importiert werden.
mappings-save = Speichern
mappings-forget = Vergessen
mappings-forget-one = Spalten { $number } vergessen
mappings-forget-note = Die Spalten von Dateien mit diesen Spaltennamen werden beim Hochladen wieder zugeordnet. Das lässt sich nicht rückgängig machen.

## Die Schritte

upload-steps = Schritte des Hochladens
step-file = Datei
step-reading = Lesen
step-columns = Spalten
step-check = Prüfen
step-import = Importieren
step-file-title = Datei auswählen
step-reading-title = Wird die Datei richtig gelesen?
step-check-title = Was der Import findet
step-import-title = Datei importieren
step-next = Weiter
step-no-file = Wählen Sie zuerst eine Datei aus.
step-wait = Die Datei wird gelesen.
step-unreadable = So kann die Datei nicht gelesen werden. Ändern Sie unten, wie sie gelesen wird, oder wählen Sie eine andere Datei aus.
step-unmatched = Wählen Sie eine Spalte oder geben Sie einen Wert ein für: { $fields }
step-refused = Die Datei würde aus dem Grund oben abgelehnt.
step-doubled = Zwei Spalten kommen in: { $fields }. Wählen Sie eine davon.
step-done = erledigt

## Wohin jede Spalte kommt

goes-title = Wohin jede Spalte kommt
goes-column = Spalte
goes-samples = Beispiele
goes-to = Kommt in
goes-kept = Wird mit dem Kontakt aufbewahrt
goes-unused = Nicht importiert
goes-full-name = Vor- und Nachname, wird getrennt
without-title = Felder ohne Spalte
without-note = Ein Wert hier zählt nur, wenn keine Spalte in das Feld kommt.
without-value = braucht eine Spalte
columns-incomplete = Für { $fields } ist keine Spalte gewählt. Wählen Sie sie in der Tabelle. Ein anderes Feld als die E-Mail kann stattdessen in jeder Zeile denselben Wert haben.

## Die Prüfung vor dem Import

check-checking = Die Zeilen werden geprüft.
check-failed = Die Zeilen konnten nicht geprüft werden. Sie können die Datei trotzdem importieren; ihr Auftrag zeigt dann, was zu entscheiden ist.
check-beginning = { $count ->
    [one] Das betrifft die erste Zeile. Der Import prüft alle Zeilen.
   *[other] Das betrifft die ersten { $shown } Zeilen. Der Import prüft alle Zeilen.
}
check-split = Das betrifft die erste Tabelle des Archivs. Jede Tabelle wird ein eigener Auftrag.
check-valid = { $shown } { $count ->
    [one] Zeile wird ein Kontakt
   *[other] Zeilen werden Kontakte
}
check-asked = { $shown } { $count ->
    [one] Zeile hat Probleme
   *[other] Zeilen haben Probleme
}
check-repeated = { $shown } { $count ->
    [one] Zeile wiederholt eine andere
   *[other] Zeilen wiederholen andere
}
check-skipped = { $shown } { $count ->
    [one] Zeile ist kein Datensatz
   *[other] Zeilen sind keine Datensätze
}
check-clean = Keine Zeile hat ein Problem. Es gibt nichts zu entscheiden.
check-issues-title = Was zu entscheiden sein wird
check-issues-note = Nach dem Import entscheiden Sie über diese Probleme einzeln oder über viele zugleich.
check-kind = Art
check-issues = Probleme
check-rows = Zeilen
check-identical = { $count ->
    [one] { $shown } Zeile hat dieselben Werte wie ihr Kontakt. Die Durchsicht bietet an, sie zu überspringen.
   *[other] { $shown } Zeilen haben dieselben Werte wie ihre Kontakte. Die Durchsicht bietet an, sie zu überspringen.
}
check-misspelt = { $count ->
    [one] { $shown } gültige Zeile hat eine E-Mail-Adresse, deren Domain wie ein Tippfehler aussieht. Danach werden Sie nicht gefragt: Korrigieren Sie sie in der Datei, wenn sie falsch ist.
   *[other] { $shown } gültige Zeilen haben E-Mail-Adressen, deren Domains wie Tippfehler aussehen. Danach werden Sie nicht gefragt: Korrigieren Sie sie in der Datei, wenn sie falsch sind.
}
check-unknown-contacts = Ein anderes Programm hat gerade Kontakte eingefügt, mit denen die Zeilen noch nicht verglichen werden. Der Import vergleicht sie mit allen.
check-examples = Beispiele
check-value = Wert
check-reason = Was nicht stimmt
