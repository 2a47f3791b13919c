"""What search engines, and services that show a preview of a link, find on a page."""

from __future__ import annotations

import json
import re
import struct
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin
from xml.etree import ElementTree

import pytest

from bcclessons.console.text import Language
from bcclessons.course import lesson
from bcclessons.site import card, card_font
from bcclessons.site.metadata import Metadata
from tests.site.conftest import PUBLISHED, Open, build

SITE = PUBLISHED["BCC_LESSONS_SITE_URL"]
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
XHTML = "{http://www.w3.org/1999/xhtml}"


class Head(HTMLParser):
    """The head of a page: its metadata, its links by what they are, its JSON-LD."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.meta: dict[str, str] = {}
        self.links: dict[str, list[dict[str, str | None]]] = {}
        self.title = ""
        self._text = ""
        self.feed(file.read_text(encoding="utf-8").partition("</head>")[0])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._text = ""
        if tag == "meta" and (name := values.get("name") or values.get("property")):
            assert name == "og:locale:alternate" or name not in self.meta
            self.meta[name] = values["content"] or ""
        if tag == "link":
            self.links.setdefault((values["rel"] or "").strip(), []).append(values)

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self.title = self._text

    @property
    def alternates(self) -> dict[str | None, str | None]:
        """The address of the page in each language."""
        return {link["hreflang"]: link["href"] for link in self.links["alternate"]}


def json_ld(file: Path) -> list[dict[str, object]]:
    """Return what a page says in JSON-LD."""
    script = r'<script type="application/ld\+json">(.*?)</script>'
    return [json.loads(text) for text in re.findall(script, file.read_text(), re.S)]


@pytest.fixture(scope="session")
def heads(published_site: Path, pages: list[str]) -> dict[str, Head]:
    """The head of every page of the published site, by its path."""
    return {path: Head(published_site / path / "index.html") for path in pages}


def test_every_page_has_a_description_of_its_own(heads: dict[str, Head]) -> None:
    descriptions = [head.meta["description"] for head in heads.values()]
    assert len(set(descriptions)) == len(heads)
    for path, head in heads.items():
        description = head.meta["description"]
        least, most = (60, 200) if path.startswith("en/") else (40, 130)
        assert least <= len(description) <= most, description
        assert description.endswith((".", "．")), description
        assert bool(re.search("[ぁ-ん]", description)) is not path.startswith("en/")


def test_titles_differ_and_those_of_home_say_what_it_is(heads: dict[str, Head]) -> None:
    assert len({head.title for head in heads.values()}) == len(heads)
    for path in ("", "en/"):
        assert re.match("BCC Lessons: .*eBPF", heads[path].title)


def test_every_page_can_be_shared(heads: dict[str, Head], published_site: Path) -> None:
    for path, head in heads.items():
        meta = head.meta
        assert meta["og:url"] == SITE + path == head.links["canonical"][0]["href"]
        assert meta["og:title"]
        assert meta["og:title"] in head.title
        assert meta["og:description"] == meta["description"]
        assert meta["og:site_name"] == "BCC Lessons"
        english = path.startswith("en/")
        locales = (meta["og:locale"], meta["og:locale:alternate"])
        assert locales == (("en_US", "ja_JP") if english else ("ja_JP", "en_US"))
        image = published_site / meta["og:image"].removeprefix(SITE)
        width, height = png_size(image)
        assert str(width) == meta["og:image:width"]
        assert str(height) == meta["og:image:height"]
        is_large = meta["twitter:card"] == "summary_large_image"
        assert is_large is (width == 1200)


def test_every_page_leads_to_its_translations(heads: dict[str, Head]) -> None:
    for path, head in heads.items():
        japanese = path.removeprefix("en/")
        assert head.alternates == {
            "ja": SITE + japanese,
            "en": f"{SITE}en/{japanese}",
            "x-default": f"{SITE}en/{japanese}",
        }


def test_the_sitemap_has_every_page_with_its_translations(
    published_site: Path, heads: dict[str, Head]
) -> None:
    assert not (published_site / "sitemap.xml.gz").exists()
    root = ElementTree.parse(published_site / "sitemap.xml").getroot()  # noqa: S314 (our own)
    found = {
        url.findtext(f"{SITEMAP}loc"): {
            link.get("hreflang"): link.get("href") for link in url.iter(f"{XHTML}link")
        }
        for url in root
    }
    assert found == {SITE + path: head.alternates for path, head in heads.items()}
    robots = (published_site / "robots.txt").read_text()
    assert f"\nSitemap: {SITE}sitemap.xml\n" in robots


def test_without_an_address_nothing_is_absolute(site: Path, pages: list[str]) -> None:
    assert not [*site.glob("sitemap*")]
    assert "://" not in (site / "robots.txt").read_text()
    for path in pages:
        head = Head(site / path / "index.html")
        assert "og:image" not in head.meta
        assert "og:url" not in head.meta
        for language, address in head.alternates.items():
            root = "" if language == "ja" else "en/"
            translation = "/" + root + path.removeprefix("en/")
            assert urljoin(f"/{path}", address) == translation
        assert "example.org" not in (site / path / "index.html").read_text()


def test_lessons_and_the_course_are_described_for_machines(
    published_site: Path, pages: list[str]
) -> None:
    for path in pages:
        file = published_site / path / "index.html"
        language = "en" if path.startswith("en/") else "ja"
        is_home = path in ("", "en/")
        if not is_home and "lessons/" not in path:
            assert json_ld(file) == []
            continue
        (data,) = json_ld(file)
        assert data["@context"] == "https://schema.org"
        assert data["@type"] == ("Course" if is_home else "LearningResource")
        assert data["inLanguage"] == language
        assert data["url"] == SITE + path
        assert data["description"] == Head(file).meta["description"]
        assert data["isAccessibleForFree"] is True
        if is_home:
            parts = data["hasPart"]
            assert isinstance(parts, list)
            assert [part["url"] for part in parts] == [
                SITE + each
                for each in pages
                if "lessons/" in each and each.startswith("en/") is (language == "en")
            ]


def png_size(path: Path) -> tuple[int, int]:
    """Return the width and the height of a PNG, in pixels."""
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n"), path
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def test_every_page_has_icons(site: Path, pages: list[str]) -> None:
    for path in pages:
        folder = site / path
        links = Head(folder / "index.html").links
        touch = links["apple-touch-icon"][0]["href"]
        png = next(link for link in links["icon"] if link.get("type") == "image/png")
        assert png_size(folder / str(touch)) == (180, 180)
        assert png_size(folder / str(png["href"])) == (48, 48)


_DIFFERENCE = """async ([svg, png, size, padding]) => {
  const canvas = new OffscreenCanvas(size, size);
  const context = canvas.getContext("2d", {willReadFrequently: true});
  const pixels = async (src, inset) => {
    const image = Object.assign(new Image(size, size), {src});
    await image.decode();
    context.fillStyle = "white";
    context.fillRect(0, 0, size, size);
    context.drawImage(image, inset, inset, size - 2 * inset, size - 2 * inset);
    return context.getImageData(0, 0, size, size).data;
  };
  const [one, other] = [await pixels(svg, padding), await pixels(png, 0)];
  return one.reduce((sum, value, i) => sum + Math.abs(value - other[i]), 0) / one.length;
}"""


@pytest.mark.parametrize(
    ("name", "size", "padding"),
    [
        ("icon-48", 48, 0),
        ("icon-192", 192, 0),
        ("icon-512", 512, 51),
        ("apple-touch-icon", 180, 18),
    ],
)
def test_the_icons_are_the_favicon(
    open_page: Open, address: str, name: str, size: int, padding: int
) -> None:
    page = open_page("404.html", color_scheme="light")
    svg, png = f"{address}assets/favicon.svg", f"{address}assets/{name}.png"
    # In steps of 255; another picture differs by more than 20.
    assert page.evaluate(_DIFFERENCE, [svg, png, size, padding]) < 3


def test_pages_opened_as_files_have_no_manifest(offline_site: Path) -> None:
    head = Head(offline_site / "index.html")
    assert "manifest" not in head.links
    for path, language in head.alternates.items():
        assert (offline_site / str(language)).is_file(), path


@pytest.mark.parametrize("root", ["", "en/"])
def test_the_browser_takes_the_manifest(open_page: Open, site: Path, root: str) -> None:
    page = open_page(root)
    client = page.context.new_cdp_session(page)
    said = client.send("Page.getAppManifest")
    assert said["errors"] == []
    manifest = json.loads(said["data"])
    assert manifest["name"] == "BCC Lessons"
    assert manifest["lang"] == (root.rstrip("/") or "ja")
    assert urljoin(said["url"], manifest["start_url"]) == page.url
    for icon in manifest["icons"]:
        file = site / urljoin(f"/{root}", icon["src"]).lstrip("/")
        assert "{}x{}".format(*png_size(file)) == icon["sizes"]


@pytest.mark.skipif(not card_font.can_draw(), reason="fonts-noto-cjk is not installed")
def test_every_page_has_a_picture_of_its_own(
    published_site: Path, heads: dict[str, Head]
) -> None:
    pictures = [published_site / Path(*_card(head)) for head in heads.values()]
    assert all(png_size(picture) == (1200, 630) for picture in pictures)
    assert len({picture.read_bytes() for picture in pictures}) == len(heads)
    assert all(picture.stat().st_size < 100_000 for picture in pictures)


def _card(head: Head) -> list[str]:
    return head.meta["og:image"].removeprefix(SITE).split("/")


def test_the_picture_of_a_lesson_has_a_line_and_its_sentence(
    published_site: Path, checkout: Path
) -> None:
    for item in lesson.load_all(checkout):
        program = item.source.read_text(encoding="utf-8").splitlines()
        for language, root in ((Language.JA, ""), (Language.EN, "en/")):
            path = f"{root}lessons/{item.folder.name}/"
            page = Metadata(
                language, "BCC Lessons", "", "", "", path, SITE, {}, item, {path: item}
            )
            found = card.of(page, (published_site / path / "index.html").read_text())
            statement = program[found.lit - 1].strip()
            assert statement.endswith(";")
            assert statement.removesuffix(";")[:20] in found.sentence
            assert str(found.lit) in found.sentence
            assert len(found.sentence) < 200


def test_without_the_font_the_site_is_built_and_says_so(
    checkout: Path, tmp_path: Path
) -> None:
    # As on a machine without Pillow; the answer is the same without the font.
    without = tmp_path / "without"
    without.mkdir()
    (without / "sitecustomize.py").write_text(
        "import importlib.util\n"
        "found = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *a: None if name == 'PIL' "
        "else found(name, *a)\n"
    )
    site = tmp_path / "site"
    done = build(checkout, site, PYTHONPATH=str(without), **PUBLISHED)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("fonts-noto-cjk") == 1
    assert not (site / "cards").exists()
    head = Head(site / "index.html")
    assert head.meta["og:image"] == f"{SITE}assets/icon-512.png"
    assert head.meta["twitter:card"] == "summary"


def test_a_site_without_an_address_has_no_pictures(site: Path) -> None:
    assert not (site / "cards").exists()
