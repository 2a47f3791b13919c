"""The journeys of events, recorded again: the layout and the shape stay the same.

In ./lab test, that of lesson 02 alone. All of them:
./lab test tests/kernel/test_recorded_journeys.py -m slow
"""

from __future__ import annotations

import pytest

from bcclessons.course import journey
from bcclessons.course.journey import Bytes, Journey, Level, Line, Memory, Rings, View
from bcclessons.course.lesson import Lesson
from bcclessons.course.run import Run
from bcclessons.recording import journey as recorder
from bcclessons.recording.recorder import release_of
from tests.kernel.test_recordings import LESSONS, WORKSPACE, need_vm


def case(item: Lesson, run: Run) -> object:
    """Return a recording as a test's parameters."""
    is_fast = (item.label, run.name) == ("02", "journey")
    marks = [] if is_fast else [pytest.mark.slow]
    return pytest.param(item, run, id=f"{item.label}-{run.name}", marks=marks)


def shape(view: View) -> object:
    """Return what does not vary from one recording to the next."""
    match view:
        case Bytes():
            layout = [(each.name, each.offset, each.size) for each in view.members]
            return layout, view.new, len(view.hex)
        case Rings():  # whichever CPU it was on
            own = [ring.cpu == view.cpu for ring in view.rings]
            return sorted(
                (is_own, ring.size, ring.head - ring.tail)
                for is_own, ring in zip(own, view.rings, strict=True)
            )
        case Level():
            return view.size, list(view.marks), view.samples[-1][1]
        case Line():
            return [name for name, _ in view.parts]
        case Memory():
            places = [(each.space, each.name, each.error) for each in view.places]
            return places, view.new
        case _:
            return [what for what, _ in view.times]


def shapes(found: Journey) -> dict[str, object]:
    """Return the shapes of a recording's views."""
    return {name: shape(view) for name, view in found.views.items()}


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("item", "run"),
    [case(item, run) for item in LESSONS for run in journey.recordings(item)],
)
def test_a_fresh_recording_has_the_recorded_shape(item: Lesson, run: Run) -> None:
    need_vm(item, release_of(run))
    recorded = journey.load(recorder.path_of(item, run))
    fresh = recorder.record(item, run, WORKSPACE, fast=True)
    assert shapes(fresh) == shapes(recorded)
    assert set(fresh.values) == set(recorded.values)
    assert fresh.command == recorded.command
