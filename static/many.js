// Selects cases or rows for a decision about many of them: their checkboxes, a range of them by Shift, all that are shown, and all
// that match. Nothing here decides anything.
"use strict";

{
const many = document.getElementById("many");
// Selects all that are shown: a checkbox of the table, or a button.
const shown = document.querySelector("[data-select-shown]");
const matching = document.querySelector("[data-select-all]");
const OF_ONE = "input[type=checkbox][form=bulk]";
// The last checkbox that was changed: the start of a range.
let anchor = null;

function boxes() {
  return [...document.querySelectorAll(OF_ONE)];
}

function scope(value) {
  const radio = many.querySelector(`input[name=scope][value=${value}]`);
  radio.checked = true;
  return radio;
}

function countSelected() {
  const all = boxes();
  const selected = all.filter((box) => box.checked);
  for (const box of all) box.closest("tr[data-row]")?.setAttribute("aria-selected", String(box.checked));
  many.classList.toggle("some", selected.length > 0);
  many.querySelector("[data-selected]").textContent = selected.length;
  const isAll = selected.length > 0 && selected.length === all.length;
  if (shown?.matches("input")) {
    shown.checked = isAll;
    shown.indeterminate = selected.length > 0 && !isAll;
  }
  if (matching) matching.hidden = !isAll;
}

// What is ticked is what is meant, until somebody chooses all that match.
function changed() {
  scope(boxes().some((box) => box.checked) ? "selected" : "all");
  countSelected();
}

function tick(chosen, isTicked) {
  for (const box of chosen) box.checked = isTicked;
  changed();
}

function tickRange(box) {
  const all = boxes();
  const [from, to] = [all.indexOf(anchor), all.indexOf(box)].sort((one, other) => one - other);
  if (anchor?.isConnected && from >= 0) tick(all.slice(from, to + 1), box.checked);
}

document.addEventListener("click", (event) => {
  if (!many) return;
  const { target } = event;
  if (target.matches(OF_ONE)) {
    if (event.shiftKey) tickRange(target);
    anchor = target;
  } else if (target === shown) {
    tick(boxes(), target.matches("input") ? target.checked : true);
  } else if (target === matching) {
    many.open = true;
    scope("all").focus();
  }
});

document.addEventListener("change", (event) => {
  if (many && event.target.matches(OF_ONE)) changed();
});

if (many) {
  many.addEventListener("toggle", () => {
    if (!many.open) return;
    if (!boxes().some((box) => box.checked)) scope("all");
    many.querySelector("input[name=scope]:checked").focus();
  });
  // Cases and rows come and go.
  document.addEventListener("htmx:afterSettle", countSelected);
  document.addEventListener("grid:updated", countSelected);
  // A page that is come back to keeps what was ticked.
  countSelected();
}
}
