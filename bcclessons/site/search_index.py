"""The search index: one for each language, which a browser loads when one searches.

What can be known beforehand is worked out here; theme/assets/search.js does the rest.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path

from bcclessons.console.text import Language, Text
from bcclessons.site.search_entries import Entry, entries_of, fold, names_of

SYNONYMS = Path(__file__).with_name("synonyms.toml")

# A word that a misspelt one may stand for.
_WORD = re.compile("[a-z_][a-z0-9_]{4,}|[ァ-ヶー]{4,}|[一-龠々]{3,}")

# What says nothing about what one looks for.
_IGNORED = (
    "a an and are be can did do does for from has have how i in is it its me mean means "
    "my of on or so that the there this to use used using was what when where which why "
    "with work works you your "
    "する 使う 使い 方 知りたい 動く 見る 方法 ください とは です ます したい できる できない "
    # What every message has.
    "/virtual/main.c error errors exception file included last line most recent traceback warning"
)

_NOTHING = {
    "glossary": Text(
        ja="その語はどのページにも無い．用語集で，近い語を探す．",
        en="No page has these words. Look for a similar one in the glossary.",
    ),
    "setup": Text(
        ja="動かないときは，準備のページに，表示されるメッセージと直し方がある．",
        en="If something does not run, the page on setting up has the messages and "
        "what to do.",
    ),
}


def write(folder: Path, pages: Mapping[str, tuple[Language, str, str]]) -> None:
    """Write the index of each language into a folder.

    ``pages`` are the language, the title and the HTML of each, by its path. Material
    loads its own index with each page, which is empty.
    """
    for language in Language:
        entries = [
            entry
            for path, (of, title, content) in pages.items()
            if of is language
            for entry in entries_of(path, title, content)
        ]
        text = json.dumps(
            _index(entries, language), ensure_ascii=False, separators=(",", ":")
        )
        script = f"self.lessonsIndex = {text};\n"
        (folder / f"{language}.js").write_text(script, encoding="utf-8")
    # Material's, for pages that were opened as files.
    empty = (folder / "search_index.json").read_text(encoding="utf-8")
    (folder / "search_index.js").write_text(f"var __index = {empty}\n")


def _index(entries: list[Entry], language: Language) -> dict[str, object]:
    data = tomllib.loads(SYNONYMS.read_text(encoding="utf-8"))
    everything = fold(" ".join(f"{entry.title} {entry.text}" for entry in entries))
    words = Counter(_WORD.findall(everything))
    # Terms are of more than one kind of letter.
    titles = (fold(entry.title.split("（")[0]) for entry in entries if entry.is_term)
    terms = dict.fromkeys(titles)  # in order, so that each build is the same
    words.update(term for term in terms if len(term) > 4)
    return {
        "entries": [entry.data for entry in entries],
        "exact": _exact(entries, data["synonyms"], data["first"]),
        "words": "\n".join(word for word, _ in words.most_common()),
        "ignored": ["", *_IGNORED.split()],
        "synonyms": _synonyms(data["synonyms"], everything, terms),
        "nothing": [
            [{**entry.data, "text": text.to(language), "score": 1, "terms": {}}]
            for page, text in _NOTHING.items()
            for entry in entries
            if re.fullmatch(rf"(en/)?{page}(/|\.html)", entry.location)
        ],
    }


def _synonyms(
    synonyms: Mapping[str, list[str]], everything: str, terms: Collection[str]
) -> list[list[str]]:
    """Return patterns of what is typed, each with those words for it that the pages have."""
    keys: dict[tuple[str, ...], list[str]] = {}
    for said, meant in synonyms.items():
        if said in terms:
            continue
        if found := tuple(fold(word) for word in meant if fold(word) in everything):
            keys.setdefault(found, []).append(_key(said))
    return [["|".join(patterns), *found] for found, patterns in keys.items()]


def _key(said: str) -> str:
    """Return the pattern by which search.js finds a key, itself one, in what was typed."""
    if said.isascii():
        return rf"\b{fold(said)}"
    return re.sub("ー|(?<=[ァ-ヴ])(?=[ぁ-ん一-龠])", "ー?", fold(said))


def _exact(
    entries: list[Entry],
    synonyms: Mapping[str, list[str]],
    chosen: Mapping[str, list[str]],
) -> dict[str, int]:
    """Return the number of the entry that comes first for a name.

    That is the section chosen for it, else a term of the glossary, else a heading that
    is there once, else what comes first for what the name stands for.
    """
    found: dict[str, int] = {}
    for is_term in (False, True):
        names = Counter(n for e in entries if e.is_term is is_term for n in e.names)
        for number, entry in enumerate(entries):
            for name in entry.names if entry.is_term is is_term else ():
                if is_term or names[name] == 1:
                    found[name] = number
    # Other headings are found by their words.
    kept = [e for e in entries if e.is_term or "#" not in e.location or "(" in e.title]
    exact = {name: found[name] for e in kept for name in e.names if name in found}
    titles = [None if entry.is_term else entry.title for entry in entries]
    for title, names_of_it in chosen.items():
        if title in titles:
            number = titles.index(title)
            exact.update((name, number) for name in names_of(names_of_it))
    for said, meant in synonyms.items():
        numbers = [found[name] for name in names_of(meant) if name in found]
        if numbers and (plain := re.fullmatch(r"\(?([^()?*^$\\]+)\)?", said)):
            for name in names_of(plain[1].split("|")):
                exact.setdefault(name, numbers[0])
    return exact
