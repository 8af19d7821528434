### Palabras para valores: cantidades, fechas, estados, campos y lo que hizo cada persona.

## Cantidades

rows = { $count ->
    [one] { $shown } fila
   *[other] { $shown } filas
}
contacts = { $count ->
    [one] { $shown } contacto
   *[other] { $shown } contactos
}
done-of = { $done } de { $total }

## Fechas y horas

date = { $day } { $month ->
    [1] ene
    [2] feb
    [3] mar
    [4] abr
    [5] may
    [6] jun
    [7] jul
    [8] ago
    [9] sept
    [10] oct
    [11] nov
   *[12] dic
} { $year }
date-time = { $date }, { $time } UTC
ago-now = ahora mismo
ago-minutes = { $count ->
    [one] hace { $shown } minuto
   *[other] hace { $shown } minutos
}
ago-hours = { $count ->
    [one] hace { $shown } hora
   *[other] hace { $shown } horas
}
ago-days = { $count ->
    [one] hace { $shown } día
   *[other] hace { $shown } días
}
took-instant = La última ejecución duró menos de un segundo.
took-seconds = { $count ->
    [one] La última ejecución duró { $shown } segundo.
   *[other] La última ejecución duró { $shown } segundos.
}
took-minutes = { $count ->
    [one] La última ejecución duró { $shown } minuto.
   *[other] La última ejecución duró { $shown } minutos.
}

## Estados

job-pending = En espera
job-processing = En curso
job-needs-review = Requiere revisión
job-completed = Completado
job-failed = Fallido
job-cancelled = Cancelado
row-ready = Lista
row-imported = Importada
row-discarded = Descartada
row-issue = Tiene un problema
row-new = Aún sin validar
row-validated-again = Se valida de nuevo
part-imported = Importadas
part-ready = Listas
part-issue = Con problemas
part-decided = Decididas
part-discarded = Descartadas
part-repeated = Repetidas
no-rows-yet = Todavía no hay filas

## Campos

field-email = Correo electrónico
    .inline = correo electrónico
field-first-name = Nombre
    .inline = nombre
field-last-name = Apellidos
    .inline = apellidos
field-company = Empresa
    .inline = empresa

## Reglas

wrong-missing = Falta: { $fields }
wrong-invalid-reason = Dirección no válida: { $reason }

## Por qué una dirección no es válida

email-no-at = falta la @
email-second-at = hay más de una @
email-too-long = ocupa { $length } bytes; el límite es 254
email-empty-local = no hay nada antes de la @
email-local-too-long = la parte anterior a la @ ocupa { $length } bytes; el límite es 64
email-local-dot-first = la parte anterior a la @ empieza por un punto
email-local-dot-last = hay un punto justo antes de la @
email-local-dot-dot = hay dos puntos seguidos antes de la @
email-local-character = { $character } no está permitido antes de la @
email-quote-open = falta cerrar unas comillas antes de la @
email-quote-part = las comillas deben abarcar toda la parte anterior a la @
email-quote-empty = no hay nada entre las comillas antes de la @
email-quote-character = { $character } no está permitido entre comillas
email-empty-domain = no hay nada después de la @
email-domain-literal = no se admiten direcciones entre corchetes después de la @; use un nombre de dominio
email-domain-too-long = el dominio ocupa { $length } bytes; el límite es 253
email-no-dot = el dominio no tiene ningún punto
email-domain-dot-first = hay un punto justo después de la @
email-domain-dot-last = el dominio termina en punto
email-domain-dot-dot = hay dos puntos seguidos en el dominio
email-label-too-long = una parte del dominio ocupa { $length } bytes; el límite es 63
email-label-hyphen = una parte del dominio empieza o termina con un guion
email-domain-character = { $character } no está permitido en un dominio
email-domain-idna = el dominio no es un nombre de dominio internacional válido
email-top-level-short = la última parte del dominio tiene una sola letra
email-top-level-digits = la última parte del dominio es un número
character-shown = «{ $character }»
character-space = un espacio
character-tab = un tabulador
character-line-break = un salto de línea
character-damaged = un carácter dañado
character-invisible = el carácter invisible { $code }

## Lo que hizo alguien. Su nombre va delante.

