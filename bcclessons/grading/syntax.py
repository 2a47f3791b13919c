"""Files that Python cannot read as a program."""

from __future__ import annotations

import ast

from bcclessons.console.text import Text
from bcclessons.grading.feedback import Feedback


def parsed(program: str) -> ast.Module | None:
    """Return the syntax tree of a program, None if Python cannot read it."""
    try:
        return ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def mistake(program: str) -> Feedback | None:
    """Return why Python cannot read a program, or None if it can."""
    try:
        compile(program, "my_sample", "exec", dont_inherit=True)
    except SyntaxError as error:
        if program.startswith("\ufeff"):
            return Feedback(
                Text(
                    ja="ファイルがバイト順マーク（BOM）で始まる．BOM の無い UTF-8 で保存する: "
                    "sed -i '1s/^\\xEF\\xBB\\xBF//' my_sample",
                    en="The file begins with a byte order mark (BOM). Save it as UTF-8 "
                    "without one: sed -i '1s/^\\xEF\\xBB\\xBF//' my_sample",
                ),
                line=1,
            )
        return _unread(error.msg, error.msg, error.lineno)
    except (RecursionError, MemoryError):
        return _unread("入れ子が深すぎる", "too deeply nested")
    except ValueError as error:  # a byte that is 0
        return _unread(str(error), str(error))
    return None


def _unread(ja: str, en: str, line: int | None = None) -> Feedback:
    text = Text(
        ja=f"Python として読めない（{ja}）．", en=f"Python cannot read it ({en})."
    )
    return Feedback(text, line=line)
