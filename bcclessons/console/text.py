"""What people read, in Japanese and in English, and which of the two to show."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """A language that every message exists in."""

    JA = "ja"
    EN = "en"


@dataclass(frozen=True)
class Text:
    """One message in both languages."""

    ja: str
    en: str

    def __post_init__(self) -> None:
        """Refuse a message that one of the two readers could not read."""
        if not (self.ja and self.en):
            raise ValueError("a text needs both ja and en")

    def to(self, language: Language) -> str:
        """Return the message for a reader of this language."""
        return self.ja if language is Language.JA else self.en

    def then(self, more: Text | None) -> Text:
        """Return the message with another sentence after it, if there is one."""
        if more is None:
            return self
        return Text(ja=self.ja + more.ja, en=f"{self.en} {more.en}")


class Problem(Exception):
    """A failure that a person can act on: what is wrong, and what to type next."""

    def __init__(self, *, ja: str, en: str) -> None:
        super().__init__(en)
        self.text = Text(ja=ja, en=en)


def language_of(environment: Mapping[str, str]) -> Language:
    """Return the reader's language, by the order of the variables in gettext(3)."""
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(variable):
            return Language.JA if value.startswith("ja") else Language.EN
    return Language.EN


def language_wanted(
    arguments: Sequence[str], environment: Mapping[str, str]
) -> Language:
    """Return the language of ``--lang`` among the arguments, else the reader's."""
    for number, word in enumerate(arguments):
        if word == "--lang":
            value = "".join(arguments[number + 1 : number + 2])
        else:
            value = word.removeprefix("--lang=")
        if word.startswith("--lang") and value in list(Language):
            return Language(value)
    return language_of(environment)


def cells(text: str) -> int:
    """Return how many columns of a terminal a line of text takes."""
    return sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def wrapped(text: str, width: int) -> list[str]:
    """Break a message into lines of at most ``width`` columns, where that is possible.

    Japanese breaks between any two characters, but not before a closing mark.
    """
    lines = [""]
    for piece in re.findall(r"[!-~]+|\s+|[^ -~][，．）」]*", text):
        if cells(lines[-1] + piece) > width and lines[-1]:
            lines[-1] = lines[-1].rstrip()
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return [*filter(None, lines)]
