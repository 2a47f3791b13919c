"""What the site depends on of Material for MkDocs, beyond its documented settings.

All of it is named here; so a newer Material, or another theme, is a matter of this
file and of what it names. tests/site/test_material.py holds that each is still there,
and that nothing else is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class Override(NamedTuple):
    """What is replaced in what a block of Material's template renders, and why."""

    pattern: str
    replacement: str
    reason: str


# theme/main.html has a block of each name.
OVERRIDES = {
    "site_meta": Override(
        '<link rel="alternate" href="[^"]*" hreflang="[^"]*">',
        "",
        "theme/partials/metadata.html has the whole addresses, which search engines "
        "ask for",
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


class Edit(NamedTuple):
    """A text that is replaced in a file of Material's as the site is built, and why."""

    files: str
    text: str
    replacement: str
    reason: str


_BUNDLE = "assets/javascripts/bundle.*.min.js"
_STYLES = "assets/stylesheets/*.css"

# The first two have the browser compute the style of each element of the page anew as it
# loads. Without both, lesson 02 takes a third of the time for styles, and Lighthouse's
# phone is blocked for no more than 30 ms, and not for 150 ms.
EDITS = [
    Edit(
        "assets/stylesheets/palette.*.min.css",
        "[data-md-color-switching] *,[data-md-color-switching] :after,"
        "[data-md-color-switching] :before{transition-duration:0s!important}",
        "",
        "it is on while a page sets its palette. As the reader takes another one, code "
        "and links fade for an eighth of a second; all else changes at once, as with it",
    ),
    Edit(
        _BUNDLE,
        'let o=x("meta",{name:"color-scheme"});document.head.appendChild(o);',
        "let o={};",
        "page.css says by the palette which scheme the scroll bars have",
    ),
    # With the feature content.lazy.
    Edit(
        _BUNDLE,
        "{threshold:0}",
        '{threshold:0,rootMargin:"200% 0px"}',
        "code gets its button, for which it is measured, before it comes into sight",
    ),
    Edit(
        _BUNDLE,
        'd&&r?e.setAttribute("tabindex","0")',
        'd?e.setAttribute("tabindex","0")',
        "the keyboard reaches code that scrolls where nothing hovers, too",
    ),
    Edit(
        _BUNDLE,
        'x("nav",{class:"md-code__nav"})',
        'x("nav",{class:"md-code__nav",role:"none"})',
        "what holds the button to copy code is no landmark",
    ),
]


class Internal(NamedTuple):
    """A text in some of Material's files, and what to do when it is gone."""

    files: str
    text: str
    advice: str


# By what to do when one is gone: the files, and the texts. What the search box makes of
# results is held by tests/site/test_search.py.
_USED = {
    "find the block that has this part now, and change theme/main.html": (
        "base.html",
        [
            f"{{% block {name} %}}"
            for name in (*OVERRIDES, "htmltitle", "extrahead", "content")
        ],
    ),
    "find how templates translate now, and change theme/main.html": (
        "base.html",
        ['{% import "partials/language.html" as lang with context %}'],
    ),
    "find how to load iframe-worker.js before Material's scripts (adapter.py)": (
        "base.html",
        ["config.extra.polyfills"],
    ),
    "find what the search box says to its worker, and change theme/assets/search.js": (
        _BUNDLE,
        ["{type:0,data:{config:", "{type:2,data:"],
    ),
    "find what index the search box loads, and change search_index.py": (
        _BUNDLE,
        ['"search/search_index.json"', '"search/search_index.js"', "()=>__index"],
    ),
    "find what makes the search box search, and change theme/assets/page.js": (
        _BUNDLE,
        ['"keyup"'],
    ),
    "find what the navigation makes of a page, and change practice.py": (
        "partials/nav-item.html",
        ["md-nav__link", "md-ellipsis", '<span class="md-ellipsis">'],
    ),
    "find how code gets a button to copy it, and change theme/partials": (
        _BUNDLE,
        ["[data-clipboard-text]", ".no-copy"],
    ),
    "find which feature has code measured once it is near, and change mkdocs.yml": (
        _BUNDLE,
        ['"content.lazy"'],
    ),
    "find the search box's new name for theme/assets/page.js": (
        "partials/search.html",
        ["md-search__input"],
    ),
    "find its new name for theme/assets/page.js (the switch of languages)": (
        "partials/alternate.html",
        ["md-select__link"],
    ),
    "find its new name for theme/assets/*.css, or delete its rule": (
        _STYLES,
        [
            "md-button",
            "md-button--primary",
            "md-content",
            "md-sidebar__scrollwrap",
            "--md-default-fg-color--lighter",
            "md-container",
            "md-content__inner",
            "md-sidebar--primary",
            "md-toggle",
            "--md-default-bg-color",
            "md-code__button",
            "md-code__nav",
            "md-color-primary",
            "md-color-scheme",
            "md-content__button",
            "md-grid",
            "md-header",
            "md-main__inner",
            "md-typeset",
            "--md-accent-fg-color",
            "--md-code-bg-color",
            "--md-code-font-family",
            "--md-code-hl-comment-color",
            "--md-code-hl-constant-color",
            "--md-code-hl-function-color",
            "--md-code-hl-keyword-color",
            "--md-code-hl-number-color",
            "--md-code-hl-special-color",
            "--md-code-hl-string-color",
            "--md-default-fg-color",
            "--md-default-fg-color--light",
            "--md-default-fg-color--lightest",
            "--md-footer-bg-color",
            "--md-footer-bg-color--dark",
            "--md-footer-fg-color",
            "--md-footer-fg-color--light",
            "--md-hue",
            "--md-shadow-z3",
            "--md-text-font-family",
            "--md-typeset-a-color",
        ],
    ),
}
INTERNALS = [
    Internal(files, text, advice)
    for advice, (files, texts) in _USED.items()
    for text in texts
] + [
    Internal(each.files, each.text, "find what does it now, and change EDITS")
    for each in EDITS
]


def edit(site: Path, warn: Callable[[str], None]) -> None:
    """Apply ``EDITS`` to a built site; warn of each that finds no text to replace."""
    for files, text, replacement, reason in EDITS:
        for path in site.glob(files):
            found = path.read_text(encoding="utf-8")
            if text in found:
                path.write_text(found.replace(text, replacement), encoding="utf-8")
                break
        else:
            warn(
                f"Material's {files} has no {text} any more, which we replace because "
                f"{reason}: change EDITS in bcclessons/site/material.py"
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
