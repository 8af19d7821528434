### Por qué se rechazó un archivo, un trabajo o un valor. Las páginas ponen la mayúscula y el punto.

reason-under = en «{ $label }»

## Archivos

reason-empty = el archivo está vacío; suba uno con una línea de encabezado y al menos un contacto debajo
reason-blank = el archivo solo contiene líneas en blanco; suba uno con una línea de encabezado y al menos un contacto debajo
reason-header-only = el archivo contiene un encabezado en la línea { $line }, pero ningún contacto debajo; añada al menos una fila y súbalo de nuevo o, si el encabezado está en otra línea, indíquela { $how }
reason-utf-7 = el archivo está codificado en UTF-7, que no se admite; guárdelo como CSV en UTF-8 y súbalo, o, si no está en UTF-7, indique su codificación { $how }
reason-not-csv = en lugar de texto CSV, el archivo es { $format }; guárdelo como CSV en UTF-8 y suba ese
reason-no-header = la línea { $line } contiene una dirección de correo donde deberían estar los nombres de las columnas; indique cuál de las { $columns } columnas es cuál: asigne las columnas { $how }
reason-first-row-kept = la primera línea se conserva entonces como contacto
reason-fixed-value = un campo sin columna puede tener el mismo valor en todas las filas
reason-columns-missing = el encabezado de la línea { $line } no tiene columna para { $fields } (encontradas: { $names }); asigne las columnas { $how }
reason-columns-doubled = el encabezado de la línea { $line } tiene más de una columna para { $fields } (encontradas: { $names }); asigne las columnas { $how }
reason-columns-both = el encabezado de la línea { $line } no tiene columna para { $missing } y tiene más de una para { $doubled } (encontradas: { $names }); asigne las columnas { $how }
reason-nameless = (sin nombre)
reason-address = (una dirección de correo)
reason-more-names = { $names } y { $count } más
reason-unknown-encoding = la codificación «{ $name }» es desconocida; las conocidas son { $names }
reason-set-it = { $what }; indíquela { $how }
reason-no-such-line = el encabezado no puede estar en la línea { $line }: el comienzo del archivo termina en la línea { $last }; { $how }
reason-detect-line = sin una línea, el encabezado se detecta
reason-other-width = el encabezado de la línea { $line } tiene { $found } columnas, y las columnas se asignaron para un archivo con { $expected }; asígnelas para este archivo { $how }
reason-broken-quotes = las comillas de la fila que empieza en la línea { $line } son incorrectas; cierre o quite la que sobra y suba el archivo de nuevo
reason-row-too-long = la fila que empieza en la línea { $line } es demasiado larga o tiene demasiadas columnas; acórtela y suba el archivo de nuevo
reason-too-damaged = la fila que empieza en la línea { $line } contiene más de { $limit } bytes que no caben en ninguna columna o no son texto; busque allí un salto de línea o unas comillas que falten, guarde el archivo como CSV en UTF-8 y súbalo de nuevo
reason-no-table = el archivo ({ $format }) no contiene ninguna tabla; añada una y suba el archivo de nuevo
reason-several-tables = el archivo ZIP contiene { $count } tablas: { $names }; elija una { $how }; si una persona sube el archivo ZIP, cada tabla será un trabajo
reason-no-parts = el archivo no es un archivo comprimido ni un libro, así que no tiene la parte «{ $part }»; { $how }
reason-no-such-part = el archivo no tiene la parte «{ $part }»; { $how }: { $names }
reason-leave-part-empty = deje la parte en blanco
reason-choose-part = elija una de estas
reason-foreign-container = en lugar de una tabla, el archivo es { $format }; guarde la tabla como CSV en UTF-8 y suba esa
reason-protected = el archivo ({ $format }) está protegido con una contraseña; guárdelo sin ella y suba ese
reason-broken-container = el archivo ({ $format }) no se puede leer{ $reason }; guárdelo de nuevo, o guarde su tabla como CSV, y súbalo
reason-grows-too-large = el archivo ocupa más de { $limit } MB al descomprimirlo, el límite para su tamaño; descomprímalo, divida la tabla en archivos por debajo de ese límite y súbalos
reason-nested-too-deep = el archivo está comprimido más de dos veces; descomprímalo y suba la propia tabla
reason-incomplete = el comienzo de un libro o de un archivo comprimido no muestra su contenido
foreign-format = { $format ->
    [zip] un libro de Excel u otro archivo ZIP
    [old-excel] un libro de Excel del tipo antiguo
    [gzip] un archivo comprimido con gzip
    [zstd] un archivo comprimido con zstd
    [bzip2] un archivo comprimido con bzip2
    [xz] un archivo comprimido con xz
    [seven-zip] un archivo 7-Zip
    [rar] un archivo RAR
    [pdf] un documento PDF
    [rtf] un documento de texto en RTF
    [document] un documento de Word
    [presentation] una presentación de PowerPoint
    [apple] un documento de Apple Numbers o Pages
    [java-program] un programa en Java
    [sqlite] una base de datos SQLite
    [picture] una imagen
    [media] una imagen, un sonido o una película
    [access] una base de datos de Access
    [outlook] un archivo de datos de Outlook
    [program] un programa
    [parquet] un archivo Parquet
    [nuls] una serie de bytes NUL, como la deja una descarga interrumpida
    [html-table] una tabla HTML, como las que algunos programas guardan como .xls
    [web-page] una página web, quizá una que pide iniciar sesión
    [xml] un documento XML
    [vcard] un archivo vCard
    [json] un documento JSON
    [calendar] un calendario
    [ldif] un archivo LDIF de un directorio
    [mail] un mensaje de correo
    [sql-dump] un volcado SQL de una base de datos
   *[other] un archivo de otro formato
}

