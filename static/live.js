// Progress as it comes: an element with data-live names a stream of server-sent events. `part` holds the new
// state of an element of the page, which is known by its id; `end` says that nothing runs any more.
"use strict";

// How long a page waits for a navigation that may end in another page, or in a download.
const PATIENCE = 30000;
let leaving = 0;

// A reload would cancel the navigation that a person has just started.
function reload() {
  const wait = leaving + PATIENCE - Date.now();
  if (wait > 0) setTimeout(reload, wait);
  else window.location.reload();
}

function listen(element) {
  const stream = new EventSource(element.dataset.live);
  stream.addEventListener("part", (event) => {
    const holder = document.createElement("template");
    holder.innerHTML = event.data;
    const fresh = holder.content.firstElementChild;
    const old = fresh && document.getElementById(fresh.id);
    if (!old) return;
    const link = old.contains(document.activeElement) && document.activeElement.getAttribute("href");
    old.replaceWith(fresh);
    // Whoever is at a link of it stays there.
    if (link) fresh.querySelector(`a[href="${CSS.escape(link)}"]`)?.focus();
  });
  stream.addEventListener("end", () => {
    stream.close();
    if (element.dataset.liveEnd === "reload") reload();
  });
}

window.addEventListener("beforeunload", () => { leaving = Date.now(); });
document.querySelectorAll("[data-live]").forEach(listen);
