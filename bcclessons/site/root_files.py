"""What crawlers and browsers ask for by name: sitemap, robots.txt, web manifests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from bcclessons.console.text import Language
from bcclessons.site.metadata import Metadata

_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_XHTML = "http://www.w3.org/1999/xhtml"
_ICON_SIZES = (192, 512)


def write(site: Path, pages: Sequence[Metadata]) -> None:
    """Write them into the folder of a site that has these pages.

    A sitemap needs whole addresses: there is none where that of the site is unknown.
    """
    address = pages[0].site
    robots = "User-agent: *\nAllow: /\n"
    # MkDocs has written its own, with the day of the build as that of every change.
    (site / "sitemap.xml.gz").unlink(missing_ok=True)
    if address:
        (site / "sitemap.xml").write_bytes(_sitemap(pages))
        robots += f"\nSitemap: {address}sitemap.xml\n"
    else:
        (site / "sitemap.xml").unlink(missing_ok=True)
    (site / "robots.txt").write_text(robots, encoding="utf-8")
    for page in pages:
        if page.is_home:
            root = site if page.language is Language.JA else site / "en"
            (root / "manifest.webmanifest").write_text(_manifest(page), "utf-8")


def _sitemap(pages: Sequence[Metadata]) -> bytes:
    """Return the sitemap: each page with its translations."""
    ElementTree.register_namespace("", _SITEMAP)
    ElementTree.register_namespace("xhtml", _XHTML)
    root = ElementTree.Element(f"{{{_SITEMAP}}}urlset")
    for page in sorted(pages, key=lambda page: page.path):
        url = ElementTree.SubElement(root, f"{{{_SITEMAP}}}url")
        ElementTree.SubElement(url, f"{{{_SITEMAP}}}loc").text = page.site + page.path
        for language, path in page.alternates.items():
            link = {"rel": "alternate", "hreflang": language, "href": page.site + path}
            ElementTree.SubElement(url, f"{{{_XHTML}}}link", link)
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _manifest(home: Metadata) -> str:
    """Return the web manifest of a language; addresses in it are relative to it."""
    assets = "assets" if home.language is Language.JA else "../assets"
    manifest = {
        "name": home.course,
        "description": home.description,
        "lang": home.language.value,
        "start_url": ".",
        "display": "browser",
        "icons": [
            {
                "src": f"{assets}/icon-{size}.png",
                "sizes": f"{size}x{size}",
                "type": "image/png",
            }
            for size in _ICON_SIZES
        ],
    }
    return json.dumps(manifest, ensure_ascii=False, indent=1) + "\n"
