### Contactos, un contacto y el registro.

contacts-title = Contactos
contacts-search = Buscar contactos
contacts-search-placeholder = Nombre, empresa o dirección
contacts-fold-accents = Ignorar acentos
export-format = Formato del archivo
export-all = Descargar todo
export-found = Descargar los que coinciden
export-csv = CSV
export-xlsx = Excel (XLSX)
export-jsonl = JSON Lines
export-parquet = Parquet
export-vcf = vCard
contacts-none = Todavía no hay contactos
contacts-none-note = Los contactos aparecen cuando se completa un trabajo.
contacts-found = { $found } de { $all }
contacts-searched = búsqueda entre { $all }
contacts-none-found = Ningún contacto coincide con «{ $text }»
contacts-from = Origen
contacts-since = Creado
contacts-line = línea { $number }
contacts-deleted-job = trabajo eliminado
contacts-more = Más contactos
contacts-searched-to = Examinados los contactos desde los más recientes hasta: { $time }
contact-other-columns = Otras columnas
contact-more-columns = Valores en más columnas
contact-history = Origen y cambios
contact-more-changes = Este contacto tiene cambios posteriores que no se muestran aquí.
contact-imported = Importado de { $file }
contact-imported-line = Importado de { $file }, línea { $number }
contact-imported-deleted = Importado por un trabajo cuyas filas se han eliminado
contact-changed-by-job = Modificado por el trabajo { $job }
contact-edited = Editado en esta página o mediante la API
contact-changed = Modificado
contact-stale = Otra persona ha modificado este contacto. La página muestra sus valores actuales; no se ha guardado nada de lo suyo.
contact-not-saved = No se ha guardado. { $reason }
contact-not-valid = La dirección de correo no es válida: { $reason }.
contact-delete = Eliminar este contacto
contact-delete-note = Puede deshacerlo en el registro. Otra ejecución del trabajo no vuelve a crear el contacto.
contact-delete-button = Eliminar
contacts-delete-found = Eliminar todos los encontrados
contacts-selection = Selección
contacts-select = Seleccionar { $email }
contacts-delete-selected = Eliminar los contactos seleccionados
contacts-delete-selected-question = ¿Eliminar los contactos seleccionados?
contacts-delete-question = ¿Eliminar todos los contactos que coinciden con «{ $text }»?
contacts-delete-note = Puede deshacerlo en el registro. Otras ejecuciones de sus trabajos no vuelven a crear los contactos.
contacts-delete-apply = Eliminar
contacts-delete-newest = Los más recientes de ellos
contacts-deleted = { $count ->
    [one] { $shown } contacto eliminado.
   *[other] { $shown } contactos eliminados.
}
contacts-restored = { $count ->
    [one] { $shown } contacto restaurado.
   *[other] { $shown } contactos restaurados.
}
contacts-email-taken = { $count ->
    [one] { $shown } contacto no se ha restaurado porque otro contacto tiene ahora su dirección de correo.
   *[other] { $shown } contactos no se han restaurado porque otros contactos tienen ahora sus direcciones de correo.
}
contacts-values-removed = { $count ->
    [one] { $shown } contacto no se puede restaurar porque se quitaron sus valores.
   *[other] { $shown } contactos no se pueden restaurar porque se quitaron sus valores.
}

audit-title = Registro
audit-who = Quién
audit-job = Número de trabajo
audit-from = Desde (UTC)
audit-until = Hasta (UTC)
audit-export = Descargar como CSV
audit-row = Solo acciones que modificaron la fila { $row }.
audit-none-found = Ninguna acción coincide con su búsqueda
audit-none = Todavía no hay acciones
audit-none-note = Aquí se registran las subidas, las decisiones, las ediciones y las acciones deshechas, con la persona que las hizo.
audit-table = Acciones registradas
audit-when = Cuándo
audit-what = Qué
audit-job-column = Trabajo
audit-number = N.º
audit-and-more = { $count ->
    [one] y { $shown } fila más
   *[other] y { $shown } filas más
}
audit-row-link = fila n.º { $row }
audit-undone-by = deshecho por n.º { $number }
audit-older = Acciones anteriores

## La página sobre una persona

people-title = Exportar o borrar a una persona
people-note = Todo lo que tiene esta dirección de correo, o la tuvo alguna vez, es de la persona: contactos, filas de archivos, problemas y lo que se registró de ellos.
people-address = Dirección de correo
people-find = Buscar
people-none = No se sabe nada de esta persona
people-known = Lo que se sabe de esta persona
people-contacts = Contactos
people-changes = Cambios de contactos
people-rows = Filas
people-deleted-contacts = Contactos eliminados
people-issues = Problemas
people-decisions = Decisiones registradas
people-mentions = Menciones en otros lugares
people-records = Registros
people-files = Archivos guardados
people-export = Descargar como JSON
people-erase = Borrar a esta persona
people-erase-note = Esto no se puede deshacer. Se eliminan los archivos guardados en los que aparece la persona. Se quitan los valores de otras personas que contienen la dirección.
people-erased = Borrado: { $what }.
people-unread = Sin buscar, porque solo los archivos guardados tienen las filas de estos trabajos: { $jobs }. Ejecute o elimine estos trabajos, y después busque de nuevo.
people-shared = Los archivos guardados de estos trabajos se quedan, porque también los leen trabajos de otros: { $jobs }.
people-erasures = Borrados
people-cut-off = sin terminar; si no está en curso, borre de nuevo a la persona
