// What is typed and not saved yet is not lost: it stays when a case is shown again with more inputs, and leaving the page asks.
// This is about the forms of cases, and those with data-edits.
"use strict";

let sent = null;

function isEdited(input) {
  const of = input.form;
  return of && of !== sent && (of.id.startsWith("edit-") || "edits" in of.dataset) && input.value !== input.defaultValue;
}

function edited(within) {
  return [...within.querySelectorAll("input:not([type=hidden]), textarea")].filter(isEdited);
}

// A form that is sent takes its own edits along. If it is sent by a script, the page stays.
document.addEventListener("submit", (event) => {
  setTimeout(() => { if (!event.defaultPrevented) sent = event.target; });
});

window.addEventListener("beforeunload", (event) => {
  if (edited(document).length > 0) event.preventDefault();
});

// The case with inputs for all values has those of the one before too.
let kept = [];
document.addEventListener("htmx:beforeSwap", (event) => {
  const isRead = event.detail.requestConfig.verb === "get";
  const isEditing = new URL(event.detail.requestConfig.path, location.href).searchParams.has("edit");
  const old = event.detail.target;
  kept = isRead && isEditing && old.matches(".case") ? edited(old).map((one) => [one.form.id, one.name, one.value]) : [];
});
document.addEventListener("htmx:afterSettle", () => {
  for (const [form, name, value] of kept) {
    const input = document.getElementById(form)?.elements.namedItem(name);
    if (input) input.value = value;
  }
  kept = [];
});
