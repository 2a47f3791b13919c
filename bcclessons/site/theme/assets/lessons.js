// A lesson's page: a reference in the prose marks its lines in the program's pane, and
// a line's number leads back to what explains it.
(() => {
  const pane = document.getElementById("program");
  if (!pane) return;
  const root = document.documentElement;
  const scroller = pane.querySelector("pre");
  const status = pane.querySelector(".program-status");
  const follow = pane.querySelector(".program-follow input");
  const references = [...document.querySelectorAll(`.line-reference[href^="#L"]`)];
  const wide = matchMedia("(min-width: 76.25em)");
  const reduced = matchMedia("(prefers-reduced-motion: reduce)");
  const split = () => wide.matches || root.classList.contains("presenting");
  const behavior = () => (reduced.matches ? "auto" : "smooth");
  let pinned = []; // what was clicked, or is being read
  let pointed = null; // what the pointer is at, or the keyboard
  let scrolling = 0; // until when a scroll is our own

  const linesOf = (marked) => {
    const lines = new Set();
    for (const reference of marked) {
      const [first, last] = reference.dataset.lines.split("-").map(Number);
      for (let n = first; n <= last; n++) lines.add(document.getElementById(`L${n}`));
    }
    return [...lines];
  };
  const show = () => {
    const marked = pointed ?? pinned;
    document.querySelectorAll(".lit").forEach((element) => element.classList.remove("lit"));
    const lines = linesOf(marked);
    [...marked, ...lines].forEach((element) => element.classList.add("lit"));
    if (lines.length) reveal(lines[0], lines[lines.length - 1]);
  };
  const reveal = (first, last) => {
    const top = first.offsetTop - scroller.offsetTop;
    const bottom = last.offsetTop + last.offsetHeight - scroller.offsetTop;
    const shown = scroller.scrollTop <= top && bottom <= scroller.scrollTop + scroller.clientHeight;
    if (!shown) scroller.scrollTo({ top: top - scroller.clientHeight / 3, behavior: behavior() });
  };
  const pin = (marked) => {
    pinned = marked;
    show();
  };
  const point = (marked) => {
    pointed = split() ? marked : null;
    show();
  };
  const goTo = (reference) => {
    scrolling = performance.now() + 1000;
    reference.scrollIntoView({ block: "center", behavior: behavior() });
    pin([reference]);
  };

  // From the prose to the program.
  references.forEach((reference) => {
    reference.addEventListener("click", (event) => {
      event.preventDefault();
      history.replaceState(null, "", reference.hash);
      if (!split()) {
        pane.classList.add("docked");
        reference.scrollIntoView({ block: "nearest", behavior: behavior() });
      }
      scrolling = performance.now() + 500;
      pin([reference]);
      // Enter, not a click: the reader goes on from the line.
      if (!event.detail) document.querySelector(`${reference.hash} .number`).focus({ preventScroll: true });
    });
    reference.addEventListener("mouseenter", () => point([reference]));
    reference.addEventListener("focus", () => { if (reference.matches(":focus-visible")) point([reference]); });
    for (const type of ["mouseleave", "blur"]) reference.addEventListener(type, () => point(null));
  });

  // From the program to the prose.
  pane.querySelectorAll("a.number").forEach((number) => {
    number.addEventListener("click", (event) => {
      event.preventDefault();
      const reference = document.querySelector(number.hash);
      history.replaceState(null, "", number.hash);
      goTo(reference);
      if (!event.detail) reference.focus({ preventScroll: true });
    });
  });
  const arrive = () => {
    const line = /^#L\d+$/.test(location.hash) && document.querySelector(location.hash);
    if (!line) return;
    const number = line.querySelector("a.number");
    if (number) goTo(document.querySelector(number.hash));
    reveal(line, line);
  };
  addEventListener("load", arrive);
  addEventListener("hashchange", arrive);

  // The pane follows the paragraph that is being read.
  const read = () => {
    if (!follow.checked || !split() || performance.now() < scrolling) return;
    const past = references.filter((reference) => reference.getBoundingClientRect().top < innerHeight * 0.4);
    const block = past.length ? past[past.length - 1].closest("p, li, tr") : null;
    const marked = references.filter((reference) => block?.contains(reference));
    if (marked[0] !== pinned[0] || marked.length !== pinned.length) pin(marked);
  };
  let due = 0;
  addEventListener("scroll", () => {
    cancelAnimationFrame(due);
    due = requestAnimationFrame(read);
  }, { passive: true });
  const remember = { get: () => { try { return localStorage.lessonsFollow; } catch { return null; } },
    set: (value) => { try { localStorage.lessonsFollow = value; } catch { /* not allowed: then not remembered */ } } };
  follow.checked = remember.get() !== "off";
  follow.addEventListener("change", () => {
    remember.set(follow.checked ? "on" : "off");
    if (follow.checked) read(); else pin([]);
  });

  // On a narrow screen the pane is docked below, until it is closed.
  const close = () => {
    pane.classList.remove("docked");
    pinned[0]?.focus({ preventScroll: true });
  };
  pane.querySelector(".program-close").addEventListener("click", close);

  // For the projector: large, and the arrow keys step through the references.
  const presenter = pane.querySelector(".program-present");
  const label = presenter.textContent;
  const present = () => {
    const on = root.classList.toggle("presenting");
    pane.classList.remove("docked");
    status.textContent = "";
    presenter.textContent = on ? presenter.dataset.exit : label;
    if (on) step(0); else if (pinned[0]) goTo(pinned[0]);
  };
  const step = (by) => {
    const now = references.indexOf(pinned[0]);
    const next = Math.max(0, Math.min(references.length - 1, now + (now < 0 && !by ? 1 : by)));
    status.textContent = `${next + 1} / ${references.length}`;
    goTo(references[next]);
  };
  presenter.addEventListener("click", present);
  const steps = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 };
  addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, textarea, select, .player")) return;
    const presenting = root.classList.contains("presenting");
    if (event.key === "z" || (event.key === "Escape" && presenting)) present();
    else if (event.key === "Escape" && pane.classList.contains("docked")) close();
    else if (presenting && steps[event.key]) step(steps[event.key]);
    else return;
    event.preventDefault();
  });
})();

