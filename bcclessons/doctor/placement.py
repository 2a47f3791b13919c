"""Where a lesson runs: this host if it can, else the VM."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bcclessons.console.text import Text
from bcclessons.doctor.check import State
from bcclessons.doctor.kernel import HeadersState
from bcclessons.setup.system import version_of

if TYPE_CHECKING:
    from bcclessons.course.lesson import Lesson
    from bcclessons.doctor.report import Report


class Place(StrEnum):
    """Where a lesson runs."""

    HOST = "host"
    STANDIN = "stand-in"
    VM = "vm"
    NOWHERE = "nowhere"


@dataclass(frozen=True)
class Placement:
    """Where a lesson runs, why there, and what has to be installed first.

    For NOWHERE, ``packages`` are those that would help if they could be installed.
    """

    place: Place
    why: Text
    packages: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Plan:
    """A place, what rules it out, and what has to be installed for it."""

    place: Place
    obstacle: Text | None
    packages: tuple[str, ...]


def placement(
    report: Report, lesson: Lesson, *, only: Place | None = None
) -> Placement:
    """Say where a lesson runs.

    ``only`` leaves no choice: HOST is the host with any headers that do, VM the VM.
    """
    plans = _plans(report, lesson)
    if only is not None:
        plans = [p for p in plans if (p.place is Place.VM) is (only is Place.VM)]
    refusals: list[Text] = []
    for plan in plans:
        refusal = plan.obstacle
        if refusal is None and plan.packages and not report.can_install:
            names = ", ".join(plan.packages)
            refusal = Text(
                ja=f"このマシンでは {names} を apt で入れられない",
                en=f"apt cannot install {names} on this machine",
            )
        elif refusal is None and only is None and not _is_bundled(plan, report):
            names = ", ".join(plan.packages)
            refusal = Text(
                ja=f"バンドルに {names} が無い", en=f"the bundle lacks {names}"
            )
        if refusal is None:
            return Placement(plan.place, _why(plan, refusals), plan.packages)
        refusals.append(refusal)
    helpful = [plan.packages for plan in plans if plan.obstacle is None]
    return Placement(Place.NOWHERE, _join(refusals), helpful[0] if helpful else ())


def _is_bundled(plan: _Plan, report: Report) -> bool:
    """Tell whether a plan needs no network, as far as a bundle stands in for it."""
    return report.bundle is None or report.bundle.has_packages(plan.packages)


def _plans(report: Report, lesson: Lesson) -> list[_Plan]:
    """Return the places in the order in which they are preferred."""
    host = standin = _host_obstacle(report, lesson)
    bcc = () if report["bcc"].state is State.OK else ("python3-bpfcc",)
    own = () if report.headers_package is None else (report.headers_package,)
    if report.kernel.headers.state is not HeadersState.EXACT and not own:
        host = host or Text(
            ja="このマシンのカーネルにはヘッダのパッケージが無い",
            en="this machine's kernel has no headers to install",
        )
    if standin is None and lesson.needs.headers == "exact":
        standin = Text(
            ja="代わりのヘッダでは，レッスンが読むカーネルの構造体の値が誤る",
            en="stand-in headers get kernel structs wrong",
        )
    vm = None if report["disk"].state is State.OK else report["disk"].found
    release = report.release
    if version_of(release.kernel) < version_of(lesson.needs.kernel):
        vm = Text(
            ja=f"{release.title} のカーネル {release.kernel} は "
            f"{lesson.needs.kernel} より古い",
            en=f"{release.title}'s kernel {release.kernel} is older than "
            f"{lesson.needs.kernel}",
        )
    if report.machine != "x86_64":
        standin = standin or report["qemu"].found
        vm = report["qemu"].found
    return [
        _Plan(Place.HOST, host, (*own, *bcc)),
        _Plan(Place.STANDIN, standin, (*bcc, *report.standin_missing)),
        _Plan(Place.VM, vm, report.vm_missing),
    ]


def _host_obstacle(report: Report, lesson: Lesson) -> Text | None:
    """Return the first thing that keeps a lesson from this kernel, if any does."""
    if report.kernel.version < version_of(lesson.needs.kernel):
        return Text(
            ja=f"このマシンのカーネルは {lesson.needs.kernel} より古い",
            en=f"this machine's kernel is older than {lesson.needs.kernel}",
        )
    for name in ("root", "bpf", "lockdown", *lesson.needs.features):
        if report[name].state is not State.OK:
            return report[name].found
    # What is only missing of these, ./lab run mounts or installs.
    for name in ("tracefs", "bcc"):
        if report[name].state is State.BROKEN:
            return report[name].found
    return None


def _why(plan: _Plan, refusals: list[Text]) -> Text:
    """Say why a place was taken, after the ``refusals`` of the ones before it."""
    if plan.place is Place.STANDIN:
        return Text(
            ja="このカーネルにはヘッダのパッケージが無く，レッスンはカーネルの構造体を"
            "読まないので，代わりのヘッダで足りる",
            en="this kernel has no headers to install; this lesson reads no kernel "
            "struct, so stand-ins are enough",
        )
    if plan.place is Place.VM:
        asked = Text(ja="指定のとおり", en="as you asked")
        return _join(refusals) if refusals else asked
    if plan.packages:
        names = ", ".join(plan.packages)
        return Text(
            ja=f"{names} を加えれば，すべて揃う",
            en=f"with {names} installed, nothing is missing",
        )
    return Text(
        ja="BCC も，このカーネルのヘッダもある",
        en="BCC and this kernel's own headers are here",
    )


def _join(texts: list[Text]) -> Text:
    """Join reasons, one that two places share given once."""
    several = list(dict.fromkeys(texts))
    return Text(
        ja="．".join(text.ja for text in several),
        en="; ".join(text.en for text in several),
    )
