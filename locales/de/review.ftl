### Die Prüfung: Probleme einer Art, Entscheidungen über eines oder viele davon.

review-title = Prüfung
review-page-title = { $kind }: { $file }
review-search = Diese Probleme durchsuchen
review-which = Welche Probleme
review-open = Offen
review-resolved = Gelöst
review-all = Alle
review-show = Anzeigen
review-tools = Mehr
review-undo-last = Letzten Schritt rückgängig machen
review-nothing-to-undo = Hier gibt es nichts von Ihnen, das rückgängig gemacht werden kann.
review-none-found = Kein Problem entspricht Ihrer Suche
review-counts-all = Unten stehen die Probleme, die zu „{ $text }“ passen. Die Zahlen oben zählen alle Probleme.
review-identical = { $count ->
    [one] { $shown } Zeile unten ist mit ihrem Kontakt identisch.
   *[other] { $shown } Zeilen unten sind mit ihren Kontakten identisch.
}
review-skip-identical = Identische Zeilen überspringen …
review-none-resolved = Noch keine Probleme gelöst
review-more = Weitere Probleme
review-kinds = Arten von Problemen
review-kind-done = alle gelöst
review-kind-open = offen
review-progress-label = Gelöst: { $kind }
review-progress = { $done } von { $total } gelöst
review-next = Weiter: { $kind }
review-kind-finished = Alle Probleme dieser Art sind gelöst.
review-continue = Weiter mit: { $kind }
review-to-job = Zum Auftrag
review-done = Erledigt: { $effect }.
review-undone = Rückgängig gemacht: { $effect }.
review-closed-completed = Der Import ist abgeschlossen. Um eine Entscheidung zu ändern, machen Sie den Import auf der Seite des Auftrags rückgängig.
review-closed-running = Dieser Auftrag wird gerade bearbeitet. Sie können entscheiden, sobald der Lauf beendet ist.
review-closed-role = Sie können diese Probleme ansehen; zum Entscheiden brauchen Sie die Rolle „editor“.

## Was eine Entscheidung bewirkt hat

effect-discarded = { $count ->
    [one] { $shown } Zeile verworfen
   *[other] { $shown } Zeilen verworfen
}
effect-restored = { $count ->
    [one] { $shown } Zeile wiederhergestellt
   *[other] { $shown } Zeilen wiederhergestellt
}
effect-edited = { $count ->
    [one] { $shown } Zeile bearbeitet
   *[other] { $shown } Zeilen bearbeitet
}
effect-differing = { $count ->
    [one] { $shown } Zeile mit anderen Werten in weiteren Spalten verworfen
   *[other] { $shown } Zeilen mit anderen Werten in weiteren Spalten verworfen
}
effect-decided = { $count ->
    [one] { $shown } Zeile entschieden
   *[other] { $shown } Zeilen entschieden
}
effect-resolved = { $count ->
    [one] { $shown } Problem gelöst
   *[other] { $shown } Probleme gelöst
}
effect-reopened = { $count ->
    [one] { $shown } Problem wieder offen
   *[other] { $shown } Probleme wieder offen
}
effect-raised = { $count ->
    [one] { $shown } neues Problem
   *[other] { $shown } neue Probleme
}
effect-still-open = { $count ->
    [one] { $shown } Problem weiterhin offen
   *[other] { $shown } Probleme weiterhin offen
}

## Entscheidungen über viele Probleme

bulk-open = Über viele entscheiden
bulk-scope = Anwenden auf
bulk-selected = Ausgewählte Probleme ({ $selected })
bulk-all = { $count ->
    [one] Das einzige offene Problem
   *[other] Alle { $shown } offenen Probleme
}
bulk-select-all = Alle angezeigten auswählen
bulk-note = Noch ändert sich nichts: Sie sehen zuerst eine Vorschau.
bulk-blanks = Wo { $field } fehlt, diesen Wert eintragen: { $value }
bulk-blanks-field = Feld
bulk-blanks-value = Wert
bulk-keep-first = Erste Zeile behalten
    .question = Jeweils die erste Zeile behalten?
