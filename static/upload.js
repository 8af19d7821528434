// The files to import: shows the beginning of a file as the server understands it, and lets its columns be matched.
"use strict";

{
const { answer, csrf, say, refused, listed, upload, uploadAll, offer } = sending;
const form = document.getElementById("upload");
const input = document.getElementById("file");
const part = document.getElementById("preview");
const send = document.getElementById("send");

// What a person has set about how the file is read.
const reading = [...form.querySelectorAll("[data-reading]")];
const settings = () => reading.filter((field) => field.value !== "").map((field) => [field.name, field.value]);
let previewed;

// Enough to see how a file is to be read. A workbook or an archive shows nothing before its end.
const HEAD = 262144;
const WHOLE = 8388608;
const CONTAINERS = ["504b", "d0cf"];

async function beginning(file) {
  const mark = [...new Uint8Array(await file.slice(0, 2).arrayBuffer())];
  const is = mark.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return CONTAINERS.includes(is) && file.size <= WHOLE ? file : file.slice(0, HEAD);
}

// Several files are not previewed: what a person sets would be for one of them.
function choose() {
  const isSeveral = input.files.length > 1;
  document.getElementById("several").hidden = !isSeveral;
  form.querySelector("details.reading").hidden = isSeveral;
  send.disabled = false;
  listed(isSeveral ? [...input.files] : []);
  if (!isSeveral) {
    preview();
    if (input.files[0]) offer(input.files[0]);
    return;
  }
  previewed = undefined;
  answer.replaceChildren();
  part.replaceChildren();
  document.getElementById("policy").hidden = false;
  send.focus();
}

async function preview() {
  const file = input.files[0];
  answer.replaceChildren();
  part.replaceChildren();
  document.getElementById("policy").hidden = !file;
  if (!file) return;
  // What was set for one file rarely fits the next.
  if (previewed && previewed !== file) reading.forEach((field) => { field.value = ""; });
  previewed = file;
  const address = `/upload/preview?${new URLSearchParams(settings())}`;
  const latest = () => input.files[0] === file && address === `/upload/preview?${new URLSearchParams(settings())}`;
  try {
    const headers = { "Content-Type": "text/csv", "HX-Request": "true", ...csrf };
    const response = await fetch(address, { method: "POST", headers, body: await beginning(file) });
    const html = await response.text();
    if (!latest()) return;
    if (!response.ok) {
      refused(answer, html, response.headers.get("Content-Type"), response.headers.get("HX-Redirect"));
      return;
    }
    part.innerHTML = html;
    part.querySelectorAll("[data-column]").forEach(samples);
    part.querySelectorAll("[data-column]").forEach(require);
    exclude();
    (part.querySelector("[data-column]:invalid") ?? send).focus();
  } catch {
    say("bad", form.dataset.unreachable);
  }
}

// Some values of the column that is chosen.
function samples(select) {
  const rows = [...part.querySelectorAll("tbody:not([data-skipped]) tr")];
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
part.addEventListener("change", (event) => { if (event.target.matches("[data-column]")) exclude(); });
part.addEventListener("input", (event) => { if (event.target.matches("[data-value]")) require(event.target.closest("p").querySelector("select")); });
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (input.files.length > 1) {
    uploadAll([...input.files], policy());
    return;
  }
  const chosen = [...part.querySelectorAll("[data-column]")].filter((select) => !(select.name in values())).map((select) => select.value).filter(Boolean);
  if (new Set(chosen).size < chosen.length) {
    say("bad", form.dataset.sameColumn);
    return;
  }
  upload(input.files[0], query);
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
if (input.files.length > 0) choose();
}
