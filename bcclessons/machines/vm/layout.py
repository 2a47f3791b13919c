"""Where the images and snapshots of VMs are in the cache, and what is in them.

An image is a folder ``images/RELEASE-DIGEST``. Its manifest is written last, with the
size of every file: so what is whole can be told at a glance. A snapshot,
``images/RELEASE-DIGEST.snapshot-KEY``, is the memory of the booted guest; it belongs
to one version of QEMU.
"""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from pathlib import Path

from bcclessons.machines.debian import Release
from bcclessons.machines.vm import recipe
from bcclessons.setup.cost import Cost

# The packages in cache, the tree, the image and the memory file, at their largest.
BUILD_BYTES = 2_000_000_000
SNAPSHOT_BYTES = 500_000_000
# Debian 13, built on two cores of an x86_64 server without KVM, on 2026-11-25: 206 MB of
# packages and 10 MB of lists; an image of 359 MB and a snapshot of 300; 45 s.
# A slow network adds to that, KVM takes the snapshot away.
BUILD_COST = Cost(download=216e6, disk=660e6, seconds=50)

_MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Image:
    """A complete image in the cache."""

    folder: Path
    kernel_version: str

    @property
    def kernel(self) -> Path:
        """The kernel that QEMU boots."""
        return self.folder / "kernel"

    @property
    def initramfs(self) -> Path:
        """What finds the root disk."""
        return self.folder / "initramfs"

    @property
    def root(self) -> Path:
        """The root disk, read only."""
        return self.folder / "root.erofs"

    @property
    def key(self) -> Path:
        """The private key that the guest's root lets in."""
        return self.folder / "ssh_key"


@dataclass(frozen=True)
class Snapshot:
    """A booted guest's memory, its devices' state, and its ssh host key."""

    folder: Path

    @property
    def memory(self) -> Path:
        """The guest's memory, as a sparse file."""
        return self.folder / "memory"

    @property
    def state(self) -> Path:
        """The state of the guest's devices."""
        return self.folder / "state"

    @property
    def host_key_file(self) -> Path:
        """The file of the guest's ssh host key."""
        return self.folder / "host_key"

    @property
    def host_key(self) -> str:
        """The guest's ssh host key."""
        return self.host_key_file.read_text()


def images(cache: Path) -> Path:
    """Return the folder of all images and snapshots."""
    return cache / "images"


def image_folder(cache: Path, release: Release, *, periods_ago: int = 0) -> Path:
    """Return where the image of a release is, or will be.

    A release that goes on changing has another in each period of its renewed_days.
    """
    name = f"{release.name}-{recipe.digest(release)}"
    if release.renewed_days is not None:
        today = datetime.datetime.now(tz=datetime.UTC).date().toordinal()
        name += f"-{today // release.renewed_days - periods_ago}"
    return images(cache) / name


def older_image(cache: Path, release: Release) -> Path | None:
    """Return the newest image of earlier periods, if there is one."""
    if release.renewed_days is None:
        return None
    folders = (
        image_folder(cache, release, periods_ago=periods) for periods in range(1, 10)
    )
    return next(filter(is_built, folders), None)


def usable_image(cache: Path, release: Release) -> Path | None:
    """Return the image of a release that is there, if need be an older one."""
    folder = image_folder(cache, release)
    return folder if is_built(folder) else older_image(cache, release)


def snapshot_folder(image: Path, key: str) -> Path:
    """Return where the snapshot of an image is, or will be, for a QEMU of this key."""
    return image.with_name(f"{image.name}.snapshot-{key}")


def is_built(folder: Path) -> bool:
    """Tell whether an image or snapshot was built to its end."""
    return (folder / _MANIFEST).is_file()


def has_snapshot(image: Path) -> bool:
    """Tell whether an image has a snapshot, for whichever QEMU."""
    return any(map(is_built, image.parent.glob(f"{image.name}.snapshot-*")))


def write_manifest(folder: Path, facts: dict[str, str]) -> None:
    """Write the sizes of the folder's files, and facts."""
    sizes = {
        path.name: path.stat().st_size for path in folder.iterdir() if path.is_file()
    }
    (folder / _MANIFEST).write_text(json.dumps({"sizes": sizes, **facts}))


def read_manifest(folder: Path) -> dict[str, str] | None:
    """Return the facts of a folder whose files are all there and whole, else None."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_text())
        for name, size in manifest.pop("sizes").items():
            if (folder / name).stat().st_size != size:
                return None
    except (OSError, ValueError, KeyError, AttributeError):
        return None
    return dict(manifest)