## Trabajos

failure-replaced = el archivo se sustituyó durante la importación; importe el archivo nuevo como un trabajo aparte
failure-rows-removed = sus filas se quitaron al terminar su plazo de conservación; importe de nuevo su archivo
failure-no-file = no hay ningún archivo «{ $key }» en el almacén
failure-bad-key = la clave del archivo, «{ $key }», no se puede usar: { $reason }
key-empty = está vacía
key-too-long = tiene más de 1024 bytes
key-control-character = contiene un carácter de control
key-slash-at-edge = empieza o termina con «/»
key-empty-name = no hay nada entre dos «/»
key-dot-name = hay un «.» o «..» entre dos «/»
key-long-name = un nombre en ella tiene más de 255 bytes
key-upload-name = un nombre en ella termina como el de una subida sin terminar
key-other-form = tiene una forma que este programa no puede solicitar
key-refused = el almacén no puede tener un objeto con este nombre
key-symbolic-link = un enlace simbólico la lleva fuera de la carpeta
key-no-file = designa algo que no es un archivo
failure-cut-off = { $runs } ejecuciones de este trabajo terminaron en el mismo punto porque se detuvo su proceso, quizá por falta de memoria; no se ejecutará de nuevo hasta que alguien lo reintente
failure-too-many-rows = el archivo tiene { $rows } filas, más de las que admite un trabajo
failure-cancelled = cancelado por { $by }
failure-server = { $fault }; la causa está en el registro del servicio, con el número del trabajo
failure-database-refused = la base de datos rechazó la operación (error { $code })
fault = { $fault ->
    [no-store] el almacén de los archivos no existe
    [file-changed] el archivo se sustituyó mientras se leía
    [store-denied] el almacén de los archivos deniega el acceso
    [store-unavailable] el almacén de los archivos no está disponible
    [file-cut] el archivo no se pudo leer hasta el final
    [no-scratch] no se pudo escribir o leer un archivo temporal
    [database-not-ready] la base de datos no está lista para usarse
    [database-unreachable] no se pudo conectar con la base de datos
    [ids-used-up] la base de datos no tiene más números para nuevos problemas; una vez que el operador haya ejecutado `ingest migrate --wide-ids`, el trabajo puede ejecutarse de nuevo
    [database-unknown] la base de datos contiene algo que esta versión no conoce
    [aborted] otra ejecución se adelantó a esta
   *[other] el servidor ha fallado
}

## Valores

