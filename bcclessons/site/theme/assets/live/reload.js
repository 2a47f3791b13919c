// Served by ./lab: the page is loaded again when it has been built anew, and is another.
(() => {
  // The server may be below a path of a proxy.
  const { src } = /** @type {HTMLScriptElement} */ (document.currentScript);
  const root = new URL("../../", src);
  const path = location.pathname.slice(root.pathname.length - 1);
  const events = new EventSource(`${root}live/reload?path=${encodeURIComponent(path)}`);
  events.addEventListener("built", () => location.reload());
  // A connection that stays open keeps the page from being shown at once when one goes back.
  addEventListener("pagehide", () => events.close());
})();
