### Die Liste der Aufträge und die Seite eines Auftrags.
jobs-retry = { $count ->
    [one] Fehlgeschlagenen Auftrag erneut starten
   *[other] Alle { $shown } fehlgeschlagenen Aufträge erneut starten
}

## Die Liste

jobs-title = Aufträge
jobs-search = Nach Dateinamen suchen
jobs-search-placeholder = Dateiname
jobs-any-status = Jeder Status
jobs-none-found = Kein Auftrag entspricht Ihrer Suche
jobs-show-all = Alle Aufträge anzeigen
jobs-none = Noch keine Aufträge
jobs-none-note = Laden Sie eine Datei mit Kontakten hoch, etwa CSV oder Excel, mit Spalten für E-Mail, Vorname, Nachname und Firma in beliebiger Reihenfolge. Sie entscheiden, was unklar ist; alle anderen Zeilen werden zu Kontakten.
jobs-first-upload = Erste Datei hochladen
jobs-no-role = Ihr Konto darf Aufträge ansehen, aber keine Dateien hochladen.
jobs-file = Datei
jobs-picture = Zeilen nach Ergebnis
jobs-rows = Zeilen
jobs-imported = Importiert
jobs-open = Offene Probleme
jobs-uploaded = Hochgeladen
jobs-older = Ältere Aufträge
jobs-progress = Verarbeitete Zeilen
jobs-finish = Abschließen
jobs-open-failed = Öffnen
jobs-review = { $count ->
    [one] { $shown } Problem prüfen
   *[other] { $shown } Probleme prüfen
}

## Worauf ein Auftrag wartet

state-reading = Die Datei wird gelesen
state-working = Wird geprüft und importiert
state-in-turn = Ein anderer Ihrer Importe läuft noch
state-comparing = Duplikate und vorhandene Kontakte werden gesucht
state-saving = Zeilen werden gespeichert
state-indexing = Die Prüfung wird vorbereitet
state-checking = Die Zeilen werden noch einmal geprüft
state-importing = Kontakte werden importiert
state-finishing = Wird abgeschlossen
state-progress = { $done } von { $total } verarbeitet.
state-so-far = Bisher { $rows }.
state-may-leave = Sie können diese Seite verlassen.
state-waiting = Wartet auf einen Worker
state-waiting-note = Der Auftrag beginnt automatisch, sobald ein Worker frei ist.
state-undoing = Der Import wird rückgängig gemacht
state-undo-progress = Verarbeitete Kontakte
state-to-review = { $count ->
    [one] { $shown } Problem zu prüfen
   *[other] { $shown } Probleme zu prüfen
}
state-to-review-note = Es wird nichts importiert, bis alle Probleme gelöst sind. Sie können jederzeit unterbrechen und später weitermachen.
state-partly-imported = { $count ->
    [one] { $shown } Kontakt aus gültigen Zeilen wurde bereits importiert. Die anderen Zeilen warten auf Ihre Prüfung.
   *[other] { $shown } Kontakte aus gültigen Zeilen wurden bereits importiert. Die anderen Zeilen warten auf Ihre Prüfung.
}
state-review = Prüfen
state-view = Probleme ansehen
state-resolved = Alle Probleme sind gelöst
state-resolved-note = Beim Abschließen werden die Zeilen noch einmal geprüft und alle gültigen importiert.
state-finish = Abschließen und importieren
state-imported = { $count ->
    [one] { $shown } Kontakt importiert
   *[other] { $shown } Kontakte importiert
}
state-done = Der Auftrag ist abgeschlossen.
state-contacts = Kontakte ansehen
state-failed = Import fehlgeschlagen
state-removed = Zeilen entfernt
state-removed-note = Die Zeilen und Probleme dieses Auftrags wurden nach Ablauf ihrer Aufbewahrungsfrist entfernt. Seine Kontakte bleiben.
state-cancelled = Auftrag abgebrochen
state-cancelled-note = Starten Sie den Auftrag erneut, um fortzufahren.
state-failed-open-note = Starten Sie den Auftrag erneut, oder prüfen Sie vorher seine Probleme.
state-failed-note = Führen Sie den Auftrag erneut aus, wenn die Ursache behoben ist.
state-upload-note = Laden Sie die Datei erneut hoch. Sie wird ein neuer Auftrag.
state-upload-another = Andere Datei hochladen
state-run-again = Erneut starten
state-interrupted = Der letzte Lauf wurde unterbrochen
state-interrupted-note = Ein Worker setzt den Auftrag automatisch fort.
state-run-now = Jetzt starten

