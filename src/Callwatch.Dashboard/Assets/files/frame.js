// Theme, menus, keys, copying. Each page works without it; what needs it is hidden until it runs.
(() => {
  "use strict";
  const root = document.documentElement;
  const typing = element => element.matches("input, textarea, select, [contenteditable]");

  for (const hidden of document.querySelectorAll("#live, [data-action=keys]")) hidden.hidden = false;

  // The zone of this very machine, at the top of those to choose from.
  const zones = document.getElementById("zone"), own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zones && own && own !== "UTC") {
    const here = [...zones.options].find(option => option.value === own) ?? new Option(own.replaceAll("_", " "), own);
    here.text += `, ${zones.dataset.own}`;
    if (!here.selected) zones.prepend(here);
  }

  function switchTheme() {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    document.cookie = `cw_theme=${root.dataset.theme}; path=${document.body.dataset.base || "/"}; max-age=34560000; samesite=strict`;
  }

  async function copy(button) {
    const text = document.getElementById(button.dataset.copy)?.textContent ?? button.dataset.text;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      return; // Refused, or no secure context: the text can still be selected.
    }
    button.classList.add("is-done");
    setTimeout(() => button.classList.remove("is-done"), 1200);
  }

  addEventListener("click", event => {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
    const button = event.target.closest?.("#theme, [data-action], [data-copy], [data-text]");
    if (!button) return;
    if (button.id === "theme") { event.preventDefault(); switchTheme(); }
    if (button.dataset.action === "keys") document.getElementById("keys").showModal();
    if (button.dataset.copy || button.dataset.text) copy(button);
  });

  let going = false; // After g the next key says where.
  addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      for (const menu of document.querySelectorAll("details.menu[open]")) { menu.open = false; menu.querySelector("summary").focus(); }
      return;
    }
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    if (going) {
      going = false;
      const page = document.querySelector(`a[data-key="${CSS.escape(event.key)}"]`);
      if (page) { event.preventDefault(); page.click(); }
      return;
    }
    if (event.key === "g") going = true;
    if (event.key === "/") { const field = document.getElementById("q"); if (field) { event.preventDefault(); field.focus(); } }
    if (event.key === "?") document.getElementById("keys")?.showModal();
    if (event.key === "n" || event.key === "p") document.querySelector(`[data-nav="${event.key}"]`)?.click();
    if (event.key === "c") document.querySelector("[data-compare]")?.click();
    if (event.key === "l") document.getElementById("live")?.click();
  });

  // What no longer comes anew is said, once, and with the moment it is of: a page that stands still looks like a quiet night.
  const note = document.getElementById("out-of-touch");
  const clockOf = name => new Intl.DateTimeFormat("en-GB", { timeZone: name, hour: "2-digit", minute: "2-digit", second: "2-digit" });
  // A browser need not know every zone that the server knows.
  let zone = document.body.dataset.zone || "UTC", clock;
  try { clock = clockOf(zone); } catch { zone = "UTC"; clock = clockOf(zone); }
  let heard = Date.now();
  const say = sentence => { if (note && !note.textContent) note.textContent = sentence.replace("{0}", `${clock.format(heard)} ${zone === "UTC" ? zone : zone.split("/").pop().replaceAll("_", " ")}`); };
  window.callwatch = {
    hears() { heard = Date.now(); if (note) note.textContent = ""; },
    lost() { if (note) say(note.dataset.lost); },
    ended() { if (note) { note.textContent = ""; say(note.dataset.ended); } },
  };
  document.addEventListener("htmx:afterOnLoad", event => { if (event.detail.successful) window.callwatch.hears(); });
  document.addEventListener("htmx:sendError", window.callwatch.lost);
  document.addEventListener("htmx:responseError", event => { if (event.detail.xhr.status >= 500) window.callwatch.lost(); });
})();