bulk-keep-last = Letzte Zeile behalten
    .question = Jeweils die letzte Zeile behalten?
bulk-merge = Zeilen zusammenführen
    .question = Die Zeilen jeweils zusammenführen?
bulk-correct = Vorschläge übernehmen
    .question = Die vorgeschlagenen Adressen übernehmen?
bulk-keep-contact = Kontakte behalten
    .question = Die Kontakte unverändert behalten?
bulk-overwrite = Kontakte überschreiben
    .question = Die Kontakte überschreiben?
bulk-fill = Leere Felder ergänzen
    .question = Leere Felder der Kontakte ergänzen?
bulk-accept = Unverändert übernehmen
    .question = Die Zeilen unverändert übernehmen?
bulk-discard = Verwerfen
    .question = Die Zeilen verwerfen?
bulk-fill-in = Eintragen
    .question = Den fehlenden Wert eintragen?
bulk-nothing = Es würde sich nichts ändern.
bulk-apply = Anwenden
bulk-can-undo = Sie können dies rückgängig machen, bis der Auftrag importiert ist.
bulk-rows = Zeilen, die sich ändern
bulk-rows-first = Die ersten 20 Zeilen, die sich ändern
bulk-then = Ergebnis
bulk-contacts-note = Die Tabelle zeigt jeden Kontakt, wie er jetzt ist und wie er nach dem Import des Auftrags sein wird.
bulk-none-selected = Es sind keine Probleme ausgewählt. Wählen Sie Probleme mit der Taste x aus, oder wählen Sie alle.
bulk-no-value = Geben Sie den Wert ein, der eingetragen werden soll.
bulk-no-field = Wählen Sie das Feld, das ausgefüllt werden soll.
bulk-effect-decided = { $shown } { $count ->
    [one] Zeile wird entschieden
   *[other] Zeilen werden entschieden
}
bulk-effect-discarded = { $shown } { $count ->
    [one] Zeile wird verworfen
   *[other] Zeilen werden verworfen
}
bulk-effect-restored = { $shown } { $count ->
    [one] Zeile wird wiederhergestellt
   *[other] Zeilen werden wiederhergestellt
}
bulk-effect-edited = { $shown } { $count ->
    [one] Zeile erhält neue Werte
   *[other] Zeilen erhalten neue Werte
}
bulk-effect-differing = { $shown } { $count ->
    [one] verworfene Zeile hat andere Werte in weiteren Spalten
   *[other] verworfene Zeilen haben andere Werte in weiteren Spalten
}
bulk-effect-resolved = { $shown } { $count ->
    [one] Problem wird gelöst
   *[other] Probleme werden gelöst
}
bulk-effect-reopened = { $shown } { $count ->
    [one] Problem ist wieder offen
   *[other] Probleme sind wieder offen
}
bulk-effect-raised = { $shown } { $count ->
    [one] neues Problem entsteht
   *[other] neue Probleme entstehen
}
bulk-effect-still-open = { $shown } { $count ->
    [one] Problem bleibt offen: die Zeile ist noch falsch
   *[other] Probleme bleiben offen: die Zeilen sind noch falsch
}

## Ein Problem

