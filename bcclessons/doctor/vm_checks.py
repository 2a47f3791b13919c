"""The checks of what the VM needs: QEMU, KVM, disk space."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bcclessons.console.text import Text
from bcclessons.doctor.check import LOG_IN, Check, State, same
from bcclessons.doctor.fixes import PackageManager, as_root
from bcclessons.machines.vm import kvm
from bcclessons.machines.vm.layout import BUILD_BYTES, SNAPSHOT_BYTES, has_snapshot

if TYPE_CHECKING:
    from bcclessons.setup.system import System


def check_qemu(system: System, lacking: tuple[str, ...]) -> Check:
    """Check for the programs of the VM; ``lacking`` are the packages not there."""
    state, fix = State.MISSING, None
    if system.machine != "x86_64":
        found = Text(
            ja=f"代わりのヘッダと VM は x86_64 用で，このマシンは {system.machine} である",
            en="stand-in headers and the VM are for x86_64, and this machine is "
            f"{system.machine}",
        )
    elif lacking:
        names = ", ".join(lacking)
        found = Text(ja=f"{names} が無い", en=f"not installed: {names}")
        fix = PackageManager(system).install(*lacking)
    else:
        state, found = State.OK, Text(ja="揃っている", en="all present")
    why = Text(
        ja="このマシンのカーネルで動かないレッスンは，VM（QEMU の中の Debian）で動かす．",
        en="What this machine's kernel cannot run, runs in a VM: Debian in QEMU.",
    )
    title = Text(ja="QEMU と VM の道具", en="QEMU and tools for the VM")
    return Check("qemu", title, state, found, why, fix)


def check_kvm(system: System, cache: Path) -> Check:
    """Check for KVM, and how it went if a VM has tried it."""
    state, fix = State.MISSING, None
    if not system.exists("/dev/kvm"):
        found = Text(ja="/dev/kvm が無い", en="there is no /dev/kvm")
    elif not system.can_open("/dev/kvm"):
        found = Text(ja="/dev/kvm を開けない", en="cannot open /dev/kvm")
        # For root it is not a matter of groups.
        if system.euid != 0:
            fix = as_root(system, "usermod -aG kvm $USER")
    elif (tried := kvm.tried(cache)) is not None and (reason := tried.failure):
        # A KVM that opens may still kill its guests.
        state = State.BROKEN
        found = Text(
            ja=f"/dev/kvm を開けるが，VM が動かない（{reason}）",
            en=f"/dev/kvm opens, but a VM fails with it ({reason})",
        )
    elif tried is not None:
        state, found = State.OK, Text(ja="VM が KVM で動く", en="a VM runs with it")
    else:
        state = State.OK
        found = Text(
            ja="/dev/kvm を開ける．最初の VM で試す",
            en="/dev/kvm opens; the first VM will try it",
        )
    why = Text(
        ja="VM が速くなる．無くても動く（QEMU が CPU をエミュレートするので，遅い）．"
        + (LOG_IN.ja if fix else ""),
        en="It makes the VM fast. Without it QEMU emulates the CPU, which is slower."
        + (f" {LOG_IN.en}" if fix else ""),
    )
    return Check("kvm", same("KVM"), state, found, why, fix)


def check_disk(system: System, cache: Path, image: Path | None) -> Check:
    """Check that there is room for what of the VM is still to be built."""
    needed = BUILD_BYTES
    if image is not None:
        needed = 0 if has_snapshot(image) else SNAPSHOT_BYTES
    free = system.free_bytes(cache)
    sizes = f"{needed / 1e9:.1f} GB", f"{free / 1e9:.1f} GB"
    return Check(
        "disk",
        Text(ja="ディスクの空き", en="disk"),
        State.OK if free >= needed else State.MISSING,
        Text(
            ja=f"{cache} の空きは {sizes[1]}．"
            + (f"VM はあと {sizes[0]} を使う" if needed else "VM はもうできている"),
            en=f"{sizes[1]} free at {cache}; "
            + (f"the VM takes {sizes[0]}" if needed else "the VM is built"),
        ),
        Text(
            ja="VM のイメージとスナップショットをここに作る．足りなければ，空きを"
            "作るか，別の場所を環境変数 XDG_CACHE_HOME で指定する．",
            en="The VM's image and snapshot are made here. If there is too little, "
            "free some or name another place in the variable XDG_CACHE_HOME.",
        ),
    )
