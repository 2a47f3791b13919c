"""What an image is made of, as data: where this changes, another image is built."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from bcclessons.machines import debian
from bcclessons.machines.debian import Release

GUEST = Path(__file__).with_name("guest")
"""The files of ours that go into the guest."""

VERSION = 1
"""Raise it when build.py makes another image of the same data."""

PACKAGES = (
    "python3-bpfcc", "bash", "dash", "coreutils", "findutils", "grep", "sed", "mawk",
    "less", "procps", "util-linux", "mount", "libc-bin", "base-files", "ncurses-base",
    "ncurses-bin",  # clear
    "debianutils", "busybox-static", "dropbear-bin",
    "kmod",  # bcc calls modprobe where there are no headers
)  # fmt: skip
MODULES = (
    "virtio_pci", "virtio_blk", "virtio_net", "virtio_rng", "9p", "9pnet_virtio",
    "overlay", "erofs", "crc32c_generic", "crc32c_intel",
)  # fmt: skip
DISK_OPTIONS = ("-d0", "--all-root")

# What maintainer scripts would have done: files, links, folders.
FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/shadow": "root:*:19000:0:99999:7:::\n",
    "etc/shells": "/bin/sh\n/bin/bash\n",
    # Or dropbear complains of it at each login (Debian 11).
    "var/log/lastlog": "",
    "etc/hosts": "127.0.0.1 localhost bcc-lessons\n",
}
COPIES = {
    "usr/local/sbin/lab-init": "lab-init",
    "usr/local/share/lab-warm.py": "lab-warm.py",
    "usr/bin/sudo": "sudo",
    "root/.bashrc": "bashrc",
    "root/.profile": "bashrc",
}
LINKS = {"usr/bin/awk": "mawk", "usr/bin/which": "which.debianutils"}
FOLDERS = ("lower", "bcc-lessons", "etc/dropbear", "root/.ssh")
# What no lesson uses.
UNUSED = (
    "boot/*", "usr/lib/modules/*/kernel", "usr/lib/modules/*/vmlinuz",
    "usr/share/doc/*", "usr/share/man/*", "usr/share/locale/*", "usr/share/info/*",
    "usr/share/perl/*", "usr/lib/*/perl/*", "usr/lib/*/gconv/*",
    "var/cache/*", "var/lib/apt/*",
)  # fmt: skip
# In the folders of headers, BCC reads these only.
HEADERS = {"usr/src/*": ("arch", "include"), "usr/src/*/arch": ("x86",)}


def digest(release: Release) -> str:
    """Return the digest of all that an image of a release is made of."""
    data = {
        "version": VERSION,
        "suite": release.suite,
        "packages": PACKAGES,
        "modules": MODULES,
        "fetching": debian.OPTIONS,
        "disk": DISK_OPTIONS,
        "made": [FILES, COPIES, LINKS, FOLDERS, UNUSED, HEADERS],
        "files": {
            path.name: path.read_text()
            for path in (debian.KERNEL_HOOK, *sorted(GUEST.iterdir()))
            if path.is_file()
        },
    }
    text = json.dumps(data, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
