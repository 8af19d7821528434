### La revisión: problemas de un tipo y decisiones sobre uno o muchos de ellos.

review-title = Revisión
review-page-title = { $kind }: { $file }
review-search = Buscar en estos problemas
review-which = Qué problemas
review-open = Abiertos
review-resolved = Resueltos
review-all = Todos
review-show = Mostrar
review-tools = Más
review-undo-last = Deshacer el último paso
review-nothing-to-undo = Aquí no hay nada suyo que se pueda deshacer.
review-none-found = Ningún problema coincide con su búsqueda
review-counts-all = Abajo están los problemas que coinciden con «{ $text }». Los números de arriba cuentan todos los problemas.
review-identical = { $count ->
    [one] { $shown } fila de abajo es idéntica a su contacto.
   *[other] { $shown } filas de abajo son idénticas a sus contactos.
}
review-skip-identical = Omitir las filas idénticas…
review-none-resolved = Todavía no hay problemas resueltos
review-more = Más problemas
review-kinds = Tipos de problemas
review-kind-done = todos resueltos
review-kind-open = abiertos
review-progress-label = Resueltos: { $kind }
review-progress = { $done } de { $total } resueltos
review-next = Siguiente: { $kind }
review-kind-finished = Todos los problemas de este tipo están resueltos.
review-continue = Continuar con: { $kind }
review-to-job = Ir al trabajo
review-done = Hecho: { $effect }.
review-undone = Deshecho: { $effect }.
review-closed-completed = La importación está completada. Para cambiar una decisión, deshaga la importación en la página del trabajo.
review-closed-running = Hay una ejecución en curso para este trabajo. Podrá decidir cuando termine.
review-closed-role = Puede ver estos problemas, pero para decidir se necesita el rol «editor».

## Lo que hizo una decisión

effect-discarded = { $count ->
    [one] { $shown } fila descartada
   *[other] { $shown } filas descartadas
}
effect-restored = { $count ->
    [one] { $shown } fila restaurada
   *[other] { $shown } filas restauradas
}
effect-edited = { $count ->
    [one] { $shown } fila editada
   *[other] { $shown } filas editadas
}
effect-differing = { $count ->
    [one] { $shown } fila descartada con otros valores en otras columnas
   *[other] { $shown } filas descartadas con otros valores en otras columnas
}
effect-decided = { $count ->
    [one] { $shown } fila decidida
   *[other] { $shown } filas decididas
}
effect-resolved = { $count ->
    [one] { $shown } problema resuelto
   *[other] { $shown } problemas resueltos
}
effect-reopened = { $count ->
    [one] { $shown } problema reabierto
   *[other] { $shown } problemas reabiertos
}
effect-raised = { $count ->
    [one] { $shown } problema nuevo
   *[other] { $shown } problemas nuevos
}
effect-still-open = { $count ->
    [one] { $shown } problema sigue abierto
   *[other] { $shown } problemas siguen abiertos
}

## Decisiones sobre muchos problemas

bulk-open = Decidir sobre varios
bulk-scope = Aplicar a
bulk-selected = Los problemas seleccionados ({ $selected })
bulk-all = { $count ->
    [one] El único problema abierto
   *[other] Los { $shown } problemas abiertos
}
bulk-select-all = Seleccionar todos los mostrados
bulk-note = Todavía no cambia nada: primero verá una vista previa.
bulk-blanks = Donde falte { $field }, escribir { $value }
bulk-blanks-field = Campo
bulk-blanks-value = Valor
bulk-keep-first = Conservar la primera fila
    .question = ¿Conservar la primera fila de cada grupo?
bulk-keep-last = Conservar la última fila
    .question = ¿Conservar la última fila de cada grupo?
bulk-merge = Combinar filas
    .question = ¿Combinar las filas de cada grupo?
bulk-correct = Usar las sugerencias
    .question = ¿Usar las direcciones sugeridas?
bulk-keep-contact = Conservar los contactos
    .question = ¿Conservar los contactos como están?
bulk-overwrite = Sobrescribir los contactos
    .question = ¿Sobrescribir los contactos?
bulk-fill = Rellenar campos vacíos
    .question = ¿Rellenar los campos vacíos de los contactos?
bulk-accept = Aceptar tal cual
    .question = ¿Aceptar las filas tal cual?
bulk-discard = Descartar
    .question = ¿Descartar las filas?
bulk-fill-in = Rellenar
    .question = ¿Rellenar el valor que falta?
