"""The commands of ./lab as they are typed; what they do is in the other modules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from bcclessons.cli import exercises, learners, maintainers
from bcclessons.cli.help import Group
from bcclessons.cli.options import common, flag, on_release, option, targeted
from bcclessons.console.text import Text
from bcclessons.lab import Lab, Target
from bcclessons.machines import debian


@common
@click.group(
    cls=Group,
    invoke_without_command=True,
    text=Text(
        ja="BCC Lessons: レッスンを動かし，マシンを調べ，テストする．",
        en="BCC Lessons: run the lessons, examine the machine, test.",
    ),
)
@click.pass_context
def group(context: click.Context) -> None:
    """Without a command, show what there is."""
    if context.invoked_subcommand is None:
        learners.overview(context.obj)


def _command(ja: str, en: str, **settings: Any) -> Callable[[Callable[..., Any]], Any]:
    """Add a command to the group, which gets the Lab and the common options."""

    def add(function: Callable[..., Any]) -> click.Command:
        text = Text(ja=ja, en=en)
        command = group.command(text=text, **settings)(click.pass_obj(function))
        return common(command)

    return add


@_command(
    "レッスンを動かす．端末なら，上の窓でプログラム，下の窓でシェルを使う．",
    "Run a lesson; in a terminal, the program is above and a shell below.",
)
@click.argument("lesson")
@flag(
    "--demo",
    ja="デモを打ち込み，出力を表示して終わる．",
    en="Type the demo, print the output, and exit.",
)
@targeted
def run(lab: Lab, lesson: str, demo: bool, target: Target) -> None:
    """Run a lesson."""
    learners.run(lab, lesson, target, demo=demo)


@_command(
    "演習を確かめる．演習は 02/1 のように指定する．02 ならそのレッスンのすべて，"
    "指定しなければ次に解くもの．",
    "Check an exercise, such as 02/1. 02 is all of a lesson; without one it is the "
    "next to solve.",
)
@click.argument("exercise", required=False)
@flag(
    "--hint", ja="ヒントを 1 つずつ増やして見る．", en="Show one more hint each time."
)
@flag("--all", "everything", ja="すべての演習を確かめる．", en="Check every exercise.")
@targeted
def check(
    lab: Lab, exercise: str | None, hint: bool, everything: bool, target: Target
) -> None:
    """Check exercises, or show hints."""
    if hint:
        exercises.hint(lab, exercise)
    else:
        exercises.check(lab, exercise, target, everything=everything)


@_command(
    "演習を，ファイルを保存するたびに確かめる．Ctrl-C で終わる．",
    "Check an exercise each time its file is saved; Ctrl-C ends it.",
)
@click.argument("exercise", required=False)
@targeted
def watch(lab: Lab, exercise: str | None, target: Target) -> None:
    """Check an exercise at each save."""
    exercises.watch(lab, exercise, target)


@_command(
    "演習を始め直す．今のファイルは別の名前で残す．",
    "Start an exercise again; the current file is kept under another name.",
)
@click.argument("exercise")
def reset(lab: Lab, exercise: str) -> None:
    """Start exercises again."""
    exercises.reset(lab, exercise)


@_command("レッスンが動くマシンでシェルを開く．", "Open a shell where lessons run.")
@targeted
def shell(lab: Lab, target: Target) -> None:
    """Open a shell."""
    learners.shell(lab, target)


@_command(
    "このマシンで何が動くかと，直し方を表示する．",
    "Show what runs on this machine, and how to fix what does not.",
)
@flag("--json", "as_json", ja="JSON で表示する．", en="Print JSON.")
def doctor(lab: Lab, as_json: bool) -> None:
    """Show what this machine can do."""
    learners.doctor(lab, as_json=as_json)


@_command("動いている VM を止める．", "Stop the VM.")
def stop(lab: Lab) -> None:
    """Stop the VM."""
    learners.stop(lab)


@_command(
    "Web サイトを，保存のたびに作り直しながら見せる．または，フォルダに作る．",
    "Serve the website, rebuilt at each save; or build it into a folder.",
)
@option(
    "--build",
    "folder",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    ja="このフォルダに作って終わる．",
    en="Build it into this folder, and exit.",
)
@flag(
    "--offline",
    ja="--build と使う．ファイルのまま開けるサイトと，その zip を作る．",
    en="With --build: pages that can be opened as files, and a zip.",
)
@option(
    "--port",
    metavar="PORT",
    default=8000,
    type=click.IntRange(1, 65534),
    ja="見せるときのポート（既定は 8000）．",
    en="The port to serve on (default: 8000).",
)
def site(lab: Lab, folder: Path | None, offline: bool, port: int) -> None:
    """Serve or build the website."""
    learners.site(lab, folder, offline=offline, port=port)


@_command(
    "テストを実行する．引数は pytest に渡す．",
    "Run the tests; arguments go to pytest.",
    context_settings={"ignore_unknown_options": True},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[PYTEST ...]")
@on_release(
    "レッスンのテストだけを，このリリースの VM で実行する．",
    "Run only the tests of lessons, in a VM of this release.",
)
@flag(
    "--matrix",
    ja="レッスンのテストをすべてのリリースで実行し，結果を docs/support.json に"
    "書く．--on を付けると，その 1 行だけを新しくする．",
    en="Run the tests of lessons on every release, and write the results to "
    "docs/support.json; with --on, update only that row.",
)
def test(lab: Lab, arguments: tuple[str, ...], on: str | None, matrix: bool) -> None:
    """Run the tests."""
    release = None if on is None else debian.release(on)
    if matrix:
        maintainers.test_matrix(lab, arguments, release)
    elif release is not None:
        maintainers.test_on(lab, release, arguments)
    else:
        maintainers.test(lab, arguments)


@_command(
    "レッスンの起動時間を，交互に動かして測る．site を付けると，Web サイトを測る．",
    "Time the start of each lesson with and without kernel headers included; with "
    "site, measure the website.",
)
@click.argument("what", required=False, type=click.Choice(["site"]), metavar="[site]")
@option(
    "--runs",
    metavar="N",
    default=10,
    type=click.IntRange(1, 1000),
    ja="測る回数（既定は 10）．",
    en="How many runs to time (default: 10).",
)
@targeted
def bench(lab: Lab, what: str | None, runs: int, target: Target) -> None:
    """Measure lessons, or the website."""
    if what == "site":
        maintainers.bench_site(lab)
    else:
        maintainers.bench(lab, target, runs)


@_command(
    "レッスンの実行を VM で録画し，レッスンのフォルダに書く．",
    "Record runs of a lesson in a VM, into the lesson's folder.",
)
@click.argument("lesson")
@click.argument("names", nargs=-1, metavar="[RUN ...]")
def record(lab: Lab, lesson: str, names: tuple[str, ...]) -> None:
    """Record runs of a lesson."""
    maintainers.record(lab, lesson, names)
