// A terminal's screen: xterm.js in the page's colours, as large as its place.
const TerminalScreen = (() => {
  const { all } = Page;
  const [pane] = all(".pane");

  // Colours, from the page's own.
  const colours = () => {
    const style = getComputedStyle(pane);
    const own = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    const code = (/** @type {string} */ name) => own(`--md-code-hl-${name}-color`);
    const [background, foreground] = [style.backgroundColor, style.color];
    const theme = {
      background,
      foreground,
      cursor: own("--md-accent-fg-color"),
      cursorAccent: background,
      selectionBackground: own("--lit"),
      selectionForeground: foreground,
    };
    const [grey, light] = [own("--md-default-fg-color--light"), foreground];
    const names = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
    const values = [grey, code("number"), code("string"), own("--live-yellow"), code("keyword")];
    values.push(code("function"), own("--md-accent-fg-color"), light);
    names.forEach((name, i) => {
      const bright = `bright${name[0].toUpperCase()}${name.slice(1)}`;
      Object.assign(theme, { [name]: values[i], [bright]: values[i] });
    });
    return theme;
  };
  const fontSize = () => {
    const listing = Number.parseFloat(
      getComputedStyle(all("#panel-program pre > code")[0]).fontSize,
    );
    if (Present.on) return listing;
    // A phone shows whole lines of the first lessons.
    const most = (pane.clientWidth - 20) / (64 * 0.602);
    return Math.max(9.5, Math.min(Math.max(13, Math.round(listing)), most));
  };

  /** Make a terminal that fills an element; `fit` tells whether it has become another size. */
  const make = (/** @type {HTMLElement} */ place) => {
    const terminal = new Xterm.Terminal({
      fontFamily: getComputedStyle(pane).getPropertyValue("--md-code-font-family"),
      fontSize: fontSize(),
      lineHeight: 1.1, // less cuts underscores off
      minimumContrastRatio: 4.5,
      scrollback: 5000,
      theme: colours(),
    });
    const addon = new Xterm.FitAddon();
    terminal.loadAddon(addon);
    terminal.open(place);
    // Its end stays in sight when it becomes lower, unless the reader has scrolled.
    let follows = true;
    let moving = false;
    let touched = 0; // when the reader last did what may scroll
    for (const type of ["wheel", "touchmove", "pointerdown", "pointermove", "keydown"])
      place.addEventListener(
        type,
        (/** @type {any} */ { buttons, key }) => {
          if (type === "pointermove" ? !buttons : key && !key.startsWith("Page")) return;
          touched = performance.now();
        },
        { capture: true, passive: true },
      );
    /** xterm.js knows its new size some frames later, and counts in rows of the old one. */
    const toEnd = (/** @type {number} */ frames) => {
      if (!follows) return;
      moving = true;
      terminal.scrollToTop();
      terminal.scrollToBottom();
      moving = false;
      if (frames) requestAnimationFrame(() => toEnd(frames - 1));
    };
    terminal.onScroll(() => {
      const { viewportY, baseY } = terminal.buffer.active;
      if (!moving && performance.now() - touched < 500) follows = viewportY === baseY;
    });
    const fit = () => {
      const wanted = place.offsetParent && addon.proposeDimensions();
      if (!wanted?.cols || wanted.rows < 2) return false;
      terminal.options.fontSize = fontSize();
      const { cols, rows } = addon.proposeDimensions();
      if (cols === terminal.cols && rows === terminal.rows) return false;
      terminal.resize(cols, rows);
      toEnd(12);
      return true;
    };
    return { terminal, fit };
  };
  return { make, colours };
})();
