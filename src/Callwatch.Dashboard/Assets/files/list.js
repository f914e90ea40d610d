// Lists: j and k, Enter, the side panel, and new data as it comes.
(() => {
  "use strict";
  const rows = () => [...document.querySelectorAll("[data-row]")].filter(row => !row.hidden);
  const link = row => row.matches("a") ? row : row.querySelector("a.row-link, a");

  function select(row, open) {
    for (const other of rows()) if (other !== row) other.removeAttribute("aria-current");
    row.setAttribute("aria-current", "true");
    row.scrollIntoView({ block: "nearest" });
    // Where a row leads away from the list, going to it only puts the finger on it; Enter opens.
    if (open && row.dataset.row === "look") link(row)?.focus();
    else if (open) link(row)?.click();
  }

  addEventListener("click", event => {
    const row = event.target.closest?.("[data-row]");
    if (row && !row.hasAttribute("data-more") && event.target.closest("a") === link(row)) select(row, false);
    const close = event.target.closest?.("[data-close]");
    if (close && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      document.getElementById("side").replaceChildren();
      for (const other of rows()) other.removeAttribute("aria-current");
      history.replaceState(history.state, "", close.href);
    }
    if (event.target.closest?.("[data-step]")) step(event.target.closest("[data-step]").dataset.step === "next" ? 1 : -1);
  });

  // A row that stands for others opens, and the step goes on into them.
  let awaited = null;
  addEventListener("htmx:afterSettle", () => {
    if (!awaited || awaited.row.isConnected) return;
    const { by } = awaited;
    awaited = null;
    step(by);
  });

  function step(by) {
    const all = rows();
    let at = all.findIndex(row => row.hasAttribute("aria-current"));
    // A list that has come anew meanwhile has kept the focus alone.
    if (at < 0) at = all.findIndex(row => row.contains(document.activeElement));
    const to = all[at < 0 ? 0 : at + by];
    if (!to?.hasAttribute("data-more")) { if (to) select(to, true); return; }
    if (awaited?.row === to) return;
    awaited = { row: to, by };
    link(to).click();
  }

  addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select") || document.querySelector("dialog[open]")) return;
    if (event.key === "j" || event.key === "k") { event.preventDefault(); step(event.key === "j" ? 1 : -1); }
    if (event.key === "Enter" && !event.target.closest("a, button, summary")) document.querySelector("[data-full]")?.click();
    if (event.key === "Escape") document.querySelector("[data-close]")?.click();
  });

  // Live: the tail only says that something has come; what is shown is asked for as always, so that it is filtered and ordered as always.
  const button = document.getElementById("live");
  if (!button || !window.htmx) { if (button) button.hidden = true; return; }
  let source = null, timer = 0, last = 0;

  function refresh() {
    timer = 0;
    const part = document.getElementById("fresh");
    if (!part) return;
    last = performance.now();
    htmx.ajax("GET", location.href, { target: "#fresh", swap: "innerHTML" });
  }

  // Who has gone down the list, asked for more of it or looks at a value is not to lose their place.
  const reading = part => (part.querySelector(".scroll.fixed")?.scrollTop ?? 0) > 20 || part.querySelectorAll("#rows > [data-row]").length > 100 || part.querySelector(".u-over:hover, details.menu[open]") !== null;

  function arrived() {
    const part = document.getElementById("fresh");
    if (!part || timer || document.hidden || reading(part)) return;
    timer = setTimeout(refresh, Math.max(0, Number(part.dataset.every) - (performance.now() - last)));
  }

  function setLive(on) {
    button.setAttribute("aria-pressed", String(on));
    try { sessionStorage.setItem("cw-live", on ? "on" : "off"); } catch { /* Then it is off on the next page. */ }
    if (!on) { source?.close(); source = null; clearTimeout(timer); timer = 0; return; }
    window.callwatch.hears();
    source = new EventSource(button.dataset.tail);
    // What came before the stream began, or while it was broken off, is not in it.
    source.onopen = () => { window.callwatch.hears(); arrived(); };
    // It tries again by itself, unless it was told not to come: then the button is up again.
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) { window.callwatch.lost(); return; }
      setLive(false);
      window.callwatch.ended();
    };
    source.onmessage = arrived;
    source.addEventListener("span", arrived);
    source.addEventListener("call", arrived);
    refresh();
  }

  button.addEventListener("click", () => setLive(source === null));
  document.addEventListener("visibilitychange", () => { if (source && !document.hidden) refresh(); });
  try { if (sessionStorage.getItem("cw-live") === "on") setLive(true); } catch { /* Private mode. */ }
})();
