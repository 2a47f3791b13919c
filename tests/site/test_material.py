"""What the site depends on of Material: all of it is named, and is still there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from mkdocs.theme import Theme
from playwright.sync_api import Browser

from bcclessons.site.material import (
    EDITS,
    INTERNALS,
    OVERRIDES,
    Edit,
    Internal,
    edit,
    override_filter,
)

TEMPLATES = Path(Theme("material").dirs[0])


@pytest.mark.parametrize("internal", INTERNALS, ids=lambda internal: internal.text)
def test_it_is_there(internal: Internal) -> None:
    files = [path.read_text() for path in TEMPLATES.glob(internal.files)]
    assert any(internal.text in text for text in files), (
        f"Material's {internal.files} has no {internal.text} any more: {internal.advice}"
    )


def test_nothing_else_is_used(checkout: Path) -> None:
    theme = checkout / "bcclessons/site/theme"
    own = [theme / "main.html", theme / "404.html", *theme.glob("partials/*")]
    own += [*theme.glob("assets/*.js"), *theme.glob("assets/*.css")]
    own += [checkout / "bcclessons/site/practice.py"]
    text = "".join(path.read_text() for path in own)
    used = set(re.findall(r"(?:--)?md-[\w-]*\w", text))
    used |= set(re.findall(r"{% block \w+ %}", (theme / "main.html").read_text()))
    named = {
        each.text for each in INTERNALS if re.match("(--)?md-|{% block", each.text)
    }
    assert used == named


@pytest.mark.parametrize("block", OVERRIDES)
def test_an_override_of_nothing_is_said(block: str) -> None:
    warnings: list[str] = []
    override_filter(warnings.append)("<p>another template</p>", block, "ja")
    (warning,) = warnings
    assert f"Material's block {block} has no " in warning
    assert "change OVERRIDES in bcclessons/site/material.py" in warning


@pytest.mark.parametrize("each", EDITS, ids=lambda each: each.text)
def test_a_built_site_has_each_edit(site: Path, each: Edit) -> None:
    (path,) = site.glob(each.files)
    built = path.read_text()
    assert each.text not in built
    assert each.replacement in built
    # Nothing else is gone.
    original = (TEMPLATES / path.relative_to(site)).read_text()
    for other in EDITS:
        original = original.replace(other.text, other.replacement)
    assert built == original


def test_an_edit_of_nothing_is_said(tmp_path: Path) -> None:
    for each in EDITS:
        path = tmp_path / each.files.replace("*", "0123abcd")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("[data-md-color-switching] *{transition:none!important}")
    warnings: list[str] = []
    edit(tmp_path, warnings.append)
    assert len(warnings) == len(EDITS)
    assert all("change EDITS in bcclessons/site/material.py" in w for w in warnings)


def test_a_page_has_the_style_of_each_element_computed_about_once(
    browser: Browser, address: str
) -> None:
    page = browser.new_page(viewport={"width": 412, "height": 823})
    # The pane is not laid out there until it is near.
    browser.start_tracing(page=page, categories=["devtools.timeline"])
    page.goto(f"{address}lessons/02_perf_output/")
    page.wait_for_load_state("networkidle")
    events = json.loads(browser.stop_tracing())["traceEvents"]
    computed = sum(
        event["args"].get("elementCount", 0)
        for event in events
        if event["name"] == "UpdateLayoutTree"
    )
    elements = page.evaluate("document.querySelectorAll('body *').length")
    page.close()
    assert elements / 2 < computed < 1.5 * elements
