"""./lab: parse the command line, run the command, say in one sentence what failed."""

from __future__ import annotations

import io
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

import click

from bcclessons.cli.commands import group
from bcclessons.console.console import Console
from bcclessons.console.text import Problem, Text
from bcclessons.lab import Lab
from bcclessons.machines.workspace import Workspace
from bcclessons.setup.cache import cache_folder
from bcclessons.setup.files import unwritable
from bcclessons.setup.paths import CHECKOUT


def main(arguments: list[str]) -> int:
    """Run ./lab with these arguments; return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            try:
                "終".encode(stream.encoding)
            except UnicodeEncodeError:  # a terminal is mostly of more than its locale
                stream.reconfigure(encoding="utf-8")
            stream.reconfigure(errors="replace")
    try:
        try:
            return _main(arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output has gone; Python would say so at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _main(arguments: list[str]) -> int:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _exit)
    console = Console.of(arguments, os.environ)
    try:
        lab = Lab(Workspace(CHECKOUT, cache_folder(os.environ), console))
        group.main(arguments, prog_name="./lab", standalone_mode=False, obj=lab)
    except Problem as problem:
        console.fail(problem.text)
        return 1
    except click.UsageError as error:
        console.fail(_usage(error))
        return 2
    except (KeyboardInterrupt, click.Abort):
        return 130
    except OSError as error:
        unwritten = unwritable(error)
        if unwritten is None:
            raise
        console.fail(unwritten.text)
        return 1
    return 0


def _exit(signum: int, frame: FrameType | None) -> NoReturn:
    """Exit through every finally, so that nothing that was started stays behind.

    A terminal that closes hangs up twice, by its program and by the kernel: the
    second signal must not cut the first one's cleaning short.
    """
    del frame
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + signum)


def _usage(error: click.UsageError) -> Text:
    """Say what is wrong on the command line, and what to type."""
    path = error.ctx.command_path if error.ctx else "./lab"
    message = error.format_message().rstrip(".")
    message = message[:1].lower() + message[1:]
    see = Text(ja=f"使い方: {path} --help", en=f"see {path} --help")
    match error:
        case click.MissingParameter() if path.endswith(" reset"):
            return Text(
                ja="どの演習かを指定する．例: ./lab reset 02/1．一覧: ./lab",
                en="name an exercise: ./lab reset 02/1; to list them: ./lab",
            )
        case click.MissingParameter():
            return Text(
                ja=f"どのレッスンかを指定する．例: {path} 02．一覧: ./lab",
                en=f"name a lesson: {path} 02; to list them: ./lab",
            )
        case click.NoSuchOption():
            return Text(
                ja=f"{error.option_name} というオプションは無い．{see.ja}",
                en=f"there is no option {error.option_name}; {see.en}",
            )
        case click.NoSuchCommand():
            return Text(
                ja=f"「{error.command_name}」というコマンドは無い．{see.ja}",
                en=f"there is no command '{error.command_name}'; {see.en}",
            )
        case click.BadOptionUsage(ctx=click.Context() as context):
            name = error.option_name
            option = next(x for x in context.command.params if name in x.opts)
            if isinstance(option, click.Option) and option.is_flag:
                return Text(
                    ja=f"{name} は値を取らない．{see.ja}",
                    en=f"{name} takes no value; {see.en}",
                )
            usage = f"{name} {option.make_metavar(context)}"
            return Text(
                ja=f"{name} には値が要る: {usage}．{see.ja}",
                en=f"{name} needs a value: {usage}; {see.en}",
            )
        case click.BadParameter(param=click.Argument()):
            return Text(
                ja=f"引数の値が正しくない．{see.ja}",
                en=f"{error.message.rstrip('.')}; {see.en}",
            )
        case click.BadParameter(param=click.Option() as option):
            return Text(
                ja=f"{option.opts[0]} の値が正しくない．{see.ja}",
                en=f"{message}; {see.en}",
            )
        case _:
            return Text(ja=f"引数が多すぎる．{see.ja}", en=f"{message}; {see.en}")
