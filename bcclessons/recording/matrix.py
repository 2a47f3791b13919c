"""The tests of all lessons on every release, two releases at a time."""

from __future__ import annotations

import datetime
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bcclessons.console.text import Problem, Text
from bcclessons.course import support
from bcclessons.machines import commands, debian
from bcclessons.setup.paths import CHECKOUT

if TYPE_CHECKING:
    from bcclessons.console.console import Console
    from bcclessons.course.lesson import Lesson
    from bcclessons.machines import Machine
    from bcclessons.machines.debian import Release

# The tests in a VM wait for it much of the time; two VMs keep two CPUs busy.
_AT_ONCE = 2


def run(
    start: Callable[[Release], AbstractContextManager[Machine]],
    pytest: Sequence[str],
    lessons: Sequence[Lesson],
    console: Console,
    path: Path,
    only: Release | None = None,
) -> bool:
    """Run the tests on every release, and write the results; tell whether all passed.

    With ``only``, run that release's, and keep the other results of ``path``, which
    must be of the same programs (Problem).
    ``start`` makes the VM of a release ready. Where a release's tests do not come
    to their end, the others still run, and nothing is written; nor is it when a
    program has changed meanwhile (Problem).
    """
    programs = support.digests(lessons)
    rows: list[support.Row] = []
    if only is not None:
        before = support.load(path)
        support.check(before, lessons)
        kept = {r.title for r in debian.RELEASES} - {only.title}
        rows = [row for row in before.releases if row.title in kept]
    releases = debian.RELEASES if only is None else (only,)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        tests = _Tests(start, pytest, console)
        waiting = {
            release.title: pool.submit(tests.run, release) for release in releases
        }
        try:
            found = {title: row.result() for title, row in waiting.items()}
        except BaseException:  # Ctrl-C, for example
            pool.shutdown(wait=False, cancel_futures=True)
            tests.end()
            raise
    rows += [row for row in found.values() if row is not None]
    lacking = [title for title, row in found.items() if row is None]
    if lacking:
        names = ", ".join(lacking)
        raise Problem(
            ja=f"{path.name} は書かない．結果の無い版がある: {names}．",
            en=f"{path.name} is not written; there are no results of {names}.",
        )
    if programs != support.digests(lessons):
        raise Problem(
            ja="テストの間に，レッスンか解答のプログラムが変わった．もう一度実行する．",
            en="a lesson's program or a solution has changed during the tests; "
            "run them again.",
        )
    order = [release.title for release in debian.RELEASES]
    rows.sort(key=lambda row: order.index(row.title))
    tested = set.intersection(*(set(row.tests) for row in rows))
    were_run = {
        label: digest
        for label, digest in programs.items()
        if label.partition("/")[0] in tested
    }
    support.write(support.Support(were_run, rows), path)
    console.say(Text(ja=f"{path} を書いた．", en=f"Wrote {path}."))
    return all(row.passed for row in rows)


class _Tests:
    """The tests of the releases, each in its VM, and what they print."""

    def __init__(
        self,
        start: Callable[[Release], AbstractContextManager[Machine]],
        pytest: Sequence[str],
        console: Console,
    ) -> None:
        self._start = start
        self._pytest = pytest
        self._console = console
        self._starting = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()

    def run(self, release: Release) -> support.Row | None:
        """Run the tests on a release; None where they do not come to their end."""
        try:
            with ExitStack() as stack:
                # One after the other: it may build the VM's image, and shows that.
                with self._starting:
                    title = release.title
                    self._console.say(Text(ja=title, en=title))
                    machine = stack.enter_context(self._start(release))
                begin = time.monotonic()
                row = self._row(machine, release)
        except Problem as problem:
            self._console.say(problem.text)
            return None
        self._console.say(_summary(row, time.monotonic() - begin))
        return row

    def end(self) -> None:
        """End the tests that are running."""
        for process in list(self._running):
            process.terminate()

    def _row(self, machine: Machine, release: Release) -> support.Row:
        """Run the tests in the VM of a release. Raise Problem if pytest is cut short."""
        kernel, bcc = commands.versions(machine)
        with tempfile.TemporaryDirectory() as folder:
            results = Path(folder, "results.json")
            status = self._test(release, results)
            # 0 is that all tests passed, 1 that some failed; others have no full results.
            if status not in (0, 1):
                raise Problem(
                    ja=f"{release.title} のテストは，途中で終わった．",
                    en=f"the tests on {release.title} ended too early.",
                )
            outcomes = msgspec.json.decode(results.read_bytes(), type=support.Outcomes)
        today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
        return support.Row(release.title, today, kernel, bcc, outcomes)

    def _test(self, release: Release, results: Path) -> int:
        """Run pytest, and print its lines after the release's name; return its status."""
        with subprocess.Popen(
            [*self._pytest, f"--on={release.name}", f"--results={results}"],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            self._running.add(process)
            assert process.stdout is not None
            for line in process.stdout:
                sys.stdout.write(f"{release.title}: {line}")
                sys.stdout.flush()
        self._running.discard(process)
        return process.returncode


def _summary(row: support.Row, seconds: float) -> Text:
    found = [outcome for tests in row.tests.values() for outcome in tests.values()]
    passed, skipped = found.count("passed"), found.count("skipped")
    failed = len(found) - passed - skipped
    minutes = f"{seconds / 60:.1f}"
    return Text(
        ja=f"{row.title}: テストの {passed} 件が通り，{failed} 件が失敗，"
        f"{skipped} 件を飛ばした（{minutes} 分）．",
        en=f"{row.title}: {passed} tests passed, {failed} failed, {skipped} skipped "
        f"({minutes} min).",
    )
