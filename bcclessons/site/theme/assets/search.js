// The search worker: Material sends setup (0) and query (2), and takes ready (1) and result (3).
(() => {
  const worker = /** @type {any} */ (self);
  const [own, language] = (worker.document?.currentScript?.src ?? worker.location.href).split("?");
  /** @type {any} */
  let index;
  // All titles and texts in turn; where each begins.
  let all = "";
  let starts = [0];

  const load = async () => {
    await worker.importScripts(new URL(`../search/${language}.js`, own).href);
    index = worker.lessonsIndex;
    const fields = index.entries.flatMap((entry = index) => [entry.title, entry.text]);
    all = fields.join("\n").toLowerCase();
    let end = 0;
    starts = fields.map((field = "") => {
      end += field.length + 1;
      return end - field.length - 1;
    });
  };
  // In Japanese ー, の and a blank may be there or not.
  const source = (word = "") => {
    const letters = [...word.replace(/(?!^)ー/g, "")].map((c) => c.replace(/\W/, "\\$&"));
    return /^[ -~]+$/.test(word) ? letters.join("") : `${letters.join("[ ーの]?")}ー?`;
  };
  /** A word as the pages have it: itself, one letter off, its parts or stem. @returns {string[]} */
  const known = (word = "") => {
    if (index.ignored.includes(word)) return [];
    const found = all.match(/^\w{1,3}$/.test(word) ? `\\b${word}` : source(word));
    if (found) return [found[0]];
    const off = [...word.slice(0, 40)].map((c, i) => {
      const tail = word.slice(i + 1);
      return `${word.slice(0, i)}(.?${tail}|.${c}${tail}|${tail[0]}${c}${tail.slice(1)})`;
    });
    const near =
      /^[\wぁ-龠ー]+$/.test(word) && RegExp(`^(${off.join("|")})$`, "m").exec(index.words);
    if (near) return [near[0]];
    const parts = word.match(/[a-z_]\w*|[ァ-ヶー]+|[一-龠々]+[ぁ-ん]*|[ぁ-ん]{3,}/g) ?? [];
    if (parts[0] !== word) return parts.flatMap(known);
    if (/^[一-龠].+[ぁ-ん]$/.test(word)) return known(word.slice(0, -1));
    return word.split("_").slice(1).flatMap(known);
  };
  const inName = (at = 0) => /\w\w/.test(all.slice(at - 1, at + 1));
  // Where a pattern is, and how rare; a part of a longer name counts less.
  const term = (text = "", factor = 1) => {
    const counts = starts.map(() => 0);
    let i = 0;
    for (const { 0: found, index: at = 0 } of all.matchAll(RegExp(text, "g"))) {
      while (starts[i + 1] <= at) i++;
      counts[i] += inName(at) ? 0.02 : inName(at + found.length) ? 0.3 : 1;
    }
    const sum = counts.reduce((sum, count) => sum + Math.min(1, count), 0.5);
    return { text, counts, weight: factor * Math.log(1 + counts.length / sum) };
  };

  const search = async (query = "") => {
    const asked = query.slice(0, 400).normalize("NFKC").toLowerCase().trim();
    // Material asks so while a page loads.
    if (!asked) return [];
    if (!index) await load();
    const split = asked.split(/[\s"'`“”‘’「」、，。；：:,;!?()[\]{}<>=|]+/);
    const words = [...new Set(split.flatMap(known))].slice(0, 20);
    const meant = index.synonyms.flatMap(([key = "", ...said] = [""]) =>
      asked.match(key) ? said : [],
    );
    const terms = [
      ...words.map((word) => term(source(word), /^[\d.]+$/.test(word) ? 0.2 : 1)),
      term(source(asked)),
      ...meant.map((word = "") => term(source(word))),
      // Words in a row, also with what no page has between them.
      ...words.slice(1).map((word, i) => term(`${source(words[i])}.{0,6}${source(word)}`)),
    ];
    const names = [asked, asked.replace(/.*\.|\(.*/g, ""), `${words}`];
    const [first] = names.flatMap((name) => index.exact[name.replace(/[ー ]/g, "")] ?? []);
    const items = index.entries.map((entry = index, i = 0) => {
      let score = 0;
      for (const { weight, counts } of terms) {
        const [title, text] = counts.slice(2 * i);
        score += weight * (2 * Math.min(1, title) + text / (text + 0.5 + entry.text.length / 2000));
      }
      return { ...entry, score: score * (entry.rank ?? 1) };
    });
    const best = Math.max(...items.map(({ score = 0 }) => score));
    if (!best) return index.nothing;
    if (items[first]) items[first].score = best + 1;

    const any = RegExp(terms.map(({ text }) => text).join("|"), "gi");
    const marked = (text = "") => text.replace(any, "<mark>$&</mark>");
    // From the sentence on that has most of the words.
    const excerpt = (text = "") => {
      const pieces = text.split("\u200b");
      const rate = (piece = "") =>
        terms.reduce(
          (sum, { text, weight }) => sum + (RegExp(text, "i").test(piece) ? weight : 0),
          0,
        );
      const sums = pieces.map((piece) => rate(piece));
      const i = sums.indexOf(Math.max(...sums));
      return (
        (i > 1 ? "…" : "") +
        marked(
          pieces
            .slice(i)
            .join("")
            .replace(/^(.{150}\w*).+/, "$1…"),
        )
      );
    };
    const marks = Object.fromEntries(words.map((word) => [word, true]));
    // Each is a page and its sections. Material folds away those that score less.
    const groups = /** @type {Object<string, any[]>} */ ({});
    items.sort((a = index, b = index) => b.score - a.score);
    for (const item of items) {
      if (item.score < best / 6) break;
      const page = item.location.split("#")[0];
      groups[page] ??= [];
      const group = groups[page];
      const score = group.length < 4 ? (group[0] ?? item).score : item.score;
      const show = (each = item, text = "") =>
        group.push({ ...each, score, text, title: marked(each.title), terms: marks });
      const top = items.find((each = index) => each.location === page);
      if (!group[0]) show(top);
      if (item === top) group[0].text = excerpt(item.text);
      else show(item, excerpt(item.text));
    }
    return Object.values(groups);
  };

  addEventListener("message", async ({ data: { type, data } }) => {
    if (type === 0) postMessage({ type: 1 });
    if (type === 2) postMessage({ type: 3, data: { items: await search(data) } });
  });
})();
