"""Recorded runs: their text lights the program, and plays in the pane next to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from bcclessons.course import recording
from bcclessons.course.lesson import Lesson, find
from tests.site.conftest import Open
from tests.site.test_look import violations

LESSONS = [
    f"{name}/"
    for name in (
        "01_trace_printk",
        "02_perf_output",
        "03_data_access",
        "04_maps",
        "05_ring_buffer",
        "06_losing_events",
    )
]
LESSON = "en/lessons/02_perf_output/"
MAIN = '.run[data-recording$="run.js"]'
LIT = (
    "[...document.querySelectorAll('.pane .line.lit')].map(e => Number(e.id.slice(1)))"
)


def lit(page: Page) -> list[int]:
    """Return the numbers of the program's lines that are lit."""
    found: list[int] = page.evaluate(LIT)
    return found


def visible(line: Locator) -> bool:
    """Tell whether a line of the program is all to be seen in the pane."""
    seen: bool = line.evaluate(
        """e => { const a = e.getBoundingClientRect();
            const b = e.closest("pre").getBoundingClientRect();
            return a.top >= b.top - 1 && a.bottom <= b.bottom + 1 && a.bottom <= innerHeight }"""
    )
    return seen


def unveil(page: Page) -> None:
    """Show the runs that follow a question, as when it was answered."""
    page.locator(".run").evaluate_all(
        "all => all.forEach(each => each.classList.remove('veiled'))"
    )


def watch(page: Page, run: Locator) -> Locator:
    """Press a run's button; return the terminal, once it shows something."""
    unveil(page)
    run.locator(".watch").click()
    terminal = page.locator("#panel-run .ap-term")
    expect(terminal).to_contain_text("$ ")
    return terminal


def read(page: Page, run: Locator) -> Locator:
    """Scroll until a run is read; return the terminal, which does not play."""
    unveil(page)
    run.locator("pre:visible").scroll_into_view_if_needed()
    page.mouse.wheel(0, 400)
    terminal = page.locator("#panel-run .ap-term")
    expect(terminal).to_contain_text("$ ")
    return terminal


def test_nothing_of_a_recording_loads_before_it_is_read(open_page: Open) -> None:
    page = open_page(LESSON)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    page.wait_for_timeout(300)
    assert [name for name in asked if "run" in name or "player" in name] == []
    read(page, page.locator(MAIN))
    expect(page.locator("#panel-run .ap-player")).to_be_visible()
    assert asked.count("asciinema-player.min.js") == 1
    assert [name for name in asked if name.startswith("run")][-1] == "run.js"


def test_a_phone_loads_a_recording_only_when_its_button_is_pressed(
    open_page: Open,
) -> None:
    page = open_page(LESSON, width=390)
    run = page.locator(MAIN)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    run.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    assert [url for url in asked if "run" in url or "player" in url] == []
    watch(page, run)
    assert page.locator(".pane.docked").is_visible()


def test_there_is_one_player_and_it_is_of_the_run_that_was_pressed(
    open_page: Open,
) -> None:
    page = open_page(LESSON)
    for name in ("run", "run-lost", "run-unseen"):
        run = page.locator(f'.run[data-recording$="{name}.js"]')
        watch(page, run)
    marks = page.locator("#panel-run .marks button")
    expect(marks).to_have_text(
        ["sudo ./perf_output_sample", "./unseen_programs.py", "Ctrl-C"]
    )
    expect(page.locator(".ap-player")).to_have_count(1)


@pytest.mark.parametrize(("width", "least"), [(1280, 12), (390, 11)])
@pytest.mark.parametrize("lesson", LESSONS)
def test_type_is_large_enough_and_nothing_is_cut(
    open_page: Open, lesson: str, width: int, least: int
) -> None:
    page = open_page(f"lessons/{lesson}", width=width)
    wide = "e => e.scrollWidth - e.clientWidth"
    for run in page.locator(".run[data-recording]").all():
        watch(page, run)
        page.wait_for_function(
            "name => document.querySelector('.marks')?.textContent.includes(name)",
            arg=run.evaluate("e => e.querySelector('template').content.textContent"),
        )
        player = page.locator("#panel-run .ap-player")
        terminal = player.locator(".ap-term")
        size = terminal.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
        assert size >= least
        screen = page.locator("#panel-run .player")
        if width == 1280:
            assert screen.evaluate(wide) <= 0
        else:  # what is wider scrolls within the player
            screen.evaluate("e => e.scrollTo(9999, 0)")
        right = "e => e.getBoundingClientRect().right"
        ends = [box.evaluate(right) for box in (terminal, player, screen)]
        assert ends == sorted(ends)
        if width == 390:
            page.locator(".pane-close").click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if width == 1280:
        texts = page.locator(".run pre:visible, .run pre:visible code").all()
        assert [
            text.inner_text()[:60] for text in texts if text.evaluate(wide) > 0
        ] == []
        for text in page.locator(".run pre:visible code").all():
            assert text.evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= 12


