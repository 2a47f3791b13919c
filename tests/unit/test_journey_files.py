"""The journeys of events: what was recorded fits the program, and the steps fit that."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from bcclessons.console.text import Language, Problem
from bcclessons.course import journey, lesson
from bcclessons.course.journey import Bytes, Journey, Level, Line, Member, Memory, Rings
from bcclessons.course.lesson import Lesson
from bcclessons.course.translation import translation
from bcclessons.site import journey as steps
from bcclessons.site.page import Page
from tests.conftest import CHECKOUT

LESSONS = [
    item
    for item in lesson.load_all(CHECKOUT)
    if (item.folder / "journey.toml").is_file()
]
RECORDINGS = [
    pytest.param(item, run.name, id=f"{item.label}-{run.name}")
    for item in LESSONS
    for run in journey.recordings(item)
]
each_lesson = pytest.mark.parametrize("item", LESSONS, ids=lambda item: item.label)
each_recording = pytest.mark.parametrize(("item", "name"), RECORDINGS)
each_language = pytest.mark.parametrize("language", Language)


def recorded(item: Lesson, name: str) -> Journey:
    return journey.load(item.recordings / f"{name}.json")


def c_layout(source: str) -> tuple[list[Member], int]:
    """Return the members of the program's ``struct data_t``, and its size."""
    body = re.search(r"^struct data_t \{\n(.*?)^\};", source, re.M | re.S)
    assert body
    at, widest, members = 0, 1, []
    for kind, name, count in re.findall(r"(\w+) (\w+)(?:\[(\w+)\])?;", body[1]):
        width = 1 if kind == "char" else int(kind[1:]) // 8
        at += -at % width
        size = width * int({"": "1", "TASK_COMM_LEN": "16"}.get(count, count))
        members.append(Member(name, at, size))
        at, widest = at + size, max(widest, width)
    return members, at + -at % widest


@each_recording
def test_a_recording_says_where_it_is_from(item: Lesson, name: str) -> None:
    found = recorded(item, name)
    assert found.command == f"./lab record --journey {item.label}"
    assert found.release == "Debian 13"
    assert str(found) == (item.recordings / f"{name}.json").read_text(encoding="utf-8")


@each_recording
def test_each_byte_belongs_to_one_member(item: Lesson, name: str) -> None:
    for key, view in recorded(item, name).views.items():
        if isinstance(view, Bytes):
            at = 0
            for member in view.members:
                assert member.offset == at, (key, member.name)
                at += member.size
            assert at * 2 == len(view.hex), key


@each_recording
def test_a_number_is_what_its_bytes_say(item: Lesson, name: str) -> None:
    for key, view in recorded(item, name).views.items():
        members = view.members if isinstance(view, Bytes) else []
        for member in [each for each in members if each.value.isdigit()]:
            assert isinstance(view, Bytes)
            own = bytes.fromhex(view.hex)[member.offset :][: member.size]
            assert int.from_bytes(own, "little") == int(member.value), (key, member)


@pytest.mark.parametrize(
    ("label", "keys"),
    [("02", ("zero", "time", "pid", "comm", "event")), ("05", ("data", "event"))],
)
def test_the_bytes_have_the_layout_of_the_struct(
    label: str, keys: tuple[str, ...]
) -> None:
    item = lesson.find(LESSONS, label)
    members, size = c_layout(item.source.read_text(encoding="utf-8"))
    views = recorded(item, "journey").views
    for key in keys:
        view = views[key]
        assert isinstance(view, Bytes)
        found = [Member(m.name, m.offset, m.size) for m in view.members]
        padding = [m for m in found if m.name == "padding"]
        assert [m for m in found if m.name != "padding"] == members, key
        assert padding == [Member("padding", 28, 4)]
        assert len(view.hex) == size * 2


def test_the_bytes_are_the_values() -> None:
    found = recorded(lesson.find(LESSONS, "02"), "journey")
    views = {k: v for k, v in found.views.items() if isinstance(v, Bytes)}
    stages = [bytes.fromhex(views[key].hex) for key in ("zero", "time", "pid", "comm")]
    time = int(found.values["time"]).to_bytes(8, "little")
    pid = int(found.values["pid"]).to_bytes(4, "little")
    comm = found.values["comm"].encode().ljust(16, b"\0")
    whole = time + pid + comm + bytes(4)
    for stage, filled in zip(stages, (0, 8, 12, 32), strict=True):
        assert stage == whole[:filled].ljust(32, b"\0")
    assert bytes.fromhex(views["event"].hex) == whole
    record = bytes.fromhex(views["record"].hex)
    assert record[12:44] == whole
    assert record[:12] == bytes.fromhex("09000000 0100 3000 24000000")
    assert found.output.splitlines()[2].split() == [
        found.values["time"],
        found.values["comm"],
        found.values["pid"],
        "Hello,",
        "perf_output!",
    ]


