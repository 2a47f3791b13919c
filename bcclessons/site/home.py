"""The home page's first steps: on a machine of the reader's own, or in a class."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bcclessons.console.text import Language, Text
from bcclessons.site.repository import with_clone

# The section with the first command, up to the next heading.
_SECTION = re.compile(
    r"^## (?:(?!^## ).)*?^```sh\n\./lab run .*?(?=^## )", re.DOTALL | re.MULTILINE
)
_IN_CLASS = Text(
    ja="""## ここから始める

[レッスン 01](../lessons/01_trace_printk/README.md) を開き，「実行」のタブで「実行」を押す．端末も，エディタも，答えの確認もこのブラウザの中にあり，何もインストールしなくてよい．困ったら，左下の「手を挙げる」を押す．次に来るときも，同じ名前と PIN で続きから始められる．

""",
    en="""## Start here

Open [lesson 01](../lessons/01_trace_printk/README.en.md), and press Run in the tab Run. Terminals, an editor, and checks of what you write are in this browser: there is nothing to install. If you are stuck, press Raise hand in the bottom left corner. With the same name and PIN, you go on next time from where you were.

""",
)


def with_first_steps(
    markdown: str, language: Language, settings: Mapping[str, Any]
) -> str:
    """Return the home page's Markdown with what its reader does first.

    ``settings`` is extra.lessons of mkdocs.yml: ``classroom`` and ``repository`` count.
    """
    if settings["classroom"]:
        return _SECTION.sub(_IN_CLASS.to(language), markdown, count=1)
    return with_clone(markdown, settings["repository"])
