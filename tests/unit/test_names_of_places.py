"""No file names a package registry's host: the clients know theirs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

HOSTS = re.compile(
    "|".join(
        re.escape(".".join(parts))
        for parts in (
            ("deb", "debian", "org"),
            ("pypi", "org"),
            ("files", "pythonhosted"),
            ("registry", "npmjs"),
        )
    )
)


def test_no_registry_is_named(checkout: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    paths = [checkout / name for name in listed.split("\0") if name]
    assert len(paths) > 100
    named = [
        f"{path.relative_to(checkout)}: {found[0]}"
        for path in paths
        if path.is_file()
        and (found := HOSTS.search(path.read_text(encoding="utf-8", errors="replace")))
    ]
    assert named == []
