// The two terminals of a live page: the lesson's program, and a shell on the same machine.
const Terminals = (() => {
  const { all } = Page;
  const { text } = Live;
  const [pane] = all(".pane");
  const [panel] = all("#panel-run");
  const [section] = all("#live");
  const touch = matchMedia("(hover: none) and (pointer: coarse)").matches;
  const box = document.createElement("div");
  box.className = "live-terminals";
  const template = /** @type {HTMLTemplateElement} */ (all("#live-terminals")[0]);
  box.append(template.content.cloneNode(true));

  /** A terminal's answer to a program: its position, kind, colours. */
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it begins with an escape character
  const REPORT = /^\x1b(\[[?>]?[\d;]*[Rcn]|[\]P])/;

  let before = /** @type {HTMLElement | null} */ (null); // what had the focus
  /** @param {HTMLElement} place */
  const make = (place) => {
    const name = place.dataset.name ?? "";
    const [screen] = all(":scope > div", place);
    const { terminal, fit } = TerminalScreen.make(screen);
    let old = { toCome: 0, toDraw: 0 }; // bytes of output from before
    let typed = false; // whether something stands at the prompt that is not entered
    let isOver = false;
    /** @type {() => void} */
    let ready = () => {};
    const prompt = new Promise((resolve) => {
      ready = () => resolve(null);
    });
    /** @type {LiveTerminal} */
    let line;

    const size = () => /** @type {[number, number]} */ ([terminal.cols, terminal.rows]);
    const refit = () => {
      if (fit()) line?.resize(size());
    };
    const send = (/** @type {string} */ data) => {
      // What a program once asked the terminal is not answered again; keys are sent.
      if (old.toDraw > 0 && REPORT.test(data)) return;
      if (isOver && name === "shell") return data === "\r" && line.reopen();
      typed = !"\r\x03\x15".includes(data);
      line.write(data);
    };
    const connect = () => {
      line = Machine.terminal(`${Live.lesson}.${name}`, size());
      line.on("replay", (n) => {
        terminal.write("\x1bc"); // a reset, after what is still to be drawn
        old = { toCome: n, toDraw: n };
        isOver = false;
      });
      line.on("output", (bytes, drawn) => {
        const own = old;
        const count = Math.min(own.toCome, bytes.length);
        own.toCome -= count;
        terminal.write(bytes, () => {
          own.toDraw -= count;
          if (!old.toDraw) ready();
          drawn();
        });
      });
      line.on("size", ([columns, rows]) => terminal.resize(columns, rows));
      line.on("ended", (status) => {
        isOver = true;
        const sentence = name === "shell" ? text("shellEnded") : text("ended", status);
        terminal.write(`\r\n\x1b[2m${sentence}\x1b[m\r\n`);
      });
    };

    const area = /** @type {HTMLTextAreaElement} */ (terminal.textarea);
    area.ariaLabel = place.dataset.label ?? "";
    area.setAttribute("aria-describedby", "live-help");
    area.addEventListener("focus", () => {
      place.classList.add("active");
      refit();
    });
    area.addEventListener("blur", () => place.classList.remove("active"));
    terminal.onData(send);
    terminal.attachCustomKeyEventHandler((/** @type {KeyboardEvent} */ event) => {
      const copies = event.ctrlKey && event.shiftKey && event.code === "KeyC";
      const pastes = event.ctrlKey && event.shiftKey && event.code === "KeyV";
      if (!copies && !pastes && event.key !== "F2" && event.key !== "F6") return true;
      if (event.type !== "keydown" || pastes) return false; // the browser pastes
      event.preventDefault();
      if (copies) document.execCommand("copy");
      else if (event.key === "F2") other(name).terminal.focus();
      else (before?.isConnected && before.offsetParent ? before : all("[data-run]")[0]).focus();
      return false;
    });
    new ResizeObserver(refit).observe(screen);
    refit();
    return {
      name,
      place,
      terminal,
      refit,
      connect,
      prompt,
      send,
      type: (/** @type {string} */ command) => {
        send(`${typed ? "\x15" : ""}${command}\r`);
        typed = false;
      },
    };
  };
  /** @type {ReturnType<typeof make>[]} */
  let both = [];
  const [lesson, shell] = [() => both[0], () => both[1]];
  const other = (/** @type {string} */ name) => (name === "shell" ? lesson() : shell());

  /** Put the terminals into the tab that is open, if that has a place for them. */
  const place = () => {
    const [slot] =
      pane.dataset.tab === "exercise"
        ? all("#panel-exercise .live-exercise:not([hidden]) .live-slot")
        : [section];
    if (slot && box.parentElement !== slot) slot.append(box);
    for (const { refit } of both) refit();
  };
  const open = () => {
    panel.dataset.view ||= "terminals";
    Live.view("terminals");
    Live.remember({ terminals: true });
    if (both.length) return place();
    place();
    split(Page.get("split") ?? 50);
    both = all(".live-terminal", box).map(make);
    announce(Page.get("announce") ?? false);
    for (const each of both) each.connect();
    Pane.on("tab", place);
  };
  /** From where the keyboard comes, to go back there. */
  const focus = (/** @type {ReturnType<typeof make>} */ { terminal, place }) => {
    const from = document.activeElement;
    if (from instanceof HTMLElement && !box.contains(from)) before = from;
    if (touch) place.scrollIntoView({ block: "nearest" });
    else terminal.focus();
  };

  // The border between the two moves, by the pointer and by the arrow keys.
  const [separator] = all(".live-split", box);
  const split = (/** @type {number} */ percent) => {
    const value = Math.round(Math.max(15, Math.min(85, percent)));
    box.style.setProperty("--upper", `${value}`);
    separator.ariaValueNow = `${value}`;
    Page.set("split", value);
  };
  separator.addEventListener("pointerdown", (event) => {
    separator.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  separator.addEventListener("pointermove", (event) => {
    if (!separator.hasPointerCapture(event.pointerId)) return;
    const { top } = lesson().place.getBoundingClientRect();
    const { bottom } = shell().place.getBoundingClientRect();
    split(((event.clientY - top) / (bottom - top)) * 100);
  });
  separator.addEventListener("keydown", (event) => {
    const by = { ArrowUp: -5, ArrowDown: 5 }[event.key];
    if (!by) return;
    event.preventDefault();
    split(Number(separator.ariaValueNow) + by);
  });

  // For a screen reader; not always, as it takes time for each line that is printed.
  const [announcing] = all(".live-announce", box);
  const announce = (/** @type {boolean} */ on) => {
    announcing.ariaPressed = String(on);
    Page.set("announce", on);
    for (const { terminal } of both) terminal.options.screenReaderMode = on;
  };
  announcing.addEventListener("click", () => announce(announcing.ariaPressed !== "true"));

  // On a phone: keys that its keyboard has not, for the terminal that was touched last.
  let last = "lesson";
  box.addEventListener("focusin", ({ target }) => {
    if (target instanceof Element)
      last = target.closest(".live-terminal")?.getAttribute("data-name") ?? last;
  });
  for (const button of all("[data-keys]", box)) {
    button.addEventListener("pointerdown", (event) => event.preventDefault()); // the focus stays
    button.addEventListener("click", () => {
      const bytes = button.dataset.keys?.match(/../g) ?? [];
      const keys = bytes.map((each) => String.fromCharCode(Number.parseInt(each, 16))).join("");
      both.find((each) => each.name === last)?.send(keys);
    });
  }
  // A phone's keyboard covers what is at the bottom.
  const covered = () => {
    const { height = innerHeight, offsetTop = 0 } = visualViewport ?? {};
    pane.style.setProperty("--keyboard", `${Math.max(0, innerHeight - height - offsetTop)}px`);
  };
  for (const type of ["resize", "scroll"]) visualViewport?.addEventListener(type, covered);

  new MutationObserver(() => {
    for (const { terminal } of both) terminal.options.theme = TerminalScreen.colours();
  }).observe(document.body, { attributeFilter: ["data-md-color-scheme"] });

  return {
    open,
    place,
    /** Run a lesson's program, or the reader's file of an exercise. */
    run: (/** @type {string} */ what) => {
      open();
      Machine.send({ type: "run", what });
      last = "lesson";
      focus(lesson());
    },
    /** Type a command into the shell, once its prompt is there. */
    type: async (/** @type {string} */ command) => {
      open();
      last = "shell";
      focus(shell());
      await shell().prompt;
      shell().type(command);
    },
  };
})();
