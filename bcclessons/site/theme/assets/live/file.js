// The reader's file of an exercise, in the editor and on the disk: what is saved when, and
// what is known of the other side. Nothing is overwritten unasked.
/** @typedef {"loading" | "saved" | "unsaved" | "saving" | "conflict"} FileState */
const LiveFile = (() => {
  const QUIET = 1000; // milliseconds without an edit until it is saved
  const normal = (/** @type {string} */ text) => text.replace(/\r\n?/g, "\n");

  /**
   * @typedef {{ text: string, revision: string }} Version
   * @typedef {{
   *   text: () => string,
   *   start: (text: string) => void,
   *   take: (text: string) => void,
   *   show: (state: FileState) => void,
   * }} Sheet what shows the text: its text now; to show a first one; to take another over
   */
  /** Open the file of an exercise. @param {string} exercise @param {Sheet} sheet */
  const open = (exercise, sheet) => {
    // In a class, the next learner at this browser is another one.
    const key = () => `draft.${Machine.state.learner ?? ""}.${exercise}`;
    /** @type {Version | null} what is on the disk, as far as is known */
    let disk = null;
    /** @type {Version | null} what is there instead, while the reader has to choose */
    let theirs = null;
    /** @type {string | null} what is on its way to the disk */
    let sent = null;
    let timer = 0;
    /** @type {((saved: boolean) => void)[]} */
    let waiting = [];

    const isDirty = () => disk !== null && sheet.text() !== disk.text;
    const settle = (/** @type {boolean} */ saved) => {
      for (const each of waiting) each(saved);
      waiting = [];
    };
    const show = () => {
      const state = !disk ? "loading" : theirs ? "conflict" : sent !== null ? "saving" : null;
      sheet.show(state ?? (isDirty() ? "unsaved" : "saved"));
      // For when the page goes before it is saved.
      if (!disk) return;
      Page.set(key(), isDirty() ? { text: sheet.text(), revision: disk.revision } : null);
    };
    const save = () => {
      clearTimeout(timer);
      if (!disk || theirs || sent !== null) return;
      if (!isDirty()) return settle(true);
      if (!Machine.state.connected) return;
      sent = sheet.text();
      Machine.send({ type: "save", exercise, text: sent, base: disk.revision });
      show();
    };
    const conflict = (/** @type {Version} */ version) => {
      if (version.text === sheet.text()) {
        disk = version;
        return show();
      }
      theirs = version;
      settle(false);
      show();
    };
    const known = (/** @type {any} */ { text, revision }) => {
      const version = { text: normal(text), revision };
      if (!disk) {
        disk = version;
        sheet.start(version.text);
        const draft = Page.get(key());
        if (draft && draft.text !== version.text) {
          sheet.take(draft.text);
          if (draft.revision !== revision) theirs = version;
        }
        show();
        if (!theirs) save();
        return;
      }
      if (sent !== null || revision === disk.revision) return;
      if (isDirty()) return conflict(version);
      disk = version;
      sheet.take(version.text);
      show();
    };
    /** Listen to the messages of this exercise. */
    const on = (/** @type {string} */ type, /** @type {(message: any) => void} */ fn) =>
      Machine.on(type, (message) => {
        if (message.exercise === exercise) fn(message);
      });
    on("file", known);
    on("saved", ({ revision }) => {
      if (sent === null) return;
      disk = { text: sent, revision };
      sent = null;
      show();
      if (isDirty()) save();
      else settle(true);
    });
    on("conflict", ({ text, revision }) => {
      sent = null;
      conflict({ text: normal(text), revision });
    });
    Machine.on("connected", (connected) => {
      sent = null;
      if (connected && disk) Machine.send({ type: "open", exercise });
      show();
    });
    // An answer that repeats what is known means: go on.
    on("file", () => {
      if (disk && !theirs && sent === null && isDirty()) save();
    });
    Machine.send({ type: "open", exercise });
    addEventListener("pagehide", save);
    show();

    return {
      /** The reader has edited. */
      edited: () => {
        clearTimeout(timer);
        timer = setTimeout(save, QUIET);
        show();
      },
      /** Save now; the promise is whether it is on the disk. @returns {Promise<boolean>} */
      save: () =>
        new Promise((resolve) => {
          if (theirs) return resolve(false);
          waiting.push(resolve);
          save();
        }),
      /** End a conflict: the reader keeps their own text, or takes that of the disk. */
      choose: (/** @type {boolean} */ own) => {
        if (!theirs) return;
        const mine = sheet.text();
        [disk, theirs] = [theirs, null];
        // Undoing leads to the other one, too.
        sheet.take(disk.text);
        if (own) sheet.take(mine);
        show();
        save();
      },
      /** The file becomes another one: the next that is told of is the first. */
      forget: () => {
        clearTimeout(timer);
        Page.set(key(), null);
        disk = null;
        theirs = null;
      },
    };
  };
  return { open };
})();
