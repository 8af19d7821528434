// The files to import: shows the beginning of a file as the server understands it, and sends it as it is set.
"use strict";

{
const { answer, csrf, refused, say, listed, upload, uploadAll, offer } = sending;
const form = document.getElementById("upload");
const input = document.getElementById("file");
const part = document.getElementById("preview");
const facts = document.getElementById("facts");
const send = document.getElementById("send");

// What a person has set about how the file is read.
const reading = [...form.querySelectorAll("[data-reading]")];
const settings = () => reading.filter((field) => field.value !== "").map((field) => [field.name, field.value]);
let previewed;
// What is known of the file: NONE, SEVERAL, WAIT, READ, UNSEEN (too large for a preview), REFUSED or UNREACHABLE.
let state = "NONE";

function clear() {
  [answer, facts, part].forEach((place) => place.replaceChildren());
}

function become(other) {
  state = other;
  steps.refresh();
}

// Enough to see how a file is to be read, and to check some of its rows. A workbook or an archive shows nothing before its end.
const HEAD = 262144;
const CHECKED = 4194304;
const WHOLE = 8388608;
const CONTAINERS = ["504b", "d0cf"];

async function beginning(file, bytes) {
  const mark = [...new Uint8Array(await file.slice(0, 2).arrayBuffer())];
  const is = mark.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return CONTAINERS.includes(is) && file.size <= WHOLE ? file : file.slice(0, bytes);
}

// Several files are not previewed: what a person sets would be for one of them.
function choose() {
  const isSeveral = input.files.length > 1;
  document.getElementById("several").hidden = !isSeveral;
  send.disabled = false;
  listed(isSeveral ? [...input.files] : []);
  checking.forget();
  if (!isSeveral) {
    preview();
    steps.restart();
    if (input.files[0]) offer(input.files[0]);
    return;
  }
  previewed = undefined;
  clear();
  become("SEVERAL");
  steps.restart();
  steps.next.focus();
}

async function preview() {
  const file = input.files[0];
  clear();
  checking.forget();
  if (!file) {
    become("NONE");
    return;
  }
  become("WAIT");
  // What was set for one file rarely fits the next.
  if (previewed && previewed !== file) reading.forEach((field) => { field.value = ""; });
  previewed = file;
  const address = `/upload/preview?${new URLSearchParams(settings())}`;
  const latest = () => input.files[0] === file && address === `/upload/preview?${new URLSearchParams(settings())}`;
  try {
    const headers = { "Content-Type": "text/csv", "HX-Request": "true", ...csrf };
    const response = await fetch(address, { method: "POST", headers, body: await beginning(file, HEAD) });
    const html = await response.text();
    if (!latest()) return;
    if (!response.ok) {
      refused(answer, html, response.headers.get("Content-Type"), response.headers.get("HX-Redirect"));
      form.querySelector("details.reading").open = true;
      become("REFUSED");
    } else {
      part.innerHTML = html;
      facts.replaceChildren(...part.querySelectorAll("[data-facts]"));
      part.querySelectorAll("[data-matching]").forEach(matching.refresh);
      become(part.querySelector("[data-of=reading]") ? "READ" : "UNSEEN");
    }
  } catch {
    if (!latest()) return;
    say("bad", form.dataset.unreachable);
    become("UNREACHABLE");
  }
  // What had the focus may be gone.
  if (steps.at() === "file" || document.activeElement === document.body) steps.next.focus();
}

// The columns of the file, if they can be matched.
const table = () => part.querySelector("[data-columns]");

// Returns what is missing before the columns are matched, or nothing.
function unmatched() {
  const [missing, doubled] = [matching.missing(table()), matching.doubled(table())];
  if (missing.length > 0) return form.dataset.unmatched.replace("{fields}", missing.join(", "));
  return doubled.length > 0 ? form.dataset.doubled.replace("{fields}", doubled.join(", ")) : undefined;
}

// Returns why the file cannot be read as it is set, or nothing.
function unreadable() {
  const { noFile, wait, unreadable, unreachable } = form.dataset;
  const invalid = reading.find((field) => !field.validity.valid);
  return { NONE: noFile, WAIT: wait, REFUSED: unreadable, UNREACHABLE: unreachable }[state] ?? invalid?.validationMessage;
}

const isMatchable = () => state !== "READ" || table() !== null;
const rules = {
  applies(step) {
    if (state === "SEVERAL") return step === "file" || step === "import";
    if (step === "columns") return state !== "UNSEEN" && isMatchable();
    return step !== "check" || state !== "UNSEEN";
  },
  blocked(step) {
    if (step === "file") return { NONE: form.dataset.noFile, WAIT: form.dataset.wait }[state];
    if (step === "reading") return unreadable();
    if (step === "columns") return table() ? unmatched() : undefined;
    return step === "check" && checking.isRefused() ? form.dataset.refused : undefined;
  },
  entered(step) {
    if (step === "reading" && state === "UNREACHABLE") preview();
    if (step === "check") check();
    if (step === "import") summarise();
  },
};

function check() {
  const asked = query(false);
  // These change nothing about the rows.
  ["policy", "remember", "remember_values"].forEach((name) => asked.delete(name));
  checking.check(asked, beginning(input.files[0], CHECKED));
}

// Says what is imported.
function summarise() {
  const [file, ...others] = input.files;
  document.querySelector("#chosen [data-name]").textContent = others.length > 0 ? "" : file.name;
  document.getElementById("chosen").hidden = others.length > 0;
  document.getElementById("summary").replaceChildren(...[checking.summary()].filter(Boolean));
}

const policy = () => form.querySelector("[name=policy]:checked").value;

function query(force) {
  const asked = new URLSearchParams({ filename: input.files[0].name });
  asked.set("policy", policy());
  const columns = table();
  // Names that tell by themselves need no mapping: the next file of the kind is the same to everybody.
  const remember = part.querySelector("[name=remember]")?.checked;
  if (columns && (matching.isChanged(columns) || remember || !("complete" in columns.dataset))) {
    Object.entries(matching.columns(columns)).forEach(([field, [column]]) => asked.set(field, column));
    asked.set("columns", columns.dataset.columns);
    asked.set("exclude", JSON.stringify(matching.excluded(columns)));
    if (remember) asked.set("remember", "true");
    const fixed = matching.fixed(columns);
    if (Object.keys(fixed).length > 0) asked.set("values", JSON.stringify(fixed));
    if (part.querySelector("[name=remember_values]")?.checked) asked.set("remember_values", "true");
  }
  settings().forEach(([name, value]) => asked.set(name, value));
  if (force) asked.set("force", "true");
  return asked;
}

// The line that is clicked is the one of the column names.
function chooseLine(event) {
  const row = event.target.closest("[data-line]");
  const isSelecting = !event.target.closest("button") && String(window.getSelection()) !== "";
  if (row && !isSelecting) set("header_line", row.dataset.line);
}

// A button that sets how the file is read: the reading whose letters are right, a sheet, or the remedy for a refusal.
function chooseSetting(event) {
  const button = event.target.closest("[data-set]");
  if (button) set(button.dataset.set, button.value);
}

function set(name, value) {
  reading.find((field) => field.name === name).value = value;
  form.querySelector("details.reading").open = true;
  preview();
}

input.addEventListener("change", choose);
reading.forEach((field) => field.addEventListener("change", preview));
part.addEventListener("click", chooseLine);
form.addEventListener("click", chooseSetting);
["input", "change"].forEach((kind) => part.addEventListener(kind, () => {
  checking.forget();
  steps.refresh();
}));
form.addEventListener("submit", (event) => {
  event.preventDefault();
  // The key Enter sends the form from any of its fields.
  if (steps.at() !== "import") steps.forward();
  else if (input.files.length > 1) uploadAll([...input.files], policy());
  else upload(input.files[0], query);
});

// Files can be dropped anywhere on the page.
const drop = document.getElementById("drop");
const hasFiles = (event) => event.dataTransfer?.types.includes("Files") && !input.disabled;
document.addEventListener("dragover", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  drop.classList.add("over");
});
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.classList.remove("over"); });
document.addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  drop.classList.remove("over");
  if (event.dataTransfer.files.length === 0) return;
  input.files = event.dataTransfer.files;
  choose();
});
// Without this script, a form with several files would send only the first of them.
input.multiple = true;
steps.start(rules);
if (input.files.length > 0) choose();
}
