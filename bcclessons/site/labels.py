"""The labels that the site adds to a page, in both languages."""

from __future__ import annotations

from bcclessons.console.text import Text
from bcclessons.course.journey import Journey
from bcclessons.course.lineref import Lines
from bcclessons.course.recording import Recording

OPEN_JOURNEY = Text(ja="1 件の道のりをたどる", en="Follow one event")
"""What opens the journey that a picture shows."""

PANE = {
    "label": Text(ja="プログラム", en="The program"),
    "tabs": Text(ja="横に見せるもの", en="What is shown next to the text"),
    "keep": Text(
        ja="押すとこれを表示したままにし，もう一度押すと本文に合わせる",
        en="Press to keep this one; press again to follow the text",
    ),
    "rail": Text(ja="レッスン", en="Lessons"),
    "link": Text(ja="この行へのリンクをコピー", en="Copy link to this line"),
    "follow": Text(ja="本文を追う", en="Follow the text"),
    "copy_program": Text(ja="コピー", en="Copy"),
    "download": Text(ja="ダウンロード", en="Download"),
    "present": Text(ja="発表", en="Present"),
    "present_help": Text(
        ja="発表モード（Z）．矢印キーで次の行へ，Esc で終わる",
        en="Presenter mode (Z): the arrow keys step through the lines, Esc ends it",
    ),
    "exit": Text(ja="発表を終える（Esc）", en="Leave (Esc)"),
    "close": Text(ja="閉じる", en="Close"),
}
"""The labels of the pane next to a lesson's prose."""

TABS = {
    "program": Text(ja="プログラム", en="Program"),
    "run": Text(ja="実行", en="Run"),
    "journey": Text(ja="道のり", en="Journey"),
    "exercise": Text(ja="演習", en="Exercise"),
}
"""The labels of the pane's tabs, in their order."""


def line_label(lines: Lines) -> Text:
    """Return what follows a reference: the line, or the lines, that it names."""
    if lines.first == lines.last:
        return Text(ja=f"（{lines.first} 行目）", en=f" (line {lines.first})")
    span = f"{lines.first}–{lines.last}"
    return Text(ja=f"（{span.replace('–', '〜')} 行目）", en=f" (lines {span})")


def explanation_label(line: int) -> Text:
    """Return the label of the link from a line of the program to its explanation."""
    return Text(
        ja=f"{line} 行目を説明しているところへ",
        en=f"To where line {line} is explained",
    )


MARKS = Text(ja="打ったところへ: ", en="Go to: ")
KERNEL = Text(ja="カーネル", en="Kernel")
DIFFERS = Text(ja="違う行: ", en="differs: ")
MISSING = Text(ja="ここには無い行: ", en="not here: ")


def watch(kernel: str) -> Text:
    """Return what opens the player of a run: on which kernel, if there are several."""
    on = f" (Linux {kernel})" if kernel else ""
    return Text(ja=f"録画を見る{on}", en=f"Watch the recording{on}")


def compared(kernel: str, *, differs: bool) -> Text:
    """Return whether a run differs from the one on the usual kernel."""
    if differs:
        return Text(
            ja=f"{kernel} との違いに印を付けた．",
            en=f"What differs from {kernel} is marked.",
        )
    return Text(
        ja=f"時刻や番号のほかに，{kernel} との違いは無い．",
        en=f"Nothing but times and numbers differs from {kernel}.",
    )


def caption(recording: Recording | Journey) -> Text:
    """Return where and when a run or a journey was recorded, and by which command."""
    machine = f"{recording.release}, Linux {recording.kernel}, bcc {recording.bcc}"
    return Text(
        ja=f"{recording.date} に {machine} で記録した（{recording.command}）．",
        en=f"Recorded on {recording.date}, {machine} ({recording.command}).",
    )
