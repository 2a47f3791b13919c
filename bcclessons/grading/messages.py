"""Messages of clang, LLVM and the verifier, and what each means for a learner.

Rows are tried from the top. ``{0}``, ``{1}`` … are the groups of the row's pattern.
``where`` is a pattern of the line of C at fault, for messages that name none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bcclessons.console.text import Text


@dataclass(frozen=True)
class Meaning:
    """A pattern of messages, what they mean, and a pattern of the line at fault."""

    pattern: str
    ja: str
    en: str
    where: str = ""

    def explain(self, message: str) -> Text | None:
        """Return the sentence on a message, None where it is another."""
        found = re.search(self.pattern, message)
        if found is None:
            return None
        groups = [group or "" for group in found.groups()]
        return Text(ja=self.ja.format(*groups), en=self.en.format(*groups))


UNDECLARED = Meaning(
    r"(?:implicit declaration of function|implicitly declaring library function"
    r"|call to undeclared (?:library )?function) '(\w+)'",
    "BPF プログラムから呼べる {0}() という関数は無い．綴りが違うか，C ライブラリの関数か，"
    "定義が使うところより後ろにあるか，この BCC より新しいヘルパ関数である．",
    "There is no function {0}() that a BPF program can call: it is misspelt, or of the C "
    "library, or defined further down, or a helper function newer than this BCC.",
)

CLANG = (
    Meaning(
        r"missing terminating '\"'",
        'C の文字列が行の途中で切れている．Python が \\n を改行に変えたか，閉じる " が無い．'
        "改行を表すなら，\\ を重ねて \\\\n と書く．",
        "A string of the C part is cut off at the end of its line: Python has turned \\n "
        'into a line break, or the closing " is missing. Double the backslash: \\\\n.',
    ),
    UNDECLARED,
    Meaning(
        r"undeclared identifier 'ctx'",
        "ctx が定義されていない．TRACEPOINT_PROBE() の中では，代わりに args を渡す．",
        "There is an undeclared identifier 'ctx': in TRACEPOINT_PROBE() its name is args.",
    ),
    Meaning(
        r"undeclared identifier '(?:True|False|None)'",
        "C に True，False，None は無い．1，0，NULL と書く．",
        "C has no True, False or None: write 1, 0 or NULL.",
    ),
    Meaning(
        r"undeclared identifier 'TASK_COMM_LEN'",
        "TASK_COMM_LEN は linux/sched.h にある．16 と書くか，#include <linux/sched.h> を加える．",
        "TASK_COMM_LEN is in linux/sched.h: write 16, or add #include <linux/sched.h>.",
    ),
    Meaning(
        r"incomplete definition of type 'struct task_struct'",
        "struct task_struct の定義が無い．#include <linux/sched.h> を加える．",
        "struct task_struct is not defined: add #include <linux/sched.h>.",
    ),
    Meaning(
        r"incomplete (?:definition of )?type '(?:const )?struct (\w+)'",
        "struct {0} の定義が無い．名前が違うか，それを定義するヘッダが要る（struct cred なら "
        "<linux/cred.h>）．",
        "struct {0} is not defined: it is misspelt, or lacks its header (for cred, "
        "<linux/cred.h>).",
    ),
    Meaning(
        r"no member named 'state' in 'struct task_struct'",
        "struct task_struct に state というメンバは無い．カーネル 5.14 からは __state である．",
        "struct task_struct has no member state: since kernel 5.14 it is __state.",
    ),
    Meaning(
        r"'(\S+\.h)' file not found",
        "{0} が無い．C の部分から使えるのは，カーネルのヘッダだけである．",
        "There is no {0}: the C part can include headers of the kernel only.",
    ),
    Meaning(
        r"invalid preprocessing directive",
        "C のコメントは # ではなく // で始まる．",
        "A comment in C begins with //, not with #.",
    ),
    Meaning(
        r"Unicode character <U\+(\w+)>",
        "C の部分に，全角の文字（U+{0}）がある．半角で書く．",
        "The C part has a full-width character (U+{0}): write the ASCII one.",
    ),
    Meaning(
        r"array initializer must be an initializer list or string literal",
        'bpf_trace_printk() の書式は，"…" と書いた文字列でなければならない．',
        'The format of bpf_trace_printk() must be a string written as "…".',
    ),
)  # fmt: skip

NO_RETURN = Meaning(
    r"non-void function does not return",
    "関数が値を返さずに終わる経路がある．return 0; を加える．",
    "The function can end without returning a value: add return 0;.",
)

WARNINGS = (
    Meaning(
        r"comparison against a string literal",
        "== で比べているのは文字列のアドレスであって，中身ではない．1 文字ずつ比べる．",
        "== compares the addresses of strings, not their characters: compare one "
        "character at a time.",
    ),
    Meaning(
        r"result of an assignment as a condition",
        "= は代入である．比べるなら == と書く．",
        "= assigns; to compare, write ==.",
    ),
    NO_RETURN,
    Meaning(
        r"conversion specifiers? allowed|cannot use several %s|more than 3 conversion",
        "bpf_trace_printk() が受け付ける書式は %d %u %x %ld %lu %lx %lld %llu %llx %p %s "
        "だけで，値は 3 つまで，%s は 1 つまでである．",
        "bpf_trace_printk() takes no formats but %d %u %x %ld %lu %lx %lld %llu %llx %p "
        "%s, three values at most, and one %s.",
    ),
    Meaning(
        r"(?:incompatible (?:integer|pointer) to (?:integer|pointer) conversion .*)",
        "ポインタと整数を取り違えている．",
        "A pointer is given for an integer, or an integer for a pointer.",
    ),
)  # fmt: skip

BACKEND = (
    Meaning(
        r"built-in function '__(?!sync)\w*[sdt]f\w*'",
        "BPF には浮動小数点数が無い．整数のまま送り，割り算は Python でする．",
        "BPF has no floating point: send the integer, and divide in Python.",
        r"\d\.\d|\d\.?[eE]-?\d|\b\d+\.\d*f?\b|\bdouble\b|\bfloat\b",
    ),
    Meaning(
        r"built-in function '(\w+)'",
        "BPF に {0} という関数は無い．__builtin_{0}() が使えるのは，長さが定数のときだけである．",
        "BPF has no function {0}. __builtin_{0}() works for a small constant size only.",
        r"memcpy|memset|memcmp",
    ),
    Meaning(
        r"BPF stack limit",
        "BPF プログラムのスタックは 512 バイトしか無い．大きいデータは，1 要素の "
        "BPF_PERCPU_ARRAY に置き，lookup() で得たポインタに書く．",
        "The stack of a BPF program has 512 bytes only. Keep large data in a "
        "BPF_PERCPU_ARRAY of one entry, and write to the pointer from its lookup().",
        r"\[ *(?:[2-9]\d\d|\d{4,}) *\]",
    ),
    Meaning(
        r"too many arg",  # "arguments" in newer versions of LLVM
        "ヘルパ関数に渡せる引数は 5 つまでである．bpf_trace_printk() は，書式とその長さに 2 つ"
        "使うので，値は 3 つまでしか渡せない．",
        "A helper function takes five arguments at most. The format and its length are "
        "two of those of bpf_trace_printk(), so three values are left.",
        r"bpf_trace_printk\((?:[^,]*,){4}",
    ),
    Meaning(
        r"(?i)unsupport\w* signed division",
        "BPF には符号付きの割り算が無い．符号無しの型（u32，u64）で割る．",
        "BPF has no signed division: divide unsigned types (u32, u64).",
        r"[/%] *-?\w",
    ),
)

VERIFIER = (
    Meaning(
        r"invalid mem access '\w*_or_null'",
        "lookup() が返すポインタは NULL かもしれない．使う前に if で確かめる．",
        "The pointer that lookup() returns may be NULL: test it by if before it is used.",
        r"\.lookup\(",
    ),
    Meaning(
        r"unknown opcode|\(18\) r\d = 0x0 .*\n(?:.*\n)?.*\nR\d invalid mem access",
        "BCC の C の部分では，グローバル変数や，文字列を指すポインタは使えない．マップか，関数の"
        "中の配列を使う．",
        "With BCC, the C part can have no global variable and no pointer to a string "
        "literal: use a map, or an array in the function.",
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
        "大きさを {0} バイトと渡したが，変数はそれより小さい．sizeof(変数) を渡す．",
        "A size of {0} bytes is given, and the variable is smaller: give sizeof(variable).",
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
