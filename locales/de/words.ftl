### Wörter für Werte: Anzahlen, Zeiten, Status, Felder und was jemand getan hat.

## Anzahlen

rows = { $count ->
    [one] { $shown } Zeile
   *[other] { $shown } Zeilen
}
contacts = { $count ->
    [one] { $shown } Kontakt
   *[other] { $shown } Kontakte
}
done-of = { $done } von { $total }

## Zeiten

date = { $day }. { $month ->
    [1] Jan.
    [2] Feb.
    [3] März
    [4] Apr.
    [5] Mai
    [6] Juni
    [7] Juli
    [8] Aug.
    [9] Sept.
    [10] Okt.
    [11] Nov.
   *[12] Dez.
} { $year }
date-time = { $date }, { $time } UTC
ago-now = gerade eben
ago-minutes = { $count ->
    [one] vor { $shown } Minute
   *[other] vor { $shown } Minuten
}
ago-hours = { $count ->
    [one] vor { $shown } Stunde
   *[other] vor { $shown } Stunden
}
ago-days = { $count ->
    [one] vor { $shown } Tag
   *[other] vor { $shown } Tagen
}
took-instant = Der letzte Lauf hat weniger als eine Sekunde gedauert.
took-seconds = { $count ->
    [one] Der letzte Lauf hat { $shown } Sekunde gedauert.
   *[other] Der letzte Lauf hat { $shown } Sekunden gedauert.
}
took-minutes = { $count ->
    [one] Der letzte Lauf hat { $shown } Minute gedauert.
   *[other] Der letzte Lauf hat { $shown } Minuten gedauert.
}

## Status

job-pending = Wartet
job-processing = Läuft
job-needs-review = Prüfung nötig
job-completed = Abgeschlossen
job-failed = Fehlgeschlagen
job-cancelled = Abgebrochen
row-ready = Bereit
row-imported = Importiert
row-discarded = Verworfen
row-issue = Hat ein Problem
row-new = Noch nicht geprüft
row-validated-again = Wird erneut geprüft
part-imported = Importiert
part-ready = Bereit
part-issue = Mit Problemen
part-decided = Entschieden
part-discarded = Verworfen
part-repeated = Wiederholt
no-rows-yet = Noch keine Zeilen

## Felder

field-email = E-Mail
    .inline = E-Mail
field-first-name = Vorname
    .inline = Vorname
field-last-name = Nachname
    .inline = Nachname
field-company = Firma
    .inline = Firma

## Regeln

wrong-missing = Es fehlt: { $fields }
wrong-invalid-reason = Ungültige Adresse: { $reason }

## Warum eine Adresse ungültig ist

email-no-at = das @ fehlt
email-second-at = es gibt mehr als ein @
email-too-long = sie ist { $length } Bytes lang; erlaubt sind 254
email-empty-local = vor dem @ steht nichts
email-local-too-long = der Teil vor dem @ ist { $length } Bytes lang; erlaubt sind 64
email-local-dot-first = der Teil vor dem @ beginnt mit einem Punkt
email-local-dot-last = direkt vor dem @ steht ein Punkt
email-local-dot-dot = vor dem @ stehen zwei Punkte hintereinander
email-local-character = { $character } ist vor dem @ nicht erlaubt
email-quote-open = ein Anführungszeichen vor dem @ ist nicht geschlossen
email-quote-part = Anführungszeichen müssen den ganzen Teil vor dem @ umschließen
email-quote-empty = zwischen den Anführungszeichen vor dem @ steht nichts
email-quote-character = { $character } ist zwischen Anführungszeichen nicht erlaubt
email-empty-domain = nach dem @ steht nichts
email-domain-literal = Adressen in Klammern nach dem @ werden nicht unterstützt; verwenden Sie einen Domainnamen
email-domain-too-long = die Domain ist { $length } Bytes lang; erlaubt sind 253
email-no-dot = die Domain enthält keinen Punkt
email-domain-dot-first = direkt nach dem @ steht ein Punkt
email-domain-dot-last = die Domain endet mit einem Punkt
email-domain-dot-dot = in der Domain stehen zwei Punkte hintereinander
email-label-too-long = ein Teil der Domain ist { $length } Bytes lang; erlaubt sind 63
email-label-hyphen = ein Teil der Domain beginnt oder endet mit einem Bindestrich
email-domain-character = { $character } ist in einer Domain nicht erlaubt
email-domain-idna = die Domain ist kein gültiger internationaler Domainname
email-top-level-short = der letzte Teil der Domain hat nur einen Buchstaben
email-top-level-digits = der letzte Teil der Domain ist eine Zahl
character-shown = „{ $character }“
character-space = ein Leerzeichen
character-tab = ein Tabulator
character-line-break = ein Zeilenumbruch
character-damaged = ein beschädigtes Zeichen
character-invisible = das unsichtbare Zeichen { $code }

## Was jemand getan hat. Der Name steht davor.

