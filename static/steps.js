// The steps of an upload: one is in view at a time, and those before which nothing is missing can be reached.
"use strict";

const steps = (() => {
const form = document.getElementById("upload");
const list = document.getElementById("steps");
const back = document.getElementById("back");
const next = document.getElementById("next");
const why = document.getElementById("why");
const buttons = [...list.querySelectorAll("[data-to]")];
const names = buttons.map((button) => button.dataset.to);
let rules;
let at = names[0];
// The last step that has been in view.
let reached = at;

// The steps that the chosen files have.
const path = () => names.filter((name) => rules.applies(name));

// Returns why a step cannot be reached yet, or nothing.
function obstacle(to) {
  const all = path();
  return all.slice(0, all.indexOf(to)).map(rules.blocked).find(Boolean);
}

// Shows the current step, and what can be reached from it.
function refresh() {
  const all = path();
  if (!all.includes(at)) at = all[0];
  if (!all.includes(reached) || all.indexOf(at) > all.indexOf(reached)) reached = at;
  const isBusy = "busy" in form.dataset;
  for (const button of buttons) {
    const name = button.dataset.to;
    button.disabled = isBusy || !all.includes(name) || Boolean(obstacle(name));
    if (name === at) button.setAttribute("aria-current", "step");
    else button.removeAttribute("aria-current");
    const isDone = all.includes(name) && all.indexOf(name) < all.indexOf(reached) && name !== at && !rules.blocked(name);
    button.toggleAttribute("data-done", isDone);
    button.querySelector("[data-word]").hidden = !isDone;
  }
  const reason = rules.blocked(at) ?? "";
  back.hidden = at === all[0];
  next.hidden = at === all.at(-1);
  back.disabled = isBusy;
  next.disabled = isBusy || reason !== "";
  if (why.textContent !== reason) why.textContent = reason;
  form.dataset.at = at;
}

// Goes to a step if it can be reached. A screen reader then reads its heading.
function go(to) {
  if (!path().includes(to) || obstacle(to)) return;
  at = to;
  refresh();
  document.getElementById(`step-${at}`).focus();
  rules.entered(at);
}

// Begins again with another file, which can be dropped while a later step is in view.
function restart() {
  reached = names[0];
  if (at === reached) refresh();
  else go(reached);
}

const move = (by) => {
  const all = path();
  const to = all[all.indexOf(at) + by];
  if (to && (by < 0 || !rules.blocked(at))) go(to);
};

// Begins with the first step. `rules` has three functions of the name of a step: whether the chosen files have it, why it cannot be
// left forwards, and what happens when it comes into view.
function start(of) {
  rules = of;
  list.hidden = false;
  for (const part of form.querySelectorAll("h2[data-of], #check, #policy")) part.hidden = false;
  // The steps say what is missing, also for fields that are not in view.
  form.noValidate = true;
  refresh();
}

buttons.forEach((button) => button.addEventListener("click", () => go(button.dataset.to)));
back.addEventListener("click", () => move(-1));
next.addEventListener("click", () => move(1));
return { start, restart, refresh, go, forward: () => move(1), at: () => at, next };
})();
