"""One QEMU process with one Debian guest: start, talk, save, restore, end."""

from __future__ import annotations

import json
import re
import select
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from bcclessons.console.text import Problem
from bcclessons.machines.vm.options import Accelerator, options

if TYPE_CHECKING:
    from bcclessons.machines.vm.layout import Image

BOOT_SECONDS = 120.0
"""The longest that an emulated guest may take to boot."""

LARGEST_FILE = 16 << 20
"""The bytes of the largest file that a confined guest may write into its share."""

# Where this host's memory ends, the kernel kills a guest, and not the server. Without
# the signal, a write beyond the limit fails in the guest, and QEMU goes on.
_CONFINEMENT = (
    *("choom", "--adjust", "1000", "--"),
    *("env", "--ignore-signal=XFSZ", "prlimit", f"--fsize={LARGEST_FILE}"),
)


class QemuError(Exception):
    """QEMU refused a command, or ended; the text is QEMU's own."""


class Qemu:
    """A running guest. Use as a context manager: leaving it ends the process."""

    def __init__(
        self,
        image: Image,
        *,
        accelerator: Accelerator,
        share: Path,
        log: Path,
        memory: Path | None = None,
        incoming: bool = False,
        confined: bool = False,
    ) -> None:
        """Start QEMU.

        ``share`` is the folder that the guest can mount as "checkout". With
        ``memory``, the guest's memory is that file: written while a snapshot is
        made, and copied on write when it is resumed (``incoming``). ``confined``, for
        a guest of somebody else, it gets to nothing of this host but the share, and
        writes no file there of more than LARGEST_FILE bytes.
        """
        self._log = log.open("ab")
        # Sockets made here and inherited: no path, no port, nobody else's.
        monitor, monitor_guest = socket.socketpair()
        serial, serial_guest = socket.socketpair()
        command = [
            # The guest dies with the process that started it, even by SIGKILL.
            "setpriv", "--pdeathsig", "KILL",
            *(_CONFINEMENT if confined else ()),
            "qemu-system-x86_64",
            *options(
                image, accelerator, share, memory, incoming=incoming, confined=confined
            ),
            "-chardev", f"socket,id=serial,fd={serial_guest.fileno()}",
            "-serial", "chardev:serial",
            "-chardev", f"socket,id=monitor,fd={monitor_guest.fileno()}",
            "-mon", "chardev=monitor,mode=control",
        ]  # fmt: skip
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            pass_fds=(serial_guest.fileno(), monitor_guest.fileno()),
        )
        monitor_guest.close()
        serial_guest.close()
        self._serial = serial
        self._serial_text = ""
        self._monitor: IO[str] = monitor.makefile("rw")
        self._monitor_socket = monitor
        try:
            self._read_monitor()  # the greeting
            self.execute("qmp_capabilities")
            if memory is not None:
                # The file holds the memory: the saved state is devices only.
                self.execute(
                    "migrate-set-capabilities",
                    capabilities=[{"capability": "x-ignore-shared", "state": True}],
                )
        except BaseException:
            self.end()
            raise

    def __enter__(self) -> Qemu:
        return self

    def __exit__(self, *exception: object) -> None:
        self.end()

    def end(self) -> None:
        """End the process at once; the guest keeps nothing that is worth saving."""
        self.process.kill()
        self.process.wait()
        self._serial.close()
        with suppress(OSError):  # what could not be sent any more
            self._monitor.close()
        self._monitor_socket.close()
        self._log.close()

    def _read_monitor(self) -> dict[str, Any]:
        try:
            line = self._monitor.readline()
        except OSError:
            line = ""
        if not line:
            raise QemuError("QEMU ended")
        message: dict[str, Any] = json.loads(line)
        return message

    def execute(self, command: str, **arguments: object) -> Any:
        """Run a command of QEMU's machine protocol and return its answer."""
        try:
            self._monitor.write(
                json.dumps({"execute": command, "arguments": arguments})
            )
            self._monitor.flush()
        except OSError as error:
            raise QemuError("QEMU ended") from error
        while True:
            message = self._read_monitor()
            if "return" in message:
                return message["return"]
            if "error" in message:
                raise QemuError(message["error"]["desc"])

    def wait_for(self, word: str, seconds: float) -> str:
        """Return the rest of the guest's line "LAB <word> …".

        Raise QemuError if the guest stops, QEMU ends or the time is up.
        """
        end = time.monotonic() + seconds
        while True:
            if (rest := guest_message(self._serial_text, word)) is not None:
                return rest
            if not select.select([self._serial], [], [], 0.5)[0]:
                status = self.execute("query-status")["status"]
                if status == "internal-error":
                    raise QemuError("the guest's CPU stopped with an internal error")
                if time.monotonic() > end:
                    raise QemuError(f"the guest did not say {word} in {seconds:.0f} s")
                continue
            received = self._serial.recv(65536)
            if not received:
                raise QemuError("QEMU ended")
            self._log.write(received)
            self._log.flush()
            self._serial_text += received.decode(errors="replace").replace("\r", "")

    def resume_work(self) -> None:
        """Have the guest set its clock and mount the checkout."""
        self._serial.sendall(f"resume {time.time():.0f}\n".encode())

    def save(self, state: Path) -> None:
        """Stop the guest and write the state of its devices to a file."""
        self.execute("stop")
        self.execute("migrate", uri=f"exec:cat >{_shell(state)}")
        while (status := self.execute("query-migrate").get("status")) != "completed":
            if status in ("failed", "cancelled"):
                raise QemuError("saving the guest failed")
            time.sleep(0.02)

    def restore(self, state: Path) -> None:
        """Load what ``save`` wrote, and go on from there."""
        self.execute("migrate-incoming", uri=f"exec:cat {_shell(state)}")
        while self.execute("query-migrate").get("status") != "completed":
            if self.execute("query-status")["status"] not in (
                "inmigrate",
                "prelaunch",
                "paused",
            ):
                break
            time.sleep(0.01)
        self.execute("cont")

    def pause(self) -> None:
        """Stop the guest's CPUs and clocks; it takes no CPU time from now on."""
        self.execute("stop")

    def go_on(self) -> None:
        """Let the guest run again from where it was paused."""
        self.execute("cont")

    def forward_ssh(self) -> int:
        """Forward a port of the loopback interface to the guest's ssh; return it."""

        def monitor(line: str) -> str:
            text: str = self.execute("human-monitor-command", **{"command-line": line})
            return text

        # Port 0: the kernel picks a free one, and no other program can race us.
        refusal = monitor("hostfwd_add net tcp:127.0.0.1:0-:22").strip()
        if refusal:
            raise QemuError(refusal)
        for line in monitor("info usernet").splitlines():
            if "HOST_FORWARD" in line:
                return int(line.split()[3])
        raise QemuError("no port was forwarded")


def guest_message(serial: str, word: str) -> str | None:
    """Return the rest of the line "LAB <word> …", or None if it is not there yet.

    It may begin within a line: the guest's ssh server writes its log to the same
    serial line, in pieces of 128 bytes.
    """
    found = re.search(rf"LAB {word}\b(.*)\n", serial)
    return found[1].strip() if found else None


def _shell(path: Path) -> str:
    """Quote a path for the shell that QEMU runs ``exec:`` with."""
    return "'" + str(path).replace("'", "'\\''") + "'"


def version() -> str:
    """Return the version line of the installed QEMU. Raise Problem without one."""
    try:
        done = subprocess.run(
            ["qemu-system-x86_64", "--version"],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise Problem(
            ja="QEMU が動かない．入れ直す: apt-get install qemu-system-x86",
            en="QEMU does not run; install it: apt-get install qemu-system-x86",
        ) from error
    return done.stdout.splitlines()[0]