## Der Rest der Seite

job-picture = { $count ->
    [one] Ergebnis für { $shown } Zeile
   *[other] Ergebnis für { $shown } Zeilen
}
job-open-kinds = Offene Probleme
job-issue-note = Zeilen mit Problemen sind auch die, über die Sie schon entschieden haben, bis Sie den Auftrag abschließen. Ein Problem kann mehrere Zeilen betreffen, und eine Zeile kann mehrere Probleme haben.
job-rows = Zeilen
job-rows-search = In diesen Zeilen suchen
job-rows-placeholder = Beliebiger Wert einer Zeile
job-review-these = Diese prüfen
job-repeated-note = Zeilen, die eine frühere Zeile der Datei wiederholen, werden gezählt, aber nicht gespeichert.
job-line = Zeile
job-no-rows = Keine passenden Zeilen.
job-end = Ende der Liste.
job-more-rows = Weitere Zeilen
job-search-on = Weitersuchen
job-searched = { $done } von { $all } Zeilen durchsucht
job-history = Verlauf
job-full-history = Vollständiges Protokoll dieses Auftrags
job-downloads = Downloads
job-original = Ursprüngliche Datei
job-corrections = Zeilen mit Problemen, zur Korrektur in einer Tabellenkalkulation
job-upload-corrections = Korrigierte Zeilen hochladen
job-corrections-note = Laden Sie die korrigierte Datei mit den Zeilen hoch, gespeichert als CSV. Sie sehen ihre Änderungen, bevor sie übernommen werden, und können sie in einem Schritt rückgängig machen.
job-corrections-file = Korrigierte Datei
job-apply-corrections = Korrekturen übernehmen
job-more = Weitere Aktionen
job-policy = Wann Kontakte angelegt werden
job-policy-hold = Alle auf einmal, wenn die Prüfung abgeschlossen ist
job-policy-at-once = Gültige Zeilen mit dem nächsten Lauf, die anderen, sobald ihre Probleme gelöst sind
job-undo-import = Import rückgängig machen
job-undo-import-note = { $count ->
    [one] Entfernt den Kontakt, den dieser Auftrag angelegt hat, und stellt die früheren Werte geänderter Kontakte wieder her. Seither bearbeitete Kontakte bleiben erhalten. Die Zeilen kommen zurück in die Prüfung.
   *[other] Entfernt die { $shown } Kontakte, die dieser Auftrag angelegt hat, und stellt die früheren Werte geänderter Kontakte wieder her. Seither bearbeitete Kontakte bleiben erhalten. Die Zeilen kommen zurück in die Prüfung.
}
job-cancel = Auftrag abbrechen
job-cancel-note = Der Auftrag ruht, bis ihn jemand erneut startet.
job-delete = Auftrag löschen
job-delete-note = Löscht seine Zeilen, seine Probleme und die Datei endgültig. Kontakte bleiben erhalten.
job-delete-button = Endgültig löschen
job-created = Auftrag angelegt
job-run-began = Lauf begonnen
job-run-ended = Lauf beendet
job-run-completed = Lauf beendet: Kontakte importiert
job-run-review = Lauf beendet: Prüfung nötig
job-run-failed = Lauf beendet: Import fehlgeschlagen

## Korrekturen

corrections-title = Korrekturen zu Auftrag { $job }
corrections-heading = Korrekturen übernommen
corrections-changed = { $count ->
    [one] { $shown } Zeile geändert
   *[other] { $shown } Zeilen geändert
}
corrections-unchanged = Unveränderte Zeilen: { $unchanged } von { $read } in der Datei.
corrections-contacts = { $count ->
    [one] { $shown } Zeile ist bereits ein Kontakt und wurde nicht geändert.
   *[other] { $shown } Zeilen sind bereits Kontakte und wurden nicht geändert.
}
corrections-unknown = Zeilen, die dieser Auftrag nicht hat
corrections-unknown-note = Der Wert von row_key fehlt oder gehört zu einem anderen Auftrag. Diese Zeilen wurden übersprungen.
corrections-line = Zeile { $line }
corrections-first = Dies sind die ersten 100 von { $shown }.
corrections-to-job = Zum Auftrag
corrections-undo = Korrekturen rückgängig machen
corrections-show = Änderungen zeigen
corrections-preview = Was die Datei ändert
corrections-again = Wählen Sie die Datei noch einmal aus, um diese Änderungen anzuwenden.
corrections-refused = Es wurde nichts geändert.