bulk-nothing = No cambiaría nada.
bulk-apply = Aplicar
bulk-can-undo = Puede deshacerlo hasta que se importe el trabajo.
bulk-rows = Filas que cambian
bulk-rows-first = Las primeras 20 filas que cambian
bulk-then = Resultado
bulk-contacts-note = La tabla muestra cada contacto como es ahora y como será cuando se importe el trabajo.
bulk-none-selected = No hay problemas seleccionados. Selecciónelos con la tecla x o elija todos.
bulk-no-value = Escriba el valor que se debe rellenar.
bulk-no-field = Elija el campo que se debe rellenar.
bulk-effect-decided = { $shown } { $count ->
    [one] fila queda decidida
   *[other] filas quedan decididas
}
bulk-effect-discarded = { $shown } { $count ->
    [one] fila se descarta
   *[other] filas se descartan
}
bulk-effect-restored = { $shown } { $count ->
    [one] fila se restaura
   *[other] filas se restauran
}
bulk-effect-edited = { $shown } { $count ->
    [one] fila recibe valores nuevos
   *[other] filas reciben valores nuevos
}
bulk-effect-differing = { $shown } { $count ->
    [one] fila descartada tiene otros valores en otras columnas
   *[other] filas descartadas tienen otros valores en otras columnas
}
bulk-effect-resolved = { $shown } { $count ->
    [one] problema se resuelve
   *[other] problemas se resuelven
}
bulk-effect-reopened = { $shown } { $count ->
    [one] problema se reabre
   *[other] problemas se reabren
}
bulk-effect-raised = { $shown } { $count ->
    [one] problema nuevo se abre
   *[other] problemas nuevos se abren
}
bulk-effect-still-open = { $shown } { $count ->
    [one] problema sigue abierto: su fila aún es incorrecta
   *[other] problemas siguen abiertos: sus filas aún son incorrectas
}

## Un problema

case-select = Seleccionar { $title }
case-undo-all = Deshacer en { $rows }
case-contact-gone = El contacto se ha eliminado. La próxima ejecución ya no encontrará ningún conflicto para esta fila.
case-compare = Filas en paralelo
case-input = { $field } de { $column }
case-differs = difiere
case-choose = Al combinar se toman los valores elegidos.
case-choice = { $field }: { $value } ({ $column })
case-extra-cell = Celda sobrante { $number }
case-unreadable-cell = Con caracteres ilegibles
case-oddity = Parece dañado
case-keep = Conservar esta
case-first-rows = Estas son las primeras 20 filas. Su decisión se aplica a todas.
case-too-long = Algunos valores son demasiado largos para editarlos aquí. Edítelos en un archivo de correcciones.
case-use = Usar { $address }
case-merge = Combinar
case-overwrite = Sobrescribir el contacto
case-fill = Rellenar campos vacíos
case-keep-contact = Conservar el contacto y descartar la fila
case-accept = Aceptar tal cual
case-edit = Editar
case-show = Detalles
case-discard = Descartar
case-discard-all = Descartar todas
case-cancel = Cancelar
case-assignee = Asignado a
case-assign = Asignar
case-assign-me = Asignármelo
case-assigned-to = Asignado a { $name }.
case-assigned-to-nobody = Asignado a nadie.
assigned-any = Asignado a cualquiera
assigned-me = Asignado a mí
assigned-nobody = nadie
bulk-all-matching = { $count ->
    [one] El único problema abierto que coincide
   *[other] Los { $shown } problemas abiertos que coinciden, en todas las páginas
}
case-note = Nota
case-note-save = Guardar la nota
case-note-saved = Nota guardada.
case-has-note = tiene una nota
case-back = Volver a la revisión
case-line = Línea { $number }
case-row = Fila { $number }
case-contact = Contacto
case-file = Archivo
case-since = desde el { $date }
case-overwrites = sobrescribe el contacto
case-fills = rellena campos vacíos del contacto
case-nothing-changed = No hizo falta cambiar nada.
case-not-edited = Los valores son los mismos que antes.
case-still-open = Guardado, pero el caso sigue abierto. { $reason }.
case-other-issue = Guardado, pero la fila tiene ahora otro problema: { $issue }.
case-warns = Guardado. La próxima importación preguntará por esta fila: { $reason }.
case-you-typed = { $notice } Usted escribió: { $typed }
case-undone-partly = No se pudo deshacer todo: otra persona ha modificado algunas de las filas desde entonces.
case-already-undone = Esto ya se ha deshecho.
case-resolved-by-run = Resuelto automáticamente: la última ejecución no encontró ningún problema
case-resolved-by = Resuelto por { $who }
case-decision = { $what } por { $who }, { $when }
decided-keep-row = Se conservó una fila
decided-merge = Combinado
decided-edit = Editado
decided-discard = Descartado
decided-keep-contact = Contacto conservado
decided-overwrite = Sobrescritura del contacto decidida
decided-fill = Relleno de campos vacíos decidido
decided-correct = Sugerencia usada
decided-replace = Texto reemplazado
decided-accept = Aceptado tal cual
decided-restore = Restaurado
decided-other = Decidido
case-encoding = Codificación del archivo
wrong-encoding = Las letras de estas filas pueden ser incorrectas, porque la codificación del archivo es dudosa. Acepte las filas si todas las letras son correctas.
wrong-extra-cells = { $count ->
    [one] La fila tiene una celda más que columnas tiene el archivo
   *[other] La fila tiene { $shown } celdas más que columnas tiene el archivo
}
wrong-unreadable = Algunos caracteres de la fila no se pueden leer
wrong-oddity = Algo de la fila parece dañado
case-encoding-readings = Comparar las lecturas probables

