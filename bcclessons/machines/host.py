"""This host, with its own kernel headers or with stand-in ones."""

from __future__ import annotations

import os
import platform
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from bcclessons.console.text import Text

# Mounts tracefs for one command alone, in a mount namespace that ends with it.
_WITH_TRACEFS = (
    "unshare", "--mount", "sh", "-c",
    'mount -t tracefs tracefs /sys/kernel/tracing && exec "$@"', "sh",
)  # fmt: skip


class Host:
    """This host. ``headers`` stands in for its kernel's own, where given."""

    emulated = False

    def __init__(self, checkout: Path, headers: Path | None, *, tracefs: bool) -> None:
        """``tracefs`` says whether it is mounted already."""
        self._checkout = checkout
        self._headers = headers
        self._tracefs = tracefs

    @property
    def title(self) -> Text:
        """The host and its kernel."""
        kernel = platform.release()
        return Text(
            ja=f"このマシン（カーネル {kernel}）", en=f"this machine (kernel {kernel})"
        )

    def __enter__(self) -> Host:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def is_running(self) -> bool:
        """A host outlives its commands."""
        return True

    def local_command(self, argv: Sequence[str], *, root: bool = False) -> list[str]:
        """Return ``argv``, made root by sudo, with tracefs and headers."""
        if not root:
            return list(argv)
        words = [] if os.geteuid() == 0 else ["sudo"]
        if not self._tracefs:
            words += _WITH_TRACEFS
        if self._headers:
            words += ["env", f"BCC_KERNEL_SOURCE={self._headers}"]
        return [*words, *argv]

    def shell(self) -> list[str]:
        """Return bash with a function ``sudo`` that gives a program headers and tracefs.

        Root's shell has them already; sudo itself would take them away.
        """
        is_root = os.geteuid() == 0
        run = '"$@"'
        if not is_root:
            run = f"command {shlex.join(self.local_command([], root=True))} {run}"
        body = f'case "$1" in -*) command sudo "$@";; *) {run};; esac'
        function = f"BASH_FUNC_sudo%%=() {{ {body}; }}"
        return self.local_command(["env", function, "bash"], root=is_root)

    def command(
        self,
        argv: Sequence[str],
        *,
        folder: str = ".",
        root: bool = False,
        terminal: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> list[str]:
        """Return the command that runs ``argv`` in a folder of the checkout."""
        settings = [f"{name}={value}" for name, value in (environment or {}).items()]
        inner = self.local_command(
            ["env", *settings, *argv] if settings else argv, root=root
        )
        return ["env", "-C", str(self._checkout / folder), *inner]