def test_the_record_goes_into_the_ring_of_its_cpu() -> None:
    found = recorded(lesson.find(LESSONS, "02"), "journey")
    at = []
    for key in ("before", "ring", "after"):
        view = found.views[key]
        assert isinstance(view, Rings)
        assert str(view.cpu) == found.values["cpu"]
        own = next(ring for ring in view.rings if ring.cpu == view.cpu)
        at.append((own.head, own.tail))
        others = [ring for ring in view.rings if ring.cpu != view.cpu]
        assert all(ring.head == ring.tail for ring in others)
    assert at == [(0, 0), (48, 0), (48, 48)]


def test_what_was_lost_is_what_was_said() -> None:
    found = recorded(lesson.find(LESSONS, "02"), "journey-slow")
    said = re.findall(r"^Possibly lost (\d+) samples$", found.output, re.MULTILINE)
    lost = found.views["lost"]
    assert isinstance(lost, Bytes)
    assert int.from_bytes(bytes.fromhex(lost.hex)[16:], "little") == int(said[0])
    assert found.values["lost"] == said[0]
    assert str(sum(map(int, said))) == found.values["reported"]
    assert found.values["not_sent"] == found.values["reported"]
    assert found.values["error"] == "-28"


def test_a_record_is_busy_until_it_is_sent() -> None:
    found = recorded(lesson.find(LESSONS, "05"), "journey-reserve")
    views = {k: v for k, v in found.views.items() if isinstance(v, Bytes)}
    keys = ("busy", "time", "pid", "comm", "record")
    records = [bytes.fromhex(views[key].hex) for key in keys]
    time = int(found.values["time"]).to_bytes(8, "little")
    pid = int(found.values["pid"]).to_bytes(4, "little")
    comm = found.values["comm"].encode().ljust(16, b"\0")
    whole = time + pid + comm + bytes(4)
    for record, filled in zip(records, (0, 8, 12, 32, 32), strict=True):
        assert record[8:] == whole[:filled].ljust(32, b"\0")
    lengths = [int.from_bytes(record[:4], "little") for record in records]
    busy = 1 << 31  # BPF_RINGBUF_BUSY_BIT
    assert lengths == [32 | busy] * 4 + [32]
    memory = found.views["memory"]
    assert isinstance(memory, Memory)
    assert [place.space for place in memory.places] == ["kernel", "user"]
    assert {place.value for place in memory.places} == {found.values["time"]}
    pages = {int(place.address, 16) % 4096 for place in memory.places}
    assert len(pages) == 1  # the same place of the same page


def test_one_ring_takes_the_events_of_all_cpus() -> None:
    found = recorded(lesson.find(LESSONS, "05"), "journey")
    at = []
    for key in ("before", "ring", "after"):
        view = found.views[key]
        assert isinstance(view, Rings)
        (ring,) = view.rings
        assert (ring.cpu, ring.size) == (None, 64 * 4096)
        at.append((ring.head, ring.tail))
    assert at == [(0, 0), (40, 0), (40, 40)]
    own = re.findall(r"(\d+)–(\d+) +(CPU \d)  (\w+)", line(found, "order"))
    assert own == [
        ("0", "39", "CPU 0", "bash"),
        ("40", "79", "CPU 0", "bash"),
        ("80", "119", "CPU 1", "taskset"),
    ]
    html = drawn(lesson.find(LESSONS, "05"), "journey-poll")
    assert "<th>All CPUs</th>" in html
    assert "consumer 0 · producer 40 · 40 of 262,144 bytes" in html


def test_a_call_is_counted_in_the_entry_of_its_key() -> None:
    found = recorded(lesson.find(LESSONS, "04"), "journey")
    views = {k: v for k, v in found.views.items() if isinstance(v, Bytes)}
    uid = int(found.values["uid"]).to_bytes(4, "little")
    key = uid + found.values["comm"].encode().ljust(16, b"\0")
    for name, filled in (("zero", 0), ("uid", 4), ("comm", 20)):
        assert bytes.fromhex(views[name].hex) == key[:filled].ljust(20, b"\0")
    entries = [bytes.fromhex(views[name].hex) for name in ("entry", "added")]
    counts = [int.from_bytes(entry[32:], "little") for entry in entries]
    assert counts == [0, 1]
    assert entries[0][:32] == entries[1][:32]
    assert entries[0][8:28] == key
    memory = found.views["memory"]
    assert isinstance(memory, Memory)
    in_kernel, copy = memory.places
    assert in_kernel.address.endswith(found.values["address"].removeprefix("0x"))
    assert (in_kernel.space, copy.space) == ("kernel", "user")
    assert in_kernel.value == copy.value == "1"


