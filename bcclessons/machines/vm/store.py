"""The images and snapshots of VMs: built when they are needed, kept in the cache."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bcclessons.console.text import Problem, Text
from bcclessons.machines.vm import layout
from bcclessons.machines.vm.build import build
from bcclessons.machines.vm.layout import Image, Snapshot
from bcclessons.machines.vm.options import options
from bcclessons.machines.vm.qemu import BOOT_SECONDS, Qemu, QemuError, version
from bcclessons.setup.cache import locked, mark_used, remove_unused
from bcclessons.setup.cost import fetching

if TYPE_CHECKING:
    from bcclessons.machines.workspace import Workspace

_BOOT_TRIES = 3


class Store:
    """The image and the snapshot of a workspace's release, in its cache."""

    def __init__(self, workspace: Workspace) -> None:
        self._cache = workspace.cache
        self._images = layout.images(workspace.cache)
        self._console = workspace.console
        self._release = workspace.release

    def image(self) -> Image:
        """Return the release's image, built first if it is not there whole.

        Of a release that goes on changing, an older image serves where a new one
        cannot be built.
        """
        folder = layout.image_folder(self._cache, self._release)
        older = layout.older_image(self._cache, self._release)
        if older is None or layout.is_built(folder):
            return self._image(folder)
        title, days = self._release.title, self._release.renewed_days
        self._console.say(
            Text(
                ja=f"{title} は変わり続けるので，VM を {days} 日ごとに作り直す．",
                en=f"{title} goes on changing: its VM is rebuilt every {days} days.",
            )
        )
        try:
            return self._image(folder)
        except Problem as problem:
            self._console.say(problem.text)
            self._console.say(
                Text(ja="前の VM を使う．", en="Using the previous one instead.")
            )
            return self._image(older)

    def _image(self, folder: Path) -> Image:
        facts = self._built(folder, self._build, layout.BUILD_BYTES)
        return Image(folder, facts["kernel"])

    def _build(self, work: Path, made: Path) -> None:
        title, cost = self._release.title, layout.BUILD_COST.text
        most = f"{layout.BUILD_BYTES / 1e9:.0f} GB"
        self._console.say(
            Text(
                ja=f"{title} の VM を作る．初回だけである（{cost.ja}．作る間はディスクを "
                f"{most} まで使う）．",
                en=f"Making a VM of {title}, which is done once: {cost.en} (up to {most} "
                "of disk meanwhile).",
            )
        )
        fetched = self._images / f"fetched-{self._release.name}"
        with fetching(self._console):
            build(self._release, work, fetched, made, self._console)
        shutil.rmtree(fetched, ignore_errors=True)

    def snapshot(self, image: Image) -> Snapshot:
        """Return the image's snapshot for this QEMU, made first if need be."""
        folder = layout.snapshot_folder(image.folder, _snapshot_key())

        def save(work: Path, made: Path) -> None:
            self._save(image, work, made)

        self._built(folder, save, layout.SNAPSHOT_BYTES)
        return Snapshot(folder)

    def _built(
        self, folder: Path, build: Callable[[Path, Path], None], needed: int
    ) -> dict[str, str]:
        """Return a folder's facts; build it aside and move it in place if not whole."""
        facts = layout.read_manifest(folder)
        if facts is not None:
            mark_used(folder)
            return facts
        with locked(self._images / "lock", self._say_waiting):
            facts = layout.read_manifest(folder)
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
                made = work / "made"
                build(work, made)
                made.rename(folder)
            except (OSError, subprocess.CalledProcessError) as error:
                reason: object = error
                if isinstance(error, subprocess.CalledProcessError):
                    reason = f"{error.cmd[0]}: status {error.returncode}"
                raise Problem(
                    ja=f"{folder.name} を作れない（{reason}）．ディスクの空きを確かめ，"
                    "もう一度実行する．",
                    en=f"cannot make {folder.name} ({reason}); look at the free disk "
                    "space and run it again.",
                ) from error
            finally:
                shutil.rmtree(work, ignore_errors=True)
        facts = layout.read_manifest(folder)
        if facts is None:
            raise RuntimeError(f"{folder} was made and is not whole")
        remove_unused(self._images)
        return facts

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

    def _save(self, image: Image, work: Path, made: Path) -> None:
        """Boot the image, let it load what lessons need, and save its memory."""
        share = work / "share"
        made.mkdir()
        share.mkdir()
        title = Text(
            ja="VM を一度起動し，次から速く始まるように保存する",
            en="Booting the VM once, and saving it so that it starts fast from now on",
        )
        with fetching(self._console), self._console.stage(title):
            for left in reversed(range(_BOOT_TRIES)):
                try:
                    host_key = self._boot_and_save(image, Snapshot(made), share)
                    break
                except QemuError as error:
                    if not left:
                        raise self._boot_failure(error) from error
        Snapshot(made).host_key_file.write_text(host_key)
        layout.write_manifest(made, {})

    def _boot_and_save(self, image: Image, made: Snapshot, share: Path) -> str:
        """Boot the image, save its memory and state, and return its ssh host key."""
        made.memory.unlink(missing_ok=True)
        with Qemu(
            image,
            accelerator="tcg",
            share=share,
            log=self._cache / "snapshot.log",
            memory=made.memory,
        ) as guest:
            host_key = guest.wait_for("READY", BOOT_SECONDS)
            guest.wait_for("WARM", BOOT_SECONDS)
            guest.save(made.state)
        return host_key

    def _boot_failure(self, error: QemuError) -> Problem:
        log = self._cache / "snapshot.log"
        return Problem(
            ja=f"VM が起動しない（{error}）．記録は {log} にある．もう一度実行する．",
            en=f"the VM does not boot ({error}); its log is {log}. Run it again.",
        )


def _snapshot_key() -> str:
    """Return the digest of what a snapshot belongs to: QEMU, and how it is started."""
    somewhere = Path("/")
    image, snapshot = Image(somewhere, ""), Snapshot(somewhere)
    data = [
        version(),
        platform.machine(),
        options(image, "tcg", somewhere, snapshot.memory, incoming=False),
    ]
    return hashlib.sha256(json.dumps(data).encode()).hexdigest()[:12]
