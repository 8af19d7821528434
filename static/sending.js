// Files on their way to the server: one after another, with per cent and a button that cancels. Large ones by `resuming.js`.
"use strict";

const sending = (() => {
const form = document.getElementById("upload");
const input = document.getElementById("file");
const send = document.getElementById("send");
const answer = document.getElementById("answer");
const shown = document.getElementById("sending");
const list = document.getElementById("files");
const cancel = document.getElementById("cancel");
const percent = new Intl.NumberFormat(document.documentElement.lang || undefined, { style: "percent" });
const csrf = form.dataset.csrf ? { "X-CSRF-Token": form.dataset.csrf } : {};
let current;
let cancelling = new AbortController();

function notice(kind, text, ...more) {
  const made = document.createElement("div");
  made.className = `notice ${kind}`.trim();
  const words = document.createElement("p");
  words.textContent = text;
  made.append(words, ...more);
  return made;
}

const say = (kind, text, ...more) => answer.replaceChildren(notice(kind, text, ...more));

// Shows why a request was refused, as the server says in the language of the page, or goes to sign in.
function refused(place, html, kind, redirect) {
  if (redirect) window.location.assign(redirect);
  else if (kind?.startsWith("text/html")) place.innerHTML = html;
  else place.replaceChildren(notice("bad", form.dataset.failed));
}

// Sends a request. Resolves to its answer: the status is 0 if there is none.
function request(method, address, headers, body, { onProgress, onLoad } = {}) {
  return new Promise((resolve) => {
    const sent = new XMLHttpRequest();
    sent.open(method, address);
    const all = { "HX-Request": "true", ...csrf, ...headers };
    Object.entries(all).forEach(([name, value]) => sent.setRequestHeader(name, value));
    if (onProgress) sent.upload.addEventListener("progress", (event) => { if (event.total) onProgress(event.loaded, event.total); });
    if (onLoad) sent.upload.addEventListener("load", onLoad);
    sent.addEventListener("loadend", () => {
      current = undefined;
      const header = (name) => sent.getResponseHeader(name);
      resolve({ status: sent.status, html: sent.responseText, kind: header("Content-Type"), page: header("HX-Redirect"), header });
    });
    current = sent;
    sent.send(body);
  });
}

// Sends a file, a large one in parts. Resolves to the answer.
function transmit(file, query, onProgress, onWait) {
  const show = (share) => {
    // The server still has to store the file, which nothing can cancel.
    cancel.disabled = share === undefined;
    onProgress(share);
  };
  cancel.disabled = false;
  if (resuming.isLarge(file)) {
    const wait = (is) => {
      if (is) cancel.disabled = false;
      onWait(is);
    };
    return resuming.send(file, query, { request, onProgress: show, onWait: wait, cancelled: cancelling.signal });
  }
  return request("POST", `/upload?${query}`, { "Content-Type": "text/csv" }, file, {
    onProgress: (sent, total) => show(sent / total),
    onLoad: () => show(undefined),
  });
}

// Shows how much of a file is sent; nothing is known before its first and after its last byte.
function progress(part, share) {
  const bar = part.querySelector("progress");
  if (share === undefined) bar.removeAttribute("value");
  else bar.value = share;
  part.querySelector("[data-percent]").textContent = share === undefined ? "" : percent.format(share);
}

// While files are sent, only the button that cancels works.
function setBusy(is) {
  shown.hidden = !is;
  send.disabled = is;
  input.disabled = is;
  form.toggleAttribute("data-busy", is);
  steps.refresh();
  if (is) {
    cancelling = new AbortController();
    cancel.focus();
  }
}

// Sends a file. `query` says how it is imported: given whether it is to be imported although it was before.
async function upload(file, query, force = false) {
  answer.replaceChildren();
  setBusy(true);
  progress(shown, 0);
  const wait = shown.querySelector("[data-wait]");
  const onWait = (is) => { wait.textContent = is ? form.dataset.lost : ""; };
  const { status, html, kind, page } = await transmit(file, query(force), (share) => progress(shown, share), onWait);
  const was = cancelling.signal.aborted;
  onWait(false);
  setBusy(false);
  send.focus();
  if (was) say("", form.dataset.cancelled);
  else if (status === 202) window.location.assign(page);
  else if (status === 200) earlier(answer, page, () => upload(file, query, true));
  else if (status) refused(answer, html, kind, page);
  else say("bad", form.dataset.interrupted);
}

// Lists the chosen files.
function listed(files) {
  const template = document.getElementById("file-line");
  const lines = files.map((file) => {
    const line = template.content.firstElementChild.cloneNode(true);
    line.querySelector("[data-name]").textContent = file.name;
    line.querySelector("[data-state]").textContent = form.dataset.waits;
    return line;
  });
  list.replaceChildren(...lines);
  list.hidden = lines.length === 0;
  return lines;
}

// Sends several files, each as it is detected.
async function uploadAll(files, policy) {
  const lines = listed(files);
  await inTurn(async () => {
    for (const [at, file] of files.entries()) {
      if (cancelling.signal.aborted) lines[at].querySelector("[data-state]").textContent = form.dataset.notSent;
      else await uploadOne(file, policy, lines[at], false);
    }
  });
}

// Sends files of the list. They are not sent a second time by the form.
async function inTurn(sendFiles) {
  answer.replaceChildren();
  setBusy(true);
  progress(shown, undefined);
  await sendFiles();
  setBusy(false);
  send.disabled = true;
  const all = button("/jobs", form.dataset.all);
  say("", form.dataset.ended, all);
  all.focus();
}

async function uploadOne(file, policy, line, force) {
  const [state, bar] = [line.querySelector("[data-state]"), line.querySelector("progress")];
  const asked = new URLSearchParams({ filename: file.name, policy });
  if (force) asked.set("force", "true");
  const onWait = (is) => { state.textContent = is ? form.dataset.lost : ""; };
  onWait(false);
  bar.hidden = false;
  progress(line, 0);
  const { status, html, kind, page } = await transmit(file, asked, (share) => progress(line, share), onWait);
  bar.hidden = true;
  progress(line, undefined);
  if (status === 202) state.replaceChildren(link(page, form.dataset.open));
  else if (status === 200) earlier(state, page, () => inTurn(() => uploadOne(file, policy, line, true)));
  else if (status) refused(state, html, kind, page);
  else state.textContent = cancelling.signal.aborted ? form.dataset.notSent : form.dataset.interrupted;
}

function link(page, text) {
  const made = document.createElement("a");
  made.href = page;
  made.textContent = text;
  return made;
}

function button(page, text) {
  const made = link(page, text);
  made.className = "button";
  return made;
}

// Offers the job of the same file, and to import the file again.
function earlier(place, page, again) {
  const repeat = document.createElement("button");
  repeat.type = "button";
  repeat.textContent = form.dataset.knownAgain;
  repeat.addEventListener("click", again);
  const open = button(page, form.dataset.knownOpen);
  place.replaceChildren(notice("warn", form.dataset.known, open, repeat));
  if (place === answer) open.focus();
}

// Offers to continue an upload that has begun earlier, as it was to be imported then.
async function offer(file) {
  const found = await resuming.begun(file, csrf).catch(() => undefined);
  if (!found || input.files[0] !== file || input.disabled) return;
  const again = document.createElement("button");
  again.type = "button";
  again.textContent = form.dataset.continue.replace("{percent}", percent.format(found.share));
  const query = (force) => {
    const asked = new URLSearchParams(found.query);
    if (force) asked.set("force", "true");
    return asked;
  };
  again.addEventListener("click", () => upload(file, query));
  answer.append(notice("", form.dataset.begun, again));
}

cancel.addEventListener("click", () => {
  cancelling.abort();
  current?.abort();
});
window.addEventListener("beforeunload", (event) => { if (current) event.preventDefault(); });
return { answer, csrf, notice, say, refused, listed, upload, uploadAll, offer };
})();
