"""The checks of the running kernel: its version, features, tracefs, lockdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcclessons.console.text import Text
from bcclessons.doctor.check import Check, State, same
from bcclessons.doctor.fixes import as_root

if TYPE_CHECKING:
    from bcclessons.doctor.kernel import Kernel, Rights
    from bcclessons.setup.system import System

_OLDEST_KERNEL = (4, 7)  # BPF programs on tracepoints

FEATURES = {
    "bpf": (Text(ja="BPF", en="BPF"), "CONFIG_BPF_SYSCALL, CONFIG_BPF_EVENTS"),
    "tracepoints": (
        Text(ja="トレースポイント", en="tracepoints"),
        "CONFIG_FTRACE_SYSCALLS",
    ),
    "kprobes": (
        Text(ja="kprobe", en="kprobes"),
        "CONFIG_KPROBES, CONFIG_KPROBE_EVENTS",
    ),
    "btf": (Text(ja="BTF", en="BTF"), "CONFIG_DEBUG_INFO_BTF"),
}
"""What a lesson may need of the kernel: its title, and the options it comes with."""


def check_kernel(kernel: Kernel) -> Check:
    """Check the kernel's version."""
    return Check(
        "kernel",
        Text(ja="カーネル", en="kernel"),
        State.BROKEN if kernel.version < _OLDEST_KERNEL else State.OK,
        same(kernel.release),
        Text(
            ja="4.7 より古いと，BPF プログラムをトレースポイントに取り付けられないので，"
            "VM で動かす．",
            en="BPF programs attach to tracepoints from 4.7 on; before, the VM is used.",
        ),
    )


def check_feature(name: str, kernel: Kernel) -> Check:
    """Check for one of FEATURES."""
    title, options = FEATURES[name]
    state, found = State.OK, Text(ja="ある", en="present")
    if name not in kernel.features:
        state = State.MISSING
        found = Text(
            ja=f"このマシンのカーネルには {title.ja} が無い",
            en=f"this machine's kernel has no {title.en}",
        )
    why = Text(
        ja=f"カーネルの設定 {options} が要る．無ければ，それを使うレッスンは VM で動かす．",
        en=f"The kernel has it if it is built with {options}. Without it, the lessons "
        "that use it run in the VM.",
    )
    return Check(name, title, state, found, why)


def check_tracefs(system: System, kernel: Kernel, granted: Rights) -> Check:
    """Check for tracefs; BROKEN is one that ./lab run cannot mount either."""
    state, fix = State.BROKEN, None
    if kernel.tracefs is not None:
        state, found = State.OK, same(kernel.tracefs)
    elif not kernel.has_tracefs:
        found = Text(
            ja="このマシンのカーネルには tracefs が無い",
            en="this machine's kernel has no tracefs",
        )
    elif not granted.mount:
        found = Text(
            ja="このマシンでは tracefs をマウントできない",
            en="tracefs cannot be mounted on this machine",
        )
    else:
        state = State.MISSING
        found = Text(ja="マウントされていない", en="not mounted")
        fix = as_root(system, "mount -t tracefs tracefs /sys/kernel/tracing")
    why = Text(
        ja="BCC はここでトレースポイントの番号と trace_pipe を読む．マウントされて"
        "いなければ，./lab run が専用のマウント名前空間の中で，レッスンのためだけに"
        "マウントする．それもできなければ VM で動かす．",
        en="BCC reads tracepoint numbers and trace_pipe here. Where it is not "
        "mounted, ./lab run mounts it for the lesson alone, in a mount namespace of "
        "its own. Where that is not possible, the VM is used.",
    )
    return Check("tracefs", same("tracefs"), state, found, why, fix)


def check_lockdown(kernel: Kernel) -> Check:
    """Check that lockdown leaves BPF what the lessons use."""
    state, found = State.OK, same(kernel.lockdown)
    if kernel.lockdown == "confidentiality":
        state = State.BROKEN
        found = Text(
            ja="このマシンの lockdown は confidentiality である",
            en="lockdown is confidentiality on this machine",
        )
    why = Text(
        ja="confidentiality は，BPF によるカーネルの読み出し，kprobe，tracefs を"
        "禁じる（integrity は禁じない）．動作中は緩められない．起動パラメータの "
        "lockdown= を外して再起動するか，VM で動かす．",
        en="confidentiality forbids BPF reads of the kernel, kprobes and tracefs "
        "(integrity does not). It cannot be lowered while running: take lockdown= "
        "out of the boot parameters and restart, or use the VM.",
    )
    return Check("lockdown", same("lockdown"), state, found, why)
