"""Writing files whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from bcclessons.setup.files import write_all, write_atomically


def test_a_file_is_replaced_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "program"
    write_atomically(path, b"old")
    path.chmod(0o755)
    write_atomically(path, "新しい")
    assert path.read_text(encoding="utf-8") == "新しい"
    assert path.stat().st_mode & 0o777 == 0o755
    assert list(tmp_path.iterdir()) == [path]


def test_all_files_are_written_or_none(tmp_path: Path) -> None:
    first, absent = tmp_path / "first", tmp_path / "absent/second"
    first.write_text("old")
    folder = tmp_path / "folder"
    folder.mkdir()
    for second in (absent, folder):
        with pytest.raises(OSError, match=f"'{second}'"):
            write_all({first: "new", second: "new"})
        assert first.read_text() == "old"
        assert sorted(tmp_path.iterdir()) == [first, folder]


def test_a_secret_is_never_readable_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "secret"
    path.touch(mode=0o600)
    modes = []
    write = Path.write_bytes

    def watched(self: Path, data: bytes) -> int:
        written = write(self, data)
        modes.append(self.stat().st_mode & 0o777)
        return written

    monkeypatch.setattr(Path, "write_bytes", watched)
    write_atomically(path, "x")
    assert modes == [0o600]
