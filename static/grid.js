// The table of a review as an editable grid: one cell has the focus, keys move it, and what is typed is saved when the cell is
// left. `cells.js` sends and shows the values.
"use strict";

{
const { rows, stopOf, cellOf, isEditable, valueOf, save } = cells;
const grid = document.getElementById("grid");
const body = grid.tBodies[0];
// How far the keys of a page move, in rows.
const PAGE_ROWS = 20;

// The cell that has the focus when the grid has it.
let current = null;
// The cell that is edited: its input, and whether arrow keys leave it, since it was begun by typing.
let editor = null;

// Cells: each has the focus itself, or its checkbox or first link has it.

function prepare(row) {
  for (const cell of row.cells) {
    for (const stop of cell.querySelectorAll("input[type=checkbox], a, button")) stop.tabIndex = -1;
    stopOf(cell).tabIndex = -1;
  }
}

function setCurrent(cell) {
  if (current?.isConnected) stopOf(current).tabIndex = -1;
  current = cell;
  stopOf(cell).tabIndex = 0;
}

function goTo(cell) {
  setCurrent(cell);
  stopOf(cell).focus({ preventScroll: true });
  cell.scrollIntoView({ block: "nearest", inline: "nearest" });
}

// Returns the cell that is so many rows below and columns to the right, or as far as there are cells.
function cellAt(cell, down, right) {
  const all = rows();
  const limit = (at, length) => Math.min(Math.max(at, 0), length - 1);
  const row = all[limit(all.indexOf(cell.parentElement) + down, all.length)];
  return row.cells[limit(cell.cellIndex + right, row.cells.length)];
}

// The next editable cell in the order of reading, for Tab; nothing at the end.
function nextEditable(cell, by) {
  const all = rows().flatMap((row) => [...row.cells]).filter(isEditable);
  return all[all.indexOf(cell) + by];
}

// Editing.

function edit(cell, text) {
  if (!isEditable(cell)) return;
  const value = valueOf(cell);
  const input = document.createElement(/[\r\n]/.test(value) ? "textarea" : "input");
  input.className = "editor";
  input.value = text ?? value;
  input.dir = "auto";
  input.autocomplete = "off";
  input.setAttribute("aria-labelledby", `${headOf(cell).id} ${cell.parentElement.querySelector("th").id}`);
  if (cell.hasAttribute("aria-describedby")) {
    input.setAttribute("aria-describedby", cell.getAttribute("aria-describedby"));
    input.setAttribute("aria-invalid", "true");
  }
  setCurrent(cell);
  cell.append(input);
  editor = { cell, input, arrowsLeave: text !== undefined };
  input.focus({ preventScroll: true });
  if (text === undefined) input.setSelectionRange(input.value.length, input.value.length);
  cell.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function headOf(cell) {
  return grid.tHead.rows[0].cells[cell.cellIndex];
}

// Ends editing, and saves the value unless it is to be restored.
function finish(isSaved) {
  if (!editor) return;
  const { cell, input } = editor;
  editor = null;
  const value = input.value;
  input.remove();
  cell.classList.remove("lost");
  delete cell.dataset.typed;
  if (isSaved) save([{ cell, value }]);
}

// The clipboard.

grid.addEventListener("paste", (event) => {
  const cell = cellOf(event.target);
  const text = event.clipboardData.getData("text/plain");
  const isOneCell = !/[\t\n\r]/.test(text.replace(/\r?\n$/, ""));
  if (!cell || !isEditable(cell) || text === "" || (editor && isOneCell)) return;
  event.preventDefault();
  finish(false);
  goTo(cell);
  cells.fill(cell, cells.parse(text));
});

grid.addEventListener("copy", (event) => {
  const cell = cellOf(event.target);
  if (!cell || editor || !("name" in cell.dataset) || String(document.getSelection()) !== "") return;
  event.clipboardData.setData("text/plain", valueOf(cell));
  event.preventDefault();
});

// Keys.

const STEPS = {
  ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
  PageUp: [-PAGE_ROWS, 0], PageDown: [PAGE_ROWS, 0], Home: [0, -Infinity], End: [0, Infinity],
};

// The arrow keys that leave a cell: all of them if it is typed anew, else those that do not move in a text.
const ENDS = ["ArrowUp", "ArrowDown"];
const SIDES = [...ENDS, "ArrowLeft", "ArrowRight"];

function stepOf(event) {
  const step = STEPS[event.key];
  const isCorner = (event.ctrlKey || event.metaKey) && ["Home", "End"].includes(event.key);
  return isCorner ? [step[1], step[1]] : step;
}

// In the links and buttons of a cell, to the next one before the next cell.
function stepInCell(cell, right) {
  const links = [...cell.querySelectorAll("a, button")];
  const next = links[links.indexOf(document.activeElement) + right];
  if (right === 0 || !Number.isFinite(right) || links.length < 2 || !next) return false;
  next.focus();
  return true;
}

function editorKey(event) {
  const { cell, input, arrowsLeave } = editor;
  const isText = input.matches("textarea");
  if (event.key === "Escape") {
    finish(false);
    goTo(cell);
  } else if (event.key === "Enter" && (event.altKey || event.shiftKey) && isText) {
    return false;
  } else if (event.key === "Enter") {
    finish(true);
    goTo(cellAt(cell, event.shiftKey ? -1 : 1, 0));
  } else if (event.key === "Tab") {
    const next = nextEditable(cell, event.shiftKey ? -1 : 1);
    finish(true);
    goTo(next ?? cell);
  } else if (!isText && !event.shiftKey && (arrowsLeave ? SIDES : ENDS).includes(event.key)) {
    finish(true);
    goTo(cellAt(cell, ...STEPS[event.key]));
  } else {
    return false;
  }
  return true;
}

function cellKey(event, cell) {
  const isCommand = event.ctrlKey || event.metaKey;
  if (isCommand && event.key.toLowerCase() === "z" && !event.shiftKey) cells.undo();
  else if (STEPS[event.key] && !event.altKey) {
    const [down, right] = stepOf(event);
    if (!stepInCell(cell, right)) goTo(cellAt(cell, down, right));
  } else if (isCommand || event.altKey) return false;
  else if (event.key === " " && event.shiftKey) cell.parentElement.querySelector("input[name=row]")?.click();
  else if (!isEditable(cell)) return false;
  else if (event.key === "Enter" || event.key === "F2") edit(cell, cell.dataset.typed);
  else if (event.key === "Delete" || event.key === "Backspace") save([{ cell, value: "" }]);
  // The key itself is typed into the input, which has the focus by then.
  else if (event.key.length === 1 || event.key === "Process") {
    edit(cell, "");
    return false;
  } else return false;
  return true;
}

grid.addEventListener("keydown", (event) => {
  const cell = cellOf(event.target);
  if (!cell || event.isComposing) return;
  // No key of a cell that is typed into is a key of the page.
  if (editor || isEditable(cell)) event.stopPropagation();
  if (editor ? editorKey(event) : cellKey(event, cell)) event.preventDefault();
});

// The mouse.

grid.addEventListener("click", (event) => {
  const cell = cellOf(event.target);
  const use = event.target.closest("[data-use]");
  if (use) return save([{ cell: cell.parentElement.querySelector("[data-name=email]"), value: use.dataset.use }]);
  if (!cell || event.target.closest("a, input, .editor")) return null;
  if (cell.cellIndex === 0) return cell.querySelector("input[name=row]")?.click();
  if (isEditable(cell)) return edit(cell);
  return goTo(cell);
});

grid.addEventListener("focusin", (event) => {
  const cell = cellOf(event.target);
  if (cell && !editor) setCurrent(cell);
});

// A cell that is left by the mouse, or by the window, is saved as well.
grid.addEventListener("focusout", (event) => {
  if (editor && event.target === editor.input) finish(true);
});

document.addEventListener("keydown", (event) => {
  const isUndo = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !event.shiftKey;
  if (!isUndo || event.target.matches("input, textarea, select") || !cells.canUndo()) return;
  event.preventDefault();
  cells.undo();
});

document.querySelector("[data-grid-undo]").addEventListener("click", () => {
  cells.undo();
  if (current?.isConnected) goTo(current);
});

window.addEventListener("beforeunload", (event) => {
  const isTyped = editor && editor.input.value !== valueOf(editor.cell);
  if (isTyped || cells.isSaving() || body.querySelector(".lost")) event.preventDefault();
});

// What has happened to a cell.

grid.addEventListener("grid:updated", (event) => {
  prepare(event.target);
  if (current?.parentElement === event.target) setCurrent(current);
});
grid.addEventListener("grid:lost", (event) => {
  if (!editor) edit(event.target, event.target.dataset.typed);
});
grid.addEventListener("grid:closed", () => {
  if (current?.isConnected) goTo(current);
});

// More rows.
document.addEventListener("htmx:afterSettle", () => {
  rows().filter((row) => row.querySelector("[tabindex]") === null).forEach(prepare);
  if (!current?.isConnected && rows().length > 0) setCurrent(rows()[0].cells[2]);
});

rows().forEach(prepare);
if (rows().length > 0) setCurrent(rows()[0].cells[2]);
}
