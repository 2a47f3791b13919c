"""A kernel or site test that is skipped by accident fails CI; a measured skip does not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BY_MARK = "@pytest.mark.skip(reason='for now')\ndef test_it(): pass\n"
BY_FIXTURE = (
    "@pytest.fixture\ndef it(): pytest.skip('for now')\ndef test_it(it): pass\n"
)
IN_TEST = "def test_it(): pytest.skip('for now')\n"
MODULE = "pytest.skip('for now', allow_module_level=True)\n"
MISSING = "pytest.importorskip('no_such_module')\n"
MEASURED = "def test_it(): pytest.skip('this machine has no kprobes')\n"
PASSES = "def test_it(): pass\n"


def exit_status(checkout: Path, folder: Path, test: str, ci: str = "true") -> int:
    """Return pytest's exit status for a test beside one that passes."""
    module = folder / test.partition("\n")[0]
    module.parent.mkdir(parents=True)
    module.write_text("import pytest\n" + test.partition("\n")[2])
    (folder / "tests/test_other.py").write_text(PASSES)
    shutil.copy(checkout / "tests/conftest.py", folder / "tests/conftest.py")
    (folder / "pytest.ini").write_text("[pytest]\n")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=folder,
        env={**os.environ, "CI": ci, "PYTHONPATH": str(checkout)},
        capture_output=True,
        check=False,
    ).returncode


@pytest.mark.parametrize("place", ["kernel", "site"])
@pytest.mark.parametrize(
    "body", [BY_MARK, BY_FIXTURE, IN_TEST, MODULE, MISSING],
    ids=["mark", "fixture", "test", "module", "import"],
)  # fmt: skip
def test_an_accidental_skip_fails(
    checkout: Path, tmp_path: Path, place: str, body: str
) -> None:
    skipped = f"tests/{place}/test_it.py\n{body}"
    assert exit_status(checkout, tmp_path / "ci", skipped) != 0


@pytest.mark.parametrize(
    ("body", "ci"), [(MEASURED, "true"), (PASSES, "true"), (IN_TEST, "")]
)
def test_a_measured_skip_passes(
    checkout: Path, tmp_path: Path, body: str, ci: str
) -> None:
    test = f"tests/kernel/test_it.py\n{body}"
    assert exit_status(checkout, tmp_path / "ci", test, ci) == 0
