// The check of a file before its import: what the server would find, for the columns and settings that are chosen.
"use strict";

const checking = (() => {
const { csrf, refused, notice } = sending;
const form = document.getElementById("upload");
const part = document.getElementById("check");
// What the part is about, and whether the import would be refused.
let shown;
let isRefused = false;

// Forgets the result, since the file or how it is read has changed.
function forget() {
  shown = undefined;
  isRefused = false;
  part.replaceChildren();
}

// Checks a file, or its beginning, as `query` would import it. Does nothing if that is shown.
async function check(query, content) {
  const asked = String(query);
  if (asked === shown) return;
  forget();
  shown = asked;
  part.setAttribute("aria-busy", "true");
  part.replaceChildren(notice("", form.dataset.checking));
  try {
    const headers = { "Content-Type": "text/csv", "HX-Request": "true", ...csrf };
    const response = await fetch(`/upload/check?${query}`, { method: "POST", headers, body: await content });
    const html = await response.text();
    if (shown !== asked) return;
    if (response.ok) part.innerHTML = html;
    else refused(part, html, response.headers.get("Content-Type"), response.headers.get("HX-Redirect"));
    isRefused = response.status === 422;
    if (!response.ok && !isRefused) shown = undefined;
  } catch {
    if (shown !== asked) return;
    shown = undefined;
    part.replaceChildren(notice("warn", form.dataset.uncheckable));
  }
  part.removeAttribute("aria-busy");
  steps.refresh();
}

// Returns a copy of the counts, for the last step.
const summary = () => part.querySelector("[data-summary]")?.cloneNode(true);

return { check, forget, summary, isRefused: () => isRefused };
})();
