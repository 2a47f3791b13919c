"""The programs that ./lab uses, and the Debian packages that they are in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bcclessons.setup.system import System

STANDIN_TOOLS: Mapping[str, str] = {
    "mmdebstrap": "mmdebstrap",
    "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
}
"""What fetching stand-in headers needs: program or file → package."""

VM_RUN_TOOLS: Mapping[str, str] = {
    "qemu-system-x86_64": "qemu-system-x86",
    "ssh": "openssh-client",
}
"""What running the VM needs once its image is built."""

VM_TOOLS: Mapping[str, str] = {
    **VM_RUN_TOOLS,
    **STANDIN_TOOLS,
    "mkfs.erofs": "erofs-utils",
    "depmod": "kmod",
    "cpio": "cpio",
}
"""What building the VM's image and running it need."""


BROWSER: Mapping[str, str] = {
    "chromium": "chromium",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc": "fonts-noto-cjk",
}
"""What testing the site as its readers see it needs: a browser and a Japanese font."""


def missing(system: System, tools: Mapping[str, str]) -> tuple[str, ...]:
    """Return the packages of those programs and files that are not there."""
    return tuple(
        package
        for tool, package in tools.items()
        if not (system.exists(tool) if tool.startswith("/") else system.which(tool))
    )
