"""Why the kernel's verifier refused a BPF program, by the log of the verifier."""

from __future__ import annotations

import re

from bcclessons.console.text import Text
from bcclessons.grading import compiler, kernel_names, silent
from bcclessons.grading.feedback import Feedback
from bcclessons.grading.messages import Meaning
from bcclessons.grading.source import Source

# Before an instruction the log quotes its line; since 6.8, with a number.
_QUOTED = re.compile(r"^; (.+?)(?: @ \S+:(\d+))?$", re.MULTILINE)
_REFUSED = re.compile(r"^bpf: (?:Failed to load program|.*Program +too large).*", re.M)
_ON_STACK = re.compile(r"stack .*off=-(\d+).* (?:access_)?size=(\d+)")
_FUNCTION = re.compile(r"Failed to load BPF program b?'(\w+)'")
_NOT_FOR_BPF = re.compile(
    r"last insn is not an exit|BPF_LD_\[ABS\|IND\]|addr_space_cast insn"
)

VERIFIER = (
    Meaning(
        r"invalid mem access '\w*_or_null'",
        "lookup() や ringbuf_reserve() が返すポインタは NULL かもしれない．使う前に if で"
        "確かめる．",
        "The pointer that lookup() or ringbuf_reserve() returns may be NULL: test it by if "
        "before it is used.",
        r"\.(?:lookup|ringbuf_reserve)\(",
    ),
    Meaning(
        r"pointer arithmetic on \w+_or_null",
        "lookup() が返すのは，値ではなくポインタで，NULL かもしれない．if で確かめてから，* を"
        "付けて値を読む．",
        "What lookup() returns is not the value, but a pointer that may be NULL: test it by "
        "if, and read the value by *.",
        r"\.lookup\(",
    ),
    Meaning(
        r"Unreleased reference|would lead to reference leak",
        "ringbuf_reserve() で確保した場所を返さずに終わる経路がある．どの経路でも，ringbuf_submit() か "
        "ringbuf_discard() を呼ぶ．",
        "The program can end without giving back the room that ringbuf_reserve() returned: "
        "call ringbuf_submit() or ringbuf_discard() on every path.",
        r"\.ringbuf_reserve\(",
    ),
    Meaning(
        r"(?m)R1 type=\S+ expected=(?:ringbuf_mem|alloc_mem|mem)$",
        "ringbuf_submit() と ringbuf_discard() には，ringbuf_reserve() が返したポインタを渡す．"
        "どの経路でも，どちらか一方を 1 回だけ呼ぶ．",
        "ringbuf_submit() and ringbuf_discard() take the pointer that ringbuf_reserve() "
        "returned. Call just one of them, once, on every path.",
        r"\.ringbuf_(?:submit|discard)\(",
    ),
    Meaning(
        r"call bpf_ringbuf_(submit|discard)#.*\n(?:(?!from |\d+: \(95\)).*\n)*"
        r"R\d (?:invalid mem access|type=(?:scalar|inv)\S* expected)",
        "ringbuf_{0}() に渡したポインタは，もう使えない．それを使う処理は，その前に書く．",
        "The pointer was given to ringbuf_{0}(), and must not be used after that. Do "
        "before it what uses the pointer.",
    ),
    Meaning(
        r"R2 is not a known constant|call bpf_ringbuf_reserve#\d+ *\nR2 unbounded",
        "ringbuf_reserve() に渡す大きさは，sizeof(struct data_t) のような定数でなければならない．",
        "The size given to ringbuf_reserve() must be a constant, such as "
        "sizeof(struct data_t).",
        r"\.ringbuf_reserve\(",
    ),
    Meaning(
        r"R1 type=\S+ expected=map_ptr",
        "BCC のマップは C の変数ではない．ヘルパ関数に渡すのではなく，"
        "events.ringbuf_output(&data, …) や counts.lookup(&key) のように，マップの関数を呼ぶ．",
        "A map of BCC is not a variable of C. Do not pass it to a helper function: call the "
        "map's own functions, as in events.ringbuf_output(&data, …) or counts.lookup(&key).",
    ),
    Meaning(
        r"unknown opcode|\(18\) r\d = 0x0 .*\n(?:.*\n)?.*\nR\d invalid mem access",
        "BCC の C の部分では，グローバル変数や，文字列を指すポインタは使えない．マップか，関数の"
        "中の配列を使う．",
        "With BCC, the C part can have no global variable and no pointer to a string "
        "literal: use a map, or an array in the function.",
        r"^(?:static +|volatile +)*(?:\w+ +)?(?:[us]\d+|int|long|char) +\w+[^;(]*;",
    ),
    Meaning(
        r"R\d invalid mem access '(?:scalar|inv)'",
        "このアドレスの指すメモリは，直接には読めない．カーネルのメモリは "
        "bpf_probe_read_kernel()（文字列は bpf_probe_read_kernel_str()），ユーザ空間のメモリは "
        "bpf_probe_read_user()（文字列は bpf_probe_read_user_str()）でコピーする．",
        "The memory at this address cannot be read directly. Copy it: memory of the "
        "kernel by bpf_probe_read_kernel() (a string by bpf_probe_read_kernel_str()), "
        "memory of a program by bpf_probe_read_user() (bpf_probe_read_user_str()).",
        r"__builtin_memcpy\(",
    ),
    Meaning(
        r"makes ctx pointer be out of bounds|(?:variable|unbounded) .*ctx",
        "オフセットが大きすぎるかもしれないと判断された．data_loc_ の値は，下位 16 ビットだけが"
        "オフセットである．& 0xFFFF で取り出す．",
        "The offset may be too large. Of a data_loc_ value only the lower 16 bits are the "
        "offset: take them by & 0xFFFF.",
        r"data_loc_",
    ),
    Meaning(
        r"(?:invalid|unbounded).*variable.offset|unbounded|out of bounds"
        r"|math between .* register with unbounded|outside of the (?:array|allowed)",
        "添字や長さが，大きすぎるかもしれないと判断された．使う前に & や if で上限を決める．",
        "An index or a length may be too large: bound it by & or if before it is used.",
    ),
    Meaning(
        r"too large for the stack: (\d+)",  # verifier.py puts it into the log
        "大きさを {0} バイトと渡したが，変数はそれより小さい．sizeof(変数) を渡す．変数が"
        "ポインタなら，& を付けずに渡す．",
        "A size of {0} bytes is given, and the variable is smaller: give sizeof(variable). "
        "If the variable is a pointer, pass it without &.",
    ),
    Meaning(
        r"invalid (?:indirect )?(?:read|access|write) (?:from|to) stack|invalid stack type|!read_ok",
        "値を入れていない変数を使っている．構造体は = {{}} で初期化し，関数は return 0; で終える．",
        "A variable is used before it has a value: initialise a struct by = {{}}, and end "
        "the function by return 0;.",
    ),
    Meaning(
        r"cannot use helper (\w+)#|unknown func (\w+)#",
        "この種類の BPF プログラムは，ヘルパ関数 {0}{1}() を呼べない．",
        "A BPF program of this kind cannot call the helper function {0}{1}().",
    ),
    Meaning(
        r"infinite loop|back-edge|[Pp]rogram +(?:is )?too large|sequence of \d+ jumps"
        r"|too complex",
        "ループの回数か，命令の数が多すぎる．ループは，小さい定数の回数で終わるようにする．",
        "There are too many rounds of a loop, or instructions: have each loop end after a "
        "small constant number of rounds.",
        r"\b(?:for|while)\b",
    ),
    Meaning(
        r"R\d min value is negative",
        "大きさとして渡した値が，負かもしれない．引数の順序は，コピー先，大きさ，コピー元である．"
        "値が変わるなら，符号無しの型にして，& で上限を決める．",
        "The size given may be negative. The arguments are, in this order, where to copy "
        "to, the size, and where from; a size that varies must be unsigned, and bound by &.",
    ),
    Meaning(
        r"call bpf_map_(lookup|update|delete)_elem#\d+ *\n"
        r"R\d type=(?:scalar|inv)\S* expected=",
        "マップの {0}() には，キーや値そのものではなく，それを入れた変数へのポインタを渡す．& を"
        "付ける．",
        "Give {0}() of a map a pointer to a variable that holds the key or the value (&), "
        "not the key or the value itself.",
    ),
    Meaning(
        r"R1 type=(?:scalar|inv)\S* expected=ctx",
        "perf_submit() の第 1 引数には，BPF プログラムが受け取った ctx をそのまま渡す．",
        "The first argument of perf_submit() must be the very ctx that the BPF program "
        "received.",
    ),
    Meaning(
        r"R(\d) type=(?:scalar|inv)\S* expected=",
        "関数の第 {0} 引数は，値や文字列リテラルではなく，変数を指すポインタでなければならない．& を"
        "付ける．",
        "Argument {0} of the function must be a pointer to a variable (&), no value and no "
        "string literal.",
    ),
    Meaning(
        r"last insn is not an exit|BPF_LD_\[ABS\|IND\]",
        "できた BPF プログラムが途中で終わっている．無い関数を呼んでいないか，return があるか．",
        "The BPF program ends in the middle. Does it call a function that is not there, "
        "and has it a return?",
    ),
)


