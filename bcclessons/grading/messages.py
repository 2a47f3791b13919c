"""Messages of clang and LLVM, and what each means for a learner.

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
    "BPF プログラムから呼べる {0}() という関数は無い．綴りが違うか，C ライブラリやカーネルの関数か，"
    "定義が使うところより後ろにあるか，この BCC より新しいヘルパ関数である．",
    "There is no function {0}() that a BPF program can call: it is misspelt, or of the C "
    "library or the kernel, or defined further down, or a helper function newer than this BCC.",
)

CONVERSION = Meaning(
    r"(?:incompatible (?:integer|pointer) to (?:integer|pointer) conversion .*)",
    "ポインタと整数を取り違えている．",
    "A pointer is given for an integer, or an integer for a pointer.",
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
        r"no member named 'atomic_increment' in 'struct \w+_table_t'",
        "この BCC に atomic_increment() は無い（BCC 0.21 からある）．lookup() で得たポインタに "
        "__sync_fetch_and_add() で足す．",
        "This BCC has no atomic_increment(), which came with BCC 0.21: add by "
        "__sync_fetch_and_add(), to the pointer from lookup().",
    ),
    Meaning(
        r"no member named '(\w+)' in 'struct (\w+)_table_t'",
        "マップ {1} に {0}() という関数は無い．綴りが違うか，ほかの種類のマップのものか，この BCC より"
        "新しい．",
        "The map {1} has no function {0}(): it is misspelt, or of another kind of map, or "
        "newer than this BCC.",
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
        r"array type '.*' is not assignable",
        "配列には代入できない．文字列は bpf_probe_read_kernel_str()（ユーザ空間のものは "
        "bpf_probe_read_user_str()）でコピーする．",
        "An array cannot be assigned. Copy a string by bpf_probe_read_kernel_str(), or one "
        "of user space by bpf_probe_read_user_str().",
    ),
    Meaning(
        r"from incompatible type '(?:const )?k([ug])id_t'",
        "k{0}id_t は，番号をメンバ val に持つ構造体である．.val と続ける．",
        "A k{0}id_t is a struct that holds the number in its member val: add .val.",
    ),
    Meaning(
        r"cannot call non-static helper function",
        "BPF プログラムから呼べるのは，ヘルパ関数と，C の部分で定義した関数だけである．カーネルの"
        "関数は呼べない．",
        "A BPF program can call helper functions, and those that the C part defines, but "
        "no function of the kernel.",
    ),
    Meaning(
        r"array initializer must be an initializer list or string literal",
        'bpf_trace_printk() の書式は，"…" と書いた文字列でなければならない．',
        'The format of bpf_trace_printk() must be a string written as "…".',
    ),
    CONVERSION,
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
        r"incompatible pointer types passing '(struct \w+ \*)' to parameter of type '([^']+)'",
        "{0} を渡しているが，{1} のはずである．マップの定義の型を確かめる．構造体なら struct を"
        "付ける．",
        "A {0} is passed where a {1} is expected: check the types in the definition of the "
        "map. That of a struct begins with the word struct.",
    ),
    CONVERSION,
)  # fmt: skip

BACKEND = (
    Meaning(
        r"built-in function '__(?!sync)\w*[sdt]f\w*'",
        "BPF には浮動小数点数が無い．整数のまま送り，割り算は Python でする．",
        "BPF has no floating point: send the integer, and divide in Python.",
        r"\d\.\d|\d\.?[eE]-?\d|\b\d+\.\d*f?\b|\bdouble\b|\bfloat\b",
    ),
    Meaning(
        r"built-in function 'abort'",
        "C では結果の決まらない処理がある．値を入れる前のポインタや変数を使っていないか．",
        "The C part does something that C leaves undefined. Does it use a pointer or a "
        "variable before that has a value?",
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
        "BPF_PERCPU_ARRAY に置き，lookup() で得たポインタに書く．カーネルの構造体は，要るメンバ"
        "だけを読む．",
        "The stack of a BPF program has 512 bytes only. Keep large data in a "
        "BPF_PERCPU_ARRAY of one entry, and write to the pointer from its lookup(). Of a "
        "struct of the kernel, read only the member that you need.",
        r"\[ *(?:[2-9]\d\d|\d{4,}) *\]|\bstruct (?!data_t)\w+ \w+;",
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
