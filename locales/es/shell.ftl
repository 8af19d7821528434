### El marco de cada página y las páginas que no pertenecen a ninguna otra parte.

language-name = Español

skip-to-content = Ir al contenido
brand-label = ingest, todos los trabajos
nav-label = Menú principal
nav-jobs = Trabajos
nav-contacts = Contactos
nav-audit = Registro
upload-short = Subir
upload-long = Subir un archivo
sign-in = Iniciar sesión
sign-out = Cerrar sesión
language-label = Idioma

## Botones y palabras de varias páginas

search = Buscar
save = Guardar
undo = Deshacer
show-all = Mostrar todo
back = Volver
undone = deshecho
empty-value = vacío
status = Estado
saved = Guardado.
forgotten = Olvidado.
api-docs = Documentación de la API
api-document = Documento OpenAPI

## La lista de atajos de teclado

keys-title = Atajos de teclado
keys-hint = Atajos de teclado (?)
keys-close = Cerrar
keys-anywhere = En cualquier página
keys-help = Mostrar esta lista
keys-search = Buscar
keys-list = Entrada siguiente o anterior
keys-upload = Subir un archivo
keys-move = Revisión: moverse
keys-next-issue = Problema siguiente o anterior
keys-save = Guardar lo escrito
keys-leave = Salir del campo
keys-next-kind = Siguiente tipo de problema, o finalizar
keys-undo = Deshacer el último paso
keys-select = Seleccionar para una decisión conjunta
keys-bulk = Decidir sobre todos los problemas seleccionados
keys-decide = Revisión: decidir
keys-keep = Conservar esa fila y descartar las demás
keys-choose = Elegir los valores de la fila combinada
keys-merge = Combinar las filas en una
keys-suggestion = Usar la sugerencia
keys-edit = Editar
keys-edit-all = Editar todos los valores de la fila
keys-overwrite = Sobrescribir el contacto
keys-fill = Rellenar los campos vacíos del contacto
keys-accept = Aceptar tal cual
keys-assign = Asignarme el caso
keys-note = Escribir una nota
keys-discard = Descartar
keys-table = Revisión: tabla
keys-view = Tabla, o caso por caso
keys-edit-cell = Editar la celda
keys-next-cell = Guardarla e ir a la siguiente celda
keys-restore-cell = Restaurar el valor
keys-empty-cell = Vaciar la celda
keys-select-row = Seleccionar la fila

## Sesión cerrada

signed-out-title = Sesión cerrada
signed-out-heading = Ha cerrado la sesión
signed-out-note = Este navegador ya no muestra ninguno de sus datos.

## Errores

problem-to-jobs = Ir a los trabajos
problem-token = Token
problem-malformed = No se puede leer la solicitud
problem-unauthenticated = Inicie sesión para continuar
problem-forbidden = No tiene permiso para hacer esto
problem-not-found = Página no encontrada
problem-method = Esta dirección no se puede usar así
problem-timeout-body = La subida se detuvo
problem-conflict = Ahora mismo no es posible
problem-precondition = Otra persona ha modificado esto
problem-too-large = Demasiado grande
problem-media-type = Este tipo de archivo no es compatible
problem-invalid = Hay un valor no válido
problem-too-many = Demasiadas solicitudes
problem-internal = Se ha producido un error
problem-unavailable = No disponible en este momento
problem-timeout = Ha tardado demasiado
advice-sign-in = Inicie sesión e inténtelo de nuevo.
advice-forbidden = Pídaselo a alguien con el rol adecuado o solicite que cambien su rol.
advice-not-found = Puede que se haya eliminado o que la dirección no sea correcta.
advice-changed = Ábralo de nuevo para ver su estado actual.
advice-too-large = Divida el archivo o solicite un límite mayor.
advice-wait = Espere un momento e inténtelo de nuevo.
advice-unavailable = Inténtelo de nuevo en un momento. No se ha perdido ningún dato.
advice-internal = El error ha quedado registrado. Inténtelo de nuevo; si se repite, avise a quien administra este servidor.
advice-back = Vuelva atrás e inténtelo de nuevo.
