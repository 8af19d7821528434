// Large files on their way to the server, in parts: an upload continues after a lost connection, and after the page was closed.
"use strict";

const resuming = (() => {
const PART = 8388608;
const WAITS_SECONDS = [1, 2, 4, 8, 15, 30];
const VERSION = { "Tus-Resumable": "1.0.0" };
// The connection is lost, or the server or its store is unavailable.
const INTERRUPTED = [0, 408, 502, 503, 504];
// Another request is still sending a part, or has just sent it, or there are too many at a time.
const CROSSED = [409, 423, 429];
// The file is imported or refused, or the upload is gone.
const ENDED = [200, 202, 404, 413, 422];

const isLarge = (file) => file.size > PART;

// Uploads that have begun: their addresses, and how their files are to be imported. The browser remembers them, if it may.
const known = new Map();
const key = (file) => `upload ${file.name} ${file.size} ${file.lastModified}`;

function remember(file, address, query) {
  known.set(key(file), { address, query });
  try {
    localStorage.setItem(key(file), JSON.stringify({ address, query }));
  } catch {
    // Without storage, an upload continues as long as the page is open.
  }
}

function forget(file) {
  known.delete(key(file));
  try {
    localStorage.removeItem(key(file));
  } catch {
    // There is nothing to forget.
  }
}

function remembered(file) {
  try {
    return known.get(key(file)) ?? JSON.parse(localStorage.getItem(key(file)));
  } catch {
    return null;
  }
}

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

const metadata = (query) => [...new URLSearchParams(query)].map(([name, value]) => `${name} ${base64(value)}`).join(",");

// Waits, or until the browser is online again or the upload is cancelled.
function pause(seconds, cancelled) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000);
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    window.addEventListener("online", end, { once: true });
    cancelled.addEventListener("abort", end, { once: true });
  });
}

// Returns how much of a file has arrived, and how it was to be imported; nothing if no upload of it can continue.
async function begun(file, headers) {
  const upload = isLarge(file) && remembered(file);
  if (!upload) return undefined;
  const response = await fetch(upload.address, { method: "HEAD", headers: { ...VERSION, ...headers } });
  if (response.status === 204) return { share: Number(response.headers.get("Upload-Offset")) / file.size, query: upload.query };
  if (response.status === 404) forget(file);
  return undefined;
}

// Sends a file. Resolves to the answer that an upload in one request has. `io` sends a request, and shows what happens.
async function send(file, query, io) {
  const options = query.toString();
  let failures = 0;
  while (!io.cancelled.aborted) {
    const upload = remembered(file);
    const isBegun = upload?.query === options;
    const answer = isBegun ? await sendRest(file, upload.address, io, () => { failures = 0; }) : await create(file, upload, options, io);
    if (ENDED.includes(answer.status)) forget(file);
    if (answer.status === 201 || (isBegun && answer.status === 404)) continue;
    const isPassing = INTERRUPTED.includes(answer.status) || (isBegun && CROSSED.includes(answer.status));
    if (!isPassing) return answer;
    if (io.cancelled.aborted) break;
    io.onWait(true);
    await pause(WAITS_SECONDS[Math.min(failures, WAITS_SECONDS.length - 1)], io.cancelled);
    failures += 1;
  }
  await cancel(file, io);
  return { status: 0 };
}

// Creates an upload, instead of one of the same file that was to be imported otherwise.
async function create(file, earlier, options, io) {
  if (earlier) await io.request("DELETE", earlier.address, VERSION);
  const headers = { ...VERSION, "Upload-Length": String(file.size), "Upload-Metadata": metadata(options) };
  const answer = await io.request("POST", "/upload/resumable", headers);
  if (answer.status === 201) remember(file, answer.header("Location"), options);
  return answer;
}

// Sends what has not arrived yet, part by part.
async function sendRest(file, address, io, onArrival) {
  let answer = await io.request("HEAD", address, VERSION);
  while (answer.status === 204 && !io.cancelled.aborted) {
    io.onWait(false);
    const offset = Number(answer.header("Upload-Offset"));
    const part = file.slice(offset, offset + PART);
    const isLast = offset + part.size >= file.size;
    const headers = { ...VERSION, "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(offset) };
    answer = await io.request("PATCH", address, headers, part, {
      onProgress: (sent) => io.onProgress((offset + sent) / file.size),
      // The server still has to put the file together, which nothing can cancel.
      onLoad: () => { if (isLast) io.onProgress(undefined); },
    });
    if (answer.status === 204) onArrival();
  }
  return answer;
}

async function cancel(file, io) {
  const upload = remembered(file);
  forget(file);
  if (upload) await io.request("DELETE", upload.address, VERSION);
}

return { isLarge, begun, send };
})();
