"""What a page says to the server, each as one JSON object."""

from __future__ import annotations

from typing import Annotated

import msgspec

from bcclessons.console.text import Language

Label = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{2}/[0-9]{1,3}$")]


class _Message(msgspec.Struct, tag_field="type", forbid_unknown_fields=True):
    """A message, told by its type."""


class Hello(_Message, tag="hello"):
    """The first: the page's language, and its lesson."""

    language: Language
    lesson: Annotated[str, msgspec.Meta(pattern=r"^([0-9]{2})?$")] = ""


class Open(_Message, tag="open"):
    """Show the learner's file of an exercise, and tell of its changes."""

    exercise: Label


class Save(_Message, tag="save"):
    """Write the file, if it is still of the revision ``base``."""

    exercise: Label
    text: str
    base: str


class Check(_Message, tag="check"):
    """Check the file as it is on disk."""

    exercise: Label


class Hint(_Message, tag="hint"):
    """Show one more hint."""

    exercise: Label


class Reset(_Message, tag="reset"):
    """Put the file aside, and start again."""

    exercise: Label


class Run(_Message, tag="run"):
    """Run a lesson's program ("02"), or the learner's file ("02/1")."""

    what: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{2}(/[0-9]{1,3})?$")]


class Ping(_Message, tag="ping"):
    """Answer, so that the page knows that the connection is alive."""


Message = Hello | Open | Save | Check | Hint | Reset | Run | Ping
_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


class TerminalMessage(msgspec.Struct, forbid_unknown_fields=True):
    """What a page says of a terminal: its new size, or how much it has drawn."""

    resize: tuple[int, int] | None = None
    ack: int | None = None


_terminal_decoder = msgspec.json.Decoder(TerminalMessage)


def decode(text: str) -> Message:
    """Return a message. Raise ValueError if it is none."""
    return _decoder.decode(text)


def decode_terminal(text: str) -> TerminalMessage:
    """Return a message of a terminal's page. Raise ValueError if it is none."""
    return _terminal_decoder.decode(text)
