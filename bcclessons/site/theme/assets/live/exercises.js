// The editors of a live page: the reader's files, and what running and checking them said.
const Exercises = (() => {
  const { all } = Page;
  const { text } = Live;
  const [panel] = all("#panel-exercise");
  const template = /** @type {HTMLTemplateElement} */ (all("#live-exercise")[0]);
  const japanese = document.documentElement.lang === "ja";
  /** @type {Map<string, ReturnType<typeof make>>} */
  const made = new Map();

  /** An element with a text in it. */
  const element = (/** @type {string} */ tag, /** @type {string} */ content, className = "") =>
    Object.assign(document.createElement(tag), { textContent: content, className });
  /** A paragraph; what is in backquotes is code. */
  const paragraph = (/** @type {string} */ content) => {
    const parts = content.split("`").map((part, i) => (i % 2 ? element("code", part) : part));
    const result = element("p", "");
    result.append(...parts);
    return result;
  };

  const make = (/** @type {string} */ label) => {
    const box = document.createElement("section");
    box.className = "live live-exercise";
    box.append(template.content.cloneNode(true));
    const find = (/** @type {string} */ name) => all(`.live-${name}`, box)[0];
    const [help] = all("#editor-help", box);
    help.id += label.replace("/", "-");
    box.ariaLabel = text("editor", label);
    panel.append(box);

    /** Ask, or say, something above the editor; a press of one of its buttons ends it. */
    const notice = (
      /** @type {string} */ sentence,
      /** @type {[string, () => void][]} */ choices,
    ) => {
      const bar = find("notice");
      const [line, ...buttons] = /** @type {HTMLElement[]} */ ([...bar.children]);
      line.textContent = sentence;
      buttons.forEach((button, i) => {
        const [name, act] = choices[i] ?? [""];
        button.hidden = !name;
        button.textContent = name;
        button.onclick = () => {
          bar.hidden = true;
          act?.();
        };
      });
      bar.hidden = !sentence;
    };

    const choice = /** @type {HTMLSelectElement} */ (find("choice"));
    const saved = find("saved");
    /** @type {FileState} */
    let state = "loading";
    const editor = Editor.create({
      parent: find("editor"),
      label: text("editor", label),
      description: help.id,
      phrases: japanese ? JSON.parse(text("search")) : {},
      changed: () => file.edited(),
      save: () => check(),
    });
    const file = LiveFile.open(label, {
      text: () => editor.text,
      start: editor.open,
      take: editor.replace,
      show: (now) => {
        const kept = now === "conflict" || now === "loading";
        saved.textContent = kept ? "" : text(now);
        if (now === "conflict" && state !== now)
          notice(text("changed"), [
            [text("keepMine"), () => file.choose(true)],
            [text("takeTheirs"), () => file.choose(false)],
          ]);
        else if (state === "conflict" && now !== state) notice("", []);
        state = now;
      },
    });

    // What was said of the program.
    const feedback = find("feedback");
    const say = (/** @type {HTMLElement[]} */ ...content) => feedback.replaceChildren(...content);
    let checks = false; // this page, and not another that shows the file
    const reveal = (/** @type {Element} */ part) =>
      part.scrollIntoView({ block: "nearest", behavior: Page.behavior });
    const judged = (/** @type {any} */ { solved, undecided, text: said, output, line }) => {
      const name = solved ? "solved" : undecided ? "undecided" : "wrong";
      feedback.dataset.result = name;
      const title = element("strong", text(name));
      const content = [title, paragraph(said)];
      if (line) {
        const button = element("button", text("line", line));
        button.onclick = () => editor.goTo(line);
        content.splice(1, 0, button);
      }
      if (output) {
        const details = element("details", "");
        details.append(element("summary", text("output")), element("pre", output));
        details.ontoggle = () => reveal(details);
        content.push(details);
      }
      const next = choice.options[choice.selectedIndex + 1]?.value;
      if (solved && next) {
        const button = element("button", text("next"));
        button.onclick = () => open(next, true);
        content.splice(1, 0, button);
      }
      say(...content);
      editor.mark(line ?? 0);
      if (checks) reveal(feedback);
      checks = false;
    };
    const on = (/** @type {string} */ type, /** @type {(message: any) => void} */ fn) =>
      Machine.on(type, (message) => {
        if (message.exercise === label) fn(message);
      });
    const busy = (/** @type {string} */ sentence) => {
      feedback.dataset.result = "checking";
      say(element("p", sentence));
    };
    on("checking", (message) => busy(message.text || text("checking")));
    on("verdict", judged);
    on("hint", ({ texts, of }) => {
      const list = texts.map((/** @type {string} */ hint, /** @type {number} */ i) => {
        const item = paragraph(hint);
        item.prepend(element("strong", `${text("hint", `${i + 1}/${of}`)} `));
        return item;
      });
      find("hints").replaceChildren(...list);
      find("hints").lastElementChild?.scrollIntoView({ block: "nearest" });
    });
    let resets = false; // this page, too
    on("reset", ({ kept }) => {
      if (resets) file.forget();
      resets = false;
      editor.mark(0);
      say();
      delete feedback.dataset.result;
      notice(kept ? text("kept", kept) : "", [[text("close"), () => {}]]);
    });
    const isBusy = () => feedback.dataset.result === "checking";
    const idle = () => {
      if (!isBusy()) return;
      delete feedback.dataset.result;
      say();
    };
    Machine.on("problem", idle);
    Machine.on("connected", idle);

    const check = async () => {
      if (isBusy()) return;
      editor.mark(0);
      busy(text("checking"));
      checks = await file.save();
      if (checks) Machine.send({ type: "check", exercise: label });
      else idle();
    };
    find("check").onclick = check;
    find("try").onclick = async () => {
      if (await file.save()) Live.terminals((t) => t.run(label));
    };
    find("hint").onclick = () => Machine.send({ type: "hint", exercise: label });
    find("reset").onclick = () => {
      if (state === "conflict") return;
      notice(text("reset"), [
        [
          text("doReset"),
          async () => {
            resets = await file.save();
            if (resets) Machine.send({ type: "reset", exercise: label });
          },
        ],
        [text("cancel"), editor.focus],
      ]);
      find("notice").querySelector("button")?.focus();
    };
    choice.onchange = () => {
      open(choice.value, true);
      choice.value = label;
    };
    return { box, editor, choice };
  };

  const solved = () => {
    for (const { choice } of made.values())
      for (const option of choice.options) {
        const name = option.text.replace(/^✓ /, "");
        option.text = Machine.state.solved.includes(option.value) ? `✓ ${name}` : name;
      }
  };
  Machine.on("state", solved);

  /** Show the editor of an exercise; the reader has pressed for it, or had it before. */
  const open = (/** @type {string} */ label, /** @type {boolean} */ pressed) => {
    const one = made.get(label) ?? make(label);
    made.set(label, one);
    for (const [name, { box }] of made) box.hidden = name !== label;
    one.choice.value = label;
    panel.dataset.editing = label;
    Live.remember({ exercise: label });
    solved();
    one.editor.measure();
    if (all("#panel-exercise .live-terminals, #live .live-terminals")[0])
      Live.terminals((t) => t.place());
    if (pressed && !matchMedia("(hover: none)").matches) one.editor.focus();
  };
  return { open };
})();
