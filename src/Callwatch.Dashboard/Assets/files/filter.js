// The filter bar: suggestions for the word being typed, and one tidy address on sending.
(() => {
  "use strict";
  const form = document.getElementById("filter");
  const field = document.getElementById("q");
  const list = document.getElementById("complete");
  if (!form || !field || !list) return;

  let timer = 0, asked = 0;
  const options = () => [...list.querySelectorAll("[role=option]")];
  const chosen = () => list.querySelector("[aria-selected=true]");
  // The word before the caret; a blank inside quotes does not end it.
  const word = () => field.value.slice(0, field.selectionStart).match(/(?:[^\s"]|"(?:[^"\\]|\\.)*"?)*$/)[0];

  function close() {
    clearTimeout(timer);
    asked++;
    list.hidden = true;
    list.replaceChildren();
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }

  function choose(option) {
    chosen()?.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    if (option) { field.setAttribute("aria-activedescendant", option.id); option.scrollIntoView({ block: "nearest" }); }
    else field.removeAttribute("aria-activedescendant");
  }

  async function suggest() {
    const mine = ++asked;
    const address = new URL(field.dataset.complete, location.href);
    address.searchParams.set("text", word());
    let html = "";
    try {
      const answer = await fetch(address, { headers: { "HX-Target": "complete" } });
      if (answer.ok) html = await answer.text();
    } catch { /* No suggestions then; the filter can still be typed. */ }
    if (mine !== asked || document.activeElement !== field) return;
    // From our own server, encoded there; as a fragment of its own it runs no script.
    list.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
    list.hidden = options().length === 0;
    field.setAttribute("aria-expanded", String(!list.hidden));
  }

  function take(option) {
    const text = option.dataset.insert, caret = field.selectionStart, start = caret - word().length;
    const space = /[:<>=.]$/.test(text) ? "" : " ";
    field.value = field.value.slice(0, start) + text + space + field.value.slice(caret).trimStart();
    field.selectionStart = field.selectionEnd = start + text.length + space.length;
    field.focus();
    if (space) close(); else suggest();
  }

  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(suggest, 120); });
  field.addEventListener("focus", () => { if (field.value === "" || !/\s$/.test(field.value)) timer = setTimeout(suggest, 120); });
  field.addEventListener("blur", () => setTimeout(close, 150));
  list.addEventListener("mousedown", event => {
    const option = event.target.closest("[role=option]");
    if (option) { event.preventDefault(); take(option); }
  });

  field.addEventListener("keydown", event => {
    const all = options();
    if (event.key === "Escape") { if (list.hidden) field.blur(); else close(); event.stopPropagation(); return; }
    if (event.key === "Backspace" && field.value === "") { form.querySelector(".chip:last-of-type .drop")?.click(); return; }
    if (list.hidden || all.length === 0) return;
    const at = all.indexOf(chosen());
    if (event.key === "ArrowDown") { event.preventDefault(); choose(all[(at + 1) % all.length]); }
    if (event.key === "ArrowUp") { event.preventDefault(); choose(all[(at + all.length) % all.length] ?? all.at(-1)); }
    if (event.key === "Tab" && !event.shiftKey) { event.preventDefault(); take(chosen() ?? all[0]); }
    if (event.key === "Enter" && chosen()) { event.preventDefault(); take(chosen()); }
  });

  form.addEventListener("submit", event => {
    event.preventDefault();
    const data = new FormData(form), address = new URL(form.action);
    const filter = data.getAll("q").map(part => part.trim()).filter(Boolean).join(" ");
    data.delete("q");
    for (const [name, value] of data) address.searchParams.append(name, value);
    if (filter) address.searchParams.set("q", filter);
    location.assign(address);
  });
})();
