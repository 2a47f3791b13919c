// A live page before its first press: its buttons, and what a press loads.
const Live = (() => {
  const { all } = Page;
  const { src } = /** @type {HTMLScriptElement} */ (document.currentScript);
  const here = src.replace(/[^/]*$/, "");
  /** An address of the server, which may be below a path of a proxy. */
  const address = (/** @type {string} */ path) => new URL(`../../live/${path}`, here);
  const [panel] = all("#panel-run");
  const [section] = all("#live");
  /** @type {Record<string, string>} */
  const texts = JSON.parse(all("#live-texts")[0]?.textContent ?? "{}");
  const lesson = section?.dataset.lesson ?? "";

  /** A sentence in the page's language; `value` stands where it has a #. */
  const text = (/** @type {string} */ name, value = "") => texts[name].replace("#", `${value}`);
  /** Say how the machine is; what is as usual is said in the tab Run only. */
  const say = (/** @type {string} */ sentence, usual = false) => {
    for (const each of all(".live-state"))
      each.textContent = usual && !section.contains(each) ? "" : sentence;
  };

  // What this tab of the browser has open, for when the page is loaded again.
  const key = `lessons.live.${lesson}`;
  /** @returns {{ terminals?: boolean, exercise?: string, tab?: string }} */
  const opened = () => {
    try {
      return JSON.parse(sessionStorage.getItem(key) ?? "{}");
    } catch {
      return {};
    }
  };
  const remember = (/** @type {object} */ value) => {
    try {
      sessionStorage.setItem(key, JSON.stringify({ ...opened(), ...value }));
    } catch {
      // Not allowed: then it is not kept.
    }
  };

  /** @type {Record<string, Promise<any>>} */
  const loading = {};
  /** Load a script or a style sheet, once. */
  const load = (/** @type {string} */ path) => {
    loading[path] ??= path.endsWith(".css")
      ? Page.load("link", { rel: "stylesheet", href: here + path })
      : Page.load("script", { src: here + path });
    return loading[path];
  };
  /** Load in this order, and call; what fails is said, and tried again at the next press. */
  const loaded = async (/** @type {string[]} */ paths, /** @type {() => any} */ then) => {
    try {
      for (const path of paths) await load(path);
    } catch {
      for (const path of paths) delete loading[path];
      return say(text("unloaded"));
    }
    return then();
  };
  const terminals = (/** @type {(t: typeof Terminals) => any} */ then) =>
    loaded(
      [
        "../vendor/terminal.css",
        "../vendor/terminal.min.js",
        "machine.js",
        "screen.js",
        "terminals.js",
      ],
      () => then(Terminals),
    );
  const exercises = (/** @type {(e: typeof Exercises) => any} */ then) =>
    loaded(["../vendor/editor.min.js", "machine.js", "file.js", "exercises.js"], () =>
      then(Exercises),
    );

  /** Show the terminals or the recording in the tab Run. */
  const view = (/** @type {"terminals" | "recording"} */ name) => {
    if (!panel.dataset.view) return;
    panel.dataset.view = name;
    all(".live-recording")[0].ariaPressed = String(name === "recording");
    all(".recorded", panel)[0].dispatchEvent(new Event("shown", { bubbles: true }));
  };
  const open = (/** @type {string} */ tab, /** @type {HTMLElement} */ by) => {
    Pane.open(tab, by);
    Pane.dock();
  };
  /** What a press does, by the attribute or class of its button. @type {[string, (button: HTMLElement) => any][]} */
  const presses = [
    [
      "[data-run], [data-run-here]",
      () => {
        open("run", section);
        terminals((t) => t.run(lesson));
      },
    ],
    [
      "[data-command]",
      ({ dataset }) => {
        if (all(".pane")[0].dataset.tab !== "exercise") open("run", section);
        terminals((t) => t.type(dataset.command ?? ""));
      },
    ],
    [
      "[data-solve]",
      (button) => {
        open("exercise", all("#panel-exercise")[0]);
        exercises((e) => e.open(button.dataset.solve ?? "", true));
        const card = button.closest(".exercise");
        const heading = card?.querySelector("h3");
        heading?.scrollIntoView({ block: "nearest", behavior: Page.behavior });
      },
    ],
    [".live-recording", () => view(panel.dataset.view === "recording" ? "terminals" : "recording")],
    [".watch", () => view("recording")],
    [
      ".live-larger",
      (button) => {
        const on = all(".pane")[0].classList.toggle("larger");
        button.ariaPressed = String(on);
      },
    ],
  ];
  document.addEventListener("click", ({ target }) => {
    if (!(target instanceof Element)) return;
    for (const [selector, press] of presses) {
      const button = target.closest(selector);
      if (button instanceof HTMLElement) press(button);
    }
  });
  if (section) {
    const { terminals: shown, exercise, tab } = opened();
    if (shown) terminals((t) => t.open());
    if (exercise) exercises((e) => e.open(exercise, false));
    if ((shown && tab === "run") || (exercise && tab === "exercise"))
      Pane.open(tab, all(`#panel-${tab}`)[0]);
    Pane.on("tab", (name) => remember({ tab: name }));
  }

  return { address, lesson, text, say, remember, terminals, exercises, view, open };
})();
