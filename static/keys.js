// What keys do. A link with data-go answers to `g` and its key; in the case that one is at, and in the page, what has
// data-key or data-page-key is pressed by that key. Nothing here decides anything: it presses what is there, and goes
// on to the next case when one is decided.
"use strict";

const dialog = document.getElementById("help");
const decided = [];
let going = false;
let typed = false;
const busy = new Set();

function isTyping(element) {
  return element.matches("input:not([type=checkbox]):not([type=radio]), select, textarea");
}

function press(selector, within = document) {
  const found = within.querySelector(selector);
  if (found && !found.disabled) found.click();
  return Boolean(found);
}

function showHelp() {
  if (!dialog.open) dialog.showModal();
}

// Cases: the one that one is at, and the way to others.

function here() {
  return document.activeElement.closest(".case") || document.querySelector(".case.here") ||
    document.querySelector(".case.open");
}

function mark(chosen) {
  document.querySelectorAll(".case.here").forEach((other) => other.classList.toggle("here", other === chosen));
  if (chosen) chosen.classList.add("here");
}

function goTo(chosen, wantsInput) {
  mark(chosen);
  const input = wantsInput && (chosen.querySelector("[data-first]") || chosen.querySelector("td input, label input"));
  (input || chosen).focus({ preventScroll: true });
  if (input) input.select();
  chosen.scrollIntoView({ block: "nearest" });
  // More cases are fetched before one has come to the end of those that are there.
  const more = document.querySelector("[data-more]");
  const all = document.querySelectorAll(".case");
  if (more && [...all].indexOf(chosen) > all.length - 6) window.htmx.trigger(more, "near");
}

function step(by) {
  const all = [...document.querySelectorAll(".case")];
  const at = all.findIndex((one) => one === (document.activeElement.closest(".case") || document.querySelector(".case.here")));
  const next = all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)];
  if (next) goTo(next);
  return Boolean(next) || stepInList(by);
}

// To the radio buttons of a case: each time to those of the next field.
function choose(at) {
  const radios = [...at.querySelectorAll(".choice input")];
  const names = [...new Set(radios.map((radio) => radio.name))];
  const next = names[(names.indexOf(document.activeElement.name) + 1) % names.length];
  const group = radios.filter((radio) => radio.name === next);
  const radio = group.find((one) => one.checked) || group[0];
  if (radio) radio.focus();
  return Boolean(radio);
}

// To the note of a case.
function writeNote(at) {
  const note = at.querySelector(".noting");
  if (!note) return false;
  const resolved = note.closest(".resolved");
  if (resolved) resolved.open = true;
  note.open = true;
  note.querySelector("textarea").focus();
  return true;
}

// In a list, from one entry's link to the next.
function stepInList(by) {
  const links = [...document.querySelectorAll("table.list tbody th a")];
  const at = links.indexOf(document.activeElement);
  const next = links[at < 0 ? 0 : Math.min(Math.max(at + by, 0), links.length - 1)];
  if (next) next.focus();
  return Boolean(next);
}

function goOn(from) {
  const all = [...document.querySelectorAll(".case")];
  const next = all.slice(all.indexOf(from) + 1).find((one) => one.matches(".open")) ||
    all.find((one) => one.matches(".open"));
  // Not into an input: the next key would be typed there, although nobody has asked to type.
  if (next) goTo(next);
  else (document.querySelector("#head [data-page-key=n]") || from).focus();
}

function undoLast() {
  while (decided.length > 0) {
    const last = document.getElementById(decided.pop());
    if (last && press("[data-undo]", last)) return true;
  }
  return press("main .notice [data-undo]") || press("[data-undo-last]");
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-help]")) {
    event.preventDefault();
    showHelp();
  }
});

document.addEventListener("focusin", (event) => {
  const chosen = event.target.closest(".case");
  if (chosen) mark(chosen);
});

// What is pressed while a case is under way would meet another than the one that is seen.
document.addEventListener("htmx:beforeSend", (event) => {
  if (event.target.closest(".case")) busy.add(event.target);
});
document.addEventListener("htmx:afterRequest", (event) => {
  setTimeout(() => busy.delete(event.detail.requestConfig.elt));
});

document.addEventListener("htmx:beforeRequest", () => {
  const form = document.activeElement.form;
  typed = Boolean(form && form.id.startsWith("edit-"));
  document.getElementById("notices").replaceChildren();
});

// Says a message to people who do not see the page. Screen readers announce what changes in an element that stays.
function announce(words) {
  const said = document.getElementById("said");
  said.textContent = "";
  setTimeout(() => { said.textContent = words; }, 50);
}

document.addEventListener("htmx:afterSettle", (event) => {
  const fresh = event.target;
  if (!fresh.matches(".case") || event.detail.requestConfig.elt.matches("[data-more]")) return;
  const isDecided = fresh.matches(".decided");
  if (isDecided) decided.push(fresh.id);
  // Once all parts of the answer are in their places.
  setTimeout(() => {
    showKind();
    const outcome = fresh.querySelector(".notice") || fresh.querySelector(".decision");
    const progress = document.querySelector("#head .progress p");
    announce([outcome, progress].map((one) => one?.innerText ?? "").join(". "));
    if (isDecided && !fresh.querySelector(".notice")) goOn(fresh);
    else goTo(fresh, Boolean(fresh.querySelector("[data-cancel]")) || typed);
  });
});

function leave(input) {
  const at = input.closest(".case");
  if (at && !press("[data-cancel]", at)) goTo(at);
  else if (!at) input.blur();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || dialog.open) return;
  if (isTyping(event.target)) {
    // What is typed into a case that is being saved would be lost with its input.
    const isSent = busy.size > 0 && event.target.closest(".case");
    if (isSent && event.key !== "Tab") event.preventDefault();
    if (event.key === "Escape") leave(event.target);
    return;
  }
  if (busy.size > 0) {
    event.preventDefault();
    return;
  }
  const key = CSS.escape(event.key);
  const at = here();
  const wasGoing = going;
  going = false;
  let done = true;
  if (wasGoing && press(`[data-go="${key}"]`)) done = true;
  else if (event.key === "g") going = true;
  else if (event.key === "?") showHelp();
  else if (event.key === "/") document.querySelector("[data-search]")?.select();
  else if (event.key === "j" || event.key === "k") done = step(event.key === "j" ? 1 : -1);
  else if (event.key === "u") done = undoLast();
  else if (event.key === "Escape") done = Boolean(at && press("[data-cancel]", at));
  else if (event.key === "E") done = Boolean(at && press("[data-key=e]", at));
  else if (at && event.key === "c" && choose(at)) done = true;
  else if (at && event.key === "w" && writeNote(at)) done = true;
  else if (at && event.key === "e" && at.querySelector("[data-first]")) goTo(at, true);
  else done = Boolean(at && press(`[data-key="${key}"]`, at)) || press(`[data-page-key="${key}"]`);
  if (done) event.preventDefault();
});

// On a narrow screen the kinds do not all fit.
function showKind() {
  document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
}

// A message that came with the page is no change, so it is said once the page is there.
const message = document.querySelector("main .notice[role=status] p");
if (message) announce(message.innerText);

showKind();
mark(document.querySelector(".case.open"));
