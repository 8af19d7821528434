operation-title = Betrieb
operation-note = Das betrifft die Aufträge aller Benutzer.
operation-paused = Die Worker nehmen keine neuen Aufträge an:
operation-resume = Fortsetzen
operation-workers = Worker
operation-no-workers = Kein Worker läuft
operation-no-workers-note = Aufträge warten, bis einer startet: ingest worker, oder ingest serve ohne --no-worker.
operation-worker = Worker
operation-state = Zustand
operation-jobs = Laufende Aufträge
operation-queue = Warteschlange
operation-version = Version
operation-started = Gestartet
operation-seen = Zuletzt gesehen
operation-worker-working = nimmt Aufträge an
operation-worker-paused = pausiert
operation-worker-quiet = nimmt keine Aufträge mehr an
operation-worker-stopping = hält an
operation-worker-jobs = { $running } von { $places }
operation-pause = Alle Worker pausieren
operation-pause-note = Sie schließen die laufenden Aufträge ab und nehmen keine neuen an, bis jemand sie fortsetzt. Dateien können weiter hochgeladen werden.
operation-reason = Grund
operation-bad-reason = Ein Grund hat 1 bis 200 Zeichen und keine Steuerzeichen.
operation-dead-letters = Aufgegebene Nachrichten
operation-dead-letters-note = Nachrichten und Aufträge, die Worker aufgegeben haben. Beheben Sie die Ursache, und senden Sie sie dann zurück.
operation-count = Aufgegebene Nachrichten: { $count }
operation-no-queue = Die Warteschlange { $queue } ist nicht erreichbar, daher wurden sie nicht gezählt. Das Log dieses Servers nennt den Grund.
operation-show = Aufgegebene Nachrichten anzeigen
operation-no-dead-letters = Keine aufgegebenen Nachrichten
operation-choose = Auswählen
operation-choose-one = Aufgegebene Nachricht { $id } auswählen
operation-dead-letter = Aufgegebene Nachricht
operation-job = Auftrag
operation-receives = Empfangen
operation-given-up = Warum sie aufgegeben wurde
operation-all = Alle, auch die seitdem eingetroffenen
operation-all-more = Alle; es sind mehr, als diese Seite zeigt
operation-redrive = Zurücksenden
operation-redrive-note = Nachrichten kommen wieder in ihre Warteschlange, und Aufträge laufen noch einmal.
operation-drop = Verwerfen
operation-drop-note = Das kann nicht rückgängig gemacht werden. Nachrichten werden gelöscht und Aufträge abgebrochen; ihre Zeilen bleiben.
operation-nothing-chosen = Wählen Sie mindestens eine Nachricht aus.
operation-redriven = { $count ->
    [one] { $shown } Nachricht wurde zurückgesendet.
   *[other] { $shown } Nachrichten wurden zurückgesendet.
}
operation-dropped = { $count ->
    [one] { $shown } Nachricht wurde verworfen.
   *[other] { $shown } Nachrichten wurden verworfen.
}
operation-missing = { $count ->
    [one] { $shown } war nicht mehr da.
   *[other] { $shown } waren nicht mehr da.
}
