operation-title = Operación
operation-note = Esto afecta a los trabajos de todos los usuarios.
operation-paused = Los procesos no aceptan trabajos nuevos:
operation-resume = Reanudar
operation-workers = Procesos
operation-no-workers = No hay ningún proceso en marcha
operation-no-workers-note = Los trabajos esperan hasta que se inicie uno: ingest worker, o ingest serve sin --no-worker.
operation-worker = Proceso
operation-state = Estado
operation-jobs = Trabajos en curso
operation-queue = Cola
operation-version = Versión
operation-started = Iniciado
operation-seen = Visto por última vez
operation-worker-working = acepta trabajos
operation-worker-paused = en pausa
operation-worker-quiet = no acepta más trabajos
operation-worker-stopping = deteniéndose
operation-worker-jobs = { $running } de { $places }
operation-pause = Pausar todos los procesos
operation-pause-note = Terminan los trabajos en curso y no aceptan otros hasta que alguien los reanude. Se pueden seguir subiendo archivos.
operation-reason = Motivo
operation-bad-reason = Un motivo tiene de 1 a 200 caracteres y ningún carácter de control.
operation-dead-letters = Mensajes abandonados
operation-dead-letters-note = Mensajes y trabajos que los procesos han abandonado. Corrija la causa y después devuélvalos.
operation-count = Mensajes abandonados: { $count }
operation-no-queue = No se puede acceder a la cola { $queue }, por lo que no se han contado. El registro de este servidor indica el motivo.
operation-show = Mostrar los mensajes abandonados
operation-no-dead-letters = No hay mensajes abandonados
operation-choose = Elegir
operation-choose-one = Elegir el mensaje abandonado { $id }
operation-dead-letter = Mensaje abandonado
operation-job = Trabajo
operation-receives = Recibido
operation-given-up = Por qué se abandonó
operation-all = Todos, también los que hayan llegado desde entonces
operation-all-more = Todos; hay más de los que muestra esta página
operation-redrive = Devolver
operation-redrive-note = Los mensajes vuelven a su cola y los trabajos se ejecutan de nuevo.
operation-drop = Descartar
operation-drop-note = No se puede deshacer. Los mensajes se eliminan y los trabajos se cancelan; sus filas permanecen.
operation-nothing-chosen = Elija al menos un mensaje.
operation-redriven = { $count ->
    [one] Se ha devuelto { $shown } mensaje.
   *[other] Se han devuelto { $shown } mensajes.
}
operation-dropped = { $count ->
    [one] Se ha descartado { $shown } mensaje.
   *[other] Se han descartado { $shown } mensajes.
}
operation-missing = { $count ->
    [one] { $shown } ya no estaba.
   *[other] { $shown } ya no estaban.
}
