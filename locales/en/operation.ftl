### Operation: the workers of all users, and dead letters.

operation-title = Operation
operation-note = This concerns the jobs of all users.
operation-paused = Workers take no new jobs:
operation-resume = Resume
operation-workers = Workers
operation-no-workers = No worker is running
operation-no-workers-note = Jobs wait until one starts: ingest worker, or ingest serve without --no-worker.
operation-worker = Worker
operation-state = State
operation-jobs = Jobs in progress
operation-queue = Queue
operation-version = Version
operation-started = Started
operation-seen = Last seen
operation-worker-working = takes jobs
operation-worker-paused = paused
operation-worker-quiet = takes no more jobs
operation-worker-stopping = stopping
# $running (String) - Jobs in progress.
# $places (String) - The most jobs in progress.
operation-worker-jobs = { $running } of { $places }
operation-pause = Pause all workers
operation-pause-note = They complete the jobs in progress, and take no new ones until somebody resumes them. Uploads are still accepted.
operation-reason = Reason
operation-bad-reason = A reason has 1 to 200 characters and no control characters.
operation-dead-letters = Dead letters
operation-dead-letters-note = Messages and jobs that workers have given up. Fix the cause, and then send them back.
# $count (String) - Their number.
operation-count = Dead letters: { $count }
# $queue (String) - The name of the queue.
operation-no-queue = The queue { $queue } cannot be reached, so they were not counted. The log of this server says why.
operation-show = Show dead letters
operation-no-dead-letters = No dead letters
operation-choose = Choose
# $id (String) - The id of the dead letter.
operation-choose-one = Choose dead letter { $id }
operation-dead-letter = Dead letter
operation-job = Job
operation-receives = Received
operation-given-up = Why it was given up
operation-all = All of them, also those that have arrived since
operation-all-more = All of them; there are more than this page shows
operation-redrive = Send back
operation-redrive-note = Messages return to their queue, and jobs run again.
operation-drop = Drop
operation-drop-note = This cannot be undone. Messages are deleted, and jobs are cancelled; their rows stay.
operation-nothing-chosen = Choose at least one dead letter.
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
operation-redriven = { $count ->
    [one] { $shown } dead letter was sent back.
   *[other] { $shown } dead letters were sent back.
}
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
operation-dropped = { $count ->
    [one] { $shown } dead letter was dropped.
   *[other] { $shown } dead letters were dropped.
}
# $count (Number) - The number.
# $shown (String) - The number as it is shown.
operation-missing = { $count ->
    [one] { $shown } was no longer there.
   *[other] { $shown } were no longer there.
}