action-upload = subió el archivo
action-edit = editó filas
action-discard = descartó filas
action-restore = restauró filas
action-accept = aceptó filas tal cual
action-keep-contact = conservó contactos existentes
action-overwrite = eligió sobrescribir contactos
action-fill = eligió rellenar campos vacíos de contactos
action-correct = usó direcciones sugeridas
action-replace = reemplazó un texto
action-keep-row = conservó una de varias filas
action-merge = combinó filas
action-note = escribió una nota
action-assign = asignó problemas
action-corrections = subió correcciones
action-undo = deshizo una acción
action-undo-import = deshizo la importación
action-reprocess = solicitó una ejecución
action-reread = solicitó leer el archivo de nuevo
action-mapping = cambió u olvidó columnas recordadas
action-cancel = canceló el trabajo
action-delete = eliminó el trabajo
action-policy = cambió cuándo se crean los contactos
action-edit-contact = editó un contacto
action-delete-contacts = eliminó contactos
action-edit-rows = editó { $rows }
action-discard-rows = descartó { $rows }
action-restore-rows = restauró { $rows }
action-accept-rows = aceptó { $rows } tal cual
action-keep-contact-rows = conservó contactos existentes y descartó { $rows }
action-overwrite-rows = eligió sobrescribir contactos con { $rows }
action-fill-rows = eligió rellenar campos vacíos de contactos con { $rows }
action-correct-rows = usó direcciones sugeridas en { $rows }
action-replace-rows = reemplazó un texto en { $rows }
action-keep-row-rows = conservó una de varias filas y descartó { $rows }
action-merge-rows = combinó filas y modificó { $rows }
action-undo-rows = deshizo cambios en { $rows }
action-rows = { $action }: { $rows }
action-resolved = { $count ->
    [one] { $shown } problema resuelto
   *[other] { $shown } problemas resueltos
}
action-reopened = { $count ->
    [one] { $shown } problema reabierto
   *[other] { $shown } problemas reabiertos
}
action-raised = { $count ->
    [one] { $shown } problema nuevo
   *[other] { $shown } problemas nuevos
}
action-removed = { $count ->
    [one] { $shown } contacto eliminado
   *[other] { $shown } contactos eliminados
}
action-deleted-contacts = { $count ->
    [one] eliminó { $shown } contacto
   *[other] eliminó { $shown } contactos
}
action-restored-contacts = { $count ->
    [one] { $shown } contacto restaurado
   *[other] { $shown } contactos restaurados
}

## Por qué se rechazó una acción

error-no-job = No existe el trabajo { $number }.
error-no-row = No existe la fila { $number }.
error-no-issue = Este trabajo no tiene el problema { $number }.
error-no-action = No existe la acción { $number }.
error-no-mapping = No existen las columnas recordadas { $number }.
error-no-contact = No existe el contacto { $number }.
error-contact-deleted = El contacto { $number } se ha eliminado.
error-contact-deleted-by = El contacto { $number } se ha eliminado. Para restaurarlo, deshaga la acción { $action } en el registro.
error-other-count = El número de contactos encontrados es ahora { $now } y era { $expected } en la vista previa. No se ha eliminado nada.
error-not-in-review = El estado del trabajo es «{ $status }». Las filas se pueden modificar mientras un trabajo requiere revisión o ha fallado.
error-running = Hay una ejecución en curso para este trabajo. Inténtelo de nuevo cuando termine.
error-rows-removed = Las filas de este trabajo se quitaron al terminar su plazo de conservación. Importe de nuevo su archivo.
error-unread = El trabajo { $number } aún no ha leído todo su archivo, y la persona aparece en él. Vuelva a ejecutarlo o elimínelo, y después borre de nuevo a la persona.
error-unfit = El estado del trabajo, «{ $status }», no lo permite.
error-consolidated = Esta fila ya es un contacto y no se puede modificar aquí.
error-stale = Otra persona ha modificado esto desde que usted lo abrió. No se ha guardado nada de lo suyo.
error-not-undoable = Esta acción no cambió nada o ya se ha deshecho.
error-restored-contacts = Esta acción restauró contactos eliminados y no se puede deshacer. Elimine de nuevo los contactos.
error-email-taken = Otro contacto ya tiene esta dirección de correo.
error-key-reused = Esta clave de idempotencia ya se usó para otra solicitud.
error-busy = Hay otra acción en curso. Inténtelo de nuevo.
error-too-large = El archivo supera el límite de { $limit } bytes.
error-no-upload = La parte subida de este archivo ya no está guardada. Elija el archivo de nuevo.
error-too-many-uploads = Ya tiene { $limit } subidas sin terminar. Continúe o cancele primero una de ellas.
error-no-kind = No existe ese tipo de problema.
