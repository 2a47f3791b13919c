// Recorded runs: output lights its code, and recordings play.
(() => {
  const { all } = Page;
  const [panel] = all("#panel-run > .recorded");
  if (!panel) return;
  /** What is shown and lit. @type {any} */
  const now = {};

  const linesOf = (/** @type {any} */ part) => part.dataset.lines.split(" ").map(Number);
  const light = (/** @type {any} */ part) => {
    if ((part ?? null) === (now.part ?? null)) return;
    Pane.light(part ? linesOf(part) : [], part ?? now.part);
    now.part = part;
    // At once: what the reader then asks for ends it.
    if (!part) follow();
  };
  /** The line of the run's text that a line of the player shows. */
  const shownBy = (/** @type {any} */ line) => {
    const seen = line.textContent.trimEnd() || "\n";
    return all(".out", now.run).find((each) => each.textContent?.startsWith(seen));
  };
  /** The part at the pointer, in a text or in the player. */
  const at = (/** @type {any} */ { target, clientX }) => {
    const line = target.closest?.(".ap-line");
    if (!line) return target.closest?.(".out [data-lines], .out");
    const text = line.textContent;
    const out = shownBy(line);
    const { left, width } = line.getBoundingClientRect();
    let columns = ((clientX - left) / width) * text.length;
    const node = [...(out?.childNodes ?? [])].find((each) => {
      columns -= each.textContent?.length ?? 0;
      return columns < 0;
    });
    return node instanceof Element ? node : out;
  };
  addEventListener("mousemove", (event) => light(at(event)));
  addEventListener("click", (event) => {
    light(at(event));
    if (now.part) Pane.dock();
    now.part?.scrollIntoView({ block: "nearest" });
  });
  // Each text is one stop of the keyboard.
  for (const text of all(".run pre")) {
    const rows = all(".out", text).map((row) => [row, ...all("[data-lines]", row)]);
    text.addEventListener("blur", () => light(null));
    text.addEventListener("keydown", (event) => {
      const down = { ArrowDown: 1, ArrowUp: -1 }[event.key] ?? 0;
      const right = { ArrowRight: 1, ArrowLeft: -1 }[event.key] ?? 0;
      const y = rows.findIndex((row) => row.includes(now.part));
      const row = rows[y + down];
      if (!row || !(down || right) || text.closest(".veiled")) return;
      event.preventDefault();
      const x = Math.max(0, (rows[y]?.indexOf(now.part) ?? 0) + right);
      light(row[x] ?? row.at(-1));
      const lines = all(".pane .line.lit").map((each) => each.textContent);
      all("[role=status]", text)[0].textContent = lines.join("");
    });
  }

  // While a recording plays, its newest line lights the program, unless the reader points at
  // another, until anything else on the page lights lines, or it ends.
  const stop = () => {
    clearInterval(now.timer);
    now.timer = 0;
  };
  const follow = () => {
    if (!now.timer) return;
    if (now.part || !panel.offsetParent) now.newest = null;
    else if (now.newest && Pane.asking() !== now.run) stop();
    else {
      const printed = all(".ap-line", panel).filter((line) => line.textContent?.trim());
      const newest = printed.map(shownBy).filter(Boolean).pop();
      if (!newest || newest === now.newest) return;
      now.newest = newest;
      Pane.light(linesOf(newest), now.run);
    }
  };
  const ended = () => {
    stop();
    if (now.run) Pane.light([], now.run);
  };
  const playing = () => {
    now.played = true;
    stop();
    now.newest = null;
    now.timer = setInterval(follow, 250);
  };

  /** Predict, then see: what follows a question is hidden here, too, until it is answered. */
  const veil = () => {
    panel.classList.toggle("veiled", now.run?.classList.contains("veiled") ?? false);
  };
  addEventListener("unveil", veil);
  const load = async (/** @type {any} */ run) => {
    ended();
    now.run = run;
    now.request = null;
    const latest = {};
    now.latest = latest;
    veil();
    const { recording, player, columns } = run.dataset;
    now.code ??= Promise.all([
      Page.load("link", { rel: "stylesheet", href: `${player}asciinema-player.css` }),
      Page.load("script", { src: `${player}asciinema-player.min.js` }),
    ]);
    const [script] = await Promise.all([Page.load("script", { src: recording }), now.code]);
    if (latest !== now.latest) return;
    now.player?.dispose();
    panel.innerHTML = all("template", run)[0].innerHTML;
    const most = Math.min(13, Math.floor(panel.clientWidth / (0.603 * columns + 1.5)));
    const size = Math.max(innerWidth < 960 ? 11 : 12, most);
    // For the projector.
    panel.style.setProperty("--zoom", `${Math.max(18, innerWidth * 0.014) / size}`);
    // @ts-expect-error: the player's global
    now.player = AsciinemaPlayer.create({ data: script.recording }, panel.firstElementChild, {
      fit: false,
      terminalFontSize: `${size}px`,
    });
    // The first picture; after a poster the player would not show it once it is moved.
    now.player.seek(0.1);
    // It may still say something when the next run is entered, and not yet loaded.
    const own = (/** @type {() => void} */ listener) => () => latest === now.latest && listener();
    now.player.addEventListener("playing", own(playing));
    now.player.addEventListener("pause", stop);
    now.player.addEventListener("ended", own(ended));
    all(".marks button", panel).forEach((button, marker) => {
      button.addEventListener("click", () => {
        now.player.seek({ marker });
        now.player.play();
      });
    });
  };
  const show = (/** @type {any} */ run) => {
    if (run !== now.run) now.shown = load(run);
    return now.shown;
  };
  /** Play a run once it is loaded; false if the reader has gone on before that. */
  const play = async (/** @type {any} */ run) => {
    const loaded = show(run);
    const request = {};
    now.request = request;
    await loaded;
    if (request !== now.request) return false;
    now.player.play();
    return true;
  };
  const runs = all(".run[data-recording]");
  const read = (/** @type {any} */ element) => {
    // What plays, and is in sight, stays.
    if (now.run && Pane.asking() === now.run) return;
    const run = element?.closest(".run") ?? now.run ?? runs[0];
    const { top } = panel.getBoundingClientRect();
    if (panel.offsetParent && top < innerHeight && runs.includes(run)) show(run);
  };
  Pane.on("read", read);
  const shown = () => {
    if (!panel.offsetParent && now.run) Pane.light([], now.run);
    read(null);
  };
  Pane.on("tab", shown);
  panel.addEventListener("shown", shown);
  for (const run of runs) {
    all(".watch", run)[0].addEventListener("click", async ({ detail }) => {
      Pane.open("run", run);
      Pane.dock();
      // By the keyboard: it goes on in the player.
      if ((await play(run)) && !detail) Page.enter(all(".ap-wrapper", panel)[0]);
    });
    Present.stop(run, {
      enter: () => {
        now.played = false;
        now.request = null;
        show(run);
      },
      step: (by) => {
        if (by < 0 || now.played || run.classList.contains("veiled")) return false;
        now.played = true;
        play(run);
        return true;
      },
    });
  }
})();
