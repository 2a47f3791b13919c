"""./lab bench: how quick the lessons, the website, a live page and a class are."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

from bcclessons.console.text import Text
from bcclessons.doctor.placement import Place
from bcclessons.doctor.target import Target
from bcclessons.lab import Lab
from bcclessons.machines.vm.client import Vm
from bcclessons.setup import programs
from bcclessons.setup.paths import CHECKOUT


def bench(lab: Lab, what: str | None, target: Target, runs: int | None) -> None:
    """Time the start of each lesson, or measure what "site" names."""
    if what == "site":
        _bench_site(lab)
    if what == "class":
        _bench_class(lab)
    if what == "loss":
        _bench_loss(lab, target, runs or 3)
        return
    if what == "peers":
        _bench_peers(lab, target, runs or 3)
        return
    runs = runs or 10
    if what == "live":
        with lab.machine(lab.lesson("02"), target):  # what it needs is there, and warm
            command = [*lab.python("dev"), "-m", "tools.live", str(runs)]
            command += target.options()
            sys.exit(subprocess.run(command, cwd=CHECKOUT, check=False).returncode)
    from tools import start

    for item in lab.lessons:
        with lab.machine(item, target) as machine:
            title = Text(ja="交互に動かして測る", en="Timing both in turn")
            with lab.console.stage(title):
                result = start.start_time(machine, item, runs)
            print(result.to(lab.console.language))


def _bench_site(lab: Lab) -> NoReturn:
    """Measure the website."""
    reason = Text(ja="Web サイトを測るの", en="Measuring the website")
    lab.require(programs.BROWSER, reason)
    command = [*lab.python("dev"), "-m", "tools.site"]
    sys.exit(subprocess.run(command, cwd=CHECKOUT, check=False).returncode)


def _bench_class(lab: Lab) -> NoReturn:
    """Measure a class of thirty."""
    lab.install_for(None, Target(Place.VM))
    reason = Text(ja="クラスを測るの", en="Measuring a class")
    lab.require(programs.BROWSER, reason)
    command = [*lab.python("dev"), "-m", "tools.classroom", "--kill"]
    sys.exit(subprocess.run(command, cwd=CHECKOUT, check=False).returncode)


def _bench_loss(lab: Lab, target: Target, runs: int) -> None:
    """Measure how many events are lost; write the results and their plots."""
    from tools import loss

    with lab.machine(lab.lesson("06"), target) as machine:
        results = loss.measured(machine, runs, lab.console)
    for path in loss.write(results, loss.RESULTS.parent):
        lab.console.say(Text(ja=f"{path} を書いた．", en=f"Wrote {path}."))


def _bench_peers(lab: Lab, target: Target, runs: int) -> None:
    """Measure other tools side by side with the lessons; write docs/peers.json."""
    from bcclessons.course import peers as results
    from tools import peer_packages, peers

    before = results.load(peers.RESULTS)
    reason = Text(ja="ほかのツールと比べるの", en="Comparing other tools")
    with ExitStack() as stack:
        machine = stack.enter_context(lab.machine(lab.lesson("02"), target))
        root = Path("/")
        if isinstance(machine, Vm):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            root = peer_packages.unpacked(target.release, folder, lab.console)
            peer_packages.bring(root, machine)
        else:
            lab.require(peer_packages.PACKAGES, reason)
        place = peers.measured(machine, lab.lessons, runs, root, lab.console)
    others = [each for each in before if each.title != place.title]
    results.write([*others, place], peers.RESULTS)
    print(results.table(place, lab.console.language))
    print(results.start_table(place, lab.console.language))
