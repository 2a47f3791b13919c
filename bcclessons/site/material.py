"""What the site depends on of Material for MkDocs, beyond its documented settings.

All of it is named here; so a newer Material, or another theme, is a matter of this
file and of what it names. tests/site/test_material.py holds that each is still there,
and that nothing else is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple


class Override(NamedTuple):
    """What is replaced in what a block of Material's template renders, and why."""

    pattern: str
    replacement: str
    reason: str


# theme/main.html has a block of each name.
OVERRIDES = {
    "site_meta": Override(
        'rel="alternate"',
        'rel="alternate "',
        "Material fetches sitemap.xml of each language, which mkdocs-static-i18n does "
        "not make; browsers ignore the blank, Material does not",
    ),
    "header": Override(
        'role="dialog"',
        'role="dialog" aria-label="{}"',
        "the search box is a dialog without a name",
    ),
    "site_nav": Override(
        'tabindex=""', "", "the label of a section has a tabindex that is no number"
    ),
    "scripts": Override(
        "<script src",
        "<script defer src",
        "the page can be read before its scripts are loaded",
    ),
    "config": Override(
        r"assets/javascripts/workers/search\.[0-9a-f]+\.min\.js",
        "assets/search.js?{}",
        "Material's search splits text at blanks, of which Japanese has none",
    ),
}


class Internal(NamedTuple):
    """A text in some of Material's files, and what to do when it is gone."""

    files: str
    text: str
    advice: str


_BUNDLE = "assets/javascripts/bundle.*.min.js"
_STYLES = "assets/stylesheets/*.css"
_SEARCH = "find how Material's search box asks its worker now, and change {}"

INTERNALS = (
    *(
        Internal(
            "base.html",
            f"{{% block {name} %}}",
            f"find the block that has this part now, for theme/main.html: {purpose}",
        )
        for name, purpose in (
            *((name, override.reason) for name, override in OVERRIDES.items()),
            ("extrahead", "our styles, and what is known before anything is drawn"),
            ("content", "the prose, and the program next to it"),
        )
    ),
    Internal(
        "base.html",
        "config.extra.polyfills",
        "find another way to load iframe-worker.js before Material's scripts when the "
        "pages are opened as files (adapter.py)",
    ),
    *(
        Internal(_BUNDLE, text, _SEARCH.format(user))
        for text, user in (
            ("{type:0,data:{config:", "the message types in theme/assets/search.js"),
            ("{type:2,data:", "the message types in theme/assets/search.js"),
            ('"search/search_index.json"', "search_index.py, which empties that file"),
            ('"search/search_index.js"', "search_index.py, which empties that file"),
            ("()=>__index", "search_index.py, which writes that variable"),
            ('"keyup"', "the event that theme/assets/lessons.js sends"),
        )
    ),
    *(
        Internal(_BUNDLE, text, f"find another way to have {purpose} (theme/partials)")
        for text, purpose in (
            ("[data-clipboard-text]", "the button that copies the program"),
            (".no-copy", "no second button to copy in the program"),
        )
    ),
    *(
        Internal(files, f"md-{name}", f"find its new name, or delete {use}")
        for use, files, names in (
            (
                "what theme/assets/lessons.js does to it",
                "partials/search.html",
                ["search__input"],
            ),
            ("what theme/assets/lessons.js does to it", _BUNDLE, ["code__nav"]),
            (
                "its rule in theme/assets/lessons.css",
                _STYLES,
                [
                    "button",
                    "code__button",
                    "color-primary",
                    "color-scheme",
                    "content__button",
                    "footer",
                    "grid",
                    "header",
                    "header__inner",
                    "main__inner",
                    "sidebar",
                    "sidebar__scrollwrap",
                    "skip",
                    "typeset",
                ],
            ),
        )
        for name in names
    ),
    *(
        Internal(
            _STYLES,
            f"--md-{name}",
            "find the variable's new name for theme/assets/lessons.css",
        )
        for name in [
            "accent-fg-color",
            "code-bg-color",
            "code-font-family",
            "code-hl-comment-color",
            "code-hl-constant-color",
            "code-hl-function-color",
            "code-hl-keyword-color",
            "code-hl-number-color",
            "code-hl-special-color",
            "code-hl-string-color",
            "default-fg-color",
            "default-fg-color--light",
            "default-fg-color--lightest",
            "footer-bg-color",
            "footer-bg-color--dark",
            "footer-fg-color",
            "footer-fg-color--light",
            "hue",
            "shadow-z3",
            "text-font-family",
            "typeset-a-color",
        ]
    ),
)


def override_filter(warn: Callable[[str], None]) -> Callable[..., str]:
    """Return the template filter that applies the override of a block.

    It warns, naming the block and the reason, where there is nothing to replace.
    """

    def override(rendered: str, block: str, value: str = "") -> str:
        pattern, replacement, reason = OVERRIDES[block]
        result, count = re.subn(pattern, replacement.format(value), rendered)
        if not count:
            warn(
                f"Material's block {block} has no {pattern} any more, which we replace "
                f"because {reason}: change OVERRIDES in bcclessons/site/material.py"
            )
        return result

    return override
