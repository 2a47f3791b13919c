"""The commands of ./lab as they are typed; what they do is in the other modules."""

from __future__ import annotations

from pathlib import Path

import click
from click import Argument

from bcclessons.cli import bench, bundle, classroom, exercises, learners, maintainers
from bcclessons.cli.declarations import command, common, flag, option, target
from bcclessons.cli.help import Group
from bcclessons.console.text import Text

_COMMANDS = (
    command(
        learners.run,
        "レッスンを動かす．端末なら，上のペインでプログラム，下のペインでシェルを使う．",
        "Run a lesson; in a terminal, the program is above and a shell below.",
        Argument(["name"], metavar="LESSON"),
        flag(
            "--demo",
            ja="デモを打ち込み，出力を表示して終わる．",
            en="Type the demo, print the output, and exit.",
        ),
        *target(),
    ),
    command(
        exercises.check,
        "演習を確かめる．演習は 02/1 のように指定する．02 ならそのレッスンのすべて，"
        "指定しなければ次に解くもの．",
        "Check an exercise, such as 02/1. 02 is all of a lesson; without one it is the "
        "next to solve.",
        Argument(["name"], required=False, metavar="[EXERCISE]"),
        flag(
            "--hint",
            ja="ヒントを 1 つずつ増やして見る．",
            en="Show one more hint each time.",
        ),
        flag(
            "--all",
            "everything",
            ja="すべての演習を確かめる．",
            en="Check every exercise.",
        ),
        flag(
            "--json",
            expose_value=False,
            ja="結果を，標準出力に JSON で書く．採点プログラムのため．",
            en="Write the results to stdout as JSON, for a grader.",
        ),
        *target(),
    ),
    command(
        exercises.watch,
        "演習を，ファイルを保存するたびに確かめる．Ctrl-C で終わる．",
        "Check an exercise each time its file is saved; Ctrl-C ends it.",
        Argument(["name"], required=False, metavar="[EXERCISE]"),
        *target(),
    ),
    command(
        exercises.reset,
        "演習を始め直す．今のファイルは別の名前で残す．",
        "Start an exercise again; the current file is kept under another name.",
        Argument(["name"], metavar="EXERCISE"),
    ),
    command(
        learners.shell,
        "レッスンが動くマシンでシェルを開く．",
        "Open a shell where lessons run.",
        *target(),
    ),
    command(
        learners.doctor,
        "このマシンで何が動くかと，直し方を表示する．",
        "Show what runs on this machine, and how to fix what does not.",
        flag("--json", "as_json", ja="JSON で表示する．", en="Print JSON."),
    ),
    command(learners.stop, "動いている VM を止める．", "Stop the VM."),
    command(
        learners.site,
        "Web サイトを見せる．プログラムはページの中で動く．または，フォルダに作る．",
        "Serve the website, whose pages run the programs; or build it into a folder.",
        option(
            "--build",
            "folder",
            metavar="FOLDER",
            type=click.Path(path_type=Path),
            ja="このフォルダに作って終わる．",
            en="Build it into this folder, and exit.",
        ),
        flag(
            "--offline",
            ja="--build と使う．ファイルのまま開けるサイトと，その zip を作る．",
            en="With --build: pages that can be opened as files, and a zip.",
        ),
        option(
            "--port",
            metavar="PORT",
            default=8000,
            type=click.IntRange(1, 65534),
            ja="見せるときのポート（既定は 8000）．",
            en="The port to serve on (default: 8000).",
        ),
        option(
            "--socket",
            metavar="PATH",
            type=click.Path(path_type=Path, resolve_path=True),
            ja="ポートの代わりに使う Unix ソケット．受講者だけを通すプロキシ"
            "（JupyterHub など）の後ろで使う．",
            en="Serve on this Unix socket instead, behind a proxy that lets in only "
            "the learner, such as JupyterHub's.",
        ),
        *target(),
    ),
    command(
        bundle.bundle,
        "ネットワークの無いマシンで ./lab が準備に使うフォルダ（バンドル）を作る．",
        "Make a folder (a bundle) from which ./lab sets itself up without a network.",
        Argument(["folder"], metavar="FOLDER", type=click.Path(path_type=Path)),
        option(
            "--on",
            "releases",
            metavar="RELEASE",
            multiple=True,
            ja="この版の Debian の VM を入れる．何度も使える（既定は debian-13）．",
            en="Add the VM of this release; can be repeated (default: debian-13).",
        ),
    ),
    command(
        classroom.run,
        "クラスを開く．受講者はブラウザだけで，1 人に 1 台の VM を使う．Ctrl-C で終わる．",
        "Run a class: learners need a browser only, each has a VM; Ctrl-C ends it.",
        *classroom.OPTIONS,
        name="class",
    ),
    command(
        maintainers.test,
        "テストを実行する．引数は pytest に渡す．",
        "Run the tests; arguments go to pytest.",
        Argument(
            ["arguments"], nargs=-1, type=click.UNPROCESSED, metavar="[PYTEST ...]"
        ),
        option(
            "--on",
            "release",
            metavar="RELEASE",
            ja="レッスンのテストだけを，この版の Debian の VM で実行する．",
            en="Run only the tests of lessons, in a VM of this release.",
        ),
        flag(
            "--matrix",
            ja="レッスンのテストをすべての版で実行し，結果を docs/support.json に"
            "書く．--on を付けると，その 1 行だけを新しくする．",
            en="Test the lessons on every release, and write docs/support.json; with "
            "--on, only its row.",
        ),
        context_settings={"ignore_unknown_options": True},
    ),
    command(
        bench.bench,
        "レッスンの起動時間を，交互に動かして測る．site を付けると Web サイトを，live を"
        "付けると動くページを，class を付けると 30 人のクラスを，loss を付けると失われるイベントを"
        "測り，peers を付けるとほかのツールと並べて測る．",
        "Time the start of each lesson; with site, measure the website, with live, a "
        "live page, with class, a class of thirty, with loss, the events that are lost, "
        "with peers, other tools side by side.",
        Argument(
            ["what"],
            required=False,
            type=click.Choice(["site", "live", "class", "loss", "peers"]),
            metavar="[site|live|class|loss|peers]",
        ),
        option(
            "--runs",
            metavar="N",
            type=click.IntRange(1, 1000),
            ja="測る回数（既定は 10，loss と peers では 3）．",
            en="How many runs to time (default: 10; 3 of loss and peers).",
        ),
        *target(),
    ),
    command(
        maintainers.record,
        "レッスンの実行を VM で録画し，レッスンのフォルダに書く．",
        "Record runs of a lesson in a VM, into the lesson's folder.",
        Argument(["name"], required=False, metavar="LESSON"),
        Argument(["runs"], nargs=-1, metavar="[RUN ...]"),
        flag("--journey", ja="1 件の道のりを記録する．", en="Record its journeys."),
    ),
)


@click.pass_context
def _without_a_command(context: click.Context) -> None:
    if context.invoked_subcommand is None:
        learners.overview(context.obj)


group = Group(
    "lab",
    commands=_COMMANDS,
    callback=_without_a_command,
    invoke_without_command=True,
    params=common(),
    add_help_option=False,
    text=Text(
        ja="BCC Lessons: レッスンを動かし，マシンを調べ，テストする．",
        en="BCC Lessons: run the lessons, examine the machine, test.",
    ),
)
