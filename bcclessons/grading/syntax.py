"""Files that Python cannot read as a program."""

from __future__ import annotations

from bcclessons.console.text import Text
from bcclessons.grading.feedback import Feedback


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
        return Feedback(
            Text(
                ja=f"Python として読めない（{error.msg}）．",
                en=f"Python cannot read it ({error.msg}).",
            ),
            line=error.lineno,
        )
    except (RecursionError, MemoryError):
        return Feedback(
            Text(
                ja="Python として読めない（入れ子が深すぎる）．",
                en="Python cannot read it (too deeply nested).",
            )
        )
    except ValueError as error:  # a byte that is 0
        return Feedback(
            Text(
                ja=f"Python として読めない（{error}）．",
                en=f"Python cannot read it ({error}).",
            )
        )
    return None
