// The files to import: shows the beginning of a file as the server understands it, and lets its columns be matched.
"use strict";

{
const { answer, csrf, refused, say, listed, upload, uploadAll, offer } = sending;
const form = document.getElementById("upload");
const input = document.getElementById("file");
const part = document.getElementById("preview");
const send = document.getElementById("send");

// What a person has set about how the file is read.
const reading = [...form.querySelectorAll("[data-reading]")];
const settings = () => reading.filter((field) => field.value !== "").map((field) => [field.name, field.value]);
let previewed;
// What is known of the file: NONE, SEVERAL, WAIT, READ, UNSEEN (too large for a preview), REFUSED or UNREACHABLE.
let state = "NONE";

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
    restart();
    if (input.files[0]) offer(input.files[0]);
    return;
  }
  previewed = undefined;
  answer.replaceChildren();
  part.replaceChildren();
  become("SEVERAL");
  restart();
  steps.next.focus();
}

// A file that is dropped while a later step is in view begins with the first one.
function restart() {
  if (steps.at() !== "file") steps.go("file");
}

async function preview() {
  const file = input.files[0];
  answer.replaceChildren();
  part.replaceChildren();
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
      part.querySelectorAll("[data-column]").forEach(samples);
      part.querySelectorAll("[data-column]").forEach(require);
      exclude();
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

// Some values of the column that is chosen.
function samples(select) {
  const rows = [...part.querySelectorAll("tbody:not([data-skipped]) tr[data-line]")];
  // The first cell is the number of the line.
  const values = select.value === "" ? [] : rows.map((row) => row.cells[Number(select.value) + 1]?.textContent.trim() ?? "");
  const shown = [...new Set(values.filter(Boolean))].slice(0, 3).join(" · ");
  select.closest("p").querySelector("[data-samples]").textContent = shown;
}

// A field needs a column or a value.
function require(select) {
  const value = select.closest("p").querySelector("[data-value]")?.value.trim();
  select.required = "required" in select.dataset && !value;
}

// The fields that have the same value in every row.
function values() {
  const typed = [...part.querySelectorAll("[data-value]")].filter((input) => input.value.trim() !== "");
  return Object.fromEntries(typed.map((input) => [input.dataset.value, input.value.trim()]));
}

// The columns that are not imported.
const exclusions = () => [...part.querySelectorAll("[data-exclude]")];
const excluded = () => exclusions().filter((box) => box.checked && !box.disabled).map((box) => Number(box.dataset.exclude));

// A column of a field is imported.
function exclude() {
  const chosen = [...part.querySelectorAll("[data-column]")].map((select) => select.value);
  exclusions().forEach((box) => { box.disabled = chosen.includes(box.dataset.exclude); });
  part.querySelectorAll("[data-goes]").forEach(goes);
}

// Says where a column goes: to the fields that have it, or whether it is kept.
function goes(cell) {
  const fields = chosenColumns().filter((select) => select.value === cell.dataset.goes);
  const { kept, unused } = cell.closest("table").dataset;
  const other = excluded().includes(Number(cell.dataset.goes)) ? unused : kept;
  cell.textContent = fields.map(label).join(", ") || other;
}

// The selects of the fields that have no value of their own.
const chosenColumns = () => [...part.querySelectorAll("[data-column]")].filter((select) => !(select.name in values()));
const label = (select) => select.closest("p").querySelector("label").textContent;

// Returns whether two fields have the same column. First and last name may share one of full names.
function hasSameColumn() {
  const all = chosenColumns().filter((select) => select.value !== "");
  const isShared = (one, other) => one.value === other.value && !("shares" in one.dataset && "shares" in other.dataset);
  return all.some((one, at) => all.slice(at + 1).some((other) => isShared(one, other)));
}

// Returns what is missing before the columns are matched, or nothing.
function unmatched() {
  const missing = [...part.querySelectorAll("[data-column]:invalid")].map(label);
  if (missing.length > 0) return form.dataset.unmatched.replace("{fields}", missing.join(", "));
  return hasSameColumn() ? form.dataset.sameColumn : undefined;
}

// Returns why the file cannot be read as it is set, or nothing.
function unreadable() {
  const { noFile, wait, unreadable, unreachable } = form.dataset;
  const invalid = reading.find((field) => !field.validity.valid);
  return { NONE: noFile, WAIT: wait, REFUSED: unreadable, UNREACHABLE: unreachable }[state] ?? invalid?.validationMessage;
}

const isMatchable = () => state !== "READ" || part.querySelector("[data-columns]") !== null;
const rules = {
  applies(step) {
    if (state === "SEVERAL") return step === "file" || step === "import";
    if (step === "columns") return state !== "UNSEEN" && isMatchable();
    return step !== "check" || state !== "UNSEEN";
  },
  blocked(step) {
    if (step === "file") return { NONE: form.dataset.noFile, WAIT: form.dataset.wait }[state];
    if (step === "reading") return unreadable();
    if (step === "columns") return unmatched();
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
  const section = part.querySelector("[data-columns]");
  const selects = [...part.querySelectorAll("[data-column]")];
  // Names that tell by themselves need no mapping: the next file of the kind is the same to everybody.
  const changed = selects.some((select) => [...select.options].some((option) => option.defaultSelected !== option.selected));
  const remember = part.querySelector("[name=remember]")?.checked;
  const fixed = values();
  const retyped = [...part.querySelectorAll("[data-value]")].some((input) => input.value.trim() !== input.dataset.saved);
  const reduced = exclusions().some((box) => box.defaultChecked !== (box.checked && !box.disabled));
  if (section && (changed || retyped || reduced || remember || !("complete" in section.dataset))) {
    selects.filter((select) => select.value && !(select.name in fixed)).forEach((select) => asked.set(select.name, select.value));
    asked.set("columns", section.dataset.columns);
    if (exclusions().length > 0) asked.set("exclude", JSON.stringify(excluded()));
    if (remember) asked.set("remember", "true");
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
  if (!row || isSelecting) return;
  const field = document.getElementById("header-line");
  field.value = row.dataset.line;
  field.closest("details").open = true;
  preview();
}

// The reading whose letters are right.
function chooseEncoding(event) {
  const button = event.target.closest("[data-encoding]");
  if (!button) return;
  const field = document.getElementById("encoding");
  field.value = button.value;
  field.closest("details").open = true;
  preview();
}

// The sheet or the file of an archive.
function choosePart(event) {
  const button = event.target.closest("[data-part]");
  if (!button) return;
  const field = document.getElementById("part");
  field.value = button.value;
  field.closest("details").open = true;
  preview();
}

input.addEventListener("change", choose);
reading.forEach((field) => field.addEventListener("change", preview));
part.addEventListener("click", chooseLine);
part.addEventListener("click", chooseEncoding);
part.addEventListener("click", choosePart);
part.addEventListener("change", (event) => { if (event.target.matches("[data-column]")) samples(event.target); });
part.addEventListener("input", (event) => { if (event.target.matches("[data-value]")) require(event.target.closest("p").querySelector("select")); });
part.addEventListener("input", () => {
  exclude();
  checking.forget();
  steps.refresh();
});
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