action-upload = Datei hochgeladen
action-edit = Zeilen bearbeitet
action-discard = Zeilen verworfen
action-restore = Zeilen wiederhergestellt
action-accept = Zeilen unverändert übernommen
action-keep-contact = vorhandene Kontakte behalten
action-overwrite = Überschreiben von Kontakten gewählt
action-fill = Ergänzen leerer Felder von Kontakten gewählt
action-correct = vorgeschlagene Adressen übernommen
action-replace = einen Text ersetzt
action-keep-row = eine von mehreren Zeilen behalten
action-merge = Zeilen zusammengeführt
action-note = eine Notiz geschrieben
action-assign = Probleme zugewiesen
action-corrections = Korrekturen hochgeladen
action-undo = eine Aktion rückgängig gemacht
action-undo-import = Import rückgängig gemacht
action-reprocess = Lauf angefordert
action-reread = erneutes Lesen der Datei angefordert
action-mapping = gemerkte Spalten geändert oder vergessen
action-cancel = Auftrag abgebrochen
action-delete = Auftrag gelöscht
action-policy = Zeitpunkt der Kontaktanlage geändert
action-edit-contact = einen Kontakt bearbeitet
action-delete-contacts = Kontakte gelöscht
action-edit-rows = { $rows } bearbeitet
action-discard-rows = { $rows } verworfen
action-restore-rows = { $rows } wiederhergestellt
action-accept-rows = { $rows } unverändert übernommen
action-keep-contact-rows = vorhandene Kontakte behalten und { $rows } verworfen
action-overwrite-rows = Überschreiben von Kontakten mit { $rows } gewählt
action-fill-rows = Ergänzen leerer Felder von Kontakten aus { $rows } gewählt
action-correct-rows = vorgeschlagene Adressen für { $rows } übernommen
action-replace-rows = einen Text in { $rows } ersetzt
action-keep-row-rows = eine von mehreren Zeilen behalten und { $rows } verworfen
action-merge-rows = Zeilen zusammengeführt, dabei { $rows } geändert
action-undo-rows = Änderungen an { $rows } rückgängig gemacht
action-rows = { $action }: { $rows }
action-resolved = { $count ->
    [one] { $shown } Problem gelöst
   *[other] { $shown } Probleme gelöst
}
action-reopened = { $count ->
    [one] { $shown } Problem wieder offen
   *[other] { $shown } Probleme wieder offen
}
action-raised = { $count ->
    [one] { $shown } neues Problem
   *[other] { $shown } neue Probleme
}
action-removed = { $count ->
    [one] { $shown } Kontakt entfernt
   *[other] { $shown } Kontakte entfernt
}
action-deleted-contacts = { $count ->
    [one] { $shown } Kontakt gelöscht
   *[other] { $shown } Kontakte gelöscht
}
action-restored-contacts = { $count ->
    [one] { $shown } Kontakt wiederhergestellt
   *[other] { $shown } Kontakte wiederhergestellt
}

## Warum eine Aktion abgelehnt wurde

error-no-job = Den Auftrag { $number } gibt es nicht.
error-no-row = Die Zeile { $number } gibt es nicht.
error-no-issue = Dieser Auftrag hat kein Problem { $number }.
error-no-action = Die Aktion { $number } gibt es nicht.
error-no-mapping = Die gemerkten Spalten { $number } gibt es nicht.
error-no-contact = Den Kontakt { $number } gibt es nicht.
error-contact-deleted = Der Kontakt { $number } wurde gelöscht.
error-contact-deleted-by = Der Kontakt { $number } wurde gelöscht. Um ihn wiederherzustellen, machen Sie die Aktion { $action } im Protokoll rückgängig.
error-other-count = Die Zahl der gefundenen Kontakte ist jetzt { $now } und war in der Vorschau { $expected }. Es wurde nichts gelöscht.
error-not-in-review = Der Auftrag hat den Status „{ $status }“. Zeilen können geändert werden, solange ein Auftrag geprüft werden muss oder fehlgeschlagen ist.
error-running = Dieser Auftrag wird gerade bearbeitet. Versuchen Sie es nach dem Ende des Laufs erneut.
error-rows-removed = Die Zeilen dieses Auftrags wurden nach Ablauf ihrer Aufbewahrungsfrist entfernt. Importieren Sie seine Datei noch einmal.
error-unread = Auftrag { $number } hat seine Datei noch nicht vollständig gelesen, und die Person kommt darin vor. Starten Sie ihn erneut oder löschen Sie ihn, und löschen Sie dann die Person noch einmal.
error-unfit = Der Status des Auftrags, „{ $status }“, lässt das nicht zu.
error-consolidated = Diese Zeile ist bereits ein Kontakt und kann hier nicht mehr geändert werden.
error-stale = Jemand anderes hat dies geändert, seit Sie es geöffnet haben. Von Ihrer Eingabe wurde nichts gespeichert.
error-not-undoable = Diese Aktion hat nichts geändert oder wurde bereits rückgängig gemacht.
error-restored-contacts = Diese Aktion hat gelöschte Kontakte wiederhergestellt und kann nicht rückgängig gemacht werden. Löschen Sie die Kontakte noch einmal.
error-email-taken = Ein anderer Kontakt hat bereits diese E-Mail-Adresse.
error-key-reused = Dieser Idempotenzschlüssel wurde bereits für eine andere Anfrage verwendet.
error-busy = Gerade läuft eine andere Aktion. Versuchen Sie es erneut.
error-too-large = Die Datei ist größer als die erlaubten { $limit } Bytes.
error-no-upload = Der hochgeladene Teil dieser Datei ist nicht mehr gespeichert. Wählen Sie die Datei erneut aus.
error-too-many-uploads = Sie haben das Hochladen von { $limit } Dateien begonnen und nicht beendet. Setzen Sie es für eine davon fort, oder brechen Sie es ab.
error-no-kind = Diese Art von Problemen gibt es nicht.
