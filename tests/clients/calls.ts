// Makes each call of the API with openapi-fetch and the types that openapi-typescript has generated, and checks what comes
// back. Arguments: the URL of the server, and a token.

import assert from 'node:assert/strict';
import createClient from 'openapi-fetch';
import type { components, paths } from './schema.js';

type Decision = components['schemas']['Decision'];
type Job = components['schemas']['Job'];

const [baseUrl = '', token = ''] = process.argv.slice(2);
const api = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${token}` } });

const HEADER = 'email,first_name,last_name,company\n';
const DIRTY = `${HEADER}ann@example.com,Ann,Lee,Acme\nbad,Bob,Ray,Acme\nd@example.com,D,One,Co\n`
  + 'd@example.com,D,Two,Co\nw@example.com,W,Ide,Acme, Inc\nn@example.com,N,,Co\n';

// Returns the data of a successful response.
async function ok<T, E>(response: Promise<{ data?: T; error?: E; response: Response }>): Promise<T> {
  const { data, error, response: raw } = await response;
  assert(raw.ok, `${raw.status} ${raw.url}: ${JSON.stringify(error)}`);
  assert(raw.headers.get('x-request-id'));
  return data as T;
}

const asBytes = {
  headers: { 'content-type': 'application/octet-stream' },
  bodySerializer: (body: unknown) => body as BodyInit,
};

async function upload(filename: string, content: string): Promise<number> {
  const query = { filename };
  const made = await ok(api.POST('/api/v1/uploads', { params: { query }, body: content, ...asBytes }));
  await untilEnd(made.job);
  return made.job;
}

// Reads a job's events until it needs nothing more.
async function untilEnd(job: number): Promise<Job> {
  const stream = await ok(api.GET('/api/v1/jobs/{job}/events', { params: { path: { job } }, parseAs: 'text' }));
  const end = stream.split('event: end\ndata: ')[1];
  assert(end, stream);
  return JSON.parse(end) as Job;
}

// Reads the first events of the stream of all jobs, which has no end.
async function follow(job: number): Promise<void> {
  const header = { 'Last-Event-ID': '1:1:' };
  const stream = await ok(api.GET('/api/v1/jobs/events', { params: { header }, parseAs: 'stream' }));
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of stream as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(bytes, { stream: true });
    if (text.includes(`"id":${job},`)) break;
  }
  assert(text.includes('event: job\n'), text);
}

async function access(): Promise<void> {
  assert.equal(await ok(api.GET('/healthz', { parseAs: 'text' })), 'ok\n');
  assert.equal(await ok(api.GET('/readyz', { parseAs: 'text' })), 'ok\n');
  const me = await ok(api.GET('/api/v1/me'));
  assert.deepEqual([me.owner, me.via, me.roles], ['tester', 'local', ['uploader', 'editor', 'operator']]);
  const made = await ok(api.POST('/api/v1/tokens', { body: { name: 'nightly', roles: ['uploader'] } }));
  assert(made.secret.startsWith('ing_'));
  const path = { id: made.id };
  assert.equal((await api.DELETE('/api/v1/tokens/{id}', { params: { path } })).response.status, 204);
  const [known] = await ok(api.GET('/api/v1/tokens'));
  assert(known?.revoked_at);
  assert.equal((await api.DELETE('/api/v1/sessions')).response.status, 204);
  const missing = await api.GET('/api/v1/jobs/{job}', { params: { path: { job: 999 } } });
  assert.equal(missing.error?.status, 404);
}

async function webhooks(): Promise<void> {
  const url = 'https://receiver.invalid/hook';
  const made = await ok(api.POST('/api/v1/webhooks', { body: { url, events: ['job.failed'] } }));
  assert(made.secret.startsWith('whsec_'));
  const path = { webhook: made.id };
  assert.equal((await ok(api.GET('/api/v1/webhooks')))[0]?.url, url);
  const test = await ok(api.POST('/api/v1/webhooks/{webhook}/test', { params: { path } }));
  assert.equal(test.event, 'webhook.test');
  const deliveries = await ok(api.GET('/api/v1/webhooks/{webhook}/deliveries', { params: { path } }));
  assert.equal(deliveries.items[0]?.id, test.id);
  const again = { path: { webhook: made.id, delivery: test.id } };
  await ok(api.POST('/api/v1/webhooks/{webhook}/deliveries/{delivery}/resend', { params: again }));
  await ok(api.DELETE('/api/v1/webhooks/{webhook}', { params: { path } }));
}

// Sends a file in two parts.
async function resumable(): Promise<void> {
  const content = `${HEADER}resumed@example.com,Ann,Lee,Acme\n`;
  const version = { 'Tus-Resumable': '1.0.0' };
  const described = await api.OPTIONS('/api/v1/uploads/resumable');
  assert.equal(described.response.headers.get('tus-version'), '1.0.0');
  const header = { ...version, 'Upload-Length': content.length, 'Upload-Metadata': `filename ${btoa('resumed.csv')}` };
  const made = await api.POST('/api/v1/uploads/resumable', { params: { header } });
  const upload = made.response.headers.get('location')?.split('/').at(-1) ?? '';
  const send = async (from: number, to: number): Promise<Response> => {
    const params = { path: { upload }, header: { ...version, 'Upload-Offset': from } };
    const headers = { 'content-type': 'application/offset+octet-stream' };
    const body = content.slice(from, to);
    const sent = await api.PATCH('/api/v1/uploads/resumable/{upload}', { ...asBytes, params, headers, body });
    assert.equal(sent.response.status, 204);
    return sent.response;
  };
  assert.equal((await send(0, 10)).headers.get('ingest-jobs'), null);
  const params = { path: { upload }, header: version };
  const found = await api.HEAD('/api/v1/uploads/resumable/{upload}', { params });
  assert.equal(found.response.headers.get('upload-offset'), '10');
  const job = Number((await send(10, content.length)).headers.get('ingest-jobs'));
  assert.equal((await untilEnd(job)).status, 'COMPLETED');
  await ok(api.DELETE('/api/v1/uploads/resumable/{upload}', { params }));
}

async function review(): Promise<number> {
  const preview = await ok(api.POST('/api/v1/uploads/preview', { body: DIRTY, ...asBytes }));
  assert.deepEqual(preview.names, ['email', 'first_name', 'last_name', 'company']);
  const check = await ok(api.POST('/api/v1/uploads/check', { body: DIRTY, ...asBytes }));
  assert.deepEqual([check.rows, check.is_whole], [6, true]);
  assert(check.issues.some((found) => found.issue_type === 'INVALID_EMAIL'));
  const job = await upload('dirty.csv', DIRTY);
  const path = { job };
  const found = await ok(api.GET('/api/v1/jobs/{job}', { params: { path } }));
  assert.deepEqual([found.status, found.total_rows, found.interpretation?.encoding], ['NEEDS_REVIEW', 6, 'UTF-8']);
  assert.equal((await ok(api.GET('/api/v1/jobs/{job}/preview', { params: { path } }))).rows.length, 6);
  await ok(api.PUT('/api/v1/jobs/{job}/policy', { params: { path }, body: { policy: 'HOLD' } }));
  await follow(job);

  const query = { issue_type: 'INVALID_EMAIL' } as const;
  const [issue] = (await ok(api.GET('/api/v1/jobs/{job}/issues', { params: { path, query } }))).items;
  assert(issue);
  const at = { path: { job, issue: issue.id } };
  const detail = await ok(api.GET('/api/v1/jobs/{job}/issues/{issue}', { params: at }));
  assert.equal(detail.rows[0]?.email, 'bad');
  const noted = await ok(api.PUT('/api/v1/jobs/{job}/issues/{issue}/note', { params: at, body: { note: 'Asked Bob' } }));
  assert.equal(noted.issues, 1);
  const assign = { filter: { issues: [issue.id] }, to: 'me' };
  assert.equal((await ok(api.POST('/api/v1/jobs/{job}/assign', { params: { path }, body: assign }))).issues, 1);
  const mine = { path, query: { assigned: 'me' } };
  assert.equal((await ok(api.GET('/api/v1/jobs/{job}/issues', { params: mine }))).items.length, 1);
  const decide = (body: Decision) =>
    ok(api.POST('/api/v1/jobs/{job}/issues/{issue}/resolution', { params: at, body }));
  const edited = await decide({ decision: 'edit', email: 'bob@example.com' });
  assert.equal(edited.changed.edited, 1);
  const undo = { params: { path: { action: edited.action ?? 0 } } };
  assert.equal((await ok(api.POST('/api/v1/actions/{action}/undo', undo))).issues.reopened, 1);
  assert.equal((await decide({ decision: 'discard' })).changed.discarded, 1);

  const corrections = { params: { path }, parseAs: 'blob' } as const;
  const sheet = await ok(api.GET('/api/v1/jobs/{job}/corrections', corrections)) as unknown as Blob;
  const body = (await sheet.text()).replace('"N",""', '"N","Ew"');
  const corrected = await ok(api.POST('/api/v1/jobs/{job}/corrections', { params: { path }, body, ...asBytes }));
  assert.equal(corrected.effect.changed.edited, 1);
  const bulk = { filter: { issue_type: 'DUPLICATE_EMAIL' }, decision: { decision: 'keep_first' } } as const;
  const expected = await ok(api.POST('/api/v1/jobs/{job}/bulk/preview', { params: { path }, body: bulk }));
  assert.equal(expected.changed.discarded, 1);
  await ok(api.POST('/api/v1/jobs/{job}/bulk', { params: { path }, body: bulk }));
  await ok(api.POST('/api/v1/jobs/{job}/bulk', { params: { path }, body: { decision: { decision: 'accept' } } }));

  const rows = await ok(api.GET('/api/v1/jobs/{job}/rows', { params: { path, query: { text: 'ann@' } } }));
  const row = { job, row: rows.items[0]?.row ?? 0 };
  const read = await api.GET('/api/v1/jobs/{job}/rows/{row}', { params: { path: row } });
  const header = { 'If-Match': read.response.headers.get('etag') ?? '' };
  assert.equal(header['If-Match'], read.data?.etag);
  const change = { params: { path: row, header }, body: { last_name: 'Leigh' } };
  assert.equal((await ok(api.PATCH('/api/v1/jobs/{job}/rows/{row}', change))).changed.edited, 1);
  assert.equal((await api.PATCH('/api/v1/jobs/{job}/rows/{row}', change)).error?.status, 412);
  const several = { rows: [{ row: row.row, values: { company: 'Acme Inc' } }] };
  assert.equal((await ok(api.PATCH('/api/v1/jobs/{job}/rows', { params: { path }, body: several }))).changed.edited, 1);

  const run = await ok(api.POST('/api/v1/jobs/{job}/reprocess', { params: { path } }));
  assert.equal(run.before, 'NEEDS_REVIEW');
  assert.equal((await ok(api.POST('/api/v1/jobs/retry', { body: { dry_run: true } }))).jobs, 0);
  assert.equal((await untilEnd(job)).status, 'COMPLETED');
  assert.deepEqual((await ok(api.GET('/api/v1/jobs'))).items.map((job) => job.status), ['COMPLETED']);
  return job;
}

async function files(job: number): Promise<void> {
  const path = { job };
  const original = await ok(api.GET('/api/v1/jobs/{job}/file', { params: { path }, parseAs: 'text' }));
  assert.equal(original, DIRTY);
  const csv = await ok(api.GET('/api/v1/contacts.csv', { parseAs: 'text' }));
  assert.equal(csv.trim().split('\n').length, 5);
  const query = { format: 'xlsx' } as const;
  const workbook = await ok(api.GET('/api/v1/contacts/export', { params: { query }, parseAs: 'arrayBuffer' }));
  assert.equal(Buffer.from(workbook as unknown as ArrayBuffer).subarray(0, 2).toString(), 'PK');
  const lines = { params: { path, query: { format: 'jsonl' } }, parseAs: 'text' } as const;
  const exported = await ok(api.GET('/api/v1/jobs/{job}/rows/export', lines)) as string;
  assert.equal(exported.trim().split('\n').length, 6);
}

async function contacts(job: number): Promise<void> {
  const listed = await ok(api.GET('/api/v1/contacts', { params: { query: { text: 'leigh' } } }));
  const path = { contact: listed.items[0]?.id ?? 0 };
  const read = await api.GET('/api/v1/contacts/{contact}', { params: { path } });
  assert.equal(read.data?.last_name, 'Leigh');
  const header = { 'If-Match': read.response.headers.get('etag') ?? '' };
  let known = await ok(api.GET('/api/v1/contacts/changes'));
  assert.deepEqual(known.items.map((item) => item.change), Array(4).fill('saved'));
  known = await ok(api.GET('/api/v1/contacts/changes', { params: { query: { since: known.next } } }));
  assert.deepEqual([known.items, known.more], [[], false]);
  const edit = { params: { path, header }, body: { company: 'Acme Ltd' } };
  assert((await ok(api.PATCH('/api/v1/contacts/{contact}', edit))).action);
  const any = { params: { path, header: { 'If-Match': '*' } } };
  const deleted = await ok(api.DELETE('/api/v1/contacts/{contact}', any));
  const since = { params: { query: { since: known.next } } };
  const [gone] = (await ok(api.GET('/api/v1/contacts/changes', since))).items;
  assert(gone?.change === 'deleted' && gone.id === path.contact);
  const undo = { params: { path: { action: deleted.action ?? 0 } } };
  assert.equal((await ok(api.POST('/api/v1/actions/{action}/undo', undo))).contacts?.restored, 1);
  const all = { body: { filter: { all: true }, dry_run: true } };
  assert.equal((await ok(api.POST('/api/v1/contacts/delete', all))).count, 4);

  const email = 'ann@example.com';
  const about = await ok(api.POST('/api/v1/people/about', { body: { email } }));
  assert.equal(about.contacts[0]?.contact?.company, 'Acme Ltd');
  const forgotten = await ok(api.POST('/api/v1/people/forget', { body: { email, dry_run: true } }));
  assert.equal(forgotten.counts.contacts, 1);
  assert.deepEqual((await ok(api.GET('/api/v1/people/erasures'))).items, []);
  const undone = await ok(api.POST('/api/v1/jobs/{job}/undo-import', { params: { path: { job } } }));
  assert.deepEqual([undone.removed, undone.kept], [3, [path.contact]]);
  const trail = await ok(api.GET('/api/v1/actions', { params: { query: { job } } }));
  assert.equal(trail.items[0]?.kind, 'UNDO_IMPORT');
}

async function columns(): Promise<void> {
  const job = await upload('columns.csv', `a,b,c,d\n${'no-address,Cid,Day,Acme\n'}`);
  const path = { job };
  const body = { columns: { email: 0, first_name: 1, last_name: 2, company: 3 }, remember: true };
  const mapped = await ok(api.POST('/api/v1/jobs/{job}/map', { params: { path }, body }));
  assert.equal(mapped.before, 'FAILED');
  assert.equal((await untilEnd(job)).status, 'NEEDS_REVIEW');
  await ok(api.POST('/api/v1/jobs/{job}/reread', { params: { path }, body: { encoding: 'windows-1252' } }));
  assert.equal((await untilEnd(job)).settings.encoding, 'windows-1252');
  await ok(api.POST('/api/v1/jobs/{job}/cancel', { params: { path } }));
  assert.equal((await ok(api.DELETE('/api/v1/jobs/{job}', { params: { path } }))).after, null);

  const [mapping] = (await ok(api.GET('/api/v1/mappings'))).items;
  assert(mapping);
  const at = { path: { mapping: mapping.id } };
  const change = { columns: { first_name: 2, last_name: 1 }, exclude: [3], empty: ['company' as const] };
  const changed = await ok(api.PUT('/api/v1/mappings/{mapping}', { params: at, body: change }));
  assert.deepEqual(changed.columns.places, [0, 2, 1, null]);
  await ok(api.DELETE('/api/v1/mappings/{mapping}', { params: at }));
}

await access();
await webhooks();
const job = await review();
await files(job);
await contacts(job);
await columns();
await resumable();
