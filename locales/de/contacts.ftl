### Kontakte, ein Kontakt und das Protokoll.

contacts-title = Kontakte
contacts-search = Kontakte durchsuchen
contacts-search-placeholder = Name, Firma oder Adresse
contacts-fold-accents = Akzente ignorieren
export-format = Format der Datei
export-all = Alle herunterladen
export-found = Alle passenden herunterladen
export-csv = CSV
export-xlsx = Excel (XLSX)
export-jsonl = JSON Lines
export-parquet = Parquet
export-vcf = vCard
contacts-none = Noch keine Kontakte
contacts-none-note = Kontakte erscheinen, wenn ein Auftrag abgeschlossen ist.
contacts-found = { $found } von { $all }
contacts-searched = Suche in { $all }
contacts-none-found = Kein Kontakt entspricht „{ $text }“
contacts-from = Quelle
contacts-since = Angelegt
contacts-line = Zeile { $number }
contacts-deleted-job = gelöschter Auftrag
contacts-more = Weitere Kontakte
contacts-searched-to = Durchsucht von den neuesten Kontakten zurück bis: { $time }
contact-other-columns = Weitere Spalten
contact-more-columns = Werte in weiteren Spalten
contact-history = Herkunft und Änderungen
contact-more-changes = Dieser Kontakt hat spätere Änderungen, die hier nicht angezeigt werden.
contact-imported = Importiert aus { $file }
contact-imported-line = Importiert aus { $file }, Zeile { $number }
contact-imported-deleted = Importiert von einem Auftrag, dessen Zeilen gelöscht wurden
contact-changed-by-job = Geändert durch Auftrag { $job }
contact-edited = Auf dieser Seite oder über die API bearbeitet
contact-changed = Geändert
contact-stale = Jemand anderes hat diesen Kontakt geändert. Die Seite zeigt seine aktuellen Werte; von Ihrer Eingabe wurde nichts gespeichert.
contact-not-saved = Nicht gespeichert. { $reason }
contact-not-valid = Die E-Mail-Adresse ist ungültig: { $reason }.
contact-delete = Diesen Kontakt löschen
contact-delete-note = Sie können das im Protokoll rückgängig machen. Ein weiterer Lauf des Auftrags legt den Kontakt nicht wieder an.
contact-delete-button = Löschen
contacts-delete-found = Alle gefundenen löschen
contacts-selection = Auswahl
contacts-select = { $email } auswählen
contacts-delete-selected = Ausgewählte Kontakte löschen
contacts-delete-selected-question = Ausgewählte Kontakte löschen?
contacts-delete-question = Alle Kontakte löschen, die zu „{ $text }“ passen?
contacts-delete-note = Sie können das im Protokoll rückgängig machen. Weitere Läufe ihrer Aufträge legen die Kontakte nicht wieder an.
contacts-delete-apply = Löschen
contacts-delete-newest = Die neuesten davon
contacts-deleted = { $count ->
    [one] { $shown } Kontakt gelöscht.
   *[other] { $shown } Kontakte gelöscht.
}
contacts-restored = { $count ->
    [one] { $shown } Kontakt wiederhergestellt.
   *[other] { $shown } Kontakte wiederhergestellt.
}
contacts-email-taken = { $count ->
    [one] { $shown } Kontakt wurde nicht wiederhergestellt, weil jetzt ein anderer Kontakt seine E-Mail-Adresse hat.
   *[other] { $shown } Kontakte wurden nicht wiederhergestellt, weil jetzt andere Kontakte ihre E-Mail-Adressen haben.
}
contacts-values-removed = { $count ->
    [one] { $shown } Kontakt kann nicht wiederhergestellt werden, weil seine Werte entfernt wurden.
   *[other] { $shown } Kontakte können nicht wiederhergestellt werden, weil ihre Werte entfernt wurden.
}

audit-title = Protokoll
audit-who = Wer
audit-job = Auftragsnummer
audit-from = Von (UTC)
audit-until = Bis (UTC)
audit-export = Als CSV herunterladen
audit-row = Nur Aktionen, die Zeile { $row } geändert haben.
audit-none-found = Keine Aktion entspricht Ihrer Suche
audit-none = Noch keine Aktionen
audit-none-note = Hier werden Uploads, Entscheidungen, Bearbeitungen und rückgängig gemachte Aktionen mit der Person aufgezeichnet, die sie ausgeführt hat.
audit-table = Aufgezeichnete Aktionen
audit-when = Wann
audit-what = Was
audit-job-column = Auftrag
audit-number = Nr.
audit-and-more = { $count ->
    [one] und { $shown } weitere Zeile
   *[other] und { $shown } weitere Zeilen
}
audit-row-link = Zeile Nr. { $row }
audit-undone-by = rückgängig gemacht durch Nr. { $number }
audit-older = Ältere Aktionen

## Die Seite über eine Person

people-title = Person exportieren oder löschen
people-note = Alles mit dieser E-Mail-Adresse, und alles, was sie einmal hatte, gehört zu der Person: Kontakte, Zeilen von Dateien, Probleme, und was darüber aufgezeichnet wurde.
people-address = E-Mail-Adresse
people-find = Suchen
people-none = Über diese Person ist nichts bekannt
people-known = Über diese Person bekannt
people-contacts = Kontakte
people-changes = Änderungen an Kontakten
people-rows = Zeilen
people-deleted-contacts = Gelöschte Kontakte
people-issues = Probleme
people-decisions = Aufgezeichnete Entscheidungen
people-mentions = Erwähnungen an anderer Stelle
people-records = Aufzeichnungen
people-files = Gespeicherte Dateien
people-export = Als JSON herunterladen
people-erase = Diese Person löschen
people-erase-note = Das kann nicht rückgängig gemacht werden. Die gespeicherten Dateien, in denen die Person vorkommt, werden gelöscht. Werte anderer Personen, die die Adresse enthalten, werden entfernt.
people-erased = Gelöscht: { $what }.
people-unread = Nicht durchsucht, da nur die gespeicherten Dateien die Zeilen dieser Aufträge haben: { $jobs }. Starten oder löschen Sie diese Aufträge, und suchen Sie dann noch einmal.
people-shared = Die gespeicherten Dateien dieser Aufträge bleiben, da auch Aufträge anderer sie lesen: { $jobs }.
people-erasures = Löschungen
people-cut-off = nicht beendet; falls sie nicht mehr läuft, löschen Sie die Person noch einmal
