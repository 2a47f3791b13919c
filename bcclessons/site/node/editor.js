// The editor of live pages: CodeMirror as one classic script, for Python with C in it.
import {
  defaultKeymap,
  history,
  historyKeymap,
  indentWithTab,
  isolateHistory,
} from "@codemirror/commands";
import { cppLanguage } from "@codemirror/lang-cpp";
import { pythonLanguage } from "@codemirror/lang-python";
import {
  bracketMatching,
  HighlightStyle,
  indentOnInput,
  indentUnit,
  LanguageSupport,
  syntaxHighlighting,
} from "@codemirror/language";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, RangeSet, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  drawSelection,
  EditorView,
  GutterMarker,
  gutterLineClass,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { parseMixed } from "@lezer/common";
import { tags } from "@lezer/highlight";

// A string in three quotes that holds C, as the one that is given to BPF(text=…).
const C =
  /^\s*#\s*(include|define)\b|\bBPF_[A-Z_]+\s*\(|\bTRACEPOINT_PROBE\s*\(|\bstruct \w+ \{|^\s*(static )?int \w+\(/m;
const python = new LanguageSupport(
  pythonLanguage.configure({
    wrap: parseMixed((node, input) => {
      if (node.name !== "String") return null;
      const [open] = /^[rRbB]*("""|''')?/.exec(
        input.read(node.from, Math.min(node.to, node.from + 5)),
      );
      const from = node.from + open.length;
      const to = node.to - 3;
      if (!/["']/.test(open) || to <= from || !C.test(input.read(from, to))) return null;
      return { parser: cppLanguage.parser, overlay: [{ from, to }] };
    }),
  }),
);

// The colours are those of the page's other code, in both colour schemes.
const colour = (name) => ({ color: `var(--md-code-hl-${name}-color)` });
const colours = HighlightStyle.define([
  { tag: tags.comment, ...colour("comment") },
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], ...colour("keyword") },
  { tag: [tags.typeName, tags.standard(tags.name), tags.self], ...colour("keyword") },
  { tag: tags.processingInstruction, ...colour("special") },
  { tag: [tags.bool, tags.null], ...colour("constant") },
  {
    tag: [tags.function(tags.variableName), tags.function(tags.propertyName)],
    ...colour("function"),
  },
  {
    tag: [tags.definition(tags.function(tags.variableName)), tags.macroName],
    ...colour("function"),
  },
  { tag: tags.number, ...colour("number") },
  {
    tag: [tags.string, tags.character, tags.escape, tags.special(tags.string)],
    ...colour("string"),
  },
]);

/** Lines of a class: those that a function names, at first and after each change. */
const lines = (className, effect, find) => {
  const decoration = Decoration.line({ class: className });
  const number = new (class extends GutterMarker {
    elementClass = className;
  })();
  const on = (state, kind) =>
    RangeSet.of(find(state).map((n) => kind.range(state.doc.line(n).from)));
  const field = StateField.define({
    create: (state) => [on(state, decoration), on(state, number)],
    update: (value, transaction) => {
      const asked = effect && transaction.effects.find((each) => each.is(effect));
      if (asked) {
        const known = asked.value > 0 && asked.value <= transaction.state.doc.lines;
        const at = known ? [transaction.state.doc.line(asked.value).from] : [];
        return [decoration, number].map((kind) => RangeSet.of(at.map((from) => kind.range(from))));
      }
      if (!transaction.docChanged) return value;
      if (effect) return value.map((set) => set.map(transaction.changes));
      return [on(transaction.state, decoration), on(transaction.state, number)];
    },
    provide: (self) => [
      EditorView.decorations.from(self, ([set]) => set),
      gutterLineClass.from(self, ([, set]) => set),
    ],
  });
  return field;
};
const mark = StateEffect.define();
const todo = (state) =>
  Array.from({ length: state.doc.lines }, (_, i) => i + 1).filter((n) =>
    state.doc.line(n).text.includes("TODO"),
  );

/** The smallest change that makes one text another, so that the cursor stays where it is. */
const change = (old, text) => {
  let from = 0;
  while (from < old.length && old[from] === text[from]) from += 1;
  let end = 0;
  while (
    end < Math.min(old.length, text.length) - from &&
    old[old.length - 1 - end] === text[text.length - 1 - end]
  )
    end += 1;
  return { from, to: old.length - end, insert: text.slice(from, text.length - end) };
};

/** Make an editor in an element; `changed` is called at each edit of the reader's. */
const create = ({ parent, label, description, phrases, changed, save }) => {
  let quiet = false;
  const state = (doc) =>
    EditorState.create({
      doc,
      extensions: [
        lineNumbers(),
        highlightActiveLineGutter(),
        highlightSpecialChars(),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        highlightActiveLine(),
        highlightSelectionMatches(),
        search({ top: true }),
        indentUnit.of("    "),
        EditorState.tabSize.of(8),
        python,
        syntaxHighlighting(colours),
        lines("cm-todo", null, todo),
        lines("cm-marked", mark, () => []),
        EditorState.phrases.of(phrases),
        EditorView.contentAttributes.of({
          "aria-label": label,
          "aria-describedby": description,
          autocapitalize: "off",
          autocorrect: "off",
          spellcheck: "false",
          tabindex: "0",
        }),
        keymap.of([
          { key: "Mod-s", run: () => save() ?? true, preventDefault: true },
          ...defaultKeymap,
          ...searchKeymap,
          ...historyKeymap,
          indentWithTab,
        ]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !quiet) changed();
        }),
      ],
    });
  const view = new EditorView({ parent, state: state("") });
  const quietly = (specification) => {
    quiet = true;
    view.dispatch(specification);
    quiet = false;
  };
  return {
    get text() {
      return view.state.doc.toString();
    },
    /** Start with a text, without a history. */
    open: (text) => view.setState(state(text)),
    /** Take a text over; the cursor stays, and undoing leads back. */
    replace: (text) =>
      quietly({
        changes: change(view.state.doc.toString(), text),
        annotations: isolateHistory.of("full"),
      }),
    /** Mark a line, from 1, and bring it into view; 0 for none. */
    mark: (line) => {
      const known = line > 0 && line <= view.state.doc.lines;
      const effects = [mark.of(known ? line : 0)];
      if (known) {
        const { from } = view.state.doc.line(line);
        effects.push(EditorView.scrollIntoView(from, { y: "center" }));
      }
      quietly({ effects });
    },
    /** Put the cursor at the start of a line, from 1, and focus the editor. */
    goTo: (line) => {
      const { from } = view.state.doc.line(Math.min(Math.max(1, line), view.state.doc.lines));
      quietly({ selection: { anchor: from }, scrollIntoView: true });
      view.focus();
    },
    focus: () => view.focus(),
    measure: () => view.requestMeasure(),
  };
};

Object.assign(globalThis, { Editor: { create } });
