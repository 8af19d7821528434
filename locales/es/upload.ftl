### La subida de un archivo.

upload-title = Subir un archivo
upload-file = Suelte aquí un archivo de contactos o elíjalo
upload-formats = Los archivos de estos tipos pueden tener hasta { $limit } MB: { $formats }.
upload-note = Las columnas de correo electrónico, nombre, apellidos y empresa pueden ir en cualquier orden.
upload-sample = Archivo de ejemplo
upload-reading = Codificación, línea de encabezado y más
upload-encoding = Codificación
upload-detect = Detectar automáticamente
upload-header-line = Línea de los nombres de columnas
upload-use-line = Usar la línea { $line } para los nombres de columnas
upload-lines-note = Si los nombres de las columnas están en otra línea, haga clic en esa línea.
upload-part = Hoja del libro o archivo del ZIP
parts-split = Este archivo contiene varias tablas. Cada una será un trabajo propio. Para importar solo una, o para asignar sus columnas, elíjala.
parts-note = El archivo tiene varias tablas. Se importa la marcada; elija otra para verla.
upload-policy = Cuándo se crean los contactos
upload-policy-question = ¿Cuándo se deben crear los contactos?
upload-policy-hold = Todos a la vez, cuando se resuelvan todos los problemas
upload-policy-at-once = Las filas válidas de inmediato; las demás, cuando se resuelvan sus problemas
upload-progress = Progreso de la subida
upload-send = Subir e importar
upload-cancel = Cancelar la subida
upload-cancelled = La subida se ha cancelado. No se ha importado nada.
upload-several = Estos archivos se suben uno tras otro, cada uno con los ajustes detectados y las columnas que se deducen de sus nombres o de las columnas recordadas. Para ver antes cómo se lee un archivo, elija solo ese.
upload-files = Archivos por subir
upload-waits = En espera
upload-not-sent = No se ha subido
upload-open = Abrir el trabajo
upload-ended = La subida ha terminado. La lista muestra el resultado de cada archivo.
upload-all = Ver todos los trabajos
upload-columns = Asignar las columnas
remedy-part = Leer «{ $name }»
remedy-encoding = Detectar la codificación
remedy-header-line = Detectar la línea de encabezado
upload-remembered = Asignadas como en un archivo anterior con estas columnas.
upload-column = Columna { $number }
upload-remember = Recordar para archivos con las mismas columnas
upload-rows = Primeras filas
upload-no-preview = La vista previa muestra libros y archivos comprimidos de hasta { $packed } MB, y { $unpacked } MB una vez descomprimidos. Este es mayor: súbalo sin vista previa. La página de su trabajo muestra después cómo se lee, y allí puede asignar sus columnas.
delimiter-comma = comas
delimiter-semicolon = puntos y comas
delimiter-tab = tabuladores
delimiter-bar = barras verticales
upload-unreachable = No se puede conectar con el servidor. Compruebe su conexión e inténtelo de nuevo.
upload-interrupted = La subida se interrumpió. Inténtelo de nuevo.
upload-failed = La subida ha fallado. Inténtelo de nuevo.
upload-lost = La subida se interrumpió, por ejemplo por una conexión perdida. Continúa automáticamente.
upload-begun = Una parte de este archivo ya se ha subido.
upload-continue = Continuar en el { $percent }
upload-known = Ya ha subido este archivo.
upload-known-open = Abrir ese trabajo
upload-known-again = Importarlo de nuevo
upload-value = Un valor para todas las filas
upload-value-of = { $field } en todas las filas
upload-remember-values = Recordar también los valores para todas las filas

## The columns of a job

mapping-note = Elija adónde va cada columna y lea el archivo de nuevo. Se pierden las decisiones sobre sus filas.
mapping-leave-empty = Dejar vacío en este trabajo
mapping-send = Leer el archivo con estas columnas

## Remembered columns

