// Progress as it comes: an element with data-live names a stream of server-sent events. `part` holds the new
// state of an element of the page, which is known by its id; `end` says that nothing runs any more.
"use strict";

function listen(element) {
  const stream = new EventSource(element.dataset.live);
  stream.addEventListener("part", (event) => {
    const holder = document.createElement("template");
    holder.innerHTML = event.data;
    const fresh = holder.content.firstElementChild;
    const old = fresh && document.getElementById(fresh.id);
    if (!old || old.contains(document.activeElement) && old.textContent === fresh.textContent) return;
    old.replaceWith(fresh);
    if (window.htmx) window.htmx.process(fresh);
  });
  stream.addEventListener("end", () => {
    stream.close();
    if (element.dataset.liveEnd === "reload") window.location.reload();
  });
}

document.querySelectorAll("[data-live]").forEach(listen);
