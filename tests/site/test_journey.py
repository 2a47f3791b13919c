"""One event's journey in a real browser: every step, by every way there is."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.site.conftest import Open

LESSON = "lessons/02_perf_output/"
IN_PANE = """line => {
    const box = document.querySelector("#panel-program pre").getBoundingClientRect();
    const own = document.getElementById("L" + line).getBoundingClientRect();
    return box.top <= own.top && own.bottom <= box.bottom;
}"""
SHOWN = ".journey li:visible"


def opened(open_page: Open, path: str = LESSON, **options: object) -> Page:
    """Open a page, and the journey by the button next to the picture."""
    page = open_page(path, **options)
    page.locator(".journey-open").click()
    expect(page.locator("#panel-journey")).to_be_visible()
    return page


def ids(page: Page, track: int = 0) -> list[str]:
    """Return the ids of a journey's steps."""
    found: list[str] = (
        page.locator(".journey-track")
        .nth(track)
        .locator("ol > li")
        .evaluate_all("all => all.map(step => step.id)")
    )
    return found


def step(page: Page) -> str:
    """Return the id of the step that is shown: it is one alone."""
    (name,) = page.locator(SHOWN).evaluate_all("all => all.map(step => step.id)")
    return str(name)


def lit(page: Page) -> list[int]:
    """Return the numbers of the program's lines that are marked."""
    marked = page.locator("#panel-program .line.lit")
    ids: list[str] = marked.evaluate_all("all => all.map(l => l.id)")
    return [int(name.removeprefix("L")) for name in ids]


@pytest.mark.parametrize(
    ("path", "least"),
    [
        (LESSON, 10),
        (f"en/{LESSON}", 10),
        ("lessons/01_trace_printk/", 5),
        ("en/lessons/03_data_access/", 8),
        ("lessons/04_maps/", 9),
        ("en/lessons/04_maps/", 9),
        ("lessons/05_ring_buffer/", 9),
        ("en/lessons/05_ring_buffer/", 9),
    ],
)
def test_all_steps_by_keys_light_their_lines(
    open_page: Open, path: str, least: int
) -> None:
    page = opened(open_page, path)
    expect(page.locator(".journey")).to_be_focused()
    names = ids(page)
    assert len(names) >= least
    seen: list[str] = []
    for name in names:
        assert step(page) == name
        wanted = page.locator(f"#{name} [data-lines]").evaluate_all(
            "all => all.flatMap(Page.lines)"
        )
        assert lit(page) == sorted(set(wanted))
        page.wait_for_function(IN_PANE, arg=lit(page)[0])
        status = page.locator(".journey [role=status]").inner_text()
        if seen:
            heading = page.locator(f"#{name}").get_attribute("data-title")
            assert status.startswith(f"{heading}. ")
        seen.append(name)
        page.keyboard.press("ArrowRight")
    assert step(page) == names[-1]
    page.keyboard.press("ArrowLeft")
    assert step(page) == names[-2]


def test_the_buttons_and_the_scrubber(open_page: Open) -> None:
    page = opened(open_page)
    names = ids(page)
    back, on = (page.locator(f'.journey [data-by="{by}"]') for by in (-1, 1))
    assert back.get_attribute("aria-disabled") == "true"
    on.click()
    assert step(page) == names[1]
    back.click()
    back.click(force=True)
    assert step(page) == names[0]
    scrubber = page.locator(".journey input")
    scrubber.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert step(page) == names[2]
    title = page.locator(f"#{names[2]}").get_attribute("data-title")
    assert scrubber.get_attribute("aria-valuetext") == f"3 / {len(names)}: {title}"
    page.keyboard.press("End")
    assert step(page) == names[-1]
    assert on.get_attribute("aria-disabled") == "true"


def test_python_is_slow(open_page: Open) -> None:
    page = opened(open_page)
    page.keyboard.press("ArrowRight")
    switch = page.locator(".journey-switch")
    switch.click()
    assert switch.get_attribute("aria-pressed") == "true"
    names = ids(page, 1)
    assert step(page) == names[0]
    while step(page) != names[-1]:
        page.keyboard.press("ArrowRight")
    expect(page.locator(SHOWN)).to_contain_text("0")
    switch.click()
    assert step(page) == ids(page)[0]
    assert switch.get_attribute("aria-pressed") == "false"


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", ["journey-pid", "journey-slow-full"])
def test_a_link_to_a_step_opens_it(open_page: Open, name: str, width: int) -> None:
    page = open_page(f"{LESSON}#{name}", width=width)
    expect(page.locator(f"#{name}")).to_be_in_viewport()
    assert step(page) == name
    assert lit(page)
    page.evaluate("location.hash = 'journey-line'")
    expect(page.locator("#journey-line")).to_be_in_viewport()
    assert step(page) == "journey-line"


@pytest.mark.parametrize(
    ("name", "step"),
    [("journey", "journey-typed"), ("journey-slow", "journey-slow-start")],
)
def test_a_link_to_a_track_opens_its_first_step(
    open_page: Open, name: str, step: str
) -> None:
    page = open_page(f"{LESSON}#{name}")
    expect(page.locator(f"#{step}")).to_be_in_viewport()


