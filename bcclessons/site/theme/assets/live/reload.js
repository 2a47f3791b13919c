// Served by ./lab: the page is loaded again when it has been built anew, and is another.
(() => {
  const { pathname } = location;
  const events = new EventSource(`/live/reload?path=${encodeURIComponent(pathname)}`);
  events.addEventListener("built", () => location.reload());
  // A connection that stays open keeps the page from being shown at once when one goes back.
  addEventListener("pagehide", () => events.close());
})();
