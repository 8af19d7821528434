// The cells of the table of a review: their values, what is sent to the server and what comes back. The server validates every
// value and returns the rows as they are then; nothing here decides anything. `grid.js` moves and edits the cells by keys.
"use strict";

const cells = (() => {
const grid = document.getElementById("grid");
const banner = document.getElementById("grid-done");
const paste = document.getElementById("grid-paste");
// From more changed cells on, a paste shows what it would change.
const FEW_CELLS = 5;

// Saves one after the other: each one needs the tags that the one before has returned.
let saving = Promise.resolve();
let pending = 0;
// The number of saves of a cell that are on their way.
const waiting = new Map();
// The tags that rows have got by saves of this page, by their tags before. What somebody else does to a row renews no tag, so
// that the next save of the row is refused.
const renewed = new Map();
// The actions of this page, to undo the last one first.
const done = [];

function rows() {
  return [...grid.tBodies[0].querySelectorAll("tr[data-row]")];
}

function stopOf(cell) {
  return cell.querySelector("input[type=checkbox], a") ?? cell;
}

function cellOf(element) {
  return element.closest("#grid tbody tr[data-row] > *");
}

function isEditable(cell) {
  return "edits" in grid.dataset && "name" in cell.dataset && !cell.hasAttribute("aria-readonly");
}

function valueOf(cell) {
  return cell.querySelector(".value").textContent;
}

// Tells the script of keys what has happened to a row or a cell.
function tell(what, element) {
  element.dispatchEvent(new CustomEvent(`grid:${what}`, { bubbles: true }));
}

// Saving.

function requestOf(changes) {
  const byRow = new Map();
  for (const { cell, value, tag } of changes) {
    const row = cell.parentElement;
    if (!byRow.has(row)) byRow.set(row, { row: Number(row.dataset.row), tag: latest(row.id, tag), values: {} });
    byRow.get(row).values[cell.dataset.name] = value;
  }
  return [...byRow.values()];
}

function latest(row, tag) {
  let last = tag;
  while (renewed.has(`${row} ${last}`)) last = renewed.get(`${row} ${last}`);
  return last;
}

function renew(row, tag) {
  if (row.dataset.tag !== tag) renewed.set(`${row.id} ${row.dataset.tag}`, tag);
  renewed.delete(`${row.id} ${tag}`);
}

async function send(path, content) {
  const csrf = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}");
  const answer = await fetch(`${grid.dataset.address}/${path}${location.search}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "HX-Request": "true", "HX-Current-URL": location.href, ...csrf },
    body: JSON.stringify(content),
  });
  const redirect = answer.headers.get("HX-Redirect");
  if (redirect) location.href = redirect;
  const holder = document.createElement("template");
  holder.innerHTML = await answer.text();
  if (!answer.ok || redirect) throw new Refused(holder.content);
  return holder.content;
}

// The server has answered with a problem.
class Refused extends Error {
  constructor(part) {
    super("refused");
    this.part = part;
  }
}

// Saves the values that differ, one request after the other. Until then the cells show them as on their way.
function save(changes) {
  const differing = changes.filter(({ cell, value }) => value !== valueOf(cell)).map(seen);
  if (differing.length === 0) return;
  for (const { cell, value } of differing) {
    cell.dataset.saved ??= valueOf(cell);
    cell.querySelector(".value").textContent = value;
    cell.classList.remove("lost");
    cell.classList.add("saving");
  }
  enqueue(() => send("edit", { rows: requestOf(differing) }), differing);
}

// Adds the tag of the row as the person sees it.
function seen(change) {
  return { ...change, tag: change.cell.parentElement.dataset.tag };
}

function enqueue(request, changes) {
  const count = (by) => changes.forEach(({ cell }) => waiting.set(cell, (waiting.get(cell) ?? 0) + by));
  pending += 1;
  count(1);
  const sent = saving.then(request).finally(() => count(-1));
  saving = sent.then((part) => apply(part, changes)).catch((error) => lose(error, changes)).finally(() => { pending -= 1; });
}

// Nothing was saved: the cells are marked, and have what was typed when they are edited again.
function lose(error, changes) {
  const notices = document.getElementById("notices");
  if (error instanceof Refused) notices.replaceChildren(error.part);
  else notices.textContent = grid.dataset.lost;
  for (const { cell } of changes) {
    if (!cell.isConnected) continue;
    const shown = cell.querySelector(".value");
    cell.dataset.typed = shown.textContent;
    shown.textContent = cell.dataset.saved;
    delete cell.dataset.saved;
    cell.classList.replace("saving", "lost");
  }
  if (changes.length === 1) tell("lost", changes[0].cell);
}

// The rows after an action that has sent these changes.
function apply(part, changes) {
  if (part.querySelector("[data-paste]")) return showPaste(part);
  document.getElementById("notices").replaceChildren();
  document.getElementById("head").replaceWith(part.getElementById("head"));
  const fresh = [...part.querySelectorAll("tr[data-row]")];
  const message = part.querySelector("[data-message]");
  const isFailure = "failed" in message.dataset;
  const own = new Set(changes.map(({ cell }) => cell));
  fresh.forEach((row) => update(row, own, isFailure));
  if (isFailure) keepTyped(changes);
  const { action } = message.dataset;
  if (action) done.push({ action: Number(action), rows: fresh.map((row) => Number(row.dataset.row)) });
  say(message.textContent, isFailure);
}

function say(words, isFailure) {
  banner.hidden = false;
  banner.classList.toggle("warn", isFailure);
  banner.classList.toggle("good", !isFailure);
  banner.querySelector("p").textContent = words;
  banner.querySelector("button").hidden = done.length === 0;
  announce(words);
}

// What was refused is there again when the cell is edited by a key, and leaving the page asks.
function keepTyped(changes) {
  for (const { cell, value } of changes) {
    if (!cell.isConnected || value === valueOf(cell)) continue;
    cell.dataset.typed = value;
    cell.classList.add("lost");
  }
}

const COPIED = ["class", "title", "aria-invalid", "aria-describedby", "aria-readonly"];

// Replaces the cells of a row, except the checkbox, what is being typed, what is still on its way and what another request has
// lost.
function update(fresh, own, isFailure) {
  const row = document.getElementById(fresh.id);
  if (!row) return;
  const at = document.activeElement.matches("a, button") && cellOf(document.activeElement);
  if (!isFailure) renew(row, fresh.dataset.tag);
  row.dataset.tag = fresh.dataset.tag;
  row.className = fresh.className;
  [...row.cells].forEach((cell, index) => {
    const now = fresh.cells[index];
    const isLost = cell.classList.contains("lost") && !own.has(cell);
    if (!now || index === 0 || isLost || waiting.get(cell) > 0) return;
    for (const name of COPIED) {
      if (now.hasAttribute(name)) cell.setAttribute(name, now.getAttribute(name));
      else cell.removeAttribute(name);
    }
    delete cell.dataset.saved;
    delete cell.dataset.typed;
    cell.replaceChildren(...now.childNodes, ...cell.querySelectorAll(":scope > .editor"));
  });
  tell("updated", row);
  if (at?.parentElement === row) stopOf(at).focus({ preventScroll: true });
}

// Undo.

function undo() {
  if (pending > 0) return saving.then(undo);
  const last = done.pop();
  if (!last) return null;
  return enqueue(() => send("undo", last), []);
}

// Pasting.

// Returns the cells of a copied table: tabs between cells, and quotes around a cell with a line end, as spreadsheets copy them.
function parse(text) {
  const lines = [[]];
  let rest = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
  for (;;) {
    const quoted = /^"((?:[^"]|"")*)"(?=[\t\n]|$)/.exec(rest);
    const cell = quoted ? quoted[1].replaceAll('""', '"') : /^[^\t\n]*/.exec(rest)[0];
    lines.at(-1).push(cell);
    rest = rest.slice(quoted ? quoted[0].length : cell.length);
    if (rest === "") return lines;
    if (rest[0] === "\n") lines.push([]);
    rest = rest.slice(1);
  }
}

// What is pasted, until it is applied.
let pasted = null;

function fill(start, lines) {
  const below = rows().slice(rows().indexOf(start.parentElement));
  const changes = [];
  let leftColumns = 0;
  lines.slice(0, below.length).forEach((line, down) => line.forEach((value, right) => {
    const cell = below[down].cells[start.cellIndex + right];
    if (!cell || !isEditable(cell)) leftColumns = Math.max(leftColumns, line.length - right);
    else if (value !== valueOf(cell)) changes.push({ cell, value });
  }));
  const left = lines.slice(below.length);
  if (changes.length === 0 && left.length === 0 && leftColumns === 0) return say(grid.dataset.unchanged, false);
  if (changes.length <= FEW_CELLS && left.length === 0 && leftColumns === 0) return save(changes);
  pasted = { changes, left };
  const notPasted = { left_lines: left.length, left_columns: leftColumns };
  return enqueue(() => send("preview", { rows: requestOf(changes.map(seen)), ...notPasted }), []);
}

function showPaste(part) {
  paste.querySelector("[data-content]").replaceChildren(part);
  const left = paste.querySelector("[data-left]");
  if (left) left.value = pasted.left.map((line) => line.join("\t")).join("\n");
  paste.querySelector("[data-apply]").hidden = paste.querySelector("[data-paste]").dataset.rows === "0";
  paste.showModal();
}

paste.querySelector("[data-apply]").addEventListener("click", () => {
  const { changes } = pasted;
  paste.close();
  save(changes);
});
paste.querySelector("[data-close]").addEventListener("click", () => paste.close());
paste.addEventListener("close", () => {
  pasted = null;
  paste.querySelector("[data-content]").replaceChildren();
  tell("closed", grid);
});

return {
  rows, stopOf, cellOf, isEditable, valueOf, save, undo, fill, parse,
  isSaving: () => pending > 0,
  canUndo: () => done.length > 0,
};
})();
