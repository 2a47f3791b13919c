"""The language of a page, by its file's name: ``x.md`` is Japanese, ``x.en.md`` English."""

from __future__ import annotations

from pathlib import Path

from bcclessons.console.text import Language


def language_of(page: Path) -> Language:
    """Return the language that a page is in."""
    return Language.EN if page.stem.endswith(".en") else Language.JA


def translation(page: Path, language: Language) -> Path:
    """Return the file that has a page in a language, which may be the page itself."""
    stem = page.stem.removesuffix(".en") + (".en" if language is Language.EN else "")
    return page.with_name(stem + page.suffix)


def same_page(page: Path, other: Path) -> bool:
    """Tell whether two files are one page, in whichever languages."""
    return translation(page, Language.JA) == translation(other, Language.JA)
