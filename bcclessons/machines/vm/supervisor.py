"""The process that keeps a VM for as long as somebody uses it, and no longer.

Every ./lab that uses the VM holds a shared lock on the file ``users``. The keeper
waits for the exclusive lock: it gets that when the last of them has ended, however
it ended, and then ends the guest. The guest ends with the keeper, however that ends.

    python -m bcclessons.machines.vm.supervisor FOLDER

It reads its orders from FOLDER/orders.json, and says "ok" or "error …" on stdout.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from bcclessons.machines.vm.image import BOOT_SECONDS, Image, Snapshot
from bcclessons.machines.vm.qemu import Qemu, QemuError
from bcclessons.setup.files import write_atomically


@dataclass(frozen=True)
class Orders:
    """Which guest to keep; ``snapshot`` is None for one that KVM boots."""

    image: str
    kernel_version: str
    snapshot: str | None
    share: str

    def write(self, folder: Path) -> None:
        """Leave the orders for the keeper of this folder."""
        write_atomically(folder / "orders.json", json.dumps(asdict(self)))

    @classmethod
    def read(cls, folder: Path) -> Orders:
        """Read what ``write`` left."""
        return cls(**json.loads((folder / "orders.json").read_text()))


def ssh_options(key: Path, known_hosts: Path, control: Path, port: int) -> list[str]:
    """Return the options of every ssh to the guest: this key, this guest, no asking."""
    return [
        "-F", "none", "-q", "-i", str(key), "-p", str(port), "-l", "root",
        "-o", f"UserKnownHostsFile=\"{known_hosts}\"", "-o", "HostKeyAlias=bcc-lessons",
        "-o", "StrictHostKeyChecking=yes", "-o", "IdentitiesOnly=yes",
        "-o", "IdentityAgent=none", "-o", "BatchMode=yes",
        "-o", "KexAlgorithms=curve25519-sha256",  # the cheapest to emulate
        "-o", f"ControlPath={control}", "127.0.0.1",
    ]  # fmt: skip


def keep(folder: Path) -> None:
    """Run the guest until nobody holds ``users``, a SIGTERM, or the guest's end."""
    orders = Orders.read(folder)
    image = Image(Path(orders.image), orders.kernel_version)
    snapshot = Snapshot(Path(orders.snapshot)) if orders.snapshot else None
    # A socket's path must be short, which the cache's may not be.
    private = Path(tempfile.mkdtemp(prefix="bcc-lessons-"))
    master = None
    try:
        with Qemu(
            image.disk,
            accelerator="tcg" if snapshot else "kvm",
            share=Path(orders.share),
            log=folder / "log",
            memory=snapshot.memory if snapshot else None,
            incoming=snapshot is not None,
        ) as qemu:
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
            qemu.wait_for("MOUNTED", BOOT_SECONDS)
            _wait_for_login(master, control)
            state = {"pid": os.getpid(), "port": port, "control": str(control)}
            write_atomically(folder / "state.json", json.dumps(state))
            print("ok", flush=True)
            threading.Thread(
                target=_end_when_unused, args=(folder,), daemon=True
            ).start()
            qemu.process.wait()
    except QemuError as error:
        print("error", error, flush=True)
    finally:
        (folder / "state.json").unlink(missing_ok=True)
        if master is not None:
            master.kill()
            master.wait()
        shutil.rmtree(private, ignore_errors=True)


def _wait_for_login(master: subprocess.Popen[bytes], control: Path) -> None:
    end = time.monotonic() + BOOT_SECONDS
    while not control.exists():
        if master.poll() is not None or time.monotonic() > end:
            raise QemuError("the guest does not let us log in")
        time.sleep(0.01)


def _end_when_unused(folder: Path) -> None:
    with (folder / "users").open() as users:
        fcntl.flock(users, fcntl.LOCK_EX)
        os.kill(os.getpid(), signal.SIGTERM)
        # Hold the lock to the end: who comes now waits, and starts another VM.
        signal.pause()


def main() -> None:
    """Keep the VM of the folder named on the command line."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    folder = Path(sys.argv[1])
    with (folder / "keeper").open("w") as mine:
        fcntl.flock(mine, fcntl.LOCK_EX)
        keep(folder)


if __name__ == "__main__":
    main()
