// One event's journey, in its tab of the pane: a step at a time, and its lines lit.
const Journey = (() => {
  const [root] = Page.all(".journey");
  if (!root) return;
  const [scrubber] = /** @type {HTMLInputElement[]} */ (Page.all("input", root));
  const [status] = Page.all("[role=status]", root);
  const [pane] = Page.all(".pane");
  const switches = Page.all(".journey-switch", root);
  /** @type {HTMLElement[]} */
  let tracks = [];
  /** @type {HTMLElement[][]} */
  let steps = [];
  let track = 0;
  let at = 0;

  const light = () => {
    const step = steps[track][at];
    Pane.light(Page.all("[data-lines]", step).flatMap(Page.lines), step);
  };
  const draw = () => {
    const shown = steps[track];
    tracks.forEach((each, i) => (each.hidden = i !== track));
    switches.forEach((each, i) => (each.ariaPressed = String(i + 1 === track)));
    shown.forEach((each, i) => (each.hidden = i !== at));
    for (const each of Page.all("[data-by]", root))
      each.ariaDisabled = String(!shown[at + Number(each.dataset.by)]);
    const count = `${at + 1} / ${shown.length}`;
    Page.all(".journey-count", root)[0].textContent = count;
    scrubber.max = String(shown.length);
    scrubber.value = String(at + 1);
    scrubber.setAttribute("aria-valuetext", `${count}: ${shown[at].dataset.title}`);
  };
  /** Show a step, and say it unless the scrubber does; the address leads back to it. */
  const show = (/** @type {number} */ n, said = true) => {
    at = n;
    draw();
    /** @type {Element} */ (root.parentElement).scrollTop = 0;
    light();
    const step = steps[track][at];
    history.replaceState(null, "", `#${step.id}`);
    const [text] = Page.all("p", step);
    status.textContent = said ? `${step.dataset.title}. ${text.textContent}` : "";
  };
  const go = (/** @type {number} */ by) => {
    const moves = at + by in steps[track];
    if (moves) show(at + by);
    return moves;
  };
  /** Take the steps out of their template, once. */
  const mount = () => {
    if (tracks.length) return;
    const [template] = /** @type {HTMLTemplateElement[]} */ (Page.all("template", root));
    template.replaceWith(template.content);
    tracks = Page.all(".journey-track", root);
    steps = tracks.map((each) => Page.all("ol > li", each));
    for (const each of Page.all(".journey-reference", root))
      each.addEventListener("click", (event) => {
        event.preventDefault();
        Pane.light(Page.lines(each), each);
      });
    draw();
  };
  const open = () => {
    Pane.open("journey");
    Pane.dock();
    light();
  };

  scrubber.addEventListener("input", () => show(Number(scrubber.value) - 1, false));
  switches.forEach((each, i) => {
    each.addEventListener("click", () => {
      track = track === i + 1 ? 0 : i + 1;
      show(0);
    });
  });
  for (const each of Page.all("[data-by]", root))
    each.addEventListener("click", () => go(Number(each.dataset.by)));
  root.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by || event.altKey || event.ctrlKey || event.metaKey || event.target === scrubber) return;
    event.preventDefault();
    event.stopPropagation(); // not in presenter mode, too
    go(by);
  });

  const arrive = () => {
    if (!location.hash.startsWith("#journey")) return;
    mount();
    // A track is linked to, too: by what the names of its steps begin with.
    const n = steps.flat().findIndex((step) => `#${step.id}-`.startsWith(`${location.hash}-`));
    if (n < 0) return;
    track = Number(n >= steps[0].length);
    show(track ? n - steps[0].length : n, false);
    open();
  };
  addEventListener("hashchange", arrive);
  addEventListener("load", arrive);
  let tab = "";
  Pane.on("tab", (name) => {
    if (name === "journey") {
      mount();
      light();
    } else if (tab === "journey") Pane.light([], steps[track][at]);
    tab = name;
  });
  for (const button of Page.all(".journey-open")) {
    button.addEventListener("click", () => {
      open();
      Page.enter(root);
    });
    Present.stop(button.parentElement ?? button, {
      enter: () => {
        pane.classList.add("behind");
        light();
      },
      step: (by) => {
        if (!pane.classList.contains("behind")) return go(by);
        pane.classList.remove("behind");
        return by > 0;
      },
    });
  }
})();
