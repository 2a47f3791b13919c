// What every page has: its elements, what this browser keeps for the reader, the loader of
// scripts, and what the theme lacks.
const Page = (() => {
  /** All elements that a selector finds. @returns {HTMLElement[]} */
  const all = (/** @type {string} */ selector, /** @type {ParentNode} */ within = document) => [
    .../** @type {NodeListOf<HTMLElement>} */ (within.querySelectorAll(selector)),
  ];
  /** The lines that an element names by data-lines, as "13-17". @returns {number[]} */
  const lines = (/** @type {Element} */ element) => {
    const [first, last] = (element.getAttribute("data-lines") ?? "").split("-").map(Number);
    return first ? Array.from({ length: last - first + 1 }, (_, i) => first + i) : [];
  };
  /** What this browser keeps; null where nothing is, or may be, kept. @returns {any} */
  const get = (/** @type {string} */ key) => {
    try {
      return JSON.parse(localStorage.getItem(`lessons.${key}`) ?? "null");
    } catch {
      return null;
    }
  };
  const set = (/** @type {string} */ key, /** @type {unknown} */ value) => {
    try {
      localStorage.setItem(`lessons.${key}`, JSON.stringify(value));
    } catch {
      // Not allowed: then it is not kept.
    }
  };
  /** Add a script or a style sheet; the promise is of the element, loaded. @returns {Promise<any>} */
  const load = (/** @type {string} */ tag, /** @type {object} */ attributes) =>
    new Promise((resolve, reject) => {
      const element = document.createElement(tag);
      Object.assign(element, attributes, { onload: () => resolve(element), onerror: reject });
      document.head.append(element);
    });
  /** Where the keyboard was when it went to the pane. @type {HTMLElement?} */
  let left = null;
  /** Take the keyboard to an element of the pane; Escape, or closing it, takes it back. */
  const enter = (/** @type {HTMLElement} */ element) => {
    left = /** @type {HTMLElement} */ (document.activeElement);
    element.focus({ preventScroll: true });
  };
  const leave = (/** @type {HTMLElement?} */ otherwise = null) => {
    (left ?? otherwise)?.focus({ preventScroll: !left });
    left = null;
  };
  const escaped = (/** @type {KeyboardEvent} */ { key, target }) => {
    if (key !== "Escape" || !(target instanceof Element) || !target.closest(".pane")) return;
    if (target.closest("textarea, [contenteditable]")) return; // a terminal, or an editor
    leave();
  };
  addEventListener("keydown", escaped, true); // the player keeps its keys to itself
  const motion = matchMedia("(prefers-reduced-motion: reduce)");

  // The other language's page has the same headings in the same order: it opens at this one.
  const headings = () => all("article :is(h2, h3)").filter((each) => each.offsetHeight);
  for (const link of all("a.md-select__link"))
    link.addEventListener("click", () => {
      const passed = headings().filter((each) => each.getBoundingClientRect().top < 160).length;
      if (scrollY && passed) Object.assign(link, { hash: `section-${passed}` });
    });
  const section = /^#section-(\d+)$/.exec(location.hash);
  if (section)
    addEventListener("load", () => {
      const heading = headings()[Number(section[1]) - 1];
      location.replace(`#${heading?.id ?? ""}`);
    });

  // Material searches when a key goes up; text can come without one, by an input method.
  for (const input of all(".md-search__input"))
    input.addEventListener("input", () => input.dispatchEvent(new Event("keyup")));
  // A label opens the navigation without a script, but the keyboard does not reach it.
  for (const button of all(".rail button"))
    button.addEventListener("click", () => {
      all("#__drawer")[0].click();
      all(".md-sidebar--primary a[href]")
        .find((each) => each.offsetParent)
        ?.focus();
    });

  return {
    all,
    lines,
    get,
    set,
    load,
    enter,
    leave,
    /** How to scroll. @returns {ScrollBehavior} */
    get behavior() {
      return motion.matches ? "auto" : "smooth";
    },
  };
})();

// For the projector: one paragraph and the program, large, above the page, which stays as it
// is. The arrow keys step through references, runs, questions and the journey alike.
const Present = (() => {
  /** @typedef {{ enter?: () => void, step?: (by: number) => boolean }} Handler a stop's own steps */
  const { all } = Page;
  const [screen] = all(".presenter");
  const [pane] = all(".pane");
  const stops = all('.lesson-prose :is(.line-reference[href^="#L"], [data-stop])');
  const handlers = /** @type {Map<Element, Handler>} */ (new Map());
  let at = 0;
  let on = false;

  const blockOf = (/** @type {Element} */ stop) =>
    stop.closest("[data-stop]") ?? stop.closest("p, li, tr, dd") ?? stop;
  const show = () => {
    const stop = stops[at];
    const block = blockOf(stop);
    const above = all(".lesson-prose :is(h2, h3)").filter(
      (each) => each.compareDocumentPosition(block) & Node.DOCUMENT_POSITION_FOLLOWING,
    );
    const copies = [...above.slice(-1), block].map((each) => each.cloneNode(true));
    const own =
      all(`[id="${stop.id}"]`, /** @type {Element} */ (copies.at(-1)))[0] ?? copies.at(-1);
    // Radio buttons of one name are one group, in the copy and in the page.
    for (const copy of /** @type {Element[]} */ (copies))
      for (const each of [copy, ...all("[id], [name]", copy)])
        for (const attribute of ["id", "name"]) each.removeAttribute(attribute);
    screen.replaceChildren(...copies);
    for (const each of all(".lit", screen)) each.classList.remove("lit");
    pane.classList.remove("behind");
    Pane.open(stop.dataset.tab ?? "program");
    Pane.light(Page.lines(stop), own);
    handlers.get(stop)?.enter?.();
    all(".pane-status")[0].textContent = `${at + 1} / ${stops.length}`;
  };
  const toggle = () => {
    if (!stops.length) return;
    on = !on;
    screen.hidden = !on;
    pane.classList.toggle("presenting", on);
    pane.classList.remove("docked", "behind");
    const [button] = all(".pane-present");
    [button.textContent, button.dataset.other] = [button.dataset.other ?? "", button.textContent];
    if (on) {
      const [lit] = all(".lesson-prose .lit");
      at = Math.max(
        0,
        stops.findIndex((stop) => stop === lit || blockOf(stop) === lit),
      );
      return show();
    }
    all(".pane-status")[0].textContent = "";
    screen.replaceChildren();
    Pane.light([]);
    Pane.goTo(stops[at]);
  };
  for (const button of all(".pane-present")) button.addEventListener("click", toggle);
  addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (target instanceof Element && target.closest("input, textarea, select, .player, .cm-editor"))
      return;
    const by = Number(/Right|Down$/.test(key)) - Number(/Left|Up$/.test(key));
    if (key === "z" || (key === "Escape" && on)) toggle();
    else if (!on || !by) return;
    else if (!handlers.get(stops[at])?.step?.(by)) {
      at = Math.max(0, Math.min(stops.length - 1, at + by));
      show();
    }
    event.preventDefault();
  });
  return {
    get on() {
      return on;
    },
    /** Say what a stop does when it is entered, and at an arrow key: true, it has moved itself. */
    stop: (/** @type {Element} */ stop, /** @type {Handler} */ handler) =>
      handlers.set(stop, handler),
  };
})();
