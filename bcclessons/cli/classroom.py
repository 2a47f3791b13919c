"""./lab class: a class on this machine, its progress as CSV, the end of its data."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click

from bcclessons.cli.declarations import option
from bcclessons.cli.learners import status_of_server
from bcclessons.console.text import Problem, Text
from bcclessons.doctor.placement import Place
from bcclessons.doctor.target import Target
from bcclessons.lab import Lab
from bcclessons.live.classroom import classroom
from bcclessons.setup.files import write_atomically
from bcclessons.setup.paths import CHECKOUT

OPTIONS = (
    option(
        "--listen",
        metavar="ADDRESS",
        default="127.0.0.1",
        ja="このマシンのどのアドレスで待つか（既定は自分だけの 127.0.0.1）．",
        en="This machine's address to serve on (default: 127.0.0.1, for itself alone).",
    ),
    option(
        "--port",
        metavar="PORT",
        default=8000,
        type=click.IntRange(1, 65534),
        ja="ポート（既定は 8000）．",
        en="The port to serve on (default: 8000).",
    ),
    option(
        "--cert",
        metavar="FILE",
        type=click.Path(path_type=Path),
        ja="TLS の証明書（PEM）．--key と使う．",
        en="A certificate for TLS, in PEM; with --key.",
    ),
    option(
        "--key",
        metavar="FILE",
        type=click.Path(path_type=Path),
        ja="その鍵（PEM）．",
        en="Its key, in PEM.",
    ),
    option(
        "--export",
        metavar="FILE.csv",
        type=click.Path(path_type=Path),
        ja="全員の進み具合を CSV に書いて終わる．",
        en="Write everybody's progress as CSV, and exit.",
    ),
    option(
        "--delete",
        metavar="NAME|all",
        ja="1 人または全員のデータをすべて消して終わる（先に尋ねる）．",
        en="Delete all data of one learner or of all, after asking, and exit.",
    ),
)


_USE_THE_BOARD = Text(
    ja="クラスは動いている．「クラスの様子」の「受講者を消す」で消すか，その ./lab class を Ctrl-C で"
    "止めてから，もう一度実行する．",
    en="the class is running; press Remove learner on its board, or end that ./lab class "
    "with Ctrl-C, and run this again.",
)


def run(
    lab: Lab,
    listen: str,
    port: int,
    cert: Path | None,
    key: Path | None,
    export: Path | None,
    delete: str | None,
) -> None:
    """Serve a class until Ctrl-C; or write its progress; or delete learners."""
    folder = lab.solved.folder / "class"
    if delete is not None:
        _delete(lab, folder, delete)
    elif export is not None:
        _export(lab, folder, export)
    else:
        options = ["--folder", str(folder), "--listen", listen, "--port", str(port)]
        for name, path in (("--cert", cert), ("--key", key)):
            options += [name, str(path.resolve())] if path else []
        _serve(lab, folder, options)


def _serve(lab: Lab, folder: Path, options: list[str]) -> None:
    lab.install_for(None, Target(Place.VM))
    command = ["setpriv", "--pdeathsig", "TERM", *lab.python("site")]
    command += ["-m", "bcclessons.live.classroom", *options]
    command += ["--lang", lab.console.language]
    settings = {
        "BCC_LESSONS_CLASSROOM": "true",
        # The pages show nobody's progress but the learner's, which they ask for.
        "XDG_STATE_HOME": str(folder / "nobody"),
    }
    sys.exit(
        status_of_server(
            subprocess.Popen(command, cwd=CHECKOUT, env={**os.environ, **settings})
        )
    )


def _export(lab: Lab, folder: Path, path: Path) -> None:
    text = classroom.exported(folder, lab.console.language)
    try:
        # With the mark by which spreadsheets know UTF-8.
        write_atomically(path, "\ufeff" + text)
    except OSError as error:
        raise Problem(
            ja=f"{path} に書けない（{error.strerror}）．別の場所を指定する．",
            en=f"cannot write {path} ({error.strerror}); name another file.",
        ) from error
    lab.console.say(Text(ja=f"{path} を書いた．", en=f"Wrote {path}."))


def _delete(lab: Lab, folder: Path, name: str) -> None:
    classroom.check_exists(folder)
    with classroom.in_use(folder, _USE_THE_BOARD):
        question = Text(
            ja=f"「{name}」の名前，PIN，進み具合，ファイルをすべて消すか",
            en=f"Delete the name, the PIN, the progress and all files of '{name}'?",
        )
        if name == "all":
            question = Text(
                ja="全員の名前，PIN，進み具合，ファイルをすべて消すか",
                en="Delete the names, the PINs, the progress and all files of everybody?",
            )
        if not lab.console.confirm(question, unasked=False):
            raise Problem(
                ja="何も消していない．尋ねずに消すには --yes を付ける．",
                en="nothing was deleted; to delete without being asked, add --yes.",
            )
        gone = classroom.deleted(folder, name)
    names = ", ".join(learner.name for learner in gone)
    lab.console.say(Text(ja=f"{names} を消した．", en=f"Deleted {names}."))