def test_two_cpus_count_in_the_same_entry() -> None:
    found = recorded(lesson.find(LESSONS, "04"), "journey")
    calls = re.findall(r"(CPU \d)  0 (\w+) +(\d) → (\d)", line(found, "others"))
    assert calls == [
        ("CPU 0", "bash", "1", "2"),
        ("CPU 1", "taskset", "0", "1"),
        ("CPU 0", "taskset", "1", "2"),
    ]
    assert found.values["calls"] == "3"
    shown = line(found, "lines").splitlines()
    assert sorted(each.split() for each in shown) == [
        ["0", "bash", "2"],
        ["0", "taskset", "2"],
    ]
    assert set(shown) <= set(found.output.splitlines())


def line(found: Journey, name: str) -> str:
    """Return the text of a view that is a line, or lines."""
    view = found.views[name]
    assert isinstance(view, Line)
    return "".join(text for _, text in view.parts)


@each_recording
def test_a_line_was_on_the_terminal(item: Lesson, name: str) -> None:
    found = recorded(item, name)
    shown = "printed" if "printed" in found.views else "line"
    if shown in found.views:
        for each in line(found, shown).splitlines():
            assert each in found.output.splitlines()


def test_two_tracers_share_a_pipe_that_one_reader_empties() -> None:
    found = recorded(lesson.find(LESSONS, "01"), "journey")
    message, raw = line(found, "message"), line(found, "line")
    assert raw.endswith(f": bpf_trace_printk: {message}")
    own, other = line(found, "pipe").splitlines()
    assert own == raw
    assert other.endswith(f"second_tracer pid={found.values['pid']}")
    assert line(found, "after") == ""
    assert len(line(found, "printed").splitlines()) == 2
    assert "Device or resource busy" in found.output


@pytest.mark.parametrize("name", ["journey", "journey-fault"])
def test_an_address_is_in_the_memory_that_it_is_said_to_be_in(name: str) -> None:
    found = recorded(lesson.find(LESSONS, "03"), name)
    places = [
        place
        for view in found.views.values()
        if isinstance(view, Memory)
        for place in view.places
    ]
    for place in places:
        address = int(place.address, 16)
        assert (address < 1 << 47) == (place.space == "user"), place
    by_name = {place.name: place for place in places}
    if name == "journey":
        assert by_name["args->argv"].value == by_name["arg"].address
        assert found.values["file_len"] == str(len("/usr/bin/ls\0"))
    else:
        assert [each.error for each in places if each.error] == ["-14", "-14"]
        assert by_name["args->filename"].value == "/bin/true"


@each_lesson
def test_both_languages_have_the_same_steps(item: Lesson) -> None:
    pages = [item.folder / "journey.md", item.folder / "journey.en.md"]
    shapes = []
    for page in pages:
        text = page.read_text(encoding="utf-8")
        ids = re.findall(r"^(#+) .* \{(#\S+)\}$", text, re.MULTILINE)
        links = re.findall(r"\]\((.+?)\)$", text, re.MULTILINE)
        references = sorted(re.findall(r"sample#\S+", text))
        placeholders = sorted(re.findall(r"\{[a-z]\w*\}", text))
        shapes.append((ids, links, references, placeholders))
    assert shapes[0] == shapes[1]
    assert len([level for level, _ in shapes[0][0] if level == "##"]) >= 5


@each_lesson
@each_language
def test_every_step_is_shown(item: Lesson, language: Language) -> None:
    said: list[str] = []
    readme = translation(item.folder / "README.md", language)
    html = steps.panel(item, Page(readme, LESSONS, said.append))
    assert said == []
    found = [
        step
        for track in steps.tracks(steps.source(item, language))
        for step in track.steps
    ]
    assert [step.id for step in found] == re.findall(r'<li id="([\w-]+)"', html)
    for part in re.findall(r"<li id=.*?</li>", html, re.DOTALL):
        assert "data-lines=" in part, part  # the lines that are lit meanwhile
    quoted = r"<(code|pre)\b.*?</\1>|<[^>]*>"  # bytes can be any character
    text = re.sub(quoted, "", html, flags=re.DOTALL)
    assert not re.search(r"[{}]|\]\(", text)
    assert html.count("<figure>") >= len(found)


