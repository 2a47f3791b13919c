"""The options of ./lab that several commands take."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

from bcclessons.cli.help import Option
from bcclessons.console.text import Language, Text
from bcclessons.lab import Target
from bcclessons.machines import debian

_Command = TypeVar("_Command", bound=Callable[..., Any] | click.Command)

_RELEASES = ", ".join(release.name for release in debian.RELEASES)


def option(*names: str, ja: str, en: str, **settings: Any) -> Callable[[Any], Any]:
    """Add an option with this help; the settings are click's."""
    return click.option(*names, cls=Option, text=Text(ja=ja, en=en), **settings)


def flag(*names: str, ja: str, en: str, **settings: Any) -> Callable[[Any], Any]:
    """Add an option that takes no value."""
    return option(*names, ja=ja, en=en, is_flag=True, **settings)


def on_release(ja: str, en: str) -> Callable[[Any], Any]:
    """Add --on, a release by its name."""
    return option("--on", metavar="RELEASE", ja=ja, en=en)


def common(command: _Command) -> _Command:
    """Add the options that every command takes."""
    for add in (
        click.help_option(
            "--help",
            cls=Option,
            text=Text(ja="この説明を表示する．", en="Show this help."),
        ),
        flag("--yes", expose_value=False, ja="尋ねずに進む．", en="Do not ask."),
        option(
            "--lang",
            type=click.Choice([item.value for item in Language]),
            expose_value=False,
            ja="メッセージの言語．",
            en="The language of messages.",
        ),
    ):
        command = add(command)
    return command


def targeted(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --host, --vm and --on, which the command gets as ``target``."""

    @functools.wraps(command)
    def wrapper(
        *values: Any, host: bool, vm: bool, on: str | None, **options: Any
    ) -> Any:
        target = Target.from_options(host=host, vm=vm, on=on)
        return command(*values, target=target, **options)

    result: Callable[..., Any] = wrapper
    for add in (
        on_release(
            f"このリリースの VM で動かす（{_RELEASES}）．",
            f"Run in a VM of this release ({_RELEASES}).",
        ),
        flag("--vm", ja="VM で動かす．", en="Run in the VM."),
        flag("--host", ja="このマシンで動かす．", en="Run on this machine."),
    ):
        result = add(result)
    return result
