// Destinations: what is wrong is marked in the form without losing what was typed, dead letters are chosen, lanes keep themselves fresh.
(() => {
  "use strict";

  // A part that asks for itself again waits while somebody has a menu of it open or nobody looks.
  addEventListener("htmx:beforeRequest", event => {
    const part = event.detail.elt;
    if (part.hasAttribute?.("data-poll") && (document.hidden || part.querySelector("details[open]"))) event.preventDefault();
  });

  // ---------- the form ----------
  const form = () => document.getElementById("destination");

  function clear() {
    for (const field of form().querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    for (const hint of form().querySelectorAll(".hint.bad")) hint.hidden = true;
  }

  function point(problem) {
    const name = problem.dataset.field;
    const hint = name && document.getElementById("p-" + name), field = name && document.getElementById("f-" + name);
    if (!field) return;
    if (hint) { hint.textContent = problem.dataset.message; hint.hidden = false; }
    field.closest("details")?.setAttribute("open", "");
    field.setAttribute("aria-invalid", "true");
    field.focus();
  }

  addEventListener("htmx:afterSwap", event => {
    if (event.detail.target?.id !== "form-answer" || !form()) return;
    clear();
    const problem = event.detail.target.querySelector("[data-message]");
    if (problem) point(problem);
  });

  // No answer of ours: signed out meanwhile, the server gone. What was typed is still there.
  function failed(event) {
    const part = event.detail.target;
    if (part?.id !== "form-answer") return;
    const note = document.createElement("p");
    note.className = "said is-bad";
    note.textContent = form().dataset.failed;
    part.replaceChildren(note);
  }
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) addEventListener(name, failed);

  // ---------- dead letters ----------
  function count(letters) {
    const boxes = [...letters.querySelectorAll("tbody input[type=checkbox]")], chosen = boxes.filter(box => box.checked).length;
    for (const button of letters.querySelectorAll("[data-chosen]")) button.disabled = chosen === 0;
    const all = letters.querySelector("[data-choose-all]");
    if (!all) return;
    all.hidden = boxes.length === 0;
    const box = all.querySelector("input");
    box.checked = chosen > 0 && chosen === boxes.length;
    box.indeterminate = chosen > 0 && chosen < boxes.length;
  }

  addEventListener("change", event => {
    const letters = event.target.closest?.("form[data-choice]");
    if (!letters) return;
    if (event.target.closest("[data-choose-all]")) for (const box of letters.querySelectorAll("tbody input[type=checkbox]")) box.checked = event.target.checked;
    count(letters);
  });
  addEventListener("htmx:afterSettle", () => { for (const letters of document.querySelectorAll("form[data-choice]")) count(letters); });
  for (const letters of document.querySelectorAll("form[data-choice]")) count(letters);

  // Back to this page by the browser's own button: the boxes are as they were left, and so are the buttons.
  addEventListener("pageshow", () => { for (const letters of document.querySelectorAll("form[data-choice]")) count(letters); });
})();
