-- The position in a trace that continues with the next run of the job, or with what its last change causes: the traceparent of W3C
-- Trace Context. NULL if no traces are sent.
ALTER TABLE jobs ADD COLUMN job_trace_parent varchar;
