// The search worker. Material's search box sends setup (0) and query (2), and takes ready (1)
// and result (3). What can be known beforehand is worked out in bcclessons/site/search_index.py.
(() => {
  const worker = /** @type {any} */ (self);
  const [own, language] = (worker.document?.currentScript?.src ?? worker.location.href).split("?");
  /** @type {any} */
  let index;
  // All titles and texts in turn, and where each begins.
  let all = "";
  let starts = [0];

  const load = async () => {
    await worker.importScripts(new URL(`../search/${language.slice(0, 2)}.js`, own).href);
    index = worker.lessonsIndex;
    const fields = index.entries.flatMap((entry = index) => [entry.title, entry.text]);
    all = fields.join("\n").toLowerCase();
    let end = -1;
    starts = fields.map((field = "") => (end += field.length + 1) - field.length);
  };
  // The pattern of a word; in Japanese ー, の and a blank may be there or not.
  const source = (word = "") =>
    [...word.replace(/(?!^)ー/g, "")]
      .map((c) => c.replace(/\W/, "\\$&"))
      .join(/^[ -~]+$/.test(word) ? "" : "[ ーの]?");
  /** A word as the pages have it: itself, its parts, one letter off, its stem. @returns {string[]} */
  const known = (word = "") => {
    if (all.search(source(word)) >= 0) return [word];
    const parts = word.match(/\w+|[ァ-ヶー]+|[一-龠々]+[ぁ-ん]*|[ぁ-ん]{3,}/g) ?? [];
    if (parts[0] !== word) return parts.flatMap((part) => known(part));
    const off = [...word].map((c, i) => {
      const tail = word.slice(i + 1);
      return `${word.slice(0, i)}(.?${tail}|.${c}${tail}|${tail[0]}${c}${tail.slice(1)})`;
    });
    const near = RegExp(`^(${off.join("|")})$`, "m").exec(index.words);
    if (near) return [near[0]];
    return /^[一-龠].+[ぁ-ん]$/.test(word) ? known(word.slice(0, -1)) : [];
  };
  const inName = (at = 0) => /\w\w/.test(all.slice(at - 1, at + 1));
  // Where a pattern is found, and how rare that is; a part of a longer name counts less.
  const term = (text = "", factor = 1) => {
    const pattern = RegExp(text, "gi");
    const counts = starts.map(() => 0);
    let i = 0;
    for (const { 0: found, index: at = 0 } of all.matchAll(RegExp(text, "g"))) {
      while (starts[i + 1] <= at) i++;
      counts[i] += inName(at) ? 0.02 : inName(at + found.length) ? 0.3 : 1;
    }
    const number = counts.reduce((sum, count) => sum + Math.min(1, count), 0.5);
    return { pattern, counts, weight: factor * Math.log(1 + counts.length / number) };
  };

  const search = async (query = "") => {
    const asked = query.normalize("NFKC").toLowerCase().trim();
    // Material asks for nothing once, while the page loads: that needs no index.
    if (!asked) return [];
    if (!index) await load();
    const said = asked.split(/[\s"'`“”‘’「」、，。；：:,;!?()[\]{}<>=|]+/);
    const words = [...new Set(said.flatMap((word) => word && known(word)))].filter(Boolean).slice(0, 30);
    const meant = index.synonyms.flatMap(([key = "", ...others]) => (asked.match(key) ? others : []));
    const terms = [
      ...words.map((word) => term(source(word), /^[\d.]+$/.test(word) ? 0.2 : 1)),
      term(source(asked)),
      ...meant.map((word = "") => term(source(word), words[0] ? 0.4 : 1)),
      // Words in a row, also with a number or a name between them that no page has.
      ...words.slice(1).map((word, i) => term(`${source(words[i])}.{0,6}${source(word)}`)),
    ];
    const name = asked.replace(/^what (is|are) (an? |the )?|とは.*|[ー ?]/g, "");
    const first = index.exact[name] ?? index.exact[words[1] ? "" : words[0]?.replace(/.*\./, "")];
    const any = RegExp(terms.map(({ pattern }) => pattern.source).join("|"), "gi");
    const marked = (text = "") => text.replace(any, "<mark>$&</mark>");
    // What is said from the sentence on that has most of the words.
    const excerpt = (text = "") => {
      const pieces = text.split("\u200b");
      const sums = pieces.map((piece) =>
        terms.reduce((sum, { pattern, weight }) => sum + (piece.search(pattern) < 0 ? 0 : weight), 0),
      );
      const i = sums.indexOf(Math.max(...sums));
      return (i > 1 ? "…" : "") + marked(pieces.slice(i).join("").slice(0, 160));
    };

    const items = index.entries.map((entry = index, i = 0) => {
      let score = 0;
      for (const { weight, counts } of terms) {
        const [title, text] = counts.slice(2 * i);
        score += weight * (2 * Math.min(1, title) + text / (text + 0.5 + entry.text.length / 2000));
      }
      const marks = Object.fromEntries(words.map((word) => [word, true]));
      return { ...entry, score: score * (entry.rank ?? 1), terms: marks };
    });
    const best = Math.max(...items.map(({ score = 0 }) => score));
    if (!best) return index.nothing;
    if (items[first]) items[first].score = best + 1;
    items.sort((a = index, b = index) => b.score - a.score);
    /** @type {Object<string, any[]>} */
    const groups = {};
    for (const { ...item } of items) {
      if (item.score < best / 6) break;
      // Material names a group by its page, and folds away what scores less than the first.
      const page = item.location.split("#")[0];
      const { title, ...top } = items.find(({ location = "" }) => location === page);
      const group = (groups[page] ??= [{ ...top, title: marked(title), text: "", score: item.score }]);
      const text = excerpt(item.text);
      if (item.location === page) group[0].text = text;
      else group.push({ ...item, text, title: marked(item.title), score: group[3] ? item.score : group[0].score });
    }
    return Object.values(groups);
  };

  addEventListener("message", async ({ data: { type, data } }) => {
    if (type === 0) postMessage({ type: 1 });
    if (type === 2) postMessage({ type: 3, data: { items: await search(data) } });
  });
})();
