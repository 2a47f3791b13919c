"""The VM's image: a stock Debian kernel with bcc, built once and kept in the cache.

An image is a folder: ``kernel``, ``initramfs``, ``root.erofs``, the key to log in
with, and ``manifest.json``, written last, with every file's size. A snapshot is the
memory of the booted guest, so that a run starts in a fraction of a second where
there is no KVM. It belongs to one version of QEMU.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bcclessons.console.text import Problem, Text
from bcclessons.machines import debian
from bcclessons.machines.debian import GUEST, Release
from bcclessons.machines.vm.qemu import Disk, Qemu, QemuError, version
from bcclessons.setup.cache import locked

if TYPE_CHECKING:
    from bcclessons.machines.workspace import Workspace

PACKAGES = (
    "python3-bpfcc", "bash", "dash", "coreutils", "findutils", "grep", "sed", "mawk",
    "less", "procps", "util-linux", "mount", "libc-bin", "base-files", "ncurses-base",
    "debianutils", "busybox-static", "dropbear-bin",
    "kmod",  # bcc calls modprobe where there are no headers
)  # fmt: skip
MODULES = (
    "virtio_pci", "virtio_blk", "virtio_net", "virtio_rng", "9p", "9pnet_virtio",
    "overlay", "erofs", "crc32c_generic", "crc32c_intel",
)  # fmt: skip

# The packages in cache, the tree, the image and the memory file, at their largest.
BUILD_BYTES = 2_000_000_000
SNAPSHOT_BYTES = 500_000_000
BOOT_SECONDS = 120.0
BOOT_TRIES = 3
KVM_SECONDS = 20.0


@dataclass(frozen=True)
class Image:
    """A complete image in the cache."""

    folder: Path
    kernel_version: str

    @property
    def disk(self) -> Disk:
        """The files to boot from."""
        return Disk(
            self.folder / "kernel",
            self.folder / "initramfs",
            self.folder / "root.erofs",
        )

    @property
    def key(self) -> Path:
        """The private key that the guest's root lets in."""
        return self.folder / "ssh_key"


@dataclass(frozen=True)
class Snapshot:
    """A booted guest's memory, its devices' state, and the key that it shows."""

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
    def host_key(self) -> str:
        """The guest's ssh host key."""
        return (self.folder / "host_key").read_text()


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


def _write_manifest(folder: Path, facts: dict[str, str]) -> None:
    """Write the sizes of the folder's files: what is whole can be told at a glance."""
    sizes = {
        path.name: path.stat().st_size for path in folder.iterdir() if path.is_file()
    }
    (folder / "manifest.json").write_text(json.dumps({"sizes": sizes, **facts}))


