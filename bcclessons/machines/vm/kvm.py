"""Whether a guest runs with KVM here: tried once, and remembered."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bcclessons.console.text import Text
from bcclessons.machines.vm.qemu import Qemu, QemuError, version
from bcclessons.setup.temporary import temporary_folder

if TYPE_CHECKING:
    from bcclessons.console.console import Console
    from bcclessons.machines.vm.layout import Image

_SECONDS = 20.0


class Tried(NamedTuple):
    """How a guest with KVM went: ``failure`` is empty for one that booted.

    ``system`` is the kernel and the QEMU of that day.
    """

    failure: str
    system: str


def tried(cache: Path) -> Tried | None:
    """Return how it went the last time, None where it has not been tried."""
    try:
        failure, system = (cache / "kvm").read_text().splitlines()
    except (OSError, ValueError):
        return None
    return Tried(failure, system)


def works(image: Image, cache: Path, console: Console) -> bool:
    """Tell whether an image boots with KVM; try it if this system has not.

    /dev/kvm can be there, open, and still not work (nested in another VM).
    """
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    system = f"{platform.release()}, {version()}"
    before = tried(cache)
    if before is None or before.system != system:
        before = Tried(_failure(image, cache, console), system)
        (cache / "kvm").write_text("".join(f"{line}\n" for line in before))
    return not before.failure


def _failure(image: Image, cache: Path, console: Console) -> str:
    title = Text(ja="KVM が使えるか，起動して確かめる", en="Checking whether KVM works")
    try:
        with (
            console.stage(title),
            temporary_folder() as share,
            Qemu(image, accelerator="kvm", share=share, log=cache / "kvm.log") as qemu,
        ):
            qemu.wait_for("WARM", _SECONDS)
    except QemuError as error:
        return str(error).partition("\n")[0] or "it does not start"
    return ""
