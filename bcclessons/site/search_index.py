"""The search index: one for each language, which a browser loads when one searches."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

from bcclessons.console.text import Language


def split(folder: Path) -> None:
    """Split the index that MkDocs has made in a folder.

    Material loads its own with each page: what is left of that is an empty one.
    """
    index = json.loads((folder / "search_index.json").read_text(encoding="utf-8"))
    for language in Language:
        entries = [
            {
                "location": entry["location"],
                "title": _plain(entry["title"]),
                "text": _plain(entry["text"]),
            }
            for entry in index["docs"]
            if entry["location"].startswith("en/") is (language is Language.EN)
        ]
        text = json.dumps(entries, ensure_ascii=False, separators=(",", ":"))
        script = f"self.lessonsIndex = {text};\n"
        (folder / f"{language}.js").write_text(script, encoding="utf-8")
    empty = json.dumps({**index, "docs": []})
    (folder / "search_index.json").write_text(empty, encoding="utf-8")
    # The same for pages that were opened as files.
    (folder / "search_index.js").write_text(f"var __index = {empty}\n")


def _plain(text: str) -> str:
    """Return the text of a piece of HTML, in one line."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", "", text))).strip()
