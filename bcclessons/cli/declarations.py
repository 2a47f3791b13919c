"""How a command of ./lab is declared: its function, help in two languages, options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from bcclessons.cli.help import Command, Option
from bcclessons.console.text import Language, Text
from bcclessons.doctor.target import Target
from bcclessons.lab import Lab
from bcclessons.machines import debian

_RELEASES = ", ".join(release.name for release in debian.RELEASES)


def option(*names: str, ja: str, en: str, **settings: Any) -> Option:
    """Return an option with its help in both languages."""
    return Option(names, text=Text(ja=ja, en=en), **settings)


def flag(*names: str, ja: str, en: str, **settings: Any) -> Option:
    """Return an option without a value."""
    return option(*names, ja=ja, en=en, is_flag=True, **settings)


def common() -> list[click.Parameter]:
    """Return the options that every command takes."""
    return [
        flag(
            "--help",
            is_eager=True,
            expose_value=False,
            callback=_show_help,
            ja="この説明を表示する．",
            en="Show this help.",
        ),
        flag("--yes", expose_value=False, ja="尋ねずに進む．", en="Do not ask."),
        option(
            "--lang",
            type=click.Choice([item.value for item in Language]),
            expose_value=False,
            ja="メッセージの言語．",
            en="The language of messages.",
        ),
    ]


def _show_help(context: click.Context, option: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(context.get_help())
        context.exit()


def target() -> list[click.Parameter]:
    """Return --host, --vm and --on, which a command gets as ``target``."""
    return [
        flag("--host", ja="このマシンで動かす．", en="Run on this machine."),
        flag("--vm", ja="VM で動かす．", en="Run in the VM."),
        option(
            "--on",
            metavar="RELEASE",
            ja=f"この版の Debian の VM で動かす（{_RELEASES}）．",
            en=f"Run in a VM of this release ({_RELEASES}).",
        ),
    ]


def command(
    function: Callable[..., None],
    ja: str,
    en: str,
    *parameters: click.Parameter,
    **settings: Any,
) -> Command:
    """Return the command of a function, which gets the Lab and the parameters.

    Its name is the function's, unless there is a ``name``.
    """

    @click.pass_obj
    def call(lab: Lab, /, **values: Any) -> None:
        if "vm" in values:
            names = ("host", "vm", "on")
            values["target"] = Target.from_options(**{n: values.pop(n) for n in names})
        function(lab, **values)

    return Command(
        settings.pop("name", function.__name__),
        callback=call,
        params=[*parameters, *common()],
        text=Text(ja=ja, en=en),
        add_help_option=False,
        **settings,
    )