case-select = { $title } auswählen
case-undo-all = Alle { $rows } rückgängig machen
case-contact-gone = Der Kontakt wurde gelöscht. Der nächste Lauf findet für diese Zeile keinen Konflikt mehr.
case-compare = Zeilen nebeneinander
case-input = { $field } von { $column }
case-differs = weicht ab
case-choose = Beim Zusammenführen gelten die gewählten Werte.
case-choice = { $field }: { $value } ({ $column })
case-extra-cell = Überzählige Zelle { $number }
case-unreadable-cell = Mit unlesbaren Zeichen
case-oddity = Sieht beschädigt aus
case-keep = Diese behalten
case-first-rows = Dies sind die ersten 20 Zeilen. Ihre Entscheidung gilt für alle.
case-too-long = Einige Werte sind zu lang, um sie hier zu bearbeiten. Bearbeiten Sie sie in einer Korrekturdatei.
case-use = { $address } übernehmen
case-merge = Zusammenführen
case-overwrite = Kontakt überschreiben
case-fill = Leere Felder ergänzen
case-keep-contact = Kontakt behalten, Zeile verwerfen
case-accept = Unverändert übernehmen
case-edit = Bearbeiten
case-show = Einzelheiten
case-discard = Verwerfen
case-discard-all = Alle verwerfen
case-cancel = Abbrechen
case-assignee = Zugewiesen an
case-assign = Zuweisen
case-assign-me = Mir zuweisen
case-assigned-to = { $name } zugewiesen.
case-assigned-to-nobody = Niemandem zugewiesen.
assigned-any = Beliebig zugewiesen
assigned-me = Mir zugewiesen
assigned-nobody = niemand
bulk-all-matching = { $count ->
    [one] Das einzige passende offene Problem
   *[other] Alle { $shown } passenden offenen Probleme, auf allen Seiten
}
case-note = Notiz
case-note-save = Notiz speichern
case-note-saved = Notiz gespeichert.
case-has-note = hat eine Notiz
case-back = Zurück zur Prüfung
case-line = Zeile { $number }
case-row = Nr. { $number }
case-contact = Kontakt
case-file = Datei
case-since = seit { $date }
case-overwrites = überschreibt den Kontakt
case-fills = ergänzt leere Felder des Kontakts
case-nothing-changed = Es musste nichts geändert werden.
case-not-edited = Die Werte sind dieselben wie zuvor.
case-still-open = Gespeichert, aber der Fall ist noch offen. { $reason }.
case-other-issue = Gespeichert, aber die Zeile hat jetzt ein anderes Problem: { $issue }.
case-warns = Gespeichert. Der nächste Import fragt nach dieser Zeile: { $reason }.
case-you-typed = { $notice } Ihre Eingabe: { $typed }
case-undone-partly = Nicht alles konnte rückgängig gemacht werden: Jemand anderes hat einige der Zeilen seither geändert.
case-already-undone = Das wurde bereits rückgängig gemacht.
case-resolved-by-run = Automatisch gelöst: Der letzte Lauf hat kein Problem gefunden
case-resolved-by = Gelöst von { $who }
case-decision = { $what } von { $who }, { $when }
decided-keep-row = Eine Zeile behalten
decided-merge = Zusammengeführt
decided-edit = Bearbeitet
decided-discard = Verworfen
decided-keep-contact = Kontakt behalten
decided-overwrite = Überschreiben des Kontakts gewählt
decided-fill = Ergänzen leerer Felder gewählt
decided-correct = Vorschlag übernommen
decided-replace = Text ersetzt
decided-accept = Unverändert übernommen
decided-restore = Wiederhergestellt
decided-other = Entschieden
case-encoding = Zeichenkodierung der Datei
wrong-encoding = Die Buchstaben in diesen Zeilen können falsch sein, denn die Zeichenkodierung der Datei ist unsicher. Akzeptieren Sie die Zeilen, wenn alle Buchstaben stimmen.
wrong-extra-cells = { $count ->
    [one] Die Zeile hat eine Zelle mehr, als die Datei Spalten hat
   *[other] Die Zeile hat { $shown } Zellen mehr, als die Datei Spalten hat
}
wrong-unreadable = Einige Zeichen der Zeile sind unlesbar
wrong-oddity = Etwas in der Zeile sieht beschädigt aus
case-encoding-readings = Wahrscheinliche Lesarten vergleichen

## Die Prüfung als Tabelle