def test_the_first_picture_has_the_first_command_and_no_output(open_page: Open) -> None:
    page = open_page(LESSON)
    terminal = read(page, page.locator(MAIN))
    expect(terminal).to_contain_text("$ sudo ./perf_output_sample")
    expect(terminal).not_to_contain_text("TIME(s)")
    # It is still there once the recording has been moved.
    page.locator("#panel-run .marks button").first.click()
    expect(page.locator("#panel-run .ap-overlay-start")).to_have_count(0)
    expect(terminal).to_contain_text("$ sudo ./perf_output_sample")


def test_a_mark_leads_to_its_command(open_page: Open, lessons: list[Lesson]) -> None:
    page = open_page(LESSON)
    terminal = read(page, page.locator(MAIN))
    marks = page.locator("#panel-run .marks button")
    steps = [step.command for step in find(lessons, "02").demo.steps]
    assert marks.all_inner_texts() == ["sudo ./perf_output_sample", *steps, "Ctrl-C"]
    expect(page.locator(".ap-marker")).to_have_count(4)
    events = recording.load(
        find(lessons, "02").recordings / "run.txt"
    ).body.splitlines()[2:]
    marks.nth(3).click()
    expect(terminal).to_contain_text(events[-2])
    marks.nth(1).focus()
    page.keyboard.press("Enter")
    expect(terminal).not_to_contain_text(events[1])
    expect(terminal).to_contain_text("$ ls")
    expect(terminal).to_contain_text(events[0])  # it plays on from there
    marks.nth(0).click()
    expect(terminal).not_to_contain_text(events[0])
    expect(page.locator(".ap-overlay-start")).to_have_count(0)


TRUTH = {"time": [26], "comm": [33], "pid": [29, 30], "message": [54]}


def test_a_column_that_is_pointed_at_lights_its_member(open_page: Open) -> None:
    page = open_page(LESSON, width=1280)
    unveil(page)
    row = page.locator(f"{MAIN} .on-kernel:visible .out").nth(1)
    for column, lines in zip(row.locator("span").all(), TRUTH.values(), strict=True):
        column.hover()
        assert lit(page) == lines
        page.wait_for_timeout(700)
        assert visible(page.locator(f"#L{lines[0]}"))
    page.mouse.move(2, 2)
    assert 54 not in lit(page)


def test_the_arrow_keys_go_through_lines_and_columns(open_page: Open) -> None:
    page = open_page(LESSON)
    unveil(page)
    text = page.locator(f"{MAIN} .on-kernel:visible pre")
    text.focus()
    found = []
    for key in ("Down", "Down", "Right", "Right", "Right", "Right", "Left", "Up"):
        page.keyboard.press(f"Arrow{key}")
        found.append(lit(page))
    event = [53, 54]
    assert found == [[64], event, *TRUTH.values(), TRUTH["pid"], [64]]
    said = text.locator("[role=status]").text_content()
    assert said is not None
    assert 'print("TIME(s)' in said
    page.keyboard.press("Tab")
    assert 64 not in lit(page)


def test_a_tap_lights_lines_in_the_docked_pane(browser: Browser, address: str) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(address + LESSON)
    unveil(page)
    out = page.locator(f"{MAIN} .on-kernel:visible .out").nth(1)
    low = "e => scrollBy(0, e.getBoundingClientRect().bottom - innerHeight + 120)"
    out.evaluate(low)
    out.locator("span").first.tap()
    assert lit(page) == [26]
    page.wait_for_timeout(700)
    assert visible(page.locator("#L26"))
    row = out.bounding_box()
    pane = page.locator(".pane").bounding_box()
    assert row is not None
    assert pane is not None
    assert 48 < row["y"] < row["y"] + row["height"] < pane["y"]
    context.close()


def test_the_lines_of_the_player_light_the_same(open_page: Open) -> None:
    page = open_page(LESSON, width=1280)
    terminal = read(page, page.locator(MAIN))
    page.locator("#panel-run .marks button").nth(3).click()
    expect(terminal).to_contain_text("lesspipe")
    row = page.locator(".ap-line").filter(has_text="Hello, perf_output!").first
    box = row.bounding_box()
    text = row.text_content()
    assert box is not None
    assert text is not None
    for word, lines in zip(
        ("bash", "Hello", text.split()[0]), ([33], [54], [26]), strict=True
    ):
        x = box["x"] + (text.index(word) + 0.5) * box["width"] / len(text)
        page.mouse.move(x, box["y"] + box["height"] / 2)
        assert lit(page) == lines


