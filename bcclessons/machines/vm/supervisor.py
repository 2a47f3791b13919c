"""The process that supervises a VM for as long as somebody uses it, and no longer.

Every ./lab that uses the VM holds a shared lock on the file ``users``. The supervisor
tries for the exclusive lock: it gets that when the last of them has ended, however it
ended, and then ends the guest. The guest ends with the supervisor, however that ends.

    python -m bcclessons.machines.vm.supervisor FOLDER

It reads what to run from FOLDER/guest.json, and prints "ok" or "error …".
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from bcclessons.machines.vm.layout import Image, Snapshot
from bcclessons.machines.vm.qemu import BOOT_SECONDS, Qemu, QemuError
from bcclessons.machines.vm.state import LOCK, SLEEP, WAKE, State, start_time
from bcclessons.setup.cache import in_use
from bcclessons.setup.files import write_atomically
from bcclessons.setup.temporary import temporary_folder

_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Guest:
    """What to run; ``snapshot`` is None for a guest that KVM boots.

    ``confined``, it is somebody else's: see Qemu.
    """

    image: str
    kernel_version: str
    snapshot: str | None
    share: str
    confined: bool = False

    def write(self, folder: Path) -> None:
        """Leave it for the supervisor of this folder."""
        write_atomically(folder / "guest.json", json.dumps(asdict(self)))

    @classmethod
    def read(cls, folder: Path) -> Guest:
        """Read what ``write`` left."""
        return cls(**json.loads((folder / "guest.json").read_text()))


def ssh_options(key: Path, known_hosts: Path, control: Path, port: int) -> list[str]:
    """Return the options of every ssh to the guest: this key, this guest, no asking."""
    return [
        "-F", "none", "-q", "-e", "none", "-i", str(key), "-p", str(port), "-l", "root",
        "-o", f"UserKnownHostsFile=\"{known_hosts}\"", "-o", "HostKeyAlias=bcc-lessons",
        "-o", "StrictHostKeyChecking=yes", "-o", "IdentitiesOnly=yes",
        "-o", "IdentityAgent=none", "-o", "BatchMode=yes",
        "-o", "KexAlgorithms=curve25519-sha256",  # the cheapest to emulate
        "-o", f"ControlPath={control}", "127.0.0.1",
    ]  # fmt: skip


def supervise(folder: Path, users: IO[str]) -> None:
    """Run the guest until nobody holds ``users``, a SIGTERM, or the guest's end."""
    guest = Guest.read(folder)
    image = Image(Path(guest.image), guest.kernel_version)
    snapshot = Snapshot(Path(guest.snapshot)) if guest.snapshot else None
    try:
        with ExitStack() as stack:
            # A socket's path must be short, which the cache's may not be.
            private = stack.enter_context(temporary_folder())
            stack.enter_context(in_use(image.folder))
            if snapshot:
                stack.enter_context(in_use(snapshot.folder))
            qemu = stack.enter_context(
                Qemu(
                    image,
                    accelerator="tcg" if snapshot else "kvm",
                    share=Path(guest.share),
                    log=folder / "log",
                    memory=snapshot.memory if snapshot else None,
                    incoming=snapshot is not None,
                    confined=guest.confined,
                )
            )
            if snapshot:
                qemu.restore(snapshot.state)
                host_key = snapshot.host_key
            else:
                host_key = qemu.wait_for("READY", BOOT_SECONDS)
            qemu.resume_work()
            port = qemu.forward_ssh()
            (folder / "known_hosts").write_text(f"bcc-lessons {host_key}\n")
            control = private / "ssh"
            options = ssh_options(image.key, folder / "known_hosts", control, port)
            # One login for all: each later ssh is a channel of this connection.
            master = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "ssh", "-N", "-M", *options],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            stack.callback(master.wait)
            stack.callback(master.kill)
            qemu.wait_for("MOUNTED", BOOT_SECONDS)
            _wait_for_login(master, control)
            pid = os.getpid()
            State(pid, start_time(pid), port, str(control)).write(folder)
            print("ok", flush=True)
            _wait_for_end(users, qemu)
    except QemuError as error:
        print("error", error, flush=True)
    finally:
        State.remove(folder)


def _wait_for_login(master: subprocess.Popen[bytes], control: Path) -> None:
    end = time.monotonic() + BOOT_SECONDS
    while not control.exists():
        if master.poll() is not None or time.monotonic() > end:
            raise QemuError("the guest does not let us log in")
        time.sleep(0.01)


def _wait_for_end(users: IO[str], qemu: Qemu) -> None:
    """Wait until QEMU has ended, or nobody uses the VM: then hold their lock.

    SLEEP and WAKE pause the guest and let it go on meanwhile. In one thread, for a
    signal that came to another would not interrupt this one.
    """
    wanted: list[signal.Signals] = []
    for number in (SLEEP, WAKE):
        signal.signal(number, lambda number, _: wanted.append(signal.Signals(number)))
    while qemu.process.poll() is None:
        if wanted:
            (qemu.pause if wanted.pop(0) is SLEEP else qemu.go_on)()
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_POLL_SECONDS)
        else:
            return


def main() -> None:
    """Supervise the VM of the folder named on the command line."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    folder = Path(sys.argv[1])
    # The users' lock is held until all is cleaned up: who comes meanwhile waits, and
    # starts another VM.
    with (folder / LOCK).open("w") as mine, (folder / "users").open() as users:
        fcntl.flock(mine, fcntl.LOCK_EX)
        supervise(folder, users)


if __name__ == "__main__":
    main()
