"""What learners do: run lessons, open a shell, examine the machine, read the site."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

from bcclessons.cli.next_step import next_step
from bcclessons.console.text import Problem, Text
from bcclessons.doctor.placement import Place, placement
from bcclessons.doctor.target import Target
from bcclessons.grading import feedback
from bcclessons.lab import Lab
from bcclessons.machines.host import Host
from bcclessons.machines.vm import client
from bcclessons.setup.paths import CHECKOUT
from bcclessons.setup.system import utf8_settings
from bcclessons.terminal import tmux


def _shell_words() -> set[str]:
    """Return the words of bash itself that a command may begin with, as "for" or "cd"."""
    command = ["bash", "-c", "compgen -bk"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return set(done.stdout.split())


def overview(lab: Lab) -> None:
    """Print the lessons, what is solved, and the commands."""
    language = lab.console.language
    title = Text(
        ja="BCC Lessons: eBPF プログラムからユーザ空間へのデータの渡し方",
        en="BCC Lessons: how an eBPF program hands data to user space",
    )
    print(title.to(language), end="\n\n")
    for lesson in lab.lessons:
        print(f"  {lesson.label}  {lesson.title.to(language)}")
        print(f"      {lesson.goal.to(language)}")
        mine = [item for item in lab.exercises if item.lesson == lesson]
        if mine:
            print(f"      {feedback.progress(mine, lab.solved, language)}")
    print()
    for command, text in (
        ("./lab run 01", Text(ja="レッスンを動かす", en="run a lesson")),
        ("./lab check", Text(ja="演習を確かめる", en="check an exercise")),
        (
            "./lab shell",
            Text(ja="レッスンが動くシェル", en="a shell where lessons run"),
        ),
        ("./lab site", Text(ja="Web サイトを見る", en="read the website")),
        ("./lab doctor", Text(ja="このマシンを調べる", en="examine this machine")),
        ("./lab stop", Text(ja="VM を止める", en="stop the VM")),
        ("./lab test", Text(ja="すべてテストする", en="test everything")),
        ("./lab --help", Text(ja="ほかの使い方", en="more")),
    ):
        print(f"  {command:<14} {text.to(language)}")
    print()
    print(next_step(lab.exercises, lab.solved).to(language))


def run(lab: Lab, name: str, target: Target, *, demo: bool) -> None:
    """Run a lesson: in two panes in a terminal, else its demo."""
    lesson = lab.lesson(name)
    in_terminal = sys.stdin.isatty() and sys.stdout.isatty() and not demo
    if in_terminal:
        lab.require(
            {"tmux": "tmux"},
            Text(ja="画面を 2 つに分けるの", en="Showing two panes"),
        )
        tmux.terminal_type()  # before anything is waited for, say if there is none
    with lab.machine(lesson, target) as machine:
        if in_terminal:
            from bcclessons.terminal import panes

            panes.show(machine, lesson, lab.console.language)
        else:
            from bcclessons.terminal import demo as player

            if isinstance(machine, Host):
                # What the demo types; the VM has it.
                words = {step.command.split()[0] for step in lesson.demo.steps}
                programs = sorted(words - _shell_words())
                reason = Text(ja="デモを打ち込むの", en="Typing the demo")
                lab.require({name: name for name in programs}, reason)
            player.play(
                machine, lesson, functools.partial(print, flush=True), lab.console
            )
    lab.console.say(next_step(lab.exercises, lab.solved, lesson))


def shell(lab: Lab, target: Target) -> None:
    """Open a shell on the machine where lessons run; exit with its status."""
    with lab.machine(None, target) as machine:
        terminal = sys.stdin.isatty()
        lab.console.say(
            Text(
                ja="例: cd 02_perf_output && sudo ./perf_output_sample．exit か Ctrl-D "
                "でシェルを終わる．",
                en="Try: cd 02_perf_output && sudo ./perf_output_sample. To leave: exit "
                "or Ctrl-D.",
            )
        )
        command = machine.command(
            machine.shell(),
            folder="lessons",
            terminal=terminal,
            environment=utf8_settings(),
        )
        status = subprocess.run(command, check=False).returncode
        if status == 255:  # the shell's own, or ssh's when the VM has gone
            raise Problem(
                ja="シェルとの接続が切れた（状態 255）．もう一度開く: ./lab shell",
                en="the connection to the shell ended (status 255); to open another: "
                "./lab shell",
            )
    lab.console.say(next_step(lab.exercises, lab.solved))
    sys.exit(status)


def stop(lab: Lab) -> None:
    """Stop this checkout's VMs."""
    stopped = client.stop(lab.workspace)
    if not stopped:
        lab.console.say(Text(ja="動いている VM は無い．", en="No VM is running."))
    for release in stopped:
        lab.console.say(
            Text(
                ja=f"{release.title} の VM を止めた．",
                en=f"Stopped the VM of {release.title}.",
            )
        )
    lab.console.say(next_step(lab.exercises, lab.solved))


def doctor(lab: Lab, *, as_json: bool) -> None:
    """Show what this machine can do; exit with 1 if some lesson runs nowhere."""
    from bcclessons.doctor import view

    report = lab.report()
    placements = {item.label: placement(report, item) for item in lab.lessons}
    if as_json:
        data = view.as_data(report, placements)
        print(json.dumps(data, ensure_ascii=False, indent=2))
    else:
        view.show(report, lab.lessons, placements, lab.console.language)
    if any(found.place is Place.NOWHERE for found in placements.values()):
        sys.exit(1)
    if not as_json:
        print(next_step(lab.exercises, lab.solved).to(lab.console.language))


def site(
    lab: Lab,
    folder: Path | None,
    target: Target,
    *,
    offline: bool,
    port: int,
    socket: Path | None,
) -> None:
    """Serve the website, with pages that run, or build it into a folder."""
    from bcclessons.site import builder, card_font

    if folder is not None:
        if os.environ.get("BCC_LESSONS_SITE_URL"):
            card_font.install(lab.console)
        for path in builder.build(lab.python("site"), folder, offline=offline):
            lab.console.say(Text(ja=f"{path} を作った．", en=f"Made {path}."))
    elif offline:
        raise Problem(
            ja="--offline で作るフォルダを指定する．例: ./lab site --offline --build site",
            en="name the folder to build: ./lab site --offline --build site",
        )
    else:
        language = lab.console.language
        command = ["setpriv", "--pdeathsig", "TERM", *lab.python("site")]
        command += ["-m", "bcclessons.live", *target.options()]
        where = ["--port", str(port)] if socket is None else ["--socket", str(socket)]
        command += [*where, "--lang", language]
        lab.console.say(Text(ja="Web サイトを作っている．", en="Building the website."))
        sys.exit(status_of_server(subprocess.Popen(command, cwd=CHECKOUT)))


def status_of_server(process: subprocess.Popen[bytes]) -> int:
    """Wait for a server, which Ctrl-C ends; return its exit status."""
    try:
        return process.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        if process.poll() is None:
            # Of a Ctrl-C in the terminal it knows already.
            process.terminate()
            process.wait()