mappings-title = Columnas recordadas
mappings-none = No hay columnas recordadas
mappings-none-note = Cuando asigna las columnas de un archivo, se pueden recordar para archivos con los mismos nombres de columnas.
mappings-note = Se aplican a los archivos con los mismos nombres de columnas, los envíe quien los envíe por usted. Los trabajos conservan sus columnas.
mappings-change = Cambiar
mappings-change-one = Cambiar las columnas { $number }
mappings-change-note = El cambio se aplica a los archivos que se importen a partir de ahora.
mappings-save = Guardar
mappings-forget = Olvidar
mappings-forget-one = Olvidar las columnas { $number }
mappings-forget-note = Las columnas de los archivos con estos nombres se vuelven a asignar al subirlos. No se puede deshacer.

## Los pasos

upload-steps = Pasos de la subida
step-file = Archivo
step-reading = Lectura
step-columns = Columnas
step-check = Comprobación
step-import = Importación
step-file-title = Elija un archivo
step-reading-title = ¿Se lee bien el archivo?
step-check-title = Lo que encontrará la importación
step-import-title = Importar el archivo
step-next = Siguiente
step-no-file = Elija primero un archivo.
step-wait = Se está leyendo el archivo.
step-unreadable = El archivo no se puede leer así. Cambie abajo cómo se lee o elija otro archivo.
step-unmatched = Elija una columna o escriba un valor para: { $fields }
step-refused = El archivo se rechazaría por el motivo indicado arriba.
step-doubled = Dos columnas van a: { $fields }. Elija una de ellas.
step-done = hecho

## Adónde va cada columna

goes-title = Adónde va cada columna
goes-column = Columna
goes-samples = Ejemplos
goes-to = Va a
goes-kept = Se guarda con el contacto
goes-unused = No se importa
goes-full-name = Nombre y apellidos, se separan
without-title = Campos sin columna
without-note = Un valor aquí solo cuenta si ninguna columna va al campo.
without-value = necesita una columna
columns-incomplete = No se ha elegido columna para: { $fields }. Elíjala en la tabla. Un campo que no sea el correo electrónico puede tener en su lugar un valor para todas las filas.

## La comprobación antes de la importación

check-checking = Se están comprobando las filas.
check-failed = No se pudieron comprobar las filas. Aún puede importar el archivo; su trabajo dirá después qué hay que decidir.
check-beginning = { $count ->
    [one] Esto se refiere a la primera fila. La importación comprueba todas las filas.
   *[other] Esto se refiere a las primeras { $shown } filas. La importación comprueba todas las filas.
}
check-split = Esto se refiere a la primera tabla del archivo comprimido. Cada tabla se convierte en un trabajo propio.
check-valid = { $shown } { $count ->
    [one] fila se convierte en contacto
   *[other] filas se convierten en contactos
}
check-asked = { $shown } { $count ->
    [one] fila tiene problemas
   *[other] filas tienen problemas
}
check-repeated = { $shown } { $count ->
    [one] fila repite otra
   *[other] filas repiten otras
}
check-skipped = { $shown } { $count ->
    [one] línea no es una fila
   *[other] líneas no son filas
}
check-clean = Ninguna fila tiene problemas. No habrá nada que decidir.
check-issues-title = Lo que habrá que decidir
check-issues-note = Tras la importación decide sobre estos problemas uno a uno o sobre muchos a la vez.
check-kind = Tipo
check-issues = Problemas
check-rows = Filas
check-identical = { $count ->
    [one] { $shown } fila tiene los mismos valores que su contacto. La revisión ofrece omitirla.
   *[other] { $shown } filas tienen los mismos valores que sus contactos. La revisión ofrece omitirlas.
}
check-misspelt = { $count ->
    [one] { $shown } fila válida tiene una dirección de correo cuyo dominio parece mal escrito. No se le preguntará por ella: corríjala en el archivo si es incorrecta.
   *[other] { $shown } filas válidas tienen direcciones de correo cuyos dominios parecen mal escritos. No se le preguntará por ellas: corríjalas en el archivo si son incorrectas.
}
check-unknown-contacts = Otro programa acaba de insertar contactos con los que aún no se comparan las filas. La importación las compara con todos.
check-examples = Ejemplos
check-value = Valor
check-reason = Qué está mal
