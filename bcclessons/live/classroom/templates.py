"""The class's own pages, from the templates of this folder, in one language each."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

import jinja2
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse

from bcclessons.console.text import Language, Text

_FOLDER = Path(__file__).with_name("templates")


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def language_of(connection: HTTPConnection) -> Language:
    """Return the language that ``?lang=`` names, else the browser's."""
    wanted = connection.query_params.get("lang", "")
    if wanted in list(Language):
        return Language(wanted)
    accepted = connection.headers.get("accept-language", "ja").lower()
    first = accepted.partition(",")[0]
    return Language.JA if first.startswith("ja") else Language.EN


def render(template: str, language: Language, values: Mapping[str, object]) -> str:
    """Return a page; in it, t(ja, en) and t(text) are texts in its language."""

    def t(text: Text | str, en: str = "") -> str:
        both = Text(ja=text, en=en) if isinstance(text, str) else text
        return both.to(language)

    other = Language.EN if language is Language.JA else Language.JA
    common = {"t": t, "language": language.value, "other": other.value}
    return _environment().get_template(template).render({**common, **values})


def page(
    template: str,
    connection: HTTPConnection,
    values: Mapping[str, object],
    status: int = 200,
) -> HTMLResponse:
    """Return a page as an answer, in the language of who asks."""
    return HTMLResponse(render(template, language_of(connection), values), status)
