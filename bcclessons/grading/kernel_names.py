"""What the C part takes from the kernel's headers, and no BPF program can use."""

from __future__ import annotations

import re

from bcclessons.console.text import Text
from bcclessons.grading.feedback import Feedback
from bcclessons.grading.source import Source

_NAME = re.compile(r"(?<![\w.>])(?:current\b(?! *\()|[a-z_]\w*(?= *\())")
_NOT_CODE = re.compile(r'//.*|/\*.*?\*/|"(?:[^"\\]|\\.)*"')
_USABLE = re.compile(
    r"if|for|while|switch|return|sizeof|typeof|offsetof|container_of|(?:un)?likely|barrier"
    r"|asm|min|max|clamp|[nh]to[nh][sl]|(?:bpf|__builtin|__sync|__atomic)_\w+"
)


def used(source: Source) -> Feedback | None:
    """Return feedback on the first such name of the C part, None without one.

    Called where the compiler or the verifier has failed in a way that such a name can
    cause: not every other is known to be usable.
    """
    code = [(number, _NOT_CODE.sub("", text)) for number, text in source.c_lines]
    own = "\n".join(text for _, text in code if not text.startswith((" ", "\t")))
    for number, text in code:
        if not text.startswith((" ", "\t")):
            continue
        for found in _NAME.finditer(text):
            name = found[0]
            if not _USABLE.fullmatch(name) and not re.search(rf"\b{name} *\(", own):
                return Feedback(_cannot_use(name), line=number)
    return None


def _cannot_use(name: str) -> Text:
    if name == "current":
        return Text(
            ja="current はカーネルの中でしか使えない．今のスレッドの task_struct のアドレスは，"
            "bpf_get_current_task() が返す．",
            en="current can be used in the kernel only. The address of the current thread's "
            "task_struct is what bpf_get_current_task() returns.",
        )
    if name.startswith(("str", "mem", "sn", "scn")):
        return Text(
            ja=f"BPF プログラムから {name}() は呼べない．文字列は bpf_probe_read_kernel_str()"
            "（ユーザ空間のものは bpf_probe_read_user_str()）でコピーする．",
            en=f"A BPF program cannot call {name}(). Copy a string by "
            "bpf_probe_read_kernel_str(), or one of user space by "
            "bpf_probe_read_user_str().",
        )
    return Text(
        ja=f"{name}() はカーネルの中の関数で，BPF プログラムからは呼べない．ヘルパ関数を使うか，"
        "構造体のメンバを読む．",
        en=f"{name}() is a function of the kernel itself, which a BPF program cannot call. "
        "Use a helper function, or read the members of a struct.",
    )
