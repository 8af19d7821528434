// What keys do. A link with data-go answers to `g` and its key; in a case under review, and anywhere in the page,
// what has data-key or data-page-key is pressed by that key. Nothing here decides anything: it presses what is there.
"use strict";

const dialog = document.getElementById("help");
let going = false;

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

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-help]")) {
    event.preventDefault();
    showHelp();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || dialog.open) return;
  if (isTyping(event.target)) return;
  const key = CSS.escape(event.key);
  const wasGoing = going;
  going = false;
  if (wasGoing && press(`[data-go="${key}"]`)) {
    event.preventDefault();
  } else if (event.key === "g") {
    going = true;
  } else if (event.key === "?") {
    event.preventDefault();
    showHelp();
  } else if (event.key === "/") {
    const search = document.querySelector("[data-search]");
    if (search) {
      event.preventDefault();
      search.select();
    }
  } else if (press(`[data-page-key="${key}"]`)) {
    event.preventDefault();
  }
});
