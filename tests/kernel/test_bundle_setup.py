"""./lab bundle, and what comes of it where there is no network.

The slow one, on a bare Debian, takes root: ./lab test tests/kernel/test_bundle_setup.py -m slow
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bcclessons.setup.bundle import this_system

NAMESPACE = ["unshare", "--map-root-user", "--net"]
# A machine that has no network has its loopback.
LOOPBACK = (
    "import fcntl, socket, struct, sys, os;"
    "up = struct.pack('16sH14s', b'lo', 1, b'');"
    "fcntl.ioctl(socket.socket(), 0x8914, up);"  # SIOCSIFFLAGS, IFF_UP
    "os.execvp(sys.argv[1], sys.argv[1:])"
)
NETLESS = [*NAMESPACE, sys.executable, "-c", LOOPBACK]
CHROOT = """
mount -t proc proc {root}/proc
mount --rbind /dev {root}/dev
mount --bind {bundle} {root}/mnt
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
  BCC_LESSONS_BUNDLE=/mnt chroot {root} sh -c '
  tar -C /root -xf /mnt/bcc-lessons.tar
  cd /root/bcc-lessons
  exec ./lab run 02 --vm'
"""


@pytest.fixture(scope="module")
def bundle(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle that ./lab has made."""
    if subprocess.run([*NETLESS, "true"], capture_output=True).returncode != 0:
        pytest.skip("this machine lets nobody make a network namespace")
    folder = tmp_path_factory.mktemp("bundle") / "bundle"
    done = subprocess.run(
        [checkout / "lab", "bundle", folder], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    names = {path.name for path in folder.iterdir()}
    assert names == {
        *("bcc-lessons.tar", "site", "cache", "README.md", "README.en.md"),
        *("SHA256SUMS", "bundle.json"),
    }
    sums = ["sha256sum", "--check", "--quiet", "SHA256SUMS"]
    subprocess.run(sums, cwd=folder, check=True)
    assert not list(folder.parent.glob(".new-*"))
    # A stick may be read by any user.
    modes = {path.stat().st_mode & 0o777 for path in [folder, *folder.rglob("*")]}
    assert modes == {0o644, 0o755}
    return folder


def test_an_empty_cache_is_filled_without_a_network(
    bundle: Path, tmp_path: Path
) -> None:
    subprocess.run(["tar", "-xf", bundle / "bcc-lessons.tar"], cwd=tmp_path, check=True)
    environment = {
        **os.environ,
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "BCC_LESSONS_BUNDLE": str(bundle),
    }
    begin = time.monotonic()
    done = subprocess.run(
        [*NETLESS, "./lab", "run", "02", "--vm"],
        cwd=tmp_path / "bcc-lessons",
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "Hello, perf_output!" in done.stdout
    assert time.monotonic() - begin < 180
    # Once more, the stick being out, with the packages of the website.
    del environment["BCC_LESSONS_BUNDLE"]
    done = subprocess.run(
        [*NETLESS, "./lab", "site", "--build", tmp_path / "site"],
        cwd=tmp_path / "bcc-lessons",
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site/index.html").is_file()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_bare_debian_is_set_up_without_a_network(
    bundle: Path, tmp_path: Path
) -> None:
    name, version, _ = this_system().split()
    suite = {"12": "bookworm", "13": "trixie"}.get(version)
    if name != "debian" or suite is None or os.geteuid() != 0:
        pytest.skip("this machine is no Debian 12 or 13, or this is not root")
    root = tmp_path / "root"
    subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=apt", "--include=python3", suite, root],
        check=True,
        env={k: v for k, v in os.environ.items() if k != "TMPDIR"},
    )
    begin = time.monotonic()
    done = subprocess.run(
        [
            *("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child"),
            *(sys.executable, "-c", LOOPBACK, "sh", "-ec"),
            CHROOT.format(root=root, bundle=bundle),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    seconds = time.monotonic() - begin
    shutil.rmtree(root)
    assert done.returncode == 0, done.stderr
    assert "Hello, perf_output!" in done.stdout
    assert seconds < 180
