// Media of a message: shown in their place when somebody asks for them, and not fetched before.
(() => {
  "use strict";
  addEventListener("click", event => {
    const link = event.target.closest?.("a[data-media]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const kind = link.dataset.media;
    const shown = document.createElement(kind === "image" ? "img" : kind);
    shown.className = "shown";
    if (kind === "image") shown.alt = link.dataset.name;
    else shown.controls = true;

    // What cannot be shown can still be saved.
    shown.addEventListener("error", () => {
      shown.remove();
      delete link.dataset.media;
      link.hidden = false;
    });
    shown.src = link.href;
    link.hidden = true;
    link.closest(".media").after(shown);
  });
})();
