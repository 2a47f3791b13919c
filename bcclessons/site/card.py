"""The picture that a service shows where a page is shared: 1200 by 630 pixels."""

from __future__ import annotations

import functools
import html
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bcclessons.site import card_font
from bcclessons.site.metadata import Metadata, plain

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

WIDTH, HEIGHT = 1200, 630
_MARGIN = 64
_AROUND = 3
"""How many lines of the program are shown before and after the lit one."""

_PAPER, _INK, _FAINT, _ACCENT = "#ffffff", "#17211f", "#5b6b69", "#00696e"
_CODE_PAPER, _LIT_PAPER = "#eef4f3", "#bfe3df"

# The faces of the font's file, a collection.
_SANS, _MONO = 0, 5

_BLOCK = re.compile(r"<(p|li)>(.*?)</\1>", re.DOTALL)
_REFERENCE = re.compile(
    r'<a class="line-reference" data-lines="(\d+)-(\d+)" href="#L[^>]*>(.*?)</a>'
)


@dataclass(frozen=True)
class Card:
    """What a picture shows: the titles, and a sentence with the line it is about."""

    course: str
    title: str
    sentence: str
    code: tuple[str, ...] = ()
    lit: int = 0
    """The number of the line that is lit, from 1; 0 if there is no code."""


def of(page: Metadata, content: str) -> Card:
    """Return the card of a page with this HTML.

    On a lesson's page it is the first sentence that refers to one whole statement.
    """
    program = page.lesson.source.read_text(encoding="utf-8") if page.lesson else ""
    title = page.subject if page.is_home else page.name
    for _, block in _BLOCK.findall(content) if program else ():
        for first, last, label in _REFERENCE.findall(block):
            quote = plain(label)
            if first != last or not quote.endswith(";"):
                continue
            sentences = re.split(r"(?<=．)|(?<=\.) ", plain(block))
            sentence = next(each for each in sentences if quote in each)
            code = tuple(program.splitlines())
            return Card(page.course, title, sentence.strip(), code, int(first))
    return Card(page.course, title, page.description)


def draw(card: Card, path: Path) -> None:
    """Draw a card into a PNG file, where ``can_draw``."""
    from PIL import Image, ImageDraw

    fonts = card_font.folder()
    assert fonts is not None, "the font is missing"

    image = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    to = ImageDraw.Draw(image)
    to.rectangle((0, 0, WIDTH, 12), _ACCENT)
    to.text((_MARGIN, 44), card.course, _ACCENT, _font(fonts, "Bold", 30))
    top = _write(to, card.title, 88, _font(fonts, "Bold", 48), _INK, lines=2)
    if card.code:
        top = _draw_code(to, card, top + 16, fonts)
        _write(to, card.sentence, top + 20, _font(fonts, "Regular", 30), _INK, lines=2)
    else:
        _write(
            to, card.sentence, top + 36, _font(fonts, "Regular", 36), _FAINT, lines=6
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    image.quantize(32).save(path, optimize=True)


def _draw_code(to: ImageDraw, card: Card, top: int, fonts: Path) -> int:
    """Draw the lines around the lit one; return where they end."""
    font, step = _font(fonts, "Regular", 24, _MONO), 38
    first = max(1, min(card.lit - _AROUND, len(card.code) - 2 * _AROUND))
    shown = card.code[first - 1 : first + 2 * _AROUND]
    end = top + step * len(shown) + 20
    to.rounded_rectangle((_MARGIN, top, WIDTH - _MARGIN, end), 10, _CODE_PAPER)
    for number, line in enumerate(shown, first):
        y = top + 10 + step * (number - first)
        if number == card.lit:
            to.rectangle((_MARGIN, y, WIDTH - _MARGIN, y + step), _LIT_PAPER)
            to.rectangle((_MARGIN, y, _MARGIN + 6, y + step), _ACCENT)
        ink = _INK if number == card.lit else _FAINT
        to.text((_MARGIN + 20, y), f"{number:3}", _FAINT, font)
        to.text(
            (_MARGIN + 72, y), _fitting(line, font, WIDTH - 2 * _MARGIN - 92), ink, font
        )
    return end


def _write(
    to: ImageDraw, text: str, top: int, font: FreeTypeFont, ink: str, *, lines: int
) -> int:
    """Write a text in at most so many lines; return where it ends."""
    wrapped = _wrapped(text, font, WIDTH - 2 * _MARGIN)
    if len(wrapped) > lines:
        wrapped = [*wrapped[: lines - 1], "".join(wrapped[lines - 1 :])]
    step = round(font.size * 1.4)
    for line in wrapped:
        to.text(
            (_MARGIN, top),
            _fitting(line.rstrip(), font, WIDTH - 2 * _MARGIN),
            ink,
            font,
        )
        top += step
    return top


def _wrapped(text: str, font: FreeTypeFont, width: int) -> list[str]:
    """Break a text into lines: between words, or between Japanese characters."""
    lines = [""]
    # No line begins with what closes.
    for unit in re.findall(
        r"[!-~]+ ?[，．、。）」]*|.[，．、。）」ー]*", html.unescape(text)
    ):
        if lines[-1] and font.getlength(lines[-1] + unit.rstrip()) > width:
            lines.append("")
        lines[-1] += unit if lines[-1] or unit != " " else ""
    return lines


def _fitting(text: str, font: FreeTypeFont, width: int) -> str:
    """Return a text that fits into a width, cut if need be."""
    if font.getlength(text) <= width:
        return text
    while font.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text}…"


@functools.cache
def _font(folder: Path, weight: str, size: int, face: int = _SANS) -> FreeTypeFont:
    from PIL import ImageFont

    return ImageFont.truetype(str(folder / card_font.FILE.format(weight)), size, face)
