"""Renew what the pages repeat of programs and runs: ``python -m tools.pages``."""

from __future__ import annotations

from bcclessons.course import copies, lesson
from bcclessons.setup.files import write_atomically
from bcclessons.setup.paths import CHECKOUT


def main() -> None:
    """Rewrite each page of lessons/ and docs/ in which a copy is not as it is now."""
    lessons = lesson.load_all(CHECKOUT)
    for page in sorted([*CHECKOUT.glob("docs/*.md"), *CHECKOUT.glob("lessons/*/*.md")]):
        text = page.read_text(encoding="utf-8")
        if (renewed := copies.renewed(text, page, lessons)) != text:
            write_atomically(page, renewed)
            print(page.relative_to(CHECKOUT))


if __name__ == "__main__":
    main()