// Material searches when a key goes up; text can come without one, by an input method.
document.querySelector(".md-search__input")?.addEventListener("input", ({ target }) => target.dispatchEvent(new Event("keyup")));

// Material wraps each copy button in a <nav>, which is no landmark.
addEventListener("load", () => document.querySelectorAll(".md-code__nav").forEach((nav) => nav.setAttribute("role", "none")));

// The player of recordings is fetched when one of them comes near.
(() => {
  const load = (tag, attributes) => new Promise((resolve, reject) => {
    const element = Object.assign(document.createElement(tag), attributes, { onload: () => resolve(element), onerror: reject });
    document.head.append(element);
  });
  const loaded = {};
  const show = async (screen) => {
    const { player, recording } = screen.dataset;
    loaded.player ??= Promise.all([
      load("link", { rel: "stylesheet", href: `${player}asciinema-player.css` }),
      load("script", { src: `${player}asciinema-player.min.js` }),
    ]);
    const [script] = await Promise.all([load("script", { src: recording }), loaded.player]);
    screen.replaceChildren();
    AsciinemaPlayer.create({ data: script.recording }, screen, { fit: "both", poster: "npt:99", idleTimeLimit: 2, terminalFontFamily: "var(--md-code-font-family)" });
  };
  const watcher = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      watcher.unobserve(target);
      show(target).catch(() => target.remove());
    }
  }, { rootMargin: "300px" });
  document.querySelectorAll(".player").forEach((screen) => watcher.observe(screen));
})();
