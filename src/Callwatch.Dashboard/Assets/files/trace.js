// The waterfall: folding what is loaded. What is not loaded yet is asked for by its own link, and comes in place of the row that stood for it.
(() => {
  "use strict";
  const depth = row => Number(row.dataset.depth);

  function fold(row, open) {
    row.querySelector(".tw").setAttribute("aria-expanded", String(open));
    let hiddenBelow = open ? Infinity : depth(row);
    for (let next = row.nextElementSibling; next && next.dataset.depth && depth(next) > depth(row); next = next.nextElementSibling) {
      if (depth(next) <= hiddenBelow) hiddenBelow = Infinity;
      next.hidden = !open || depth(next) > hiddenBelow;
      const twisty = next.querySelector(".tw[aria-expanded]");
      if (!next.hidden && twisty?.getAttribute("aria-expanded") === "false") hiddenBelow = Math.min(hiddenBelow, depth(next));
    }
  }

  addEventListener("click", event => {
    const twisty = event.target.closest?.("button.tw");
    if (!twisty) return;
    event.preventDefault();
    event.stopPropagation();
    fold(twisty.closest(".wf-row"), twisty.getAttribute("aria-expanded") !== "true");
  });

  // The row that is looked at stays so when it comes anew with what lies beneath it.
  let current = null;
  addEventListener("htmx:beforeSwap", event => { if (event.detail.target?.matches?.(".wf-row")) current = event.detail.target.hasAttribute("aria-current") ? event.detail.target.id : null; });
  addEventListener("htmx:afterSwap", () => {
    if (current) document.getElementById(current)?.setAttribute("aria-current", "true");
    current = null;
  });
})();