def drawn(item: Lesson, step: str) -> str:
    """Return a step as HTML, in English."""
    html = steps.panel(item, Page(item.folder / "README.en.md", LESSONS))
    found = re.search(f'<li id="{step}".*?</li>', html, re.DOTALL)
    assert found
    return found[0]


def test_each_byte_is_drawn_in_the_colour_of_its_member() -> None:
    item = lesson.find(LESSONS, "02")
    record = recorded(item, "journey").views["record"]
    assert isinstance(record, Bytes)
    html = drawn(item, "journey-submit")
    key = dict(re.findall(r'<b class="(m\w)"><code>([\w.]+)</code>', html))
    assert sorted(key.values()) == ["comm", "header.size", "pid", "size", "time"]
    found: list[tuple[str, str]] = []
    for colour, text in re.findall(r'<b class="(m\w)">([^<]+)</b>', html):
        if re.fullmatch(r"[0-9a-f]{2}( [0-9a-f]{2})*", text):
            found += [(colour, byte) for byte in text.split()]
    assert "".join(byte for _, byte in found) == record.hex
    for member in record.members:
        colours = {
            colour for colour, _ in found[member.offset : member.offset + member.size]
        }
        name = "header.size" if "header" in member.name else member.name
        assert colours == {next((c for c in key if key[c] == name), "mp")}


@pytest.mark.parametrize("mark", ["half", "full", "drained"])
def test_the_level_is_that_of_the_moment(mark: str) -> None:
    item = lesson.find(LESSONS, "02")
    level = recorded(item, "journey-slow").views["level"]
    assert isinstance(level, Level)
    now = level.marks[mark]
    ((_, used, lost),) = [each for each in level.samples if each[0] == now]
    html = drawn(item, f"journey-slow-{mark}")
    assert f">{used} bytes in the ring<" in html
    assert f">{lost} that did not fit<" in html


def test_the_changes_of_all_recordings_come_first() -> None:
    item = lesson.find(LESSONS, "03")
    for run in journey.recordings(item):
        text = "".join(change.to for change in run.change)
        assert "import journey" in text


@each_lesson
@each_language
def test_the_links_name_the_lines_that_they_lead_to(
    item: Lesson, language: Language
) -> None:
    text = steps.source(item, language).read_text(encoding="utf-8")
    html = steps.panel(
        item, Page(translation(item.folder / "README.md", language), LESSONS)
    )
    written = re.findall(r"_sample#L(\d+)(?:-L(\d+))?", text)
    shown = re.findall(r'data-lines="(\d+)-(\d+)" href="#L', html)
    assert [(first, last or first) for first, last in written] == shown


@pytest.fixture
def copy(tmp_path: Path) -> Lesson:
    """A copy of lesson 02 that may be changed."""
    item = lesson.find(LESSONS, "02")
    folder = tmp_path / "lessons" / item.folder.name
    shutil.copytree(item.folder, folder)
    return lesson.load(folder)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("{pid}", "{pidd}", r"journey.md:\d+: .*\{pidd\}"),
        ("journey.json#zero", "journey.json#zeros", r"journey.md:\d+: .*'zeros'"),
        ("level.half", "level.halves", r"journey.md:\d+: .*'halves'"),
        ("{#journey-slow}", "{#journey-fast}", "journey-fast.json"),
        ('"$ ls"', '"$ lss"', r"journey.md:\d+: .*lss"),
    ],
)
def test_a_mistake_in_a_step_is_a_warning(
    copy: Lesson, right: str, wrong: str, said: str
) -> None:
    page = copy.folder / "journey.md"
    page.write_text(page.read_text().replace(right, wrong))
    warnings: list[str] = []
    steps.panel(copy, Page(copy.folder / "README.md", [copy], warnings.append))
    assert any(re.search(said, warning) for warning in warnings), warnings


def test_a_recording_that_cannot_be_read_says_how_to_make_it_again(
    copy: Lesson,
) -> None:
    path = copy.recordings / "journey.json"
    path.write_text(path.read_text().replace('"kind": "rings"', '"kind": "rinks"'))
    with pytest.raises(Problem) as caught:
        journey.load(path)
    for text in (caught.value.text.ja, caught.value.text.en):
        assert "journey.json" in text
        assert "./lab record --journey" in text


def test_a_lesson_without_a_journey_has_no_panel(copy: Lesson) -> None:
    for path in copy.folder.glob("journey*"):
        path.unlink()
    assert journey.recordings(copy) == []
    assert steps.panel(copy, Page(copy.folder / "README.md", [copy])) == ""