refusal-preview-too-large = la vista previa muestra libros y archivos comprimidos de hasta { $packed } MB, y { $unpacked } MB una vez descomprimidos; importe el archivo para ver cómo se lee
refusal-too-many-tables = el archivo contiene { $count } tablas, y de una subida resultan como máximo { $limit } trabajos; divida el archivo o elija una tabla { $how }
refusal-match-one-table = el archivo contiene { $count } tablas, y las columnas solo se pueden asignar o excluir para una a la vez; elíjala { $how }: { $names }
refusal-file-name = el nombre del archivo debe tener de 1 a 255 caracteres, ninguno de ellos de control
refusal-delimiter = como separador se admite un signo de puntuación o una de las palabras comma, semicolon, tab, bar y space
refusal-quote = como comillas se admite una de las palabras double, single y none
refusal-nul = un valor contiene el carácter NUL, que no se puede guardar
refusal-no-address = se espera la dirección de correo de una persona
refusal-header-line = las líneas de un archivo se numeran desde 1, así que el encabezado no puede estar en la línea { $line }
refusal-no-number = la línea de los nombres de columnas no es un número
refusal-value-of-identity = { $field }: identifica a un contacto, así que no puede ser igual en todas las filas
refusal-value-empty = { $field }: el valor para todas las filas está vacío
refusal-value-control = { $field }: el valor para todas las filas contiene un carácter de control
refusal-value-too-long = { $field }: el valor para todas las filas tiene más de { $limit } caracteres
refusal-same-column = se indica la misma columna para dos campos
refusal-two-columns = se indican dos columnas para { $field }; elija una de ellas
refusal-some-columns = las columnas de { $fields } y su número se indican juntos o no se indican, salvo los campos con un valor para todas las filas
refusal-no-column = el archivo no tiene la columna { $column }; las columnas son: { $names }
refusal-other-width = el archivo tiene { $found } columnas y no { $expected }; las columnas son: { $names }
refusal-excluded-field = { $field } se lee de la columna { $column }, que por eso no se puede excluir; elija otra columna para el campo o excluya otra columna
refusal-no-list-of-columns = se espera una matriz JSON de nombres y posiciones de columnas
refusal-no-other-of-job = el archivo del trabajo { $job } no tiene ninguna columna { $column } que no pertenezca a ningún campo; { $others }
refusal-no-other = ninguno de sus archivos tiene una columna { $column } que no pertenezca a ningún campo; { $others }
refusal-others = esas columnas son: { $names }
refusal-others-none = no hay columnas así
refusal-unassigned = ninguna columna se reconoce como { $field }; elija su columna{ $how } o un valor para todas las filas{ $value }; las columnas son: { $names }
refusal-unassigned-email = ninguna columna se reconoce como { $field }; elija su columna{ $how }; las columnas son: { $names }
refusal-email-without-column = el correo electrónico necesita una columna
refusal-not-in-header = el encabezado no tiene esa columna
refusal-search = un texto de búsqueda { $flaw }
refusal-text-nul = contiene el carácter NUL
refusal-text-too-long = tiene más de { $limit } caracteres
refusal-no-new-value = no se indica ningún valor nuevo
refusal-unknown-person = { $name } no ha trabajado con estos datos; los problemas pueden asignarse a usted, a nadie o a una de estas personas: { $people }
refusal-no-people = { $name } no ha trabajado con estos datos, ni nadie más; los problemas pueden asignarse a usted o a nadie
refusal-long-note = una nota puede tener { $limit } caracteres; acórtela
refusal-nothing-to-find = el texto que se busca está vacío; indíquelo, o elija filas con un filtro y edítelas
refusal-long-result = el reemplazo hace que un valor supere { $limit } KiB; reemplace por un texto más corto
refusal-row-twice = la fila { $row } aparece dos veces; reúna sus valores nuevos en una sola entrada
refusal-row-count = una solicitud edita al menos una fila y como máximo { $limit }; envíe las demás en otra solicitud
refusal-no-contact-filter = indique de qué contactos se trata: por texto, trabajo o número, o todos sin otra condición
refusal-no-expected-count = falta el número de contactos de la vista previa
refusal-contact-value = un contacto necesita un valor aquí
refusal-misread-header = el encabezado de la línea { $line } empieza con letras que no son suyas: un programa ha leído el archivo en otra codificación; ábralo allí como UTF-8, corríjalo y súbalo de nuevo
refusal-several-columns = el encabezado de la línea { $line } tiene más de una columna para { $column } (encontradas: { $names }); conserve una de ellas y suba el archivo de nuevo
refusal-no-key-column = el encabezado de la línea { $line } no tiene la columna { $column } (encontradas: { $names }); descargue las filas con problemas de este trabajo, corríjalas allí y suba ese archivo
refusal-no-value-column = el encabezado de la línea { $line } no tiene ninguna columna con valores (encontradas: { $names }); nombre al menos una para { $fields } y suba el archivo de nuevo
refusal-not-text = la fila de la línea { $line } contiene un NUL o bytes que no son texto; guarde el archivo como CSV en UTF-8 y súbalo de nuevo
refusal-too-many-cells = la fila de la línea { $line } tiene más celdas que el encabezado; ponga entre comillas los valores que contienen el separador y suba el archivo de nuevo
refusal-contradiction = las líneas { $first } y { $second } tienen el mismo valor en { $column } y otros valores distintos; conserve una de ellas y suba el archivo de nuevo

