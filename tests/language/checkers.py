"""The language checkers: what each finds in pages of Markdown.

They are npm packages, locked in node/ and installed into the cache.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bcclessons.console.console import Console
from bcclessons.console.text import Text, language_wanted
from tools import npm

HERE = Path(__file__).resolve().parent
Pages = Mapping[str, str]
"""What is checked: each page's path, relative to the checkout, and its text."""


@dataclass(frozen=True)
class Finding:
    """What a checker says about one line of a page."""

    page: str
    line: int
    says: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.says}"


class Checkers:
    """The checkers, installed once for all checkouts that lock the same."""

    def __init__(self) -> None:
        what = Text(ja="文章の検査ツール", en="the language checkers")
        console = Console(language_wanted([], os.environ))
        self._folder = npm.installed(HERE / "node", what, console)

    def japanese(self, pages: Pages) -> list[Finding]:
        """Return what textlint finds in Japanese prose."""
        return self._textlint("japanese.yml", pages)

    def english(self, pages: Pages) -> list[Finding]:
        """Return what textlint finds in English prose."""
        return self._textlint("english.yml", pages)

    def spelling(self, pages: Pages) -> list[Finding]:
        """Return the words that cspell does not know in English prose."""
        with _written(pages) as folder:
            said = self._run(
                folder, "cspell/bin.mjs", "lint", "--config", str(HERE / "cspell.yml"),
                "--no-progress", "--no-summary", "--show-suggestions", "**",
            )  # fmt: skip
        found = re.finditer(r"^(.+?):(\d+):\d+ - (.+)$", said, re.MULTILINE)
        return [
            Finding(page, int(line), says) for page, line, says in map(_groups, found)
        ]

    def _textlint(self, config: str, pages: Pages) -> list[Finding]:
        with _written(pages) as folder:
            said = self._run(
                folder, "textlint/bin/textlint.js", "--config", str(HERE / config),
                "--rules-base-directory", str(self._folder / "node_modules"),
                "--format", "json", *pages,
            )  # fmt: skip
            return [
                Finding(
                    str(Path(page["filePath"]).relative_to(folder)),
                    message["line"],
                    # After its first line comes advice, the same every time.
                    f"{message['message'].splitlines()[0]} [{message['ruleId']}]",
                )
                for page in json.loads(said)
                for message in page["messages"]
            ]

    def _run(self, folder: Path, program: str, *arguments: str) -> str:
        """Run a checker; return what it prints. With findings, its status is 1."""
        path = self._folder / "node_modules" / program
        done = npm.node(folder, str(path), *arguments)
        if done.returncode not in (0, 1) or done.stderr:
            raise RuntimeError(f"{program}: {done.stderr or done.stdout}")
        return done.stdout


def _groups(match: re.Match[str]) -> tuple[str, str, str]:
    return match[1], match[2], match[3]


@contextmanager
def _written(pages: Pages) -> Iterator[Path]:
    """Write the pages where a checker can read them; the checkout stays as it is."""
    with TemporaryDirectory(prefix="bcc-lessons-") as name:
        folder = Path(name).resolve()
        for page, text in pages.items():
            path = folder / page
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        yield folder
