"""What making something costs, said before the first byte of it is fetched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bcclessons.console.text import Text

if TYPE_CHECKING:
    from bcclessons.console.console import Console


@dataclass(frozen=True)
class Cost:
    """Bytes to download, bytes of disk for good, and seconds; of all, about.

    Nothing is said of a download of 0 bytes.
    """

    download: float
    disk: float
    seconds: float

    @property
    def text(self) -> Text:
        """The three in a sentence's brackets."""
        download, disk = _size(self.download), _size(self.disk)
        if self.seconds < 90:
            tens = max(10, round(self.seconds, -1))
            time = Text(ja=f"{tens:.0f} 秒", en=f"{tens:.0f} seconds")
        else:
            minutes = f"{self.seconds / 60:.0f}"
            time = Text(ja=f"{minutes} 分", en=f"{minutes} minutes")
        rest = Text(
            ja=f"ディスク 約 {disk}，時間 約 {time.ja}", en=f"{disk} of disk, {time.en}"
        )
        if not self.download:
            return Text(ja=rest.ja, en=f"about {rest.en}")
        return Text(
            ja=f"ダウンロード 約 {download}，{rest.ja}",
            en=f"about {download} to download, {rest.en}",
        )


def _size(number: float) -> str:
    if number >= 1e9:
        return f"{number / 1e9:.1f} GB"
    return f"{max(1, number / 1e6):.0f} MB"


@contextmanager
def fetching(console: Console) -> Iterator[None]:
    """Say, where the block is interrupted, that what it has fetched is kept."""
    try:
        yield
    except KeyboardInterrupt:
        console.say(
            Text(
                ja="中断した．ダウンロードしたものは残してある．同じコマンドで続きから"
                "始まる．",
                en="Interrupted. What was downloaded is kept; the same command goes on "
                "from there.",
            )
        )
        raise
