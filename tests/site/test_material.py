"""What the site depends on of Material: all of it is named, and is still there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mkdocs.theme import Theme

from bcclessons.site.material import (
    INTERNALS,
    OVERRIDES,
    Internal,
    delete_switching,
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


def test_a_built_site_has_no_rule_for_all_elements_while_its_palette_is_set(
    site: Path,
) -> None:
    (palette,) = site.glob("assets/stylesheets/palette.*.min.css")
    text = palette.read_text()
    assert "color-switching" not in text
    # What stands around it in Material's file is still there.
    assert "[data-md-color-accent=red]{--md-accent-fg-color:" in text
    assert text.count("{") == text.count("}")


def test_another_rule_is_said(tmp_path: Path) -> None:
    styles = tmp_path / "assets/stylesheets"
    styles.mkdir(parents=True)
    (styles / "palette.0123abcd.min.css").write_text(
        "[data-md-color-switching] *{transition:none!important}"
    )
    warnings: list[str] = []
    delete_switching(tmp_path, warnings.append)
    (warning,) = warnings
    assert "change SWITCHING in bcclessons/site/material.py" in warning
