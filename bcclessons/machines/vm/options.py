"""The command line of QEMU."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from bcclessons.machines.vm.layout import Image

MEMORY = "1G"
Accelerator = Literal["kvm", "tcg"]


def options(
    image: Image,
    accelerator: Accelerator,
    share: Path,
    memory: Path | None,
    *,
    incoming: bool,
    confined: bool = False,
) -> list[str]:
    """Return QEMU's options for a guest; see Qemu for what the arguments mean."""
    machine = "q35"
    # A kernel patches its own code while its other CPU runs it: at boot, and for each
    # tracepoint that is attached to. QEMU 7.2 with a thread for each CPU gets that
    # wrong now and then ("Oops: int3", or both spin for ever).
    acceleration = "tcg,thread=single" if accelerator == "tcg" else "kvm"
    more: list[str] = []
    if memory is not None:
        machine += ",memory-backend=ram"
        shared = "off" if incoming else "on"
        more += [
            "-object",
            f"memory-backend-file,id=ram,size={MEMORY},share={shared}"
            f",mem-path={_value(memory)}",
        ]
    if incoming:
        more += ["-incoming", "defer"]
    if confined:
        if accelerator == "tcg":
            # The translated code of a few runs, in MiB, of which a second run needs
            # most. Unlimited, it is 400 after some more; with 96, no run is faster than
            # the first.
            acceleration += ",tb-size=160"
        # Reading the state of a snapshot takes a process, so spawn= is not denied.
        more += ["-sandbox", "on,obsolete=deny,elevateprivileges=deny"]
    # A mapped link, device or set-uid bit is none on this host, where it could reach
    # what is outside of the share.
    security = "mapped-xattr" if confined else "none"
    return [
        "-nodefaults", "-no-user-config", "-no-reboot",
        "-name", "bcc-lessons", "-display", "none",
        "-machine", machine, "-m", MEMORY, "-smp", "2",
        "-accel", acceleration,
        # Emulated, a CPU without AVX is the fastest; KVM passes the real one.
        "-cpu", "Nehalem-v1" if accelerator == "tcg" else "host",
        "-kernel", str(image.kernel), "-initrd", str(image.initramfs),
        # norandmaps: QEMU keeps its translation of clang from run to run, so a second
        # lesson starts in half the time. mitigations=off: no strangers share this
        # guest, and emulating them is slow.
        "-append", "console=ttyS0 quiet loglevel=1 panic=-1 mitigations=off norandmaps",
        "-drive", f"if=none,id=root,format=raw,readonly=on,file={_value(image.root)}",
        "-device", "virtio-blk-pci,drive=root",
        "-virtfs", f"local,path={_value(share)},mount_tag=checkout"
        f",security_model={security},multidevs=remap",
        "-device", "virtio-rng-pci",
        "-netdev", "user,id=net,restrict=on",
        "-device", "virtio-net-pci,netdev=net,romfile=",
        *more,
    ]  # fmt: skip


def _value(path: Path) -> str:
    """Quote a path for a QEMU option, in which a comma ends the value."""
    return str(path).replace(",", ",,")
