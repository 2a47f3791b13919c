// Questions before a run, exercises as cards, and what this browser keeps of both.
(() => {
  const { all } = Page;

  // A question. The first answer that is opened is the prediction; the others stay open to read.
  /** @returns {Record<string, boolean>} whether each was predicted right, by "02/name" */
  const predicted = () => Page.get("questions") ?? {};
  /** @param {HTMLElement} question @param {boolean} [before] */
  const ask = (question, before) => {
    const { question: name = "" } = question.dataset;
    const [state] = all(".question-state", question);
    /** @param {boolean} [right] */
    const done = (right) => {
      question.classList.add("done");
      const [run] = all(".veiled", question.parentElement?.nextElementSibling ?? question);
      run?.classList.remove("veiled");
      run?.dispatchEvent(new Event("unveil", { bubbles: true }));
      if (right !== undefined) state.textContent = state.getAttribute(`data-${right}`);
    };
    for (const answer of /** @type {HTMLDetailsElement[]} */ (all(".answer", question))) {
      const [summary] = all("summary", answer);
      const [reference] = all('.answer-reference[href^="#"]', answer);
      summary.addEventListener("click", () => {
        if (question.classList.contains("done")) return;
        const right = answer.hasAttribute("data-right");
        Page.set("questions", { ...predicted(), [name]: right });
        summary.append(" ", all(".question-title span", question)[0].cloneNode(true));
        done(right);
      });
      if (!reference) continue;
      answer.addEventListener("toggle", () => {
        Pane.light(answer.open ? Page.lines(reference) : [], answer);
      });
    }
    for (const reference of all('.answer-reference[href^="#"]', question)) {
      reference.addEventListener("click", (event) => {
        event.preventDefault();
        if (all(".pane")[0].dataset.tab === "exercise") Pane.open("program");
        Pane.light(Page.lines(reference), reference);
        Pane.dock();
        reference.scrollIntoView({ block: "nearest", behavior: Page.behavior });
      });
    }
    all(".question-skip", question)[0].addEventListener("click", () => done());
    if (before !== undefined) done(before);
    Present.stop(question, {
      step: (by) => {
        // What the audience sees is a copy.
        const [right] = all(".presenter .answer[data-right]:not([open])");
        if (by < 0 || !right) return false;
        right.setAttribute("open", "");
        right.scrollIntoView({ block: "nearest" });
        done();
        return true;
      },
    });
  };
  for (const question of all(".question"))
    ask(question, predicted()[question.dataset.question ?? ""]);

  // Questions of other lessons that were predicted wrong are asked again, a few at a time.
  for (const place of all("[data-again]")) {
    const known = predicted();
    const names = Object.keys(known)
      .filter((name) => name.startsWith(`${place.dataset.again}/`) && !known[name])
      .slice(0, 3);
    const show = (/** @type {{ questions: Record<string, string> }} */ { questions }) => {
      const [{ href }] = /** @type {HTMLAnchorElement[]} */ (all("a", place));
      for (const name of names.filter((each) => questions[each])) {
        place.insertAdjacentHTML("beforeend", questions[name]);
        const [question] = all(".question", place).slice(-1);
        for (const each of all('[href^="#"]', question))
          each.setAttribute("href", href + each.getAttribute("href"));
        ask(question);
        place.hidden = false;
        place.parentElement?.removeAttribute("hidden");
      }
    };
    if (names.length) Page.load("script", { src: place.dataset.script }).then(show, () => {});
  }

  // Exercises. What ./lab knows to be solved, where it serves the page, is in the dots.
  const known = all(".dots").flatMap(({ dataset }) => dataset.solved?.split(" ") ?? []);
  const live = "live" in document.documentElement.dataset; // then ./lab knows it all
  const solved = new Set([
    ...known,
    .../** @type {string[]} */ ((!live && Page.get("solved")) || []),
  ]);
  const count = () => {
    for (const dots of all(".dots")) {
      const { progress, label = "" } = dots.dataset;
      const text = dots.textContent.replace(/./gu, (_, i) =>
        solved.has(`${progress}/${i + 1}`) ? "●" : "○",
      );
      if (text === dots.textContent) continue;
      dots.textContent = text;
      dots.ariaLabel = label.replace("#", `${text.split("●").length - 1}`);
    }
  };
  count();
  addEventListener("solved", (/** @type {any} */ { detail }) => {
    solved.clear();
    for (const label of detail) solved.add(label);
    count();
  });
  const cards = all(".exercise");
  let current = cards[0];
  /** @type {HTMLElement | undefined} */
  let asked;
  const showStart = (/** @type {HTMLElement} */ card) => {
    current = card;
    for (const start of all(".start")) {
      start.hidden = start.dataset.start !== card.dataset.exercise;
      if (start.hidden) continue;
      const template = start.querySelector("template");
      template?.replaceWith(template.content);
      const [panel] = all("#panel-exercise");
      const { top } = all(".changed", start)[0].getBoundingClientRect();
      panel.scrollTop += top - panel.getBoundingClientRect().top - panel.clientHeight * 0.7;
    }
  };
  for (const card of cards) {
    const label = card.dataset.exercise ?? "";
    const [box] = /** @type {HTMLInputElement[]} */ (all("input", card));
    const [second] = /** @type {HTMLDetailsElement[]} */ (all(".solution details", card));
    second.addEventListener("toggle", () => {
      const [code] = all("noscript", second);
      if (second.open && code) code.outerHTML = code.textContent ?? "";
    });
    // Who has solved it needs no second press.
    const show = () => {
      box.checked = solved.has(label);
      second.open ||= box.checked;
    };
    show();
    box.disabled = live;
    addEventListener("solved", show);
    box.addEventListener("change", () => {
      solved[box.checked ? "add" : "delete"](label);
      Page.set("solved", [...solved]);
      second.open = box.checked;
      count();
    });
    all(".exercise-start", card)[0].addEventListener("click", (event) => {
      event.preventDefault();
      asked = card;
      Pane.open("exercise", card);
      Pane.dock();
      showStart(card);
      if (!event.detail) Page.enter(all("#tab-exercise")[0]);
    });
  }
  if (current) {
    Pane.on("tab", (name) => name === "exercise" && showStart(current));
    Pane.on("read", (element) => {
      // What was asked for stays while its card is in sight.
      const { top, bottom } = (asked ?? document.head).getBoundingClientRect();
      if (cards.includes(element) && (bottom <= 0 || top >= innerHeight)) showStart(element);
    });
  }
})();
