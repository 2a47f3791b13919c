"""Click's help screens, with their headings in Japanese."""

from __future__ import annotations

import click

_HEADINGS = {
    "Usage": "使い方",
    "Arguments": "引数",
    "Options": "オプション",
    "Commands": "コマンド",
}


class _Formatter(click.HelpFormatter):
    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        args = args.replace("[OPTIONS]", "[オプション]").replace("COMMAND", "コマンド")
        args = args.replace("[ARGS]", "[引数]")
        super().write_usage(prog, args, prefix or f"{_HEADINGS['Usage']}: ")

    def write_heading(self, heading: str) -> None:
        super().write_heading(_HEADINGS.get(heading, heading))


class _Context(click.Context):
    formatter_class = _Formatter


class JapaneseCommand(click.Command):
    """A command whose help is in Japanese."""

    context_class = _Context


class JapaneseGroup(click.Group):
    """A group whose help, and whose commands' help, is in Japanese."""

    context_class = _Context
    command_class = JapaneseCommand
