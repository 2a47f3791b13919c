"""./lab: parse the command line, call, print. The work is done elsewhere."""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TypeVar

import click

from bcclessons.cli.help import JapaneseGroup
from bcclessons.console.progress import TerminalConsole
from bcclessons.console.text import Language, Problem, Text, language_wanted
from bcclessons.course import exercise, lesson
from bcclessons.course.exercise import Exercise
from bcclessons.course.lesson import Lesson
from bcclessons.doctor.placement import Place, placement
from bcclessons.grading import checking
from bcclessons.grading import feedback as tutor
from bcclessons.lab import Lab, Where
from bcclessons.machines import Machine, debian
from bcclessons.machines.debian import Release
from bcclessons.machines.host import Host
from bcclessons.machines.vm import client as vm
from bcclessons.machines.workspace import Workspace
from bcclessons.setup import apt as packages
from bcclessons.setup import files
from bcclessons.setup import programs as tools
from bcclessons.setup.cache import cache_folder
from bcclessons.setup.paths import CHECKOUT
from bcclessons.setup.system import System

_Command = TypeVar("_Command", bound=Callable[..., Any] | click.Command)


def commands(language: Language) -> click.Group:
    """Return the commands of ./lab, with their help in this language."""

    def words(ja: str, en: str) -> str:
        return Text(ja=ja, en=en).to(language)

    def common(command: _Command) -> _Command:
        """Add the options that every command takes."""
        for decorator in (
            click.help_option(
                "--help", help=words("この説明を表示する．", "Show this help.")
            ),
            click.option(
                "--yes", is_flag=True, expose_value=False,
                help=words("尋ねずに進む．", "Go on without asking."),
            ),
            click.option(
                "--lang", type=click.Choice([item.value for item in Language]), expose_value=False,
                help=words("メッセージの言語．", "The language of messages."),
            ),
        ):  # fmt: skip
            command = decorator(command)
        return command

    def on(help_text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Add --on."""
        metavar = words("リリース", "RELEASE")
        return click.option("--on", metavar=metavar, help=help_text)

    def places(command: Callable[..., Any]) -> Callable[..., Any]:
        """Add --host, --vm and --on, which the command gets as ``where``."""

        @functools.wraps(command)
        def placed(
            *values: Any, host: bool, vm: bool, on: str | None, **options: Any
        ) -> Any:
            where = Where.asked(host=host, vm=vm, on=on)
            return command(*values, where=where, **options)

        result: Callable[..., Any] = placed
        names = ", ".join(row.name for row in debian.RELEASES)
        for decorator in (
            on(words(f"このリリースの VM で動かす（{names}）．",
                     f"Run in a VM of this release ({names}).")),
            click.option("--vm", is_flag=True,
                         help=words("VM で動かす．", "Run in the VM.")),
            click.option("--host", is_flag=True,
                         help=words("このマシンで動かす．", "Run on this machine.")),
        ):  # fmt: skip
            result = decorator(result)
        return result

    @common
    @click.group(
        cls=JapaneseGroup if language is Language.JA else click.Group,
        invoke_without_command=True,
        help=words(
            "BCC Lessons: レッスンを動かし，マシンを調べ，テストする．",
            "BCC Lessons: run the lessons, look at the machine, test.",
        ),
    )
    @click.pass_context
    def lab(context: click.Context) -> None:
        if context.invoked_subcommand is None:
            _overview(context.obj)

    @lab.command(
        help=words(
            "レッスンを動かす．端末なら，上の窓でプログラム，下の窓でシェルを使う．",
            "Run a lesson: in a terminal, the program above and a shell below.",
        )
    )
    @click.argument("lesson", metavar=words("レッスン", "LESSON"))
    @click.option(
        "--demo", is_flag=True,
        help=words("デモを打ち込み，出力を表示して終わる．",
                   "Type the demo, print what comes, and end."),
    )  # fmt: skip
    @places
    @common
    @click.pass_obj
    def run(lab: Lab, lesson: str, demo: bool, where: Where) -> None:
        _run(lab, lesson, where, demo=demo)

    where_to = words("[演習]", "[EXERCISE]")

    @lab.command(
        help=words(
            "演習を確かめる．演習は 02/1 のように指定する．02 ならそのレッスンのすべて，"
            "指定しなければ次に解くもの．",
            "Check an exercise, as 02/1; 02 is all of a lesson, and without one it is "
            "the next to solve.",
        )
    )
    @click.argument("exercise", required=False, metavar=where_to)
    @click.option(
        "--hint",
        is_flag=True,
        help=words("ヒントを 1 つずつ増やして見る．", "One more hint each time."),
    )
    @click.option(
        "--all",
        "everything",
        is_flag=True,
        help=words("すべての演習を確かめる．", "Check every exercise."),
    )
    @places
    @common
    @click.pass_obj
    def check(
        lab: Lab, exercise: str | None, hint: bool, everything: bool, where: Where
    ) -> None:
        _check(lab, exercise, where, hint=hint, everything=everything)

    @lab.command(
        help=words(
            "演習を，ファイルを保存するたびに確かめる．Ctrl-C で終わる．",
            "Check an exercise at each save of its file; Ctrl-C ends it.",
        )
    )
    @click.argument("exercise", required=False, metavar=where_to)
    @places
    @common
    @click.pass_obj
    def watch(lab: Lab, exercise: str | None, where: Where) -> None:
        _watch(lab, exercise, where)

    @lab.command(
        help=words(
            "演習を始め直す．今のファイルは別の名前で残す．",
            "Start an exercise anew; the file as it is stays beside it.",
        )
    )
    @click.argument("exercise", metavar=words("演習", "EXERCISE"))
    @common
    @click.pass_obj
    def reset(lab: Lab, exercise: str) -> None:
        _reset(lab, exercise)

    @lab.command(
        help=words(
            "レッスンが動くマシンでシェルを開く．", "Open a shell where lessons run."
        )
    )
    @places
    @common
    @click.pass_obj
    def shell(lab: Lab, where: Where) -> None:
        _shell(lab, where)

    @lab.command(
        help=words(
            "このマシンで何が動くかと，直し方を表示する．",
            "Show what runs on this machine, and how to mend what does not.",
        )
    )
    @click.option(
        "--json", "as_json", is_flag=True, help=words("JSON で表示する．", "As JSON.")
    )
    @common
    @click.pass_obj
    def doctor(lab: Lab, as_json: bool) -> None:
        _doctor(lab, as_json=as_json)

    @lab.command(help=words("動いている VM を止める．", "Stop the VM that runs."))
    @common
    @click.pass_obj
    def stop(lab: Lab) -> None:
        _stop(lab)

    @lab.command(
        context_settings={"ignore_unknown_options": True},
        help=words(
            "テストを実行する．引数は pytest に渡す．",
            "Run the tests; arguments go to pytest.",
        ),
    )
    @click.argument(
        "arguments", nargs=-1, type=click.UNPROCESSED, metavar="[PYTEST ...]"
    )
    @on(
        words(
            "レッスンのテストだけを，このリリースの VM で実行する．",
            "Run the tests of lessons only, in a VM of this release.",
        )
    )
    @click.option(
        "--matrix", is_flag=True,
        help=words("レッスンのテストをすべてのリリースで実行し，結果を "
                   "docs/support.json に書く．--on を付けると，その 1 行だけを"
                   "新しくする．",
                   "Run the tests of lessons on every release, and write the "
                   "results to docs/support.json; with --on, renew that row alone."),
    )  # fmt: skip
    @common
    @click.pass_obj
    def test(
        lab: Lab, arguments: tuple[str, ...], on: str | None, matrix: bool
    ) -> None:
        if matrix:
            _test_matrix(lab, arguments, debian.release(on) if on is not None else None)
        elif on is not None:
            _test_on(lab, debian.release(on), arguments)
        else:
            _test(lab, arguments)

    @lab.command(
        help=words(
            "Web サイトを，保存のたびに作り直しながら見せる．または，フォルダに作る．",
            "Serve the website, built anew at each save; or build it into a folder.",
        )
    )
    @click.option(
        "--build", "folder", type=click.Path(path_type=Path),
        metavar=words("フォルダ", "FOLDER"),
        help=words("このフォルダに作って終わる．", "Build it into this folder, and end."),
    )  # fmt: skip
    @click.option(
        "--offline", is_flag=True,
        help=words("--build と使う．ファイルのまま開けるサイトと，その zip を作る．",
                   "With --build: pages that can be opened as files, and a zip."),
    )  # fmt: skip
    @click.option(
        "--port", default=8000, show_default=True, type=click.IntRange(1, 65534),
        help=words("見せるときのポート．", "The port to serve on."),
    )  # fmt: skip
    @common
    @click.pass_obj
    def site(lab: Lab, folder: Path | None, offline: bool, port: int) -> None:
        _site(lab, folder, offline=offline, port=port)

    @lab.command(
        help=words(
            "レッスンの起動時間を，交互に動かして測る．site を付けると，Web サイトを測る．",
            "Time the lesson's start against the same program with kernel headers; "
            "with site, measure the website.",
        )
    )
    @click.argument(
        "what", required=False, type=click.Choice(["site"]), metavar="[site]"
    )
    @click.option(
        "--runs", default=10, show_default=True, type=click.IntRange(1, 1000),
        help=words("測る回数．", "How many runs to time."),
    )  # fmt: skip
    @places
    @common
    @click.pass_obj
    def bench(lab: Lab, what: str | None, runs: int, where: Where) -> None:
        if what == "site":
            _bench_site(lab)
        else:
            _bench(lab, where, runs)

    @lab.command(
        help=words(
            "レッスンの実行を VM で録画し，レッスンのフォルダに書く．",
            "Record runs of a lesson, in a VM, into the lesson's folder.",
        )
    )
    @click.argument("lesson", metavar=words("レッスン", "LESSON"))
    @click.argument("names", nargs=-1, metavar=words("[実行の名前 ...]", "[RUN ...]"))
    @common
    @click.pass_obj
    def record(lab: Lab, lesson: str, names: tuple[str, ...]) -> None:
        _record(lab, lesson, names)

    return lab


def _overview(lab: Lab) -> None:
    title = Text(
        ja="BCC Lessons: eBPF プログラムからユーザ空間へのデータの渡し方",
        en="BCC Lessons: how an eBPF program hands data to user space",
    )
    print(title.to(lab.console.language))
    print()
    for item in lab.lessons:
        print(f"  {item.label}  {item.title.to(lab.console.language)}")
        print(f"      {item.goal.to(lab.console.language)}")
        mine = exercise.load_all([item])
        if mine:
            print(f"      {tutor.progress(mine, lab.solved, lab.console.language)}")
    print()
    first = lab.lessons[0].label
    for command, text in (
        (f"./lab run {first}", Text(ja="レッスンを動かす", en="run a lesson")),
        ("./lab check", Text(ja="演習を確かめる", en="check an exercise")),
        (
            "./lab shell",
            Text(ja="レッスンが動くシェル", en="a shell where lessons run"),
        ),
        ("./lab site", Text(ja="Web サイトを見る", en="read the website")),
        ("./lab doctor", Text(ja="このマシンを調べる", en="look at this machine")),
        ("./lab stop", Text(ja="VM を止める", en="stop the VM")),
        ("./lab test", Text(ja="すべてテストする", en="test everything")),
        ("./lab --help", Text(ja="ほかの使い方", en="more")),
    ):
        print(f"  {command:<14} {text.to(lab.console.language)}")


def _run(lab: Lab, name: str, where: Where, *, demo: bool) -> None:
    chosen = lesson.find(lab.lessons, name)
    in_terminal = sys.stdin.isatty() and sys.stdout.isatty() and not demo
    if in_terminal:
        lab.need(
            {"tmux": "tmux"}, Text(ja="画面を 2 つに分けるの", en="Showing two panes")
        )
    with lab.machine(chosen, *where) as machine:
        if in_terminal:
            from bcclessons.terminal import panes

            panes.show(machine, chosen, lab.console.language)
        else:
            from bcclessons.terminal import demo as player

            if isinstance(machine, Host):
                # What the demo types; the VM has it.
                words = (step.command.split()[0] for step in chosen.demo.steps)
                reason = Text(ja="デモを打ち込むの", en="Typing the demo")
                lab.need({word: word for word in words}, reason)
            player.play(machine, chosen, functools.partial(print, flush=True))


def _chosen(lab: Lab, name: str | None) -> list[Exercise]:
    """Return the exercises that are meant; without a name, the next to solve."""
    exercises = exercise.load_all(lab.lessons)
    if name is not None:
        return exercise.find(exercises, name)
    unsolved = [item for item in exercises if not lab.solved.has(item)]
    return unsolved[:1] or exercises[-1:]


def _check(
    lab: Lab, name: str | None, where: Where, *, hint: bool, everything: bool
) -> None:
    chosen = exercise.load_all(lab.lessons) if everything else _chosen(lab, name)
    language = lab.console.language
    if hint:
        item = next((i for i in chosen if not lab.solved.has(i)), chosen[0])
        print(tutor.hints(item, lab.solved.next_hints(item), language))
        return
    with lab.machines(where) as machine:
        right = [_check_one(lab, item, machine) for item in chosen]
    if not all(right):
        sys.exit(1)
    print(tutor.coming(exercise.load_all(lab.lessons), lab.solved, language))


def _begin(lab: Lab, item: Exercise) -> None:
    """Make the learner's file, unless it is there, and say what is to be done."""
    language = lab.console.language
    if exercise.begin(item):
        print(tutor.task(item, language), tutor.begun(item, language), sep="\n")


def _check_one(lab: Lab, item: Exercise, machine: Callable[[Lesson], Machine]) -> bool:
    """Check the learner's file, say what came of it, and tell whether it is right."""
    language = lab.console.language
    _begin(lab, item)
    program = exercise.read_mine(item)
    lesson_to_run = item.lesson_to_run(lesson.find(lab.lessons, item.label[:2]))
    ready = machine(lesson_to_run)
    answer = checking.check(item, program, ready, emulated=isinstance(ready, vm.Vm))
    if answer is None:
        lab.solved.note(item, program)
    print(tutor.verdict(item, answer, program, language), flush=True)
    return answer is None


def _watch(lab: Lab, name: str | None, where: Where) -> None:
    item = _chosen(lab, name)[0]
    with lab.machines(where) as machine:
        _begin(lab, item)
        exercise.read_mine(item)  # before anything is waited for, say what it is not
        seen = None
        while True:
            # Before the check: what is saved during it is checked next.
            now = exercise.saved(item)
            # None is an editor that is about to put it back.
            if now not in (None, seen):
                seen = now
                try:
                    _check_one(lab, item, machine)
                except Problem as problem:
                    lab.console.say(problem.text)
                lab.console.say(
                    Text(
                        ja="保存を待つ．Ctrl-C で終わる．",
                        en="Waiting for a save; Ctrl-C ends it.",
                    )
                )
            time.sleep(0.1)


def _reset(lab: Lab, name: str) -> None:
    items = exercise.find(exercise.load_all(lab.lessons), name)
    for item in items:
        kept = exercise.put_aside(item)
        if kept is not None:
            lab.console.say(
                Text(
                    ja=f"今までのファイルは {kept.relative_to(CHECKOUT)} に残した．",
                    en=f"The file as it was is now {kept.relative_to(CHECKOUT)}.",
                )
            )
        exercise.begin(item)
        lab.solved.forget_hints(item)
        print(tutor.task(item, lab.console.language))


def _shell(lab: Lab, where: Where) -> None:
    with lab.machine(None, *where) as machine:
        inner = machine.inside(["bash"], root=os.geteuid() == 0)
        terminal = sys.stdin.isatty()
        status = subprocess.run(
            machine.command(inner, folder="lessons", terminal=terminal), check=False
        ).returncode
    sys.exit(status)


def _record(lab: Lab, name: str, names: Sequence[str]) -> None:
    from bcclessons.recording import recorder

    chosen = lesson.find(lab.lessons, name)
    others = [name for name in names if name != recorder.CHECK]
    runs = lesson.find_runs(chosen, others) if others or not names else []
    lab.need({"tmux": "tmux"}, Text(ja="録画するの", en="Recording"))
    for run in runs:
        release = recorder.release_of(run)
        lab.need_vm(chosen, release)
        lab.console.say(
            Text(
                ja=f"{release.title} の VM で {run.stem} を録画する．",
                en=f"Recording {run.stem} in a VM of {release.title}.",
            )
        )
        taken = recorder.record(chosen, run, lab.workspace)
        for path in recorder.write(taken, chosen, run, CHECKOUT):
            lab.console.say(Text(ja=f"{path} を書いた．", en=f"Wrote {path}."))
    exercises = exercise.load_all([chosen])
    if exercises and (not names or recorder.CHECK in names):
        lab.need_vm(chosen, lab.workspace.release)
        texts = recorder.record_check(chosen, exercises[0], lab.workspace)
        files.write_all(texts)
        for path in texts:
            lab.console.say(Text(ja=f"{path} を書いた．", en=f"Wrote {path}."))


def _stop(lab: Lab) -> None:
    stopped = vm.stop(lab.workspace)
    if not stopped:
        lab.console.say(Text(ja="動いている VM は無い．", en="No VM is running."))
    for release in stopped:
        lab.console.say(
            Text(
                ja=f"{release.title} の VM を止めた．",
                en=f"Stopped the VM of {release.title}.",
            )
        )


def _test(lab: Lab, arguments: Sequence[str]) -> NoReturn:
    report = lab.report()
    needed: Mapping[str, str] = {
        "tmux": "tmux",
        "less": "less",
        "pgrep": "procps",
        "git": "git",
    }
    needed = {**needed, **tools.VM_TOOLS, **tools.BROWSER}
    wanted = [*tools.missing(System.here(), needed)]
    for place in (Place.HOST, Place.VM):
        wanted += placement(report, lab.lessons[0], only=place).packages
    reason = Text(ja="テストするの", en="Testing")
    packages.install(list(dict.fromkeys(wanted)), reason, lab.console)
    command = [*lab.pytest, *arguments]
    sys.exit(subprocess.run(command, cwd=CHECKOUT, check=False).returncode)


def _test_on(lab: Lab, release: Release, arguments: Sequence[str]) -> NoReturn:
    command = [*lab.pytest, f"--on={release.name}", *arguments]
    # The VM is made ready here: a test has no time to build one, and no way to show it.
    with lab.machine(None, Place.VM, release):
        status = subprocess.run(command, cwd=CHECKOUT, check=False).returncode
    sys.exit(status)


def _test_matrix(lab: Lab, arguments: Sequence[str], only: Release | None) -> None:
    from bcclessons.recording import matrix

    if arguments:
        raise Problem(
            ja="--matrix は，レッスンのすべてのテストを実行するので，pytest への"
            "引数と一緒には使えない．",
            en="--matrix runs all tests of the lessons, so it takes no arguments "
            "for pytest.",
        )

    def start(release: Release) -> AbstractContextManager[Machine]:
        return lab.machine(None, Place.VM, release)

    path = CHECKOUT / "docs/support.json"
    if not matrix.run(start, lab.pytest, lab.lessons, lab.console, path, only):
        sys.exit(1)


def _bench(lab: Lab, where: Where, runs: int) -> None:
    from tools import start as bench

    for item in lab.lessons:
        with lab.machine(item, *where) as machine:
            title = Text(ja="交互に動かして測る", en="Timing the two in turn")
            with lab.console.stage(title):
                result = bench.start_time(machine, item, runs)
            print(result.to(lab.console.language))


def _site(lab: Lab, folder: Path | None, *, offline: bool, port: int) -> None:
    from bcclessons.site import builder as website

    if folder is not None:
        for path in website.build(lab.python("site"), folder, offline=offline):
            lab.console.say(Text(ja=f"{path} を作った．", en=f"Made {path}."))
    elif offline:
        raise Problem(
            ja="--offline で作るフォルダを指定する．例: ./lab site --offline --build site",
            en="name the folder to build: ./lab site --offline --build site",
        )
    else:
        sys.exit(website.serve(lab.python("site"), port))


def _bench_site(lab: Lab) -> NoReturn:
    lab.need(tools.BROWSER, Text(ja="Web サイトを測るの", en="Measuring the website"))
    command = [*lab.python("dev"), "-m", "tools.site"]
    sys.exit(subprocess.run(command, cwd=CHECKOUT, check=False).returncode)


def _doctor(lab: Lab, *, as_json: bool) -> None:
    from bcclessons.doctor import report as doctor_report

    report = lab.report()
    placements = {item.label: placement(report, item) for item in lab.lessons}
    if as_json:
        print(
            json.dumps(
                doctor_report.as_data(report, placements), ensure_ascii=False, indent=2
            )
        )
    else:
        doctor_report.show(report, lab.lessons, placements, lab.console.language)
    if any(found.place is Place.NOWHERE for found in placements.values()):
        sys.exit(1)


def main(arguments: list[str]) -> int:
    """Run ./lab with these arguments; return its exit status."""
    language = language_wanted(arguments, os.environ)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    try:
        lab = Lab(
            Workspace(
                CHECKOUT,
                cache_folder(os.environ),
                TerminalConsole(language, assume_yes="--yes" in arguments),
            ),
            lesson.load_all(CHECKOUT),
        )
        commands(language).main(
            arguments, prog_name="./lab", standalone_mode=False, obj=lab
        )
    except Problem as problem:
        print("lab:", problem.text.to(language), file=sys.stderr)
        return 1
    except click.UsageError as error:
        print("lab:", _usage(error, language), file=sys.stderr)
        return 2
    except (KeyboardInterrupt, click.Abort):
        return 130
    except BrokenPipeError:
        # The reader of our output has gone; Python would say so while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return 0


def _leave(signum: int, frame: FrameType | None) -> NoReturn:
    """Leave through every finally, so that nothing that was started stays behind.

    A terminal that closes hangs up twice, by its program and by the kernel: the
    second signal must not cut the first one's cleaning short.
    """
    del frame
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + signum)


def _usage(error: click.UsageError, language: Language) -> str:
    """Say what is wrong on the command line, and what to type."""
    path = error.ctx.command_path if error.ctx else "./lab"
    if isinstance(error, click.MissingParameter) and path.endswith("reset"):
        text = Text(
            ja="どの演習かを指定する．例: ./lab reset 02/1．一覧: ./lab",
            en="name an exercise: ./lab reset 02/1; to list them: ./lab",
        )
    elif isinstance(error, click.MissingParameter):
        text = Text(
            ja="どのレッスンかを指定する．例: ./lab run 02．一覧: ./lab",
            en="name a lesson: ./lab run 02; to list them: ./lab",
        )
    elif isinstance(error, click.NoSuchOption):
        text = Text(
            ja=f"{error.option_name} というオプションは無い．使い方: {path} --help",
            en=f"there is no option {error.option_name}; see {path} --help",
        )
    else:
        text = Text(
            ja=f"使い方が違う（{error.format_message()}）．使い方: {path} --help",
            en=f"{error.format_message().rstrip('.')}; see {path} --help",
        )
    return text.to(language)