PLAYED = """until => new Promise(done => {
    const seen = [];
    const look = setInterval(() => {
        const lines = [...document.querySelectorAll("#panel-program .line.lit")];
        const lit = lines.map(line => line.id).join(" ");
        if (lit && lit !== seen.at(-1)) seen.push(lit);
        if (!document.querySelector("#panel-run .ap-term").textContent.includes(until)) return;
        clearInterval(look);
        done(seen);
    }, 30);
})"""
"""Return which lines are lit, one set after the other, until the terminal has a text."""


def play(page: Page, mark: int = 0) -> None:
    """Play the run that is in the pane from one of its marks."""
    page.locator("#panel-run .marks button").nth(mark).click()


def test_the_newest_line_lights_the_program_while_a_recording_plays(
    open_page: Open,
) -> None:
    page = open_page(LESSON, width=1280)
    read(page, page.locator(MAIN))
    page.evaluate("document.querySelector('#panel-program pre').scrollTop = 0")
    play(page)
    found = page.evaluate(PLAYED, "lesspipe")
    # At first what is read; then the heading of the table, and the events.
    assert found[-2:] == ["L64", "L53 L54"]
    page.wait_for_timeout(700)
    assert visible(page.locator("#L54"))


def test_a_recording_lights_nothing_against_the_reader(open_page: Open) -> None:
    page = open_page(LESSON, width=1280)
    terminal = read(page, page.locator(MAIN))
    play(page)
    expect(terminal).to_contain_text("TIME(s)")
    expect(page.locator("#L64.lit")).to_be_visible()
    # A pointer is stronger, as long as it points.
    row = page.locator(f"{MAIN} .on-kernel:visible .out").nth(1)
    row.locator("span").first.hover()
    assert lit(page) == TRUTH["time"]
    expect(terminal).to_contain_text("$ ls")
    expect(terminal).to_contain_text("ls  ")
    page.wait_for_timeout(600)
    assert lit(page) == TRUTH["time"]
    page.mouse.move(2, 2)
    # At once, so that what is asked for next ends it.
    page.evaluate("() => new Promise(requestAnimationFrame)")
    assert lit(page) == [53, 54]
    page.locator("#L13 a.number").click()
    page.wait_for_timeout(600)
    assert lit(page) == [13, 14, 15, 16, 17]


def test_nothing_is_lit_by_a_recording_that_has_ended(open_page: Open) -> None:
    page = open_page(LESSON, width=1280)
    terminal = read(page, page.locator(MAIN))
    play(page, 2)
    expect(page.locator("#L54.lit")).to_be_visible()
    expect(terminal).to_contain_text("^C")
    expect(page.locator("#L54.lit")).to_have_count(0)


def test_a_line_that_the_terminal_breaks_lights_the_same(open_page: Open) -> None:
    page = open_page("en/lessons/03_data_access/", width=1280)
    terminal = read(page, page.locator(MAIN))
    page.locator("#panel-run .marks button").nth(3).click()
    expect(terminal).to_contain_text("basename")
    row = page.locator(".ap-line").filter(has_text="/usr/bin/lesspipe").first
    row.hover(position={"x": 2, "y": 5})
    assert lit(page) == [32]


def present(page: Page, name: str) -> Locator:
    """Go through the presenter's stops to a run; return its copy there."""
    unveil(page)
    page.keyboard.press("z")
    copy = page.locator(f'.presenter .run[data-recording$="{name}.js"]')
    for _ in range(90):
        if copy.count():
            break
        page.keyboard.press("ArrowRight")
    return copy


def hold(page: Page, path: str) -> list[Route]:
    """Hold the requests for a file back; return them, as they come in."""
    held: list[Route] = []
    page.route(path, lambda route: held.append(route))
    return held


def test_the_presenter_stops_at_a_run_and_an_arrow_plays_it(open_page: Open) -> None:
    page = open_page(LESSON, width=1280)
    copy = present(page, "run-unseen")
    panel = page.locator("#panel-run")
    expect(panel.locator(".marks")).to_contain_text("./unseen_programs.py")
    expect(panel.locator(".ap-term")).to_contain_text("$ sudo ./perf_output_sample")
    expect(panel.locator(".ap-overlay-start")).to_be_visible()
    # What is played is not also there as a text.
    expect(copy.locator("pre, .watch >> visible=true")).to_have_count(0)
    page.keyboard.press("ArrowRight")
    expect(panel.locator(".ap-overlay-start")).to_have_count(0)
    expect(panel.locator(".ap-term")).to_contain_text("TIME(s)")
    page.keyboard.press("ArrowRight")
    expect(copy).to_have_count(0)


