"""What pages have of a machine, in HTML: without a browser, and without a machine."""

from __future__ import annotations

import re

import pytest

from bcclessons.console.text import Language
from bcclessons.course import lesson, translation
from bcclessons.course.lesson import Lesson
from bcclessons.course.run import Change, Run, Step
from bcclessons.setup.paths import CHECKOUT
from bcclessons.site import live, live_labels
from bcclessons.site.page import Page

LESSONS = lesson.load_all(CHECKOUT)
each_language = pytest.mark.parametrize("language", list(Language))


def page_of(item: Lesson, language: Language = Language.EN, *, live: bool) -> Page:
    """Return a lesson's page, live or not."""
    source = translation.translation(item.folder / "README.md", language)
    return Page(source, LESSONS, is_live=live)


def block(*commands: str) -> str:
    """Return a block of commands as the site renders it."""
    lines = "\n".join(commands)
    return (
        '<div class="language-sh highlight"><pre><span></span><code tabindex="0">'
        f"{lines}\n</code></pre></div>"
    )


def typed(html: str) -> list[str]:
    """Return the commands that buttons type."""
    return re.findall(r'data-command="([^"]*)"', html)


def test_a_command_for_the_machine_can_be_typed_there() -> None:
    page = page_of(LESSONS[0], live=True)
    commands = [
        "sudo<span> </span>apt<span> </span>install x",
        "cd<span> </span>lessons",
        "./lab<span> </span>run<span> </span>02",
        "# a comment",
        "sudo<span> </span>./trace_printk_sample",
        "for j in 1 2; do (true &amp;&amp; true) &amp; done",
    ]
    html = live.with_commands(block(*commands), page)
    assert typed(html) == [
        "for j in 1 2; do (true &amp;&amp; true) &amp; done",
    ]
    # The lesson's program runs where the button Run runs it, not in the shell.
    assert html.count("data-run-here") == 1
    # What is copied is the same: a button has no text.
    assert re.sub(r"<button[^>]*></button>", "", html) == block(*commands)


def test_a_page_without_a_machine_has_no_button() -> None:
    for item in LESSONS:
        page = page_of(item, live=False)
        assert live.with_commands(block("ls"), page) == block("ls")
        assert "<button" not in live.run_panel(item, page)
        assert "./lab site" in live.run_panel(item, page)
        assert live.templates(item, page) == ""
        assert live.to_try(item.all_runs[0], page) == ""


def test_a_run_can_be_tried_if_its_program_is_the_lessons() -> None:
    page = page_of(LESSONS[1], live=True)
    steps = [Step("ls"), Step("less x", keys="q"), Step("ls")]
    assert typed(live.to_try(Run("run", steps=steps), page)) == ["ls", "less x"]
    changed = Run("run", steps=steps, change=[Change("a", "b")])
    assert live.to_try(changed, page) == ""
    assert live.to_try(Run("run", steps=steps, prepare="rm x"), page) == ""


@each_language
def test_every_text_is_there_in_the_pages_language(language: Language) -> None:
    html = live.templates(LESSONS[1], page_of(LESSONS[1], language, live=True))
    for name, text in live_labels.TEXTS.items():
        assert f'"{name}": "{text.to(language)}"' in html
    scripts = CHECKOUT.glob("bcclessons/site/theme/assets/live/*.js")
    used = {
        name
        for script in scripts
        for name in re.findall(r'\btext\("(\w+)"', script.read_text())
    }
    assert used - set(live_labels.TEXTS) == {"search"}
