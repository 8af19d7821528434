// Where the columns of a file go: says which fields still need one, and offers one value for every row only for fields that no
// column goes to.
"use strict";

const matching = (() => {
const selects = (root) => [...root.querySelectorAll("[data-column]")];
const lines = (root) => [...root.querySelectorAll("[data-field]")];
const values = (root) => [...root.querySelectorAll("[data-value]")];
const name = (line) => line.querySelector("[data-name]").textContent;
const typed = (line) => line.querySelector("[data-value]")?.value.trim() ?? "";

// Returns the columns that go to each field, by their positions.
function columns(root) {
  const all = {};
  for (const select of selects(root)) {
    const fields = select.selectedOptions[0].dataset.fields?.split(" ") ?? [];
    fields.forEach((field) => { (all[field] ??= []).push(select.dataset.column); });
  }
  return all;
}

// Returns the names of the required fields that have neither a column nor a value.
function missing(root) {
  const given = columns(root);
  const isMissing = (line) => "required" in line.dataset && !(line.dataset.field in given) && typed(line) === ""
    && !line.querySelector("[data-empty]")?.checked;
  return lines(root).filter(isMissing).map(name);
}

// Returns the names of the fields that have several columns.
function doubled(root) {
  const given = columns(root);
  return lines(root).filter((line) => given[line.dataset.field]?.length > 1).map(name);
}

// Returns the values for every row, of the fields that have no column.
function fixed(root) {
  const given = columns(root);
  const without = lines(root).filter((line) => !(line.dataset.field in given) && typed(line) !== "");
  return Object.fromEntries(without.map((line) => [line.dataset.field, typed(line)]));
}

// Returns the columns that are not imported.
const excluded = (root) => selects(root).filter((select) => select.value === "exclude").map((select) => Number(select.dataset.column));

// Returns whether a person has changed what the server has shown.
function isChanged(root) {
  const isMoved = (option) => option.defaultSelected !== option.selected;
  return selects(root).some((select) => [...select.options].some(isMoved)) || values(root).some((input) => input.value.trim() !== input.dataset.saved);
}

function refresh(root) {
  const given = columns(root);
  lines(root).forEach((line) => { line.hidden = line.dataset.field in given; });
  root.querySelector("[data-without]").hidden = lines(root).every((line) => line.hidden);
  const names = missing(root);
  root.querySelector("[data-incomplete]").hidden = names.length === 0;
  root.querySelector("[data-missing]").textContent = names.join(", ");
}

["input", "change"].forEach((kind) => document.addEventListener(kind, (event) => {
  const root = event.target.closest("[data-matching]");
  if (root) refresh(root);
}));
document.querySelectorAll("[data-matching]").forEach(refresh);
return { columns, missing, doubled, fixed, excluded, isChanged, refresh };
})();
