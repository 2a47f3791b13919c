// The search worker: finds any text, so that Japanese needs no cutting into words.
// It speaks to Material's search box: setup (0), ready (1), query (2), result (3).
(() => {
  const self_ = self.document?.currentScript?.src ?? self.location.href;
  const language = /\?([a-z]{2})/.exec(self_)[1];
  const index = new URL(`../search/${language}.js`, self_.split("?")[0]).href;

  // Full-width letters are half-width, and all are small; each stays one character.
  const fold = (text) =>
    [...text].map((c) => [...c.normalize("NFKC").toLowerCase()]).map((cs, i) => (cs.length === 1 ? cs[0] : [...text][i])).join("");
  const escaped = (text) => text.replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);
  // A long vowel (ユーザー), a blank (プロセスID) and の (プロセス名) may be there or not.
  const pattern = (term) => {
    const letters = [...(term.replaceAll("ー", "") || term)];
    return new RegExp(letters.map((c) => c.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("[ ーの]?"), "g");
  };

  let pages;
  const load = async () => {
    await importScripts(index);
    pages = self.lessonsIndex.map((page) => ({ ...page, inTitle: fold(page.title), inText: fold(page.text) }));
  };

  const marked = (text, patterns) => {
    const on = [];
    for (const each of patterns) {
      for (const found of fold(text).matchAll(each)) {
        for (let i = 0; i < found[0].length; i++) on[found.index + i] = true;
      }
    }
    let html = "";
    for (let i = 0; i < text.length; i++) {
      html += (on[i] && !on[i - 1] ? "<mark>" : "") + escaped(text[i]) + (on[i] && !on[i + 1] ? "</mark>" : "");
    }
    return html;
  };

  // A name that is a part of a longer one (pid_t in pid_tgid) counts little.
  const times = (text, pattern) => {
    const whole = (at) => !/\w\w/.test(text.slice(at.index - 1, at.index + 1)) && !/\w\w/.test(text.slice(at.index + at[0].length - 1, at.index + at[0].length + 1));
    return [...text.matchAll(pattern)].reduce((sum, at) => sum + (whole(at) ? 1 : 0.01), 0);
  };

  const found = ({ page, patterns }) => {
    const counts = patterns.map((each) => 20 * times(page.inTitle, each) + times(page.inText, each));
    const near = Math.max(0, page.inText.search(patterns[0]) - 30);
    const begin = near && page.text.slice(0, near).search(/[^ ．，]*$/);
    return {
      location: page.location,
      score: counts.reduce((a, b) => a + b),
      // As that page has them: the theme marks them there.
      terms: Object.fromEntries(patterns.map((each) => [(page.inTitle.match(each) ?? page.inText.match(each))[0], true])),
      title: marked(page.title, patterns),
      text: (begin ? "…" : "") + marked(page.text.slice(begin, begin + 160), patterns),
    };
  };

  const search = async (query) => {
    const patterns = fold(query).split(/[\s"“”「」　]+/).filter(Boolean).map(pattern);
    // Material asks for nothing once, while the page loads: that needs no index.
    if (!patterns.length) return { items: [] };
    if (!pages) await load();
    // A pasted message has names and numbers that no page has: most of its words will do.
    const fits = pages.map((page) => ({ page, patterns: patterns.filter((each) => (page.inTitle + " " + page.inText).match(each)) }));
    const most = Math.max(...fits.map((fit) => fit.patterns.length));
    const all = most > patterns.length / 2 ? fits.filter((fit) => fit.patterns.length === most).map(found) : [];
    const groups = new Map();
    for (const item of all) {
      const page = item.location.split("#")[0];
      groups.set(page, [...(groups.get(page) ?? []), item]);
    }
    for (const [location, items] of groups) {
      // Material names a group by its page, which need not be among what was found.
      if (!items.some((item) => item.location === location)) {
        const page = pages.find((each) => each.location === location);
        items.push({ location, title: escaped(page.title), text: "", score: 0, terms: items[0].terms });
      }
      items.sort((a, b) => b.score - a.score);
      // It folds away what scores less than the first; two more are worth seeing.
      items.slice(1, 3).forEach((item) => { item.score = items[0].score; });
    }
    return { items: [...groups.values()].sort((a, b) => b[0].score - a[0].score) };
  };

  addEventListener("message", async ({ data: { type, data } }) => {
    if (type === 0) postMessage({ type: 1 });
    if (type === 2) postMessage({ type: 3, data: await search(data) });
  });
})();
