"""How many events are lost, when, and at what cost: runs, and plots of them.

    ./lab bench loss [--vm]

One run of every setting, then the next; the lesson on lost events has the results,
loss.json, and the plots, which are made of that file alone.
"""

from __future__ import annotations

import datetime
import json
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from bcclessons.console.text import Language, Problem, Text
from bcclessons.course import loss
from bcclessons.course.loss_plots import PLOTS
from bcclessons.machines.commands import output, versions
from bcclessons.setup.files import write_all
from bcclessons.setup.paths import CHECKOUT
from tools import loss_plots, on_machine
from tools.loss_program import DATA_BYTES

if TYPE_CHECKING:
    from bcclessons.console.console import Console
    from bcclessons.machines import Machine

RESULTS = CHECKOUT / "lessons/06_losing_events/loss.json"
_CPU = "sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1"


def settings() -> list[list[Any]]:
    """Return the settings of a run of each, as tools.loss_run takes them."""
    found: list[list[Any]] = []
    for kind, pages in product(("perf", "ring"), loss.PAGES):
        slow = product([loss.BUSY_US], loss.BURSTS, loss.RATES)
        fast = product([0], loss.BURSTS, loss.FAST_RATES)
        plans = [*slow, *(fast if pages == loss.PAGES[-1] else [])]
        found += [[kind, pages, *plan] for plan in plans]
    return found


def run(machine: Machine, some: list[list[Any]]) -> list[loss.Run]:
    """Return a run of each setting. Raise Problem if the machine cannot run them."""
    lines = on_machine.printed(machine, "loss_run", json.dumps(some)).splitlines()
    return [msgspec.json.decode(line, type=loss.Run) for line in lines]


def measured(machine: Machine, runs: int, console: Console) -> loss.Results:
    """Run every setting ``runs`` times, and return what was measured."""
    if int(output(machine, "nproc")) < 2:
        raise Problem(
            ja=f"CPU が 2 つ要る．{machine.title.ja}には 1 つしか無い．",
            en=f"it takes two CPUs; {machine.title.en} has one.",
        )
    found: list[loss.Run] = []
    for number in range(1, runs + 1):
        title = Text(ja=f"測る，{number}/{runs}", en=f"Measuring, {number}/{runs}")
        with console.stage(title):
            found += run(machine, settings())
    kernel, bcc = versions(machine)
    return loss.Results(
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        system=on_machine.system(machine),
        kernel=kernel,
        bcc=bcc,
        cpu=output(machine, _CPU).strip(),
        data_bytes=DATA_BYTES,
        runs=found,
    )


def plots(results: loss.Results) -> dict[str, str]:
    """Return each plot as SVG, by the name of its file."""
    return {
        f"plot-{plot.name}{'' if language is Language.JA else '.en'}.svg": (
            loss_plots.drawn(plot, results, language)
        )
        for plot in PLOTS
        for language in Language
    }


def write(results: loss.Results, folder: Path) -> list[Path]:
    """Write the results and the plots, all or none; return the paths."""
    contents = {folder / RESULTS.name: loss.encoded(results)}
    contents |= {folder / name: svg.encode() for name, svg in plots(results).items()}
    write_all(contents)
    return list(contents)
