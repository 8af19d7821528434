### La lista de trabajos y la página de un trabajo.
jobs-retry = { $count ->
    [one] Ejecutar de nuevo el trabajo fallido
   *[other] Ejecutar de nuevo los { $shown } trabajos fallidos
}

## La lista

jobs-title = Trabajos
jobs-search = Buscar por nombre de archivo
jobs-search-placeholder = Nombre de archivo
jobs-any-status = Cualquier estado
jobs-none-found = Ningún trabajo coincide con su búsqueda
jobs-show-all = Mostrar todos los trabajos
jobs-none = Todavía no hay trabajos
jobs-none-note = Suba un archivo de contactos, por ejemplo CSV o Excel, con columnas para correo electrónico, nombre, apellidos y empresa, en cualquier orden. Usted decide lo que no esté claro; las demás filas se convierten en contactos.
jobs-first-upload = Subir el primer archivo
jobs-no-role = Su cuenta puede ver trabajos, pero no subir archivos.
jobs-file = Archivo
jobs-picture = Filas por resultado
jobs-rows = Filas
jobs-imported = Importadas
jobs-open = Problemas abiertos
jobs-uploaded = Subido
jobs-older = Trabajos anteriores
jobs-progress = Filas procesadas
jobs-finish = Finalizar
jobs-open-failed = Abrir
jobs-review = { $count ->
    [one] Revisar { $shown } problema
   *[other] Revisar { $shown } problemas
}

## Lo que espera un trabajo

state-reading = Leyendo el archivo
state-working = Validando e importando
state-in-turn = Esperando a otra de sus importaciones
state-comparing = Buscando duplicados y contactos existentes
state-saving = Guardando las filas
state-indexing = Preparando la revisión
state-checking = Comprobando de nuevo las filas
state-importing = Importando los contactos
state-finishing = Finalizando
state-progress = { $done } de { $total } procesados.
state-so-far = { $rows } hasta ahora.
state-may-leave = Puede salir de esta página.
state-waiting = Esperando a un proceso libre
state-waiting-note = El trabajo comienza automáticamente en cuanto haya un proceso libre.
state-undoing = Deshaciendo la importación
state-undo-progress = Contactos procesados
state-to-review = { $count ->
    [one] { $shown } problema por revisar
   *[other] { $shown } problemas por revisar
}
state-to-review-note = No se importa nada hasta que se resuelvan todos los problemas. Puede parar y continuar cuando quiera.
state-partly-imported = { $count ->
    [one] Ya se ha importado { $shown } contacto de filas válidas. Las demás filas esperan su revisión.
   *[other] Ya se han importado { $shown } contactos de filas válidas. Las demás filas esperan su revisión.
}
state-review = Revisar
state-view = Ver los problemas
state-resolved = Todos los problemas están resueltos
state-resolved-note = Al finalizar se validan las filas una vez más y se importan todas las válidas.
state-finish = Finalizar e importar
state-imported = { $count ->
    [one] { $shown } contacto importado
   *[other] { $shown } contactos importados
}
state-done = El trabajo está completado.
state-contacts = Ver los contactos
state-failed = La importación ha fallado
state-removed = Filas quitadas
state-removed-note = Las filas y los problemas de este trabajo se quitaron al terminar su plazo de conservación. Sus contactos se quedan.
state-cancelled = Trabajo cancelado
state-cancelled-note = Ejecute el trabajo de nuevo para continuar.
state-failed-open-note = Ejecute el trabajo de nuevo o revise antes sus problemas.
state-failed-note = Ejecute el trabajo de nuevo cuando se haya corregido la causa.
state-upload-note = Suba el archivo de nuevo. Será un trabajo nuevo.
state-upload-another = Subir otro archivo
state-run-again = Ejecutar de nuevo
state-interrupted = La última ejecución se interrumpió
state-interrupted-note = El trabajo continúa automáticamente.
state-run-now = Ejecutar ahora

## El resto de la página

job-picture = { $count ->
    [one] Resultado de { $shown } fila
   *[other] Resultado de { $shown } filas
}
job-open-kinds = Problemas abiertos
job-issue-note = Las filas con problemas incluyen las que ya ha decidido, hasta que termine el trabajo. Un problema puede afectar a varias filas, y una fila puede tener varios problemas.
job-rows = Filas
job-rows-search = Buscar en estas filas
job-rows-placeholder = Cualquier valor de una fila
job-review-these = Revisar estas
job-repeated-note = Las filas que repiten una fila anterior del archivo se cuentan, pero no se guardan.
job-line = Línea
job-no-rows = No hay filas que coincidan.
job-end = Fin de la lista.
job-more-rows = Más filas
job-search-on = Seguir buscando
job-searched = { $done } de { $all } filas examinadas
job-history = Historial
job-full-history = Registro completo de este trabajo
job-downloads = Descargas
job-original = Archivo original
job-corrections = Filas con problemas, para corregirlas en una hoja de cálculo
job-upload-corrections = Subir filas corregidas
job-corrections-note = Suba el archivo de filas con problemas ya corregido, guardado como CSV. Verá sus cambios antes de que se apliquen y podrá deshacerlos en un solo paso.
job-corrections-file = Archivo corregido
job-apply-corrections = Aplicar las correcciones
job-more = Más acciones
job-policy = Cuándo se crean los contactos
job-policy-hold = Todos a la vez, al terminar la revisión
job-policy-at-once = Las filas válidas en la próxima ejecución; las demás, cuando se resuelvan sus problemas
job-undo-import = Deshacer la importación
job-undo-import-note = { $count ->
    [one] Elimina el contacto que creó este trabajo y restaura los valores anteriores de los contactos que modificó. Se conservan los contactos que alguien haya editado después. Las filas vuelven a revisión.
   *[other] Elimina los { $shown } contactos que creó este trabajo y restaura los valores anteriores de los contactos que modificó. Se conservan los contactos que alguien haya editado después. Las filas vuelven a revisión.
}
job-cancel = Cancelar el trabajo
job-cancel-note = El trabajo se detiene hasta que alguien lo ejecute de nuevo.
job-delete = Eliminar el trabajo
job-delete-note = Elimina definitivamente sus filas, sus problemas y el archivo. Los contactos se conservan.
job-delete-button = Eliminar definitivamente
job-created = Trabajo creado
job-run-began = Ejecución iniciada
job-run-ended = Ejecución terminada
job-run-completed = Ejecución terminada: contactos importados
job-run-review = Ejecución terminada: requiere revisión
job-run-failed = Ejecución terminada: la importación ha fallado

## Correcciones

corrections-title = Correcciones del trabajo { $job }
corrections-heading = Correcciones aplicadas
corrections-changed = { $count ->
    [one] { $shown } fila modificada
   *[other] { $shown } filas modificadas
}
corrections-unchanged = Filas sin cambios: { $unchanged } de { $read } en el archivo.
corrections-contacts = { $count ->
    [one] { $shown } fila ya es un contacto y no se ha modificado.
   *[other] { $shown } filas ya son contactos y no se han modificado.
}
corrections-unknown = Filas que este trabajo no tiene
corrections-unknown-note = Falta el valor de row_key o pertenece a otro trabajo. Estas filas se han omitido.
corrections-line = Línea { $line }
corrections-first = Estas son las primeras 100 de { $shown }.
corrections-to-job = Ir al trabajo
corrections-undo = Deshacer las correcciones
corrections-show = Mostrar los cambios
corrections-preview = Lo que cambia el archivo
corrections-again = Vuelva a elegir el archivo para aplicar estos cambios.
corrections-refused = No se ha cambiado nada.