grid-title = Offene Zeilen
grid-views = Ansicht
grid-cases = Fall für Fall
grid-table = Tabelle
grid-all-kinds = Alle
grid-search = In den offenen Zeilen suchen
grid-column = Suchen in
grid-any-column = Alle Spalten
grid-others = Weitere Spalten
grid-first-others = Die Tabelle zeigt die ersten 30 weiteren Spalten. Die übrigen stehen in jedem Fall und in einer Korrekturdatei.
grid-issues = Probleme
grid-resolved = Gelöst
grid-no-rows = Keine offene Zeile entspricht der Auswahl.
grid-selected = Ausgewählte Zeilen ({ $selected })
grid-all-rows = { $count ->
    [one] Die einzige offene Zeile
   *[other] Alle { $shown } offenen Zeilen
}
grid-all-matching = { $count ->
    [one] Die einzige passende offene Zeile
   *[other] Alle { $shown } passenden offenen Zeilen, auf allen Seiten
}
grid-select-shown = Die gezeigten Zeilen auswählen
grid-select-all = Alle { $shown } passenden auswählen
grid-none-selected = Keine Zeilen sind ausgewählt. Wählen Sie Zeilen durch ihre Kästchen aus, oder alle passenden.
grid-replace = Ersetzen
    .title = Suchen und ersetzen
    .question = Den Text ersetzen?
    .field = In
    .find = suchen:
    .with = ersetzen durch:
grid-match-case = Groß- und Kleinschreibung beachten
grid-hint = Tippen Sie in einer Zelle oder drücken Sie Enter, um sie zu bearbeiten; beim Verlassen wird sie gespeichert. Eine eingefügte Spalte füllt die Zellen darunter. Umschalt wählt mehrere Zeilen aus.
grid-lost = Nicht gespeichert: der Server war nicht erreichbar. Ihre Eingabe steht noch in der Zelle.
grid-undo-key = Strg+Z
grid-paste-title = Diese Werte einfügen?
grid-left-lines = { $count ->
    [one] { $shown } eingefügte Zeile passt nicht: die Tabelle zeigt darunter keine weiteren Zeilen. Sie wird nicht eingefügt. Blättern Sie ans Ende, um mehr Zeilen zu laden, und fügen Sie erneut ein, damit sie dabei ist.
   *[other] { $shown } eingefügte Zeilen passen nicht: die Tabelle zeigt darunter keine weiteren Zeilen. Sie werden nicht eingefügt. Blättern Sie ans Ende, um mehr Zeilen zu laden, und fügen Sie erneut ein, damit sie dabei sind.
}
grid-left-columns = { $count ->
    [one] { $shown } eingefügte Spalte passt nicht rechts von dieser Zelle. Sie wird nicht eingefügt.
   *[other] { $shown } eingefügte Spalten passen nicht rechts von dieser Zelle. Sie werden nicht eingefügt.
}
grid-left-label = Zeilen, die nicht eingefügt werden

## Was in einer Zeile auffällt

oddity-codes = { $place } { $value } ist in den Codes eines anderen Programms geschrieben: { $likely }
oddity-invisible = { $place } { $value } enthält unsichtbare Zeichen; ohne sie steht dort { $likely }
oddity-other-encoding = { $place } { $value } könnte in einer anderen Kodierung stehen: { $likely }
oddity-encoded-twice = { $place } { $value } wurde doppelt kodiert: { $likely }
oddity-two-alphabets = { $place } { $value } enthält Buchstaben aus zwei Alphabeten; in lateinischen Buchstaben steht dort { $likely }
oddity-wide = { $place } { $value } enthält breite Buchstaben: { $likely }
oddity-in-quotes = { $place } { $value } steht in Anführungszeichen: { $likely }
oddity-by-other-header = { $place } { $value } ist nach dieser Kopfzeile { $likely }
oddity-placeholder = { $place } { $value } steht für einen fehlenden Wert
oddity-may-have-lost = { $place } hat möglicherweise Buchstaben verloren: { $value }
oddity-has-lost = { $place } hat Buchstaben verloren: { $value }
oddity-cut-value = { $place } ist zu lang und wurde abgeschnitten
oddity-cut-row = die Zeile ist zu lang: Zellen am Ende fehlen
oddity-broken-quotes = die Anführungszeichen der Zeile sind fehlerhaft und lassen sich auch anders lesen
oddity-ambiguous-name = der Name lässt sich an mehr als einer Stelle trennen: { $name }
oddity-other-header = die Zeile steht unter einer anderen Kopfzeile in Zeile { $line }, deren Spalten anders angeordnet sind
