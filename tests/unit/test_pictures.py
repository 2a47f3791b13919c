"""The lessons' pictures: each one drawing in two languages, read in light and in dark."""

from __future__ import annotations

import re
import unicodedata
from itertools import product
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest

from bcclessons.course import lesson

LESSONS = lesson.load_all(Path(__file__).resolve().parents[2])
PAIRS = [
    (path, path.with_suffix(".en.svg"))
    for item in LESSONS
    for path in sorted(item.folder.glob("picture*.svg"))
    if not path.stem.endswith(".en")
]
FILES = [path for pair in PAIRS for path in pair]
SVG = "{http://www.w3.org/2000/svg}"
DRAWN = {
    "svg",
    "title",
    "desc",
    "style",
    "defs",
    "marker",
    "rect",
    "path",
    "text",
    "tspan",
}
COLOUR = re.compile(r"--pic-(\w+): (#[0-9a-f]{6});")
CALL = re.compile(r"bpf_\w+|\bb\.\w+|[\w.]+(?=\()|\w+->\w+")
GROUNDS = {"kernel", "user", "box"}
TEXTS = {"ink", "name", "warn"}
LINES = {"line", "name", "warn"}
# The site's own backgrounds, and that of a code host in its dark scheme.
PAGES = {"light": ["#ffffff"], "dark": ["#1e2129", "#0d1117"]}
# A character's width in ems, by the widest of the fonts that a reader may have.
WIDE, CODE_WIDTH, WORD_WIDTH = 1.0, 0.62, 0.57


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def load(path: Path) -> Element:
    # The files are ours, and in the repository: nothing to defuse.
    return fromstring(path.read_text(encoding="utf-8"))  # noqa: S314


def tag(element: Element) -> str:
    return element.tag.removeprefix(SVG)


def classes(element: Element) -> list[str]:
    return element.get("class", "").split()


def style(root: Element) -> str:
    (found,) = root.iter(f"{SVG}style")
    return found.text or ""


def child(root: Element, kind: str) -> Element:
    (found,) = root.findall(f"{SVG}{kind}")
    return found


def runs(element: Element, code: bool = False) -> list[tuple[bool, str]]:
    """Return the pieces of a text in order, and whether each of them is code."""
    code = code or "pic-code" in classes(element)
    found = [(code, element.text or "")]
    for part in element:
        found += [*runs(part, code), (code, part.tail or "")]
    return [(is_code, text) for is_code, text in found if text]


def texts(root: Element) -> list[Element]:
    return list(root.iter(f"{SVG}text"))


def schemes(root: Element) -> dict[str, dict[str, str]]:
    light, dark = style(root).split("@media (prefers-color-scheme: dark)")
    return {"light": dict(COLOUR.findall(light)), "dark": dict(COLOUR.findall(dark))}


