"""Click in two languages: commands and options whose help is a Text.

The language is that of the console of the context's object, a Lab.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from bcclessons.console.text import Language, Text, wrapped

_JAPANESE = {
    "Usage: ": "使い方: ",
    "Arguments": "引数",
    "Options": "オプション",
    "Commands": "コマンド",
    "[OPTIONS]": "[オプション]",
    "COMMAND": "コマンド",
    "[ARGS]": "[引数]",
}


class _Formatter(click.HelpFormatter):
    """Counts the cells of wide characters, as a terminal does; click counts them 1."""

    def __init__(self, language: Language, width: int | None, most: int | None) -> None:
        super().__init__(width=width, max_width=most)
        self._words = _JAPANESE if language is Language.JA else {}

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        for word in ("[OPTIONS]", "COMMAND", "[ARGS]"):
            args = args.replace(word, self._words.get(word, word))
        prefix = prefix or "Usage: "
        super().write_usage(prog, args, self._words.get(prefix, prefix))

    def write_heading(self, heading: str) -> None:
        super().write_heading(self._words.get(heading, heading))

    def write_text(self, text: str) -> None:
        indent = " " * self.current_indent
        for line in wrapped(text, self.width - self.current_indent):
            self.write(f"{indent}{line}\n")

    def write_dl(
        self,
        rows: Any,  # of (term, description), both str
        col_max: int = 30,
        col_spacing: int = 2,
    ) -> None:
        rows = list(rows)
        column = max(len(term) for term, _ in rows) + col_spacing
        indent = " " * self.current_indent
        for term, description in rows:
            for line in wrapped(description, self.width - column - len(indent)):
                self.write(f"{indent}{term:<{column}}{line}\n")
                term = ""


class _Context(click.Context):
    def make_formatter(self) -> click.HelpFormatter:
        return _Formatter(_language(self), self.terminal_width, self.max_content_width)


def _language(context: click.Context) -> Language:
    language: Language = context.find_root().obj.console.language
    return language


class Option(click.Option):
    """An option with its help in both languages; its metavar is for both."""

    def __init__(self, names: Sequence[str], *, text: Text, **settings: Any) -> None:
        super().__init__(names, **settings)
        self._text = text

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the option's names, and its help in the reader's language."""
        record = super().get_help_record(ctx)
        return record and (record[0], self._text.to(_language(ctx)))


class Command(click.Command):
    """A command with its help in both languages."""

    context_class = _Context

    def __init__(self, *values: Any, text: Text, **settings: Any) -> None:
        super().__init__(*values, **settings)
        self.text = text

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse arguments; an error says whose they are, which click's may leave out."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def format_help_text(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write what the command does, in the reader's language."""
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(self.text.to(_language(ctx)))


class Group(Command, click.Group):
    """A group of such commands."""

    command_class = Command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write each command and what it does, in the reader's language."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (name, command.text.to(_language(ctx)))
                    for name, command in sorted(self.commands.items())
                    if isinstance(command, Command)
                ]
            )