def _read_manifest(folder: Path) -> dict[str, str] | None:
    """Return the facts of a folder whose files are all there and whole, else None."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
        for name, size in manifest.pop("sizes").items():
            if (folder / name).stat().st_size != size:
                return None
    except (OSError, ValueError, KeyError, AttributeError):
        return None
    return dict(manifest)


class Store:
    """The images of a workspace's release, in its cache."""

    def __init__(self, workspace: Workspace) -> None:
        self._cache = workspace.cache
        self._images = workspace.cache / "images"
        self._console = workspace.console
        self._release = workspace.release

    def image(self) -> Image:
        """Return the release's image, built first if it is not there whole."""
        release = self._release
        recipe = [repr(release).encode()]
        recipe += [path.read_bytes() for path in sorted(GUEST.iterdir())]
        recipe.append(Path(__file__).read_bytes())
        folder = self._images / f"{release.name}-{_digest(*recipe)}"

        def build(work: Path) -> None:
            self._build(release, work)

        facts = self._made(folder, build, BUILD_BYTES)
        return Image(folder, facts["kernel"])

    def snapshot(self, image: Image) -> Snapshot:
        """Return the image's snapshot for this QEMU, made first if need be."""
        qemu = Path(__file__).with_name("qemu.py").read_bytes()
        key = _digest(version().encode(), qemu, platform.machine().encode())
        folder = image.folder.with_name(f"{image.folder.name}.snapshot-{key}")

        def build(work: Path) -> None:
            self._save(image, work)

        self._made(folder, build, SNAPSHOT_BYTES)
        return Snapshot(folder)

    def accelerator(self, image: Image) -> Literal["kvm", "tcg"]:
        """Return "kvm" where a guest really runs with it, else "tcg".

        /dev/kvm can be there, open, and still not work (nested in another VM).
        So the first use boots the image with it; the answer is remembered for
        this kernel and this QEMU in ``kvm-works`` or ``kvm-broken``.
        """
        if not os.access("/dev/kvm", os.R_OK | os.W_OK):
            return "tcg"
        here = f"{platform.release()}, {version()}"
        answers: dict[str, Literal["kvm", "tcg"]] = {
            "kvm-works": "kvm",
            "kvm-broken": "tcg",
        }
        for name, answer in answers.items():
            path = self._cache / name
            if path.is_file() and path.read_text().splitlines()[-1:] == [here]:
                return answer
        title = Text(
            ja="KVM が使えるか，起動して確かめる", en="Checking whether KVM works"
        )
        try:
            with (
                self._console.stage(title),
                tempfile.TemporaryDirectory() as share,
                Qemu(
                    image.disk,
                    accelerator="kvm",
                    share=Path(share),
                    log=self._cache / "kvm.log",
                ) as qemu,
            ):
                qemu.wait_for("WARM", KVM_SECONDS)
        except QemuError as error:
            (self._cache / "kvm-broken").write_text(f"{error}\n{here}\n")
            (self._cache / "kvm-works").unlink(missing_ok=True)
            return "tcg"
        (self._cache / "kvm-works").write_text(f"\n{here}\n")
        (self._cache / "kvm-broken").unlink(missing_ok=True)
        return "kvm"

    def _made(
        self, folder: Path, build: Callable[[Path], None], needed: int
    ) -> dict[str, str]:
        """Return a folder's facts; build it aside and move it in place if not whole."""
        facts = _read_manifest(folder)
        if facts is not None:
            return facts
        with locked(self._images / "lock", self._say_waiting):
            facts = _read_manifest(folder)
            if facts is not None:
                return facts
            # We hold the lock, so these are leftovers of builds that were killed.
            for stale in self._images.glob(".new-*"):
                shutil.rmtree(stale, ignore_errors=True)
            if folder.exists():
                self._console.say(
                    Text(
                        ja=f"{folder.name} が壊れている．作り直す．",
                        en=f"{folder.name} is damaged; making it again.",
                    )
                )
                shutil.rmtree(folder)
            self._check_space(needed)
            work = Path(tempfile.mkdtemp(prefix=".new-", dir=self._images))
            try:
                build(work)
                made = work / "made"
                made.rename(folder)
            except OSError as error:
                raise Problem(
                    ja=f"{folder.name} を作れない（{error}）．ディスクの空きを確かめ，"
                    "もう一度実行する．",
                    en=f"cannot make {folder.name} ({error}); look at the free disk "
                    "space and run it again.",
                ) from error
            finally:
                shutil.rmtree(work, ignore_errors=True)
        facts = _read_manifest(folder)
        if facts is None:
            raise RuntimeError(f"{folder} was made and is not whole")
        self._drop_older(folder)
        return facts

    def _drop_older(self, folder: Path) -> None:
        """Delete what an older recipe of the same release, or QEMU, left."""
        release = folder.name.partition(".")[0].rpartition("-")[0]
        image = folder.name.partition(".")[0]
        for path in self._images.glob(f"{release}-*"):
            of_this_image = path.name == image or (
                path.name.startswith(image + ".") and folder.name == image
            )
            if path != folder and not of_this_image:
                shutil.rmtree(path, ignore_errors=True)

    def _say_waiting(self) -> None:
        self._console.say(
            Text(
                ja="別の ./lab が VM を作っている．終わるのを待つ．",
                en="another ./lab is building the VM; waiting for it.",
            )
        )

    def _check_space(self, needed: int) -> None:
        free = shutil.disk_usage(self._images).free
        if free < needed:
            gigabytes = f"{needed / 1e9:.1f} GB", f"{free / 1e9:.1f} GB"
            raise Problem(
                ja=f"VM を作るには {gigabytes[0]} の空きが要るが，{self._cache} には "
                f"{gigabytes[1]} しか無い．空きを作るか，別の場所を使う: "
                "XDG_CACHE_HOME=/大きなディスク ./lab …",
                en=f"building the VM takes {gigabytes[0]}, and {self._cache} has "
                f"{gigabytes[1]} left; free some space or use another place: "
                "XDG_CACHE_HOME=/big/disk ./lab …",
            )

    def _build(self, release: Release, work: Path) -> None:
        """Make the image's files in ``work/made``."""
        root, made = work / "root", work / "made"
        made.mkdir()
        title = Text(
            ja=f"{release.title} のパッケージを取ってくる",
            en=f"Fetching the packages of {release.title}",
        )
        with self._console.stage(title, sized=True) as stage:
            debian.unpack(release.suite, PACKAGES, "image+headers", root, stage)
        title = Text(ja="VM のディスクを作る", en="Making the VM's disk")
        with self._console.stage(title):
            kernel = next(root.glob("**/vmlinuz*"))
            modules = next(root.glob("usr/lib/modules/*"))
            shutil.copy(kernel, made / "kernel")
            _make_initramfs(root, modules.name, work / "initramfs", made / "initramfs")
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "bcc-lessons",
                 "-f", made / "ssh_key"],
                check=True,
            )  # fmt: skip
            _complete(root, modules, (made / "ssh_key.pub").read_text())
            done = subprocess.run(
                ["mkfs.erofs", "-d0", "--all-root", made / "root.erofs", root],
                capture_output=True,
                text=True,
                env=_with_sbin(),
            )
            if done.returncode != 0:
                raise OSError(done.stderr.strip().splitlines()[-1:])
        _write_manifest(made, {"kernel": modules.name})

    def _save(self, image: Image, work: Path) -> None:
        """Boot the image, let it load what lessons need, and save its memory."""
        made, share = work / "made", work / "share"
        made.mkdir()
        share.mkdir()
        title = Text(
            ja="VM を一度起動し，次から速く始まるように保存する",
            en="Booting the VM once, and saving it so that it starts fast from now on",
        )
        with self._console.stage(title):
            for left in reversed(range(BOOT_TRIES)):
                try:
                    host_key = self._boot_and_save(image, made, share)
                    break
                except QemuError as error:
                    if not left:
                        raise self._boot_failure(error) from error
        (made / "host_key").write_text(host_key)
        _write_manifest(made, {})

    def _boot_and_save(self, image: Image, made: Path, share: Path) -> str:
        """Boot the image, save its memory and state, and return its ssh host key."""
        (made / "memory").unlink(missing_ok=True)
        with Qemu(
            image.disk,
            accelerator="tcg",
            share=share,
            log=self._cache / "snapshot.log",
            memory=made / "memory",
        ) as qemu:
            host_key = qemu.wait_for("READY", BOOT_SECONDS)
            qemu.wait_for("WARM", BOOT_SECONDS)
            qemu.save(made / "state")
        return host_key

    def _boot_failure(self, error: QemuError) -> Problem:
        log = self._cache / "snapshot.log"
        return Problem(
            ja=f"VM が起動しない（{error}）．記録は {log} にある．もう一度実行する．",
            en=f"the VM does not boot ({error}); its log is {log}. Run it again.",
        )


