### Cómo se leyó un archivo: en la página de su trabajo y en la vista previa de una subida.

reading-title = Cómo se leyó el archivo
reading-encoding = Codificación
reading-encoding-set = { $encoding }, elegida a mano
reading-encoding-sure = { $encoding }, detectada
reading-encoding-doubtful = { $encoding }, dudosa
reading-container = Extraído de
reading-sheet = { $format }, hoja «{ $sheet }»
reading-file = { $format }, archivo «{ $file }»
format-gzip = archivo gzip
format-zstd = archivo zstd
format-bzip2 = archivo bzip2
format-xz = archivo xz
format-zip = archivo ZIP
format-xlsx = libro XLSX
format-xlsb = libro XLSB
format-xls = libro XLS
format-ods = hoja de cálculo ODS
format-vcard = archivo vCard
reading-others = No importado
reading-delimiter = Valores separados por
delimiter-space = espacios
reading-quotes = Comillas
quotes-double = dobles
quotes-single = simples
quotes-none = ninguna
reading-header = Nombres de columnas
reading-header-line = En la línea { $line }
reading-no-header = Ninguno; la primera fila está en la línea { $line }
reading-columns = Columnas
reading-value = «{ $value }» en todas las filas
reading-by-person = Asignadas a mano
reading-as-remembered = Asignadas como en un archivo anterior con estas columnas
reading-kept = Otras columnas, conservadas
reading-repeats = Filas repetidas
reading-filled = { $count ->
    [one] Se completó { $shown } valor vacío de otras columnas con una fila repetida.
   *[other] Se completaron { $shown } valores vacíos de otras columnas con filas repetidas.
}
reading-differing = { $count ->
    [one] { $shown } fila repetida tiene otros valores en otras columnas, que no se importan.
   *[other] { $shown } filas repetidas tienen otros valores en otras columnas, que no se importan.
}
reading-uncompared = { $count ->
    [one] { $shown } fila repetida más tiene otros valores en otras columnas.
   *[other] { $shown } filas repetidas más tienen otros valores en otras columnas.
}
reading-repeat = La línea { $line } difiere de la línea { $other }:
extra-columns = { $count ->
    [one] { $shown } columna más
   *[other] { $shown } columnas más
}
reading-unused = Columnas no importadas
reading-more = y { $shown } más
reading-skipped = { $count ->
    [one] { $shown } línea omitida
   *[other] { $shown } líneas omitidas
}

## If the encoding is in doubt

doubt-title = La codificación de este archivo es dudosa
doubt-note = ¿En qué columna son correctas todas las letras? Elíjala para leer el archivo de nuevo con esa codificación. Se pierden las decisiones sobre sus filas.
doubt-preview-note = ¿En qué columna son correctas todas las letras? Elíjala para ver el archivo con esa codificación.
doubt-readings = Lecturas probables
doubt-choose = Leer como { $encoding }
reread = Leer el archivo de nuevo
reread-note = Lee el archivo original con otros ajustes. Se pierden las decisiones sobre sus filas.