def luminance(colour: str) -> float:
    """Return the relative luminance as WCAG 2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def sizes(root: Element) -> list[float]:
    return [float(size) for size in re.findall(r"font-size: (\d+)px;", style(root))]


def width(text: Element, size: float) -> float:
    """Return the most that a text may take up."""
    return size * sum(
        WIDE
        if unicodedata.east_asian_width(letter) in "WF"
        else (CODE_WIDTH if code else WORD_WIDTH)
        for code, words in runs(text)
        for letter in words
    )


@pytest.fixture(params=PAIRS, ids=lambda pair: name(pair[0]))
def pair(request: pytest.FixtureRequest) -> tuple[Element, Element]:
    ja, en = request.param
    return load(ja), load(en)


@pytest.fixture(params=FILES, ids=name)
def path(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


@pytest.fixture
def root(path: Path) -> Element:
    return load(path)


def test_the_languages_differ_in_their_words_alone(
    pair: tuple[Element, Element],
) -> None:
    for ja, en in zip(*(picture.iter() for picture in pair), strict=True):
        assert ja.tag == en.tag
        assert {**ja.attrib, "lang": ""} == {**en.attrib, "lang": ""}
    assert [picture.get("lang") for picture in pair] == ["ja", "en"]
    for ja, en in zip(*map(texts, pair), strict=True):
        codes = [[text for code, text in runs(t) if code] for t in (ja, en)]
        words = ["".join(text for code, text in runs(t) if not code) for t in (ja, en)]
        assert codes[0] == codes[1]
        assert words == ["", ""] or words[0] != words[1]
        assert words[1].isascii()


def test_it_says_in_the_pages_language_what_it_shows(root: Element) -> None:
    assert root.get("role") == "img"
    for kind, attribute in (
        ("title", "aria-labelledby"),
        ("desc", "aria-describedby"),
    ):
        element = child(root, kind)
        said = element.text or ""
        assert element.get("id") == root.get(attribute)
        assert said
        assert said.isascii() == (root.get("lang") == "en")


def test_its_calls_are_those_of_the_program(root: Element, path: Path) -> None:
    (item,) = (item for item in LESSONS if item.folder == path.parent)
    source = item.source.read_text(encoding="utf-8")
    shown = "\n".join(
        code for text in texts(root) for is_code, code in runs(text) if is_code
    )
    names = CALL.findall(shown)
    assert names
    assert [name for name in names if name not in source] == []


def test_it_stands_alone_and_fits_into_any_page(root: Element, path: Path) -> None:
    # All pictures of a page are in one document.
    part = path.stem.removesuffix(".en").removeprefix("picture")
    ids = {element.get("id") for element in root.iter()} - {None}
    allowed = rf"pic-{path.parent.name[:2]}{part}-(title|desc|head|warn-head)"
    assert all(re.fullmatch(allowed, str(each)) for each in ids)
    for element in root.iter():
        assert tag(element) in DRAWN
        for attribute, value in element.attrib.items():
            # Colours come by classes; links and scripts do not come at all.
            assert attribute not in {"style", "fill", "stroke", "href"}
            assert not attribute.startswith(("on", "{"))
            if "url" in value:
                assert value.removeprefix("url(#").removesuffix(")") in ids
    selectors = re.findall(r"([^{}]+){", style(root))
    assert {each.strip().split()[0] for each in selectors} == {"svg.pic", "@media"}
    assert not re.search(r"url|@import|@font-face", style(root))


def test_all_pictures_have_one_style_and_use_all_of_it() -> None:
    pictures = [load(path) for path in FILES]
    (shared,) = {style(picture) for picture in pictures}
    used = {each for picture in pictures for e in picture.iter() for each in classes(e)}
    assert used == {"pic", *re.findall(r"\.(pic-[\w-]+)", shared)}


def test_it_is_large_enough_to_read(root: Element) -> None:
    left, top, across, down = map(float, root.attrib["viewBox"].split())
    assert (left, top) == (0, 0)
    assert (root.get("width"), root.get("height")) == (f"{across:g}", f"{down:g}")
    assert 720 <= across <= 760
    assert min(sizes(root)) * 720 / across >= 12


def test_no_text_leaves_its_box_or_the_picture(root: Element) -> None:
    (size,) = sizes(root)
    across = float(root.attrib["viewBox"].split()[2])
    boxes = [
        [float(box.attrib[key]) for key in ("x", "y", "width", "height")]
        for box in root.iter(f"{SVG}rect")
    ]
    for text in texts(root):
        x, y, wide = float(text.attrib["x"]), float(text.attrib["y"]), width(text, size)
        shift = {"pic-middle": wide / 2, "pic-end": wide}
        start = x - max((shift.get(each, 0) for each in classes(text)), default=0)
        assert 4 <= start <= start + wide <= across - 4, runs(text)
        for left, top, w, h in boxes:
            if top < y < top + h and left < x < left + w:
                assert left < start <= start + wide < left + w, runs(text)


@pytest.mark.parametrize("scheme", PAGES)
def test_contrast(root: Element, scheme: str) -> None:
    colours = schemes(root)[scheme]
    assert set(colours) == GROUNDS | TEXTS | LINES
    grounds = [*PAGES[scheme], *(colours[ground] for ground in GROUNDS)]
    for kinds, least in ((TEXTS, 4.5), (LINES, 3)):
        for kind, ground in product(kinds, grounds):
            assert contrast(colours[kind], ground) >= least, (kind, ground)


def test_every_colour_is_one_of_the_schemes(root: Element) -> None:
    used = re.findall(r"(?:fill|stroke): ([^;]+);", style(root))
    assert used
    known = {"none", *(f"var(--pic-{each})" for each in GROUNDS | TEXTS | LINES)}
    assert set(used) <= known