def refusal(stderr: str, source: Source) -> Feedback | None:
    """Return why the program was refused; None where it was not."""
    begin = _REFUSED.search(stderr)
    if begin is None:
        return None
    missing = compiler.undeclared(stderr, source)
    if missing is not None:
        return missing
    log = stderr[begin.start() :].split("Traceback (most recent")[0]
    log = log.split("\nHINT:")[0].split("\nprocessed ")[0].rstrip()
    reason, line = _reason(log), None
    mistaken = silent.in_c(source)
    if mistaken is not None:
        return mistaken
    if _NOT_FOR_BPF.search(log) and (called := kernel_names.used(source)):
        return called
    if "unknown opcode" in log:
        if warned := compiler.warning(stderr, source):
            return warned
        # Kernel 5.10 says the same of any global variable.
        line = source.only(rf"& *(?:{'|'.join(source.tables()) or '-'})\b")
        log += "\nR1 type=none expected=map_ptr" if line else ""
    last_call = _call(log)
    area = _ON_STACK.search(reason)
    if area is not None and int(area[2]) > int(area[1]):
        log += f"\ntoo large for the stack: {area[2]}"
    positions = _QUOTED.findall(log)
    if positions:
        line = source.quoted(positions[-1][0], int(positions[-1][1] or 0))
        # What it quotes is a header's: that of a function of the kernel, compiled in.
        if line is None and "invalid mem access" in reason:
            called = kernel_names.used(source)
            if called is not None:
                return called
    name = _FUNCTION.search(stderr)
    function = name[1] if name else None
    refused = Text(
        ja="カーネルの検証器が，BPF プログラムを拒んだ．",
        en="The kernel's verifier refused the BPF program.",
    )
    for meaning in VERIFIER:
        explained = meaning.explain(log)
        if explained is None:
            continue
        for where in (meaning.where, last_call):
            if line is None and where:
                line = source.only(where, function) or source.only(where)
        return Feedback(refused.then(explained), reason or None, line)
    # What an older clang only warns of.
    warned = compiler.warning(stderr, source)
    if warned is None:
        return Feedback(refused, reason or None, line)
    return Feedback(refused.then(warned.text), reason or None, warned.line or line)


def _call(log: str) -> str:
    """Return a pattern of the call that the log ends with, "" where it is none."""
    found = re.search(r"(?:call|helper|func) (bpf_\w+)#\d+.*(?:\n.*)?\Z", log)
    if found is None:
        return ""
    name = found[1].replace("bpf_perf_event_output", "perf_submit")
    name = re.sub(r"bpf_map_(\w+)_elem|bpf_(ringbuf_\w+)", r"\1\2", name)
    return rf"\b(?:{found[1]}|{name})\w*\("


def _reason(log: str) -> str:
    """Return the line of the log that says why."""
    words = [
        line
        for line in log.splitlines()
        if re.match(r"[A-Za-z]", line)
        and not line.startswith(
            ("cur state:", "old state:", "regs=", "last_idx", "parent ")
        )
    ]
    return words[-1] if words else ""
