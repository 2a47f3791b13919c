// The recordings: the player is fetched when one of them comes near.
const Runs = (() => {
  /** @type {Record<string, Promise<any>>} */
  const loaded = {};
  const show = async (/** @type {HTMLElement} */ screen) => {
    const { player, recording } = screen.dataset;
    loaded.player ??= Promise.all([
      Page.load("link", { rel: "stylesheet", href: `${player}asciinema-player.css` }),
      Page.load("script", { src: `${player}asciinema-player.min.js` }),
    ]);
    const [script] = await Promise.all([Page.load("script", { src: recording }), loaded.player]);
    screen.replaceChildren();
    // @ts-expect-error: the player's own global
    AsciinemaPlayer.create({ data: script.recording }, screen, {
      fit: "both",
      poster: "npt:99",
      idleTimeLimit: 2,
      terminalFontFamily: "var(--md-code-font-family)",
    });
  };
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        watcher.unobserve(target);
        show(/** @type {HTMLElement} */ (target)).catch(() => target.remove());
      }
    },
    { rootMargin: "300px" },
  );
  for (const screen of document.querySelectorAll(".player")) watcher.observe(screen);
  return { show };
})();