## Solicitudes

refusal-needs-role = para esto se necesita el rol { $role }
refusal-foreign-page = la solicitud procede de una página de otro sitio{ $how }
refusal-bad-tokens = desde esta dirección llegaron demasiados tokens no válidos
refusal-too-much-work = ya tiene { $count } { $work } en curso; espere a que termine una de ellas
refusal-server-full = el servidor tiene en curso todas las { $work } que puede atender; inténtelo de nuevo en un momento
refusal-broken-form = el formulario se interrumpió, no es un formulario o contiene un valor no permitido
refusal-late-file = el formulario tiene más de { $limit } bytes antes de su parte «file»; envíe esa parte primero
refusal-slow-query = la consulta a la base de datos tardó demasiado; acote la búsqueda o solicite menos entradas
refusal-no-file = el formulario no contiene ningún archivo
refusal-bad-parameter = la dirección tiene el parámetro «{ $name }», que aquí no se conoce o tiene un valor no permitido
refusal-bad-address = la dirección contiene un valor no permitido
refusal-body-cut = la solicitud se interrumpió
refusal-body-too-large = aquí se aceptan como máximo { $limit } bytes
refusal-no-values = se espera un objeto JSON de campos y sus valores
refusal-no-language = no hay páginas en este idioma
refusal-file-gone = el archivo ya no está almacenado
refusal-no-bucket = el bucket `{ $bucket }` de los archivos no existe; el operador del servicio debe crearlo o corregir el ajuste CSV_BUCKET_NAME
refusal-no-folder = la carpeta de los archivos no existe; el operador del servicio debe crearla de nuevo
refusal-needs-local-token = abra la dirección con el token que muestra «ingest serve»{ $how }
refusal-wrong-local-token = el token no es el de este servidor; está en serve.token, en la carpeta de datos
refusal-proxied = la solicitud pasó por un proxy ({ $header }), y este servidor solo atiende a su propio equipo; para atender a otros, defina OIDC_ISSUER
refusal-other-host = este servidor solo atiende a su propio equipo, como localhost; para atender a otros, defina OIDC_ISSUER
refusal-needs-person = un token de la API no puede hacerlo; una persona, sí
refusal-bad-token = el token no se acepta
refusal-no-sign-in = el inicio de sesión no está configurado; defina OIDC_CLIENT_ID
refusal-sign-in-expired = este inicio de sesión ha caducado o empezó en otro navegador; vuelva a abrir /sign-in
refusal-other-provider = la respuesta es de otro proveedor; abra /sign-in para intentarlo de nuevo
refusal-not-signed-in = el proveedor no inició su sesión; abra /sign-in para intentarlo de nuevo
refusal-sign-in-rejected = el proveedor rechazó el inicio de sesión
work-requests = solicitudes
work-uploads = subidas de archivos
work-corrections = subidas de correcciones
work-downloads = descargas
work-event-streams = conexiones de eventos
work-large-requests = solicitudes grandes

## Archivos para descargar

record-contact = el contacto { $number }
record-row = la fila { $number }
refusal-long-value = { $record } tiene en la columna «{ $column }» un valor de más de { $limit } caracteres, que los archivos { $format } no pueden contener; exporte como csv o jsonl
refusal-unknown-column = { $record } tiene un valor en la columna «{ $column }», que añadió otro programa; los archivos { $format } solo tienen las columnas de los archivos importados; exporte como jsonl o vcf
refusal-wide-file = los contactos tienen { $columns } columnas; los archivos { $format } tienen como máximo { $limit }; exporte como csv o jsonl
