// The pane next to the prose: its tabs, and the program whose lines are lit. What is being
// read decides, or what is pointed at, or what the reader has chosen.
const Pane = (() => {
  /** @typedef {{ elements: any[], lines: number[] }} Lit what asks, and the lines that it lights */
  const { all } = Page;
  const [pane] = all(".pane");
  const [strip] = all(".strip");
  const [scroller] = all("#panel-program pre");
  const [follow] = /** @type {HTMLInputElement[]} */ (all(".pane-follow input"));
  const tabs = all("[role=tab]", pane);
  const references = /** @type {HTMLAnchorElement[]} */ (all('.line-reference[href^="#L"]'));
  const wide = matchMedia("(min-width: 60em)");
  const split = () => wide.matches || Present.on;
  const listeners = /** @type {Record<string, ((value: any) => void)[]>} */ ({ tab: [], read: [] });
  const line = (/** @type {number} */ n) => all(`#L${n}`)[0];

  // What lights lines, the strongest first: the pointer or the keyboard; another part of the
  // page; a click, or what is being read.
  const nothing = /** @type {Lit} */ ({ elements: [], lines: [] });
  let [pointed, asked, pinned] = [nothing, nothing, nothing];
  let own = 0; // until when the page scrolls by itself
  let stay = /^#L\d/.test(location.hash); // what was gone to stays lit until the reader moves on
  let moving = 0; // until when the program does; not where the reader scrolls it
  const lit = () => [pointed, asked, pinned].find((each) => each.elements.length) ?? nothing;
  /** @returns {Lit} */
  const of = (/** @type {Element[]} */ elements) => ({
    elements,
    lines: [...new Set(elements.flatMap(Page.lines))],
  });

  const show = () => {
    const { elements, lines } = lit();
    for (const each of all(".lit")) if (!each.closest(".fixed")) each.classList.remove("lit");
    for (const each of [...elements, ...lines.map(line)]) each.classList.add("lit");
    const address = location.href.replace(/#.*|$/, `#L${lines[0]}`);
    Object.assign(all(".pane-link")[0], { hidden: !lines.length }).dataset.clipboardText = address;
    strip.hidden = !lines.length;
    if (lines.length) strip.textContent = `${lines[0]}  ${line(lines[0]).textContent?.trim()}`;
    reveal(Page.behavior);
  };
  /** Bring what is lit into view: measured now, wherever the program is scrolling to. */
  const reveal = (/** @type {ScrollBehavior} */ behavior) => {
    const { lines } = lit();
    if (!lines.length) return;
    const from = scroller.getBoundingClientRect().top;
    const top = line(Math.min(...lines)).getBoundingClientRect().top - from;
    const bottom = line(Math.max(...lines)).getBoundingClientRect().bottom - from;
    const height = scroller.clientHeight;
    if (top >= 0 && bottom <= height && performance.now() > moving) return;
    moving = performance.now() + 3000;
    const above = Math.max(0, Math.min(height / 3, height - (bottom - top)));
    scroller.scrollTo({ top: scroller.scrollTop + top - above, behavior });
  };
  const settle = () => {
    moving = 0;
    reveal("auto");
  };
  scroller.addEventListener("scrollend", () => performance.now() < moving && settle());
  new ResizeObserver(settle).observe(scroller);
  const pin = (/** @type {Lit} */ wanted) => {
    pinned = wanted;
    show();
  };
  const point = (/** @type {Element[]} */ elements) => {
    pointed = split() ? of(elements) : nothing;
    show();
  };
  /** Light lines for another part of the page, until it lights others, or none. */
  const light = (/** @type {number[]} */ lines, /** @type {Element} */ by = pane) => {
    if (!lines.length && ![pane, asked.elements[0]].includes(by) && !Present.on) return;
    asked = lines.length || Present.on ? { elements: [by], lines } : nothing;
    show();
  };

  // Tabs. One that the reader keeps stays, on other pages, too, until it is pressed again.
  const keep = (/** @type {string | null} */ name) => {
    Page.set("tab", name);
    for (const each of tabs) each.classList.toggle("kept", each.dataset.tab === name);
  };
  let held = pane; // what keeps its tab while it is in sight
  const open = (/** @type {string} */ name, by = pane) => {
    held = by;
    if (pane.dataset.tab === name || !tabs.some((each) => each.dataset.tab === name)) return;
    pane.dataset.tab = name;
    for (const each of tabs) {
      const selected = each.dataset.tab === name;
      each.ariaSelected = String(selected);
      each.tabIndex = selected ? 0 : -1;
      if (each.dataset.tab !== "program") all(`#panel-${each.dataset.tab}`)[0].hidden = !selected;
    }
    for (const each of listeners.tab) each(name);
    settle();
  };
  tabs.forEach((each, i) => {
    const name = each.dataset.tab ?? "";
    each.addEventListener("click", () => {
      keep(Page.get("tab") === name ? null : name);
      open(name);
    });
    each.addEventListener("keydown", (event) => {
      const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: -1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      tabs.at(to % tabs.length)?.focus();
    });
  });
  keep(Page.get("tab"));
  open(Page.get("tab"));

  // What is being read: the last block above a line, which moves down as the page ends.
  const blocks = all(".lesson-prose :is([data-tab], .line-reference)").map((each) =>
    each.dataset.tab ? each : (each.closest("p, li, tr, dd") ?? each),
  );
  let read = /** @type {Element} */ (pane); // at first, nothing
  const edge = () =>
    pane.classList.contains("docked")
      ? pane.getBoundingClientRect().top
      : innerHeight - (split() ? 0 : strip.offsetHeight);
  const inSight = (/** @type {Element} */ element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return bottom > 64 && top < (pane.contains(element) ? innerHeight : edge());
  };
  const current = () => {
    const part = scrollY / (document.documentElement.scrollHeight - innerHeight || 1);
    const at = edge() * (0.2 + 0.7 * part);
    const seen = blocks.filter(inSight);
    return seen.filter((each) => each.getBoundingClientRect().top <= at).pop() ?? seen[0] ?? null;
  };
  const gone = (/** @type {Lit} */ { elements }) =>
    elements.some((each) => each.isConnected && !pane.contains(each) && !inSight(each));
  const reading = () => {
    const now = current();
    if (gone(pinned)) stay = false;
    if (stay || (now === read && !gone(pinned) && !gone(asked))) return;
    read = now;
    if (gone(asked)) asked = nothing;
    const followed = follow.checked ? now : null;
    pin(of(references.filter((each) => followed?.contains(each) && inSight(each))));
    if (all(".live:focus-within", pane)[0]) return; // who works in the pane keeps its tab
    if (follow.checked && !Page.get("tab") && (held === pane || !inSight(held)))
      open(followed?.closest("[data-tab]")?.getAttribute("data-tab") ?? "program");
    for (const each of listeners.read) each(now);
  };
  let due = 0;
  const scrolled = () => {
    cancelAnimationFrame(due);
    due = requestAnimationFrame(() => performance.now() > own && !Present.on && reading());
  };
  addEventListener("scroll", scrolled, { passive: true });
  addEventListener("scrollend", () => {
    if (gone(pinned)) return; // another scroll has ended before ours
    own = 0;
    scrolled();
  });
  const moveOn = (/** @type {any} */ { target }) => {
    own = 0;
    stay = false;
    if (target.closest?.("#panel-program")) moving = 0;
  };
  for (const type of ["wheel", "touchmove", "keydown", "pointerdown"])
    addEventListener(type, moveOn, { passive: true });
  follow.checked = Page.get("follow") ?? true;
  follow.addEventListener("change", () => {
    Page.set("follow", follow.checked);
    read = pane;
    reading();
  });

  // From the prose to the program.
  const go = (/** @type {Element} */ to, /** @type {any} */ block, lines = Page.lines(to)) => {
    own = performance.now() + 3000;
    setTimeout(scrolled, 3100);
    stay = true;
    asked = nothing;
    if (pane.dataset.tab !== "run" || !split()) open("program");
    if (block) to.scrollIntoView({ block, behavior: Page.behavior });
    pin({ elements: [to], lines });
  };
  const goTo = (/** @type {Element} */ element) => go(element, "center");
  const dock = () => {
    if (!split()) pane.classList.add("docked");
    settle();
  };
  for (const reference of references) {
    reference.addEventListener("click", (event) => {
      event.preventDefault();
      history.replaceState(null, "", reference.hash);
      dock();
      go(reference, split() ? null : "nearest");
      // Enter, not a click: the reader goes on from the line.
      if (!event.detail) Page.enter(all(`${reference.hash} .number`)[0]);
    });
    // Not where the page moves under a pointer that rests.
    reference.addEventListener("mousemove", ({ movementX, movementY }) => {
      if (movementX || movementY) point([reference]);
    });
    reference.addEventListener("focus", () => {
      if (reference.matches(":focus-visible")) point([reference]);
    });
    for (const type of ["mouseleave", "blur"]) reference.addEventListener(type, () => point([]));
  }

  // From the program to the prose: to each explanation of a line in turn.
  const explaining = (/** @type {number} */ n) =>
    references
      .filter((each) => Page.lines(each).includes(n))
      .sort((a, b) => Page.lines(a).length - Page.lines(b).length);
  for (const number of all("a.number", pane))
    number.addEventListener("click", (event) => {
      event.preventDefault();
      const found = explaining(Number(number.dataset.number));
      const reference = found[(found.indexOf(pinned.elements[0]) + 1) % found.length];
      history.replaceState(null, "", `#L${number.dataset.number}`);
      goTo(reference);
      if (!event.detail) reference.focus({ preventScroll: true });
    });
  const arrive = () => {
    const [, n, end] = /^#L(\d+)(?:-L(\d+))?$/.exec(location.hash)?.map(Number) ?? [];
    if (!n || !line(end || n)) return;
    const lines = Array.from({ length: (end || n) - n + 1 }, (_, i) => n + i);
    dock();
    const [reference] = explaining(n);
    go(reference ?? pane, reference && "center", lines);
  };
  for (const type of ["load", "hashchange"]) addEventListener(type, arrive);

  // On a phone: the strip opens the pane, and a button or Escape closes it.
  const close = () => {
    pane.classList.remove("docked");
    if (pane.contains(asked.elements[0])) light([]); // it is not seen any more
    if (pane.contains(document.activeElement)) Page.leave(pinned.elements[0] ?? strip);
  };
  strip.addEventListener("click", dock);
  strip.addEventListener("click", ({ detail }) => detail || Page.enter(all(".pane-close")[0]));
  all(".pane-close")[0].addEventListener("click", close);
  addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && pane.matches(".docked:not(:has(.live:focus-within))")) close();
  });

  return {
    light,
    asking: () => asked.elements[0], // what lights lines for another part of the page
    open,
    goTo,
    dock,
    /** Have a function called with the tab that opens, or with the element that is read. */
    on: (/** @type {"tab" | "read"} */ event, /** @type {(value: any) => void} */ listener) =>
      listeners[event].push(listener),
  };
})();