@pytest.mark.parametrize("name", ["run", "run-unseen"])
def test_a_run_that_is_loaded_late_plays_only_where_it_was_asked_for(
    open_page: Open, name: str
) -> None:
    page = open_page(LESSON, width=1280)
    held = hold(page, f"**/{name}.js")
    copy = present(page, "run-unseen")
    start = page.locator("#panel-run .ap-overlay-start")
    if name == "run":
        # It was to play, and was left before it was loaded.
        expect(start).to_be_visible()
    else:
        # So was this one; now it is entered again.
        for _ in range(2):
            page.keyboard.press("ArrowRight")
        expect(copy).to_have_count(0)
        page.keyboard.press("ArrowLeft")
        expect(copy).to_be_visible()
    with page.expect_event("requestfinished"):
        held[0].continue_()
    page.wait_for_timeout(500)
    expect(start).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(start).to_have_count(0)


def test_a_run_that_starts_late_does_not_use_up_the_arrow_of_the_next(
    open_page: Open,
) -> None:
    page = open_page(LESSON, width=1280)
    # A player starts once its WebAssembly is compiled.
    page.evaluate(
        """() => {
            const instantiate = WebAssembly.instantiate;
            const compiled = new Promise(resolve => { window.compile = resolve; });
            WebAssembly.instantiate = (...values) =>
                compiled.then(() => instantiate(...values));
        }"""
    )
    held = hold(page, "**/run-unseen.js")
    copy = present(page, "run-unseen")
    page.evaluate("compile()")
    page.wait_for_timeout(500)
    held[0].continue_()
    panel = page.locator("#panel-run")
    expect(panel.locator(".marks")).to_contain_text("./unseen_programs.py")
    expect(panel.locator(".ap-overlay-start")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(panel.locator(".ap-overlay-start")).to_have_count(0)
    expect(copy).to_be_visible()


def test_the_presenter_leaves_the_chosen_kernel_as_it_is(open_page: Open) -> None:
    page = open_page(LESSON)
    shown = page.locator(f"{MAIN} .on-kernel:visible")
    page.locator(f"{MAIN} label").first.click()
    expect(shown).to_contain_text("Linux 5.10")
    page.locator(":focus").blur()
    page.keyboard.press("z")
    copy = page.locator(".presenter .on-kernel:visible")
    for _ in range(60):
        if copy.count():
            break
        page.keyboard.press("ArrowRight")
    expect(copy).to_contain_text("Linux 5.10")
    page.keyboard.press("Escape")
    expect(shown).to_contain_text("Linux 5.10")


def test_the_other_kernels_show_what_differs(open_page: Open) -> None:
    page = open_page("en/lessons/01_trace_printk/")
    run = page.locator(".run").filter(has=page.locator("#kernel-run-two-strings-1"))
    shown = run.locator(".on-kernel:visible")
    assert run.locator("label").all_inner_texts() == ["5.10", "6.1", "6.12", "7.2"]
    expect(shown).to_have_count(1)
    expect(shown).to_contain_text("again=bash")
    expect(shown.locator("mark, del")).to_have_count(0)
    run.locator("label").first.click()
    expect(shown.locator("del")).to_contain_text("not here: ")
    expect(shown.locator("del").last).to_contain_text("again=bash")
    expect(shown).to_contain_text("Linux 5.10")
    page.keyboard.press("ArrowLeft")
    expect(shown).to_contain_text("Linux 7.2")
    expect(shown).to_contain_text(
        "Nothing but times and numbers differs from Linux 6.12"
    )
    expect(shown.locator("mark, del")).to_have_count(0)
    page.keyboard.press("ArrowRight")
    expect(shown).to_contain_text("Linux 5.10")


def test_without_javascript_the_switch_works_and_nothing_plays(
    open_page: Open,
) -> None:
    page = open_page(LESSON, java_script_enabled=False)
    run = page.locator(MAIN)
    expect(run.locator(".watch")).to_be_hidden()
    run.locator("label").first.click()
    expect(run.locator(".on-kernel:visible")).to_contain_text("Linux 5.10")


def test_paper_has_every_kernel_and_no_button(open_page: Open) -> None:
    page = open_page(LESSON)
    page.emulate_media(media="print")
    run = page.locator(MAIN)
    expect(run.locator(".on-kernel:visible")).to_have_count(4)
    for text in run.locator("pre").all():
        assert text.evaluate("e => e.scrollHeight - e.clientHeight") <= 1
    for hidden in (".watch", "label", "input"):
        expect(run.locator(hidden).first).to_be_hidden()
    expect(page.locator("#panel-run")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_run_that_differs_and_plays_is_accessible(
    open_page: Open, packages: Path, scheme: str
) -> None:
    page = open_page("en/lessons/01_trace_printk/", color_scheme=scheme)
    unveil(page)
    for name in ("run", "run-two-strings"):
        page.locator(f'label[for="kernel-{name}-1"]').click()
    page.locator(f"{MAIN} .watch").click()
    page.locator(".ap-player").wait_for()
    page.locator(f"{MAIN} .on-kernel:visible .out span").first.hover()
    assert violations(page, packages) == []