## La revisión como tabla

grid-title = Filas abiertas
grid-views = Vista
grid-cases = Caso por caso
grid-table = Tabla
grid-all-kinds = Todas
grid-search = Buscar en las filas abiertas
grid-column = Buscar en
grid-any-column = Cualquier columna
grid-others = Otras columnas
grid-first-others = La tabla muestra las primeras 30 columnas adicionales. Las demás están en cada caso y en un archivo de correcciones.
grid-issues = Problemas
grid-resolved = Resuelta
grid-no-rows = Ninguna fila abierta coincide.
grid-selected = Filas seleccionadas ({ $selected })
grid-all-rows = { $count ->
    [one] La única fila abierta
   *[other] Las { $shown } filas abiertas
}
grid-all-matching = { $count ->
    [one] La única fila abierta que coincide
   *[other] Las { $shown } filas abiertas que coinciden, en todas las páginas
}
grid-select-shown = Seleccionar las filas mostradas
grid-select-all = Seleccionar las { $shown } que coinciden
grid-none-selected = No hay filas seleccionadas. Selecciónelas con sus casillas, o elija todas las que coinciden.
grid-replace = Reemplazar
    .title = Buscar y reemplazar
    .question = ¿Reemplazar el texto?
    .field = En
    .find = buscar
    .with = y reemplazar por
grid-match-case = Distinguir mayúsculas y minúsculas
grid-hint = Escriba en una celda o pulse Intro para editarla; se guarda al salir de ella. Pegue una columna para rellenar las celdas de abajo. Mayús selecciona varias filas.
grid-lost = No se ha guardado: no se pudo contactar con el servidor. Lo que escribió sigue en la celda.
grid-undo-key = Ctrl+Z
grid-paste-title = ¿Pegar estos valores?
grid-left-lines = { $count ->
    [one] { $shown } línea pegada no cabe: la tabla no muestra más filas debajo. No se pega. Desplácese hasta el final para cargar más filas y pegue de nuevo para incluirla.
   *[other] { $shown } líneas pegadas no caben: la tabla no muestra más filas debajo. No se pegan. Desplácese hasta el final para cargar más filas y pegue de nuevo para incluirlas.
}
grid-left-columns = { $count ->
    [one] { $shown } columna pegada no cabe a la derecha de esta celda. No se pega.
   *[other] { $shown } columnas pegadas no caben a la derecha de esta celda. No se pegan.
}
grid-left-label = Líneas que no se pegan

## Lo que llama la atención en una fila

oddity-codes = { $place } { $value } está escrito en los códigos de otro programa: { $likely }
oddity-invisible = { $place } { $value } contiene caracteres invisibles; sin ellos es { $likely }
oddity-other-encoding = { $place } { $value } podría estar en otra codificación: { $likely }
oddity-encoded-twice = { $place } { $value } se codificó dos veces: { $likely }
oddity-two-alphabets = { $place } { $value } tiene letras de dos alfabetos; en letras latinas es { $likely }
oddity-wide = { $place } { $value } tiene letras anchas: { $likely }
oddity-in-quotes = { $place } { $value } está entre comillas: { $likely }
oddity-by-other-header = { $place } { $value } es, según ese encabezado, { $likely }
oddity-placeholder = { $place } { $value } indica que falta un valor
oddity-may-have-lost = { $place } puede haber perdido letras: { $value }
oddity-has-lost = { $place } ha perdido letras: { $value }
oddity-cut-value = { $place } es demasiado largo y se cortó
oddity-cut-row = la fila es demasiado larga: faltan celdas del final
oddity-broken-quotes = las comillas de la fila están mal puestas y pueden leerse de otra manera
oddity-ambiguous-name = el nombre puede dividirse en más de un lugar: { $name }
oddity-other-header = la fila está debajo de otro encabezado, en la línea { $line }, cuyas columnas están en otro orden
