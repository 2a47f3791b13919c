"""The VM: a stock Debian kernel, shared by every ./lab of one checkout."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from bcclessons.console.text import Problem, Text
from bcclessons.machines.debian import RELEASES
from bcclessons.machines.vm import kvm
from bcclessons.machines.vm.layout import Image
from bcclessons.machines.vm.state import SLEEP, WAKE, State, is_supervised, state_of
from bcclessons.machines.vm.store import Store
from bcclessons.machines.vm.supervisor import Guest, ssh_options
from bcclessons.setup.cache import locked, python_command

if TYPE_CHECKING:
    from bcclessons.machines.debian import Release
    from bcclessons.machines.workspace import Workspace

MOUNT = "/bcc-lessons"
_STOP_SECONDS = 10.0
# The file that says that it was ./lab stop that ended a VM.
_STOPPED = "stopped"


def _run_folder(workspace: Workspace) -> Path:
    digest = hashlib.sha256(os.fsencode(workspace.checkout)).hexdigest()[:12]
    return workspace.cache / "run" / f"{workspace.release.name}-{digest}"


class Vm:
    """A use of the checkout's VM: starts it if need be; the last use ends it."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        folder: Path | None = None,
        confined: bool = False,
    ) -> None:
        """``folder``, for a VM that nobody else joins, holds what belongs to it.

        ``confined``, for a VM of somebody else: it gets to nothing of this host but the
        checkout, and what runs on this host itself has the CPU first.
        """
        self._workspace = workspace
        self._store = Store(workspace)
        self._folder = folder or _run_folder(workspace)
        self._confined = confined
        self._users: IO[str] | None = None
        self._image: Image | None = None
        self._ssh: list[str] = []
        self.emulated = True

    @property
    def title(self) -> Text:
        """The VM's Debian and kernel."""
        kernel = self._image.kernel_version if self._image else ""
        return Text(
            ja=f"VM（{self._workspace.release.title}，カーネル {kernel}）",
            en=f"the VM ({self._workspace.release.title}, kernel {kernel})",
        )

    def __enter__(self) -> Vm:
        """Join the running VM, or build and start it."""
        self._image = image = self._store.image()
        snapshot = None
        cache, console = self._workspace.cache, self._workspace.console
        if not kvm.works(image, cache, console):
            snapshot = self._store.snapshot(image)
        self.emulated = snapshot is not None
        self._folder.mkdir(parents=True, exist_ok=True)
        guest = Guest(
            str(image.folder),
            image.kernel_version,
            str(snapshot.folder) if snapshot else None,
            str(self._workspace.checkout),
            confined=self._confined,
        )
        self._users = (self._folder / "users").open("w")
        starting = Text(ja="VM を始める", en="Starting the VM")
        with console.waiting(starting), locked(self._folder / "start", lambda: None):
            self._join(guest)
        state = State.read(self._folder)
        known_hosts = self._folder / "known_hosts"
        self._ssh = ssh_options(image.key, known_hosts, Path(state.control), state.port)
        return self

    def _join(self, guest: Guest) -> None:
        """Use the VM that runs, or start one. Called with the start lock held."""
        assert self._users is not None
        try:
            fcntl.flock(self._users, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:  # a supervisor that is ending; wait for its end
            fcntl.flock(self._users, fcntl.LOCK_SH)
        while is_supervised(self._folder):
            if state_of(self._folder) is not None:
                return
            time.sleep(0.02)
        State.remove(self._folder)  # of one that was killed
        (self._folder / _STOPPED).unlink(missing_ok=True)
        guest.write(self._folder)
        (self._folder / "log").unlink(missing_ok=True)
        with (
            (self._folder / "supervisor.log").open("w") as log,
            # Ctrl-C in the terminal is for the lesson, not for its VM; and it is no
            # child of this process, which may end before it.
            subprocess.Popen(
                [
                    *("setsid", "--fork"),
                    *(("nice",) if self._confined else ()),
                    *python_command(sys.executable, self._workspace.cache),
                    *("-m", "bcclessons.machines.vm.supervisor", str(self._folder)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=Path(__file__).parents[3],
                text=True,
            ) as started,
        ):
            assert started.stdout is not None
            answer = started.stdout.readline().strip()
        if answer != "ok":
            raise Problem(
                ja=f"VM が始まらない（{answer.removeprefix('error ')}）．"
                f"記録は {self._folder} にある．もう一度実行する．",
                en=f"the VM does not start ({answer.removeprefix('error ')}); its "
                f"logs are in {self._folder}. Run it again.",
            )

    def __exit__(self, *exception: object) -> None:
        """Let the VM end, if nobody else uses it, and wait until it has."""
        if self._users is None:
            return
        self._users.close()
        self._users = None
        end = time.monotonic() + 5
        while is_supervised(self._folder) and time.monotonic() < end:
            if self._others():
                return
            time.sleep(0.01)

    def _others(self) -> bool:
        """Tell whether another ./lab uses the VM."""
        with (self._folder / "users").open() as users:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                return False  # nobody; the supervisor is about to notice
            try:
                fcntl.flock(users, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return False  # the supervisor has noticed
            return True

    def is_running(self) -> bool:
        """Tell whether the VM still runs."""
        return is_supervised(self._folder)

    def sleep(self) -> None:
        """Pause the VM: it keeps its memory, and takes no CPU time until ``wake``."""
        self._signal(SLEEP)

    def wake(self) -> None:
        """Let a VM that sleeps go on from where it was; its clock has stood still."""
        self._signal(WAKE)

    def _signal(self, number: signal.Signals) -> None:
        state = state_of(self._folder)
        if state is not None:
            state.signal(number)

    def why_ended(self) -> Problem:
        """Return what to say of a VM that has ended under its user."""
        if (self._folder / _STOPPED).exists():
            return Problem(
                ja="VM は ./lab stop で止められた．もう一度実行すると，また始まる．",
                en="the VM was stopped by ./lab stop; to start it again, run this again.",
            )
        return Problem(
            ja=f"VM が異常終了した．記録は {self._folder} にある．もう一度実行する．",
            en=f"the VM has ended unexpectedly; its logs are in {self._folder}. "
            "Run this again.",
        )

    def local_command(self, argv: Sequence[str], *, root: bool = False) -> list[str]:
        """Return ``argv``: one is root in the VM, and needs nothing more."""
        del root
        return list(argv)

    def shell(self) -> list[str]:
        """Return bash: the VM has all that lessons need, and a sudo."""
        return ["bash"]

    def command(
        self,
        argv: Sequence[str],
        *,
        folder: str = ".",
        root: bool = False,
        terminal: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> list[str]:
        """Return the ssh command that runs ``argv`` in a folder of the checkout."""
        del root
        settings = [f"{name}={value}" for name, value in (environment or {}).items()]
        words = ["env", *settings, *argv] if settings else list(argv)
        line = f"cd {shlex.quote(f'{MOUNT}/{folder}')} && exec {shlex.join(words)}"
        return ["ssh", "-tt" if terminal else "-T", *self._ssh, line]


def stop(workspace: Workspace) -> list[Release]:
    """End the checkout's VMs, whoever uses them; return the releases that ran."""
    stopped = []
    for release in RELEASES:
        folder = _run_folder(workspace.on(release))
        state = state_of(folder)
        if state is not None:
            (folder / _STOPPED).touch()
        if state is None or not state.signal(signal.SIGTERM):
            continue
        stopped.append(release)
        end = time.monotonic() + _STOP_SECONDS
        with workspace.console.waiting(Text(ja="VM を止める", en="Stopping the VM")):
            while is_supervised(folder):
                if time.monotonic() > end:
                    state.signal(signal.SIGKILL)
                time.sleep(0.02)
    return stopped