def _with_sbin() -> dict[str, str]:
    """Return the environment with the folders that an ordinary user's PATH lacks."""
    return {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}


def _make_initramfs(root: Path, version: str, work: Path, into: Path) -> None:
    """Pack busybox, our init and the few modules that reach the root disk."""
    for folder in ("bin", "proc", "sys", "dev", "lower", "upper", "newroot", "modules"):
        (work / folder).mkdir(parents=True)
    shutil.copy(root / "usr/bin/busybox", work / "bin/busybox")
    shutil.copy(GUEST / "initramfs-init", work / "init")
    subprocess.run(["depmod", "-b", root, version], check=True, env=_with_sbin())
    order: dict[str, Path] = {}
    for module in MODULES:
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


def _complete(root: Path, modules: Path, public_key: str) -> None:
    """Do what maintainer scripts would have, add ours, drop what no lesson uses."""
    files = {
        "etc/passwd": "root:x:0:0:root:/root:/bin/bash\n"
        "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
        "etc/group": "root:x:0:\nnogroup:x:65534:\n",
        "etc/shadow": "root:*:19000:0:99999:7:::\n",
        "etc/shells": "/bin/sh\n/bin/bash\n",
        # Or dropbear complains of it at each login (Debian 11).
        "var/log/lastlog": "",
        "etc/hosts": "127.0.0.1 localhost bcc-lessons\n",
        "root/.ssh/authorized_keys": public_key,
    }
    copies = {
        "usr/local/sbin/lab-init": GUEST / "lab-init",
        "usr/local/share/lab-warm.py": GUEST / "lab-warm.py",
        "usr/bin/sudo": GUEST / "sudo",
        "root/.bashrc": GUEST / "bashrc",
        "root/.profile": GUEST / "bashrc",
    }
    for name in ("lower", "bcc-lessons", "etc/dropbear", "root/.ssh"):
        (root / name).mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (root / name).write_text(text)
    for name, source in copies.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, root / name)
    for name in ("root", "root/.ssh"):
        (root / name).chmod(0o700)
    (root / "root/.ssh/authorized_keys").chmod(0o600)
    for link, target in (
        ("usr/bin/awk", "mawk"),
        ("usr/bin/which", "which.debianutils"),
    ):
        if not os.path.lexists(root / link):
            (root / link).symlink_to(target)
    subprocess.run(["ldconfig", "-r", root], check=True, env=_with_sbin())
    unused = [
        *root.glob("boot/*"), modules / "kernel", modules / "vmlinuz",
        *root.glob("usr/share/doc/*"), *root.glob("usr/share/man/*"),
        *root.glob("usr/share/locale/*"), *root.glob("usr/share/info/*"),
        *root.glob("var/cache/*"), *root.glob("var/lib/apt/*"),
        *root.glob("usr/share/perl/*"), *root.glob("usr/lib/*/perl/*"),
        *root.glob("usr/lib/*/gconv/*"),
        # BCC reads the headers' include/ and arch/x86/ only.
        *(p for p in root.glob("usr/src/*/arch/*") if p.name != "x86"),
        *(p for p in root.glob("usr/src/*/*") if p.name not in ("arch", "include")),
    ]  # fmt: skip
    for path in unused:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
