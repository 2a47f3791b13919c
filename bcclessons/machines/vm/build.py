"""Building an image: Debian's packages into a disk, a kernel and an initramfs."""

from __future__ import annotations

import lzma
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from bcclessons.console.text import Text
from bcclessons.machines import debian
from bcclessons.machines.vm import recipe
from bcclessons.machines.vm.layout import Image, write_manifest

if TYPE_CHECKING:
    from bcclessons.console.console import Console
    from bcclessons.machines.debian import Release


def build(
    release: Release, work: Path, fetched: Path, made: Path, console: Console
) -> None:
    """Make a release's image in the folder ``made``, with ``work`` to work in.

    Packages are kept in ``fetched``, for the next time if this one is interrupted.
    Raise Problem where the packages cannot be fetched, and OSError elsewhere.
    """
    root = work / "root"
    made.mkdir()
    debian.unpack(
        release.suite, recipe.PACKAGES, "image+headers", root, fetched, console
    )
    title = Text(ja="VM のディスクを作る", en="Making the VM's disk")
    with console.stage(title):
        version = next(root.glob("usr/lib/modules/*")).name
        image = Image(made, version)
        shutil.copy(next(root.glob("**/vmlinuz*")), image.kernel)
        _make_initramfs(root, version, work / "initramfs", image.initramfs)
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "bcc-lessons",
             "-f", image.key],
            check=True,
        )  # fmt: skip
        _complete(root, image.key.with_suffix(".pub").read_text())
        done = subprocess.run(
            ["mkfs.erofs", *recipe.DISK_OPTIONS, image.root, root],
            capture_output=True,
            text=True,
            check=False,
            env=_with_sbin(),
        )
        if done.returncode != 0:
            raise OSError(done.stderr.strip().splitlines()[-1:])
    write_manifest(made, {"kernel": version})


def _with_sbin() -> dict[str, str]:
    """Return the environment with the folders that an ordinary user's PATH lacks."""
    return {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}


def _make_initramfs(root: Path, version: str, work: Path, into: Path) -> None:
    """Pack busybox, our init and the few modules that reach the root disk."""
    for folder in ("bin", "proc", "sys", "dev", "lower", "upper", "newroot", "modules"):
        (work / folder).mkdir(parents=True)
    shutil.copy(root / "usr/bin/busybox", work / "bin/busybox")
    shutil.copy(recipe.GUEST / "initramfs-init", work / "init")
    subprocess.run(["depmod", "-b", root, version], check=True, env=_with_sbin())
    order: dict[str, Path] = {}
    for module in recipe.MODULES:
        # One that is built into this kernel prints "builtin", an absent one nothing.
        done = subprocess.run(
            ["modprobe", "-d", root, "-S", version, "--show-depends", module],
            capture_output=True, text=True, env=_with_sbin(),
        )  # fmt: skip
        for line in done.stdout.splitlines():
            if line.startswith("insmod "):
                path = Path(line.split(maxsplit=1)[1].strip())
                order.setdefault(path.name.partition(".")[0] + ".ko", path)
    for name, path in order.items():
        (work / "modules" / name).write_bytes(_decompressed(path))
    (work / "modules/order").write_text("\n".join(order) + "\n")
    names = "\n".join(sorted(str(path.relative_to(work)) for path in work.rglob("*")))
    with into.open("wb") as archive:
        subprocess.run(
            ["cpio", "--quiet", "--create", "--format=newc"],
            input=names.encode(), stdout=archive, cwd=work, check=True,
        )  # fmt: skip


def _decompressed(module: Path) -> bytes:
    data = module.read_bytes()
    if module.suffix == ".xz":
        return lzma.decompress(data)
    if module.suffix == ".zst":
        return subprocess.run(
            ["zstd", "-dcq"], input=data, check=True, stdout=-1
        ).stdout
    return data


def _complete(root: Path, public_key: str) -> None:
    """Do what maintainer scripts would have, add ours, drop what no lesson uses."""
    for name in recipe.FOLDERS:
        (root / name).mkdir(parents=True, exist_ok=True)
    keys = "root/.ssh/authorized_keys"
    for name, text in {**recipe.FILES, keys: public_key}.items():
        (root / name).write_text(text)
    for name, source in recipe.COPIES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(recipe.GUEST / source, root / name)
    for name in ("root", "root/.ssh"):
        (root / name).chmod(0o700)
    (root / keys).chmod(0o600)
    for link, target in recipe.LINKS.items():
        if not os.path.lexists(root / link):
            (root / link).symlink_to(target)
    subprocess.run(["ldconfig", "-r", root], check=True, env=_with_sbin())
    unused = [path for pattern in recipe.UNUSED for path in root.glob(pattern)]
    for pattern, used in recipe.HEADERS.items():
        found = root.glob(f"{pattern}/*")
        unused += [path for path in found if path.name not in used]
    for path in unused:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