def test_the_address_leads_back_to_the_step(open_page: Open) -> None:
    page = opened(open_page)
    assert "#" not in page.url  # nothing was stepped yet
    length = page.evaluate("history.length")
    page.keyboard.press("ArrowRight")
    assert page.url.endswith(f"#{ids(page)[1]}")
    page.locator(".journey-switch").click()
    page.locator(".journey input").focus()
    page.keyboard.press("End")
    last = ids(page, 1)[-1]
    assert page.url.endswith(f"#{last}")
    assert page.evaluate("history.length") == length  # the way back is as short
    copied = open_page(page.url)
    expect(copied.locator(f"#{last}")).to_be_in_viewport()
    assert step(copied) == last


LESSONS = [
    LESSON,
    "en/lessons/01_trace_printk/",
    "lessons/03_data_access/",
    "lessons/04_maps/",
    "en/lessons/05_ring_buffer/",
]


@pytest.mark.parametrize("path", LESSONS)
@pytest.mark.parametrize("width", [344, 390, 1280])
def test_nothing_is_cut(open_page: Open, path: str, width: int) -> None:
    page = opened(open_page, path, width=width)
    tracks = page.locator(".journey-track").count()
    for name in [name for track in range(tracks) for name in ids(page, track)]:
        page.evaluate("name => { location.hash = name; }", name)
        page.wait_for_function(
            "name => !document.getElementById(name).hidden", arg=name
        )
        wide = page.locator(f"#{name} :is(figure, pre, p, table)").evaluate_all(
            "all => all.filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth)"
            ".map(e => e.outerHTML.slice(0, 80))"
        )
        assert wide == [], name
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_reading_opens_it_and_reading_on_puts_the_lines_out(open_page: Open) -> None:
    page = open_page(LESSON)
    page.locator(".journey-open").scroll_into_view_if_needed()
    page.evaluate(
        "document.querySelector('.journey-open').scrollIntoView({block: 'center'})"
    )
    expect(page.locator("#panel-journey")).to_be_visible()
    page.keyboard.press("Tab")
    page.locator(".journey").focus()
    page.keyboard.press("ArrowRight")
    assert lit(page)
    page.evaluate("document.querySelector('article h2:last-of-type').scrollIntoView()")
    expect(page.locator("#panel-journey")).to_be_hidden()
    shown = page.locator(".journey .lit")
    expect(shown).to_have_count(0)


def test_the_presenter_steps_through_it(open_page: Open) -> None:
    page = open_page(LESSON, viewport={"width": 1280, "height": 800})
    page.keyboard.press("z")
    for _ in range(40):
        if page.locator("#panel-journey").is_visible():
            break
        page.keyboard.press("ArrowRight")
    names = ids(page)
    assert step(page) == names[0]
    for name in names[1:]:
        page.keyboard.press("ArrowRight")
        assert step(page) == name
    page.keyboard.press("ArrowRight")
    expect(page.locator("#panel-journey")).to_be_hidden()


def test_without_a_script_the_picture_is_there(open_page: Open) -> None:
    page = open_page(LESSON, java_script_enabled=False)
    expect(page.locator(".picture").first).to_be_visible()
    expect(page.locator(".journey-open")).to_be_hidden()
    expect(page.locator("#panel-journey")).to_be_hidden()


def test_on_paper_the_picture_is_there(open_page: Open) -> None:
    page = opened(open_page)
    page.emulate_media(media="print")
    expect(page.locator(".picture").first).to_be_visible()
    expect(page.locator("#panel-journey")).to_be_hidden()
    expect(page.locator(".journey-open")).to_be_hidden()


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_motion_is_as_the_reader_wants(open_page: Open, motion: str) -> None:
    page = opened(open_page, reduced_motion=motion)
    page.evaluate("location.hash = 'journey-pid'")
    page.wait_for_selector("#journey-pid b.new")
    name = page.locator("#journey-pid b.new").first.evaluate(
        "each => getComputedStyle(each).animationName"
    )
    assert name == ("none" if motion == "reduce" else "filled")


@pytest.mark.parametrize("path", LESSONS)
@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_axe_finds_nothing(
    open_page: Open, packages: Path, path: str, width: int, scheme: str
) -> None:
    page = opened(open_page, path, width=width, color_scheme=scheme)
    page.add_script_tag(path=packages / "node_modules/axe-core/axe.min.js")
    last = ids(page, page.locator(".journey-track").count() - 1)
    for name in (ids(page)[-2], ids(page)[-1], last[2]):
        page.evaluate("name => { location.hash = name; }", name)
        page.wait_for_selector(f"#{name}:visible")
        page.wait_for_timeout(600)  # until the new bytes are there
        found = page.evaluate("axe.run('.journey').then(all => all.violations)")
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []


def test_a_step_is_shown_within_100_ms_on_a_slow_machine(open_page: Open) -> None:
    page = opened(open_page)
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    took = page.evaluate(
        """async () => {
            const all = [];
            for (let i = 0; i < 5; i++) {
                const begin = performance.now();
                document.querySelector('.journey [data-by="1"]').click();
                await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
                all.push(performance.now() - begin);
            }
            return Math.min(...all); // the others on a busy machine
        }"""
    )
    assert took < 100
