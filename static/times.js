// Times in the time zone of the browser, in the language of the page, in place of the server's in UTC: the title of each
// time, and its text where that is a date or exact. How long ago something was is the same everywhere.
"use strict";

const language = document.documentElement.lang;
// Of the viewer's locales, the one that has the language of the page: en-GB writes dates in another way than en-US.
const locale = navigator.languages.find((one) => one.split("-")[0] === language) ?? language;
const exact = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "long" });
const date = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });

function localize(time) {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.valueOf())) return;
  time.title = exact.format(at);
  if (time.dataset.time === "date") time.textContent = date.format(at);
  if (time.dataset.time === "exact") time.textContent = exact.format(at);
}

function localizeAll(node) {
  if (node.nodeType === Node.ELEMENT_NODE) node.querySelectorAll("time[data-time]").forEach(localize);
}

localizeAll(document.body);
// What comes into the page later: further rows, and states of jobs as they change.
new MutationObserver((changes) => changes.forEach((change) => change.addedNodes.forEach(localizeAll)))
  .observe(document.body, { childList: true, subtree: true });
