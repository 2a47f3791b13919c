"""The tests of all lessons on every release, one release after the other."""

from __future__ import annotations

import datetime
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
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
    lacking = []
    for number, release in enumerate(releases, 1):
        place = f"[{number}/{len(releases)}] {release.title}"
        console.say(Text(ja=place, en=place))
        begin = time.monotonic()
        try:
            with start(release) as machine:
                row = _row(machine, release, pytest)
        except Problem as problem:
            console.say(problem.text)
            lacking.append(release.title)
            continue
        rows.append(row)
        console.say(_summary(row, time.monotonic() - begin))
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


def _row(machine: Machine, release: Release, pytest: Sequence[str]) -> support.Row:
    """Run the tests in the VM of a release. Raise Problem if pytest is cut short."""
    kernel, bcc = commands.versions(machine)
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder, "results.json")
        command = [*pytest, f"--on={release.name}", f"--results={results}"]
        status = subprocess.run(command, cwd=CHECKOUT, check=False).returncode
        # 0 is that all tests passed, 1 that some failed; others have no full results.
        if status not in (0, 1):
            raise Problem(
                ja=f"{release.title} のテストは，途中で終わった．",
                en=f"the tests on {release.title} ended too early.",
            )
        outcomes = msgspec.json.decode(results.read_bytes(), type=support.Outcomes)
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    return support.Row(release.title, today, kernel, bcc, outcomes)


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
