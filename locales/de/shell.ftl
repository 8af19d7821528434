### Der Rahmen jeder Seite und die Seiten, die zu nichts anderem gehören.

language-name = Deutsch

skip-to-content = Zum Inhalt springen
brand-label = ingest, alle Aufträge
nav-label = Hauptmenü
nav-jobs = Aufträge
nav-contacts = Kontakte
nav-audit = Protokoll
upload-short = Hochladen
upload-long = Datei hochladen
sign-in = Anmelden
sign-out = Abmelden
language-label = Sprache

## Schaltflächen und Wörter mehrerer Seiten

search = Suchen
save = Speichern
undo = Rückgängig machen
show-all = Alle anzeigen
back = Zurück
undone = rückgängig gemacht
empty-value = leer
status = Status
saved = Gespeichert.
forgotten = Vergessen.
api-docs = Dokumentation der API
api-document = OpenAPI-Dokument

## Die Liste der Tastenkürzel

keys-title = Tastenkürzel
keys-hint = Tastenkürzel (?)
keys-close = Schließen
keys-anywhere = Überall
keys-help = Diese Liste anzeigen
keys-search = Suchen
keys-list = Nächster oder vorheriger Eintrag
keys-upload = Hochladen
keys-move = Prüfung: bewegen
keys-next-issue = Nächstes oder vorheriges Problem
keys-save = Eingabe speichern
keys-leave = Eingabefeld verlassen
keys-next-kind = Nächste Art von Problemen oder abschließen
keys-undo = Letzten Schritt rückgängig machen
keys-select = Für eine Sammelentscheidung auswählen
keys-bulk = Über alle ausgewählten Probleme entscheiden
keys-decide = Prüfung: entscheiden
keys-keep = Diese Zeile behalten, die anderen verwerfen
keys-choose = Die Werte der zusammengeführten Zeile wählen
keys-merge = Die Zeilen zusammenführen
keys-suggestion = Vorschlag übernehmen
keys-edit = Bearbeiten
keys-edit-all = Alle Werte der Zeile bearbeiten
keys-overwrite = Kontakt überschreiben
keys-fill = Leere Felder des Kontakts ergänzen
keys-accept = Unverändert übernehmen
keys-assign = Mir zuweisen
keys-note = Notiz schreiben
keys-discard = Verwerfen
keys-table = Prüfung: Tabelle
keys-view = Tabelle oder Fall für Fall
keys-edit-cell = Die Zelle bearbeiten
keys-next-cell = Speichern und zur nächsten Zelle
keys-restore-cell = Den alten Wert wiederherstellen
keys-empty-cell = Die Zelle leeren
keys-select-row = Die Zeile auswählen

## Abgemeldet

signed-out-title = Abgemeldet
signed-out-heading = Sie sind abgemeldet
signed-out-note = In diesem Browser werden keine Ihrer Daten mehr angezeigt.

## Fehler

problem-to-jobs = Zu den Aufträgen
problem-token = Token
problem-malformed = Die Anfrage ist nicht lesbar
problem-unauthenticated = Bitte melden Sie sich an
problem-forbidden = Das dürfen Sie nicht
problem-not-found = Seite nicht gefunden
problem-method = Diese Adresse kann so nicht verwendet werden
problem-timeout-body = Das Hochladen ist stehen geblieben
problem-conflict = Das ist gerade nicht möglich
problem-precondition = Jemand anderes hat dies geändert
problem-too-large = Zu groß
problem-media-type = Dieser Dateityp wird nicht unterstützt
problem-invalid = Ein Wert ist ungültig
problem-too-many = Zu viele Anfragen
problem-internal = Es ist ein Fehler aufgetreten
problem-unavailable = Derzeit nicht verfügbar
problem-timeout = Es hat zu lange gedauert
advice-sign-in = Melden Sie sich an und versuchen Sie es erneut.
advice-forbidden = Bitten Sie jemanden mit der passenden Rolle, oder lassen Sie Ihre Rolle ändern.
advice-not-found = Möglicherweise wurde der Inhalt gelöscht, oder die Adresse stimmt nicht.
advice-changed = Öffnen Sie die Seite erneut, um den aktuellen Stand zu sehen.
advice-too-large = Teilen Sie die Datei auf, oder lassen Sie die Grenze erhöhen.
advice-wait = Warten Sie einen Moment und versuchen Sie es erneut.
advice-unavailable = Versuchen Sie es gleich noch einmal. Es sind keine Daten verloren gegangen.
advice-internal = Der Fehler wurde protokolliert. Versuchen Sie es erneut; tritt er wieder auf, wenden Sie sich an die Person, die diesen Server betreibt.
advice-back = Gehen Sie zurück und versuchen Sie es erneut.
