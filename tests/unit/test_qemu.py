"""What the guest says on its serial line."""

from __future__ import annotations

import pytest

from bcclessons.machines.vm.qemu import guest_message


@pytest.mark.parametrize(
    ("serial", "rest"),
    [
        ("", None),
        ("LAB REA", None),
        ("LAB READY ssh-ed25519 AAAA", None),
        ("LAB READY ssh-ed25519 AAAA\n", "ssh-ed25519 AAAA"),
        ("booting\nLAB READY key\nLAB WARM\n", "key"),
        ("LAB READYISH\n", None),
        # As it came once from a Debian 13 that somebody logged in to meanwhile.
        ("[201] Pubkey auth succeeded fLAB READY key\nrom 10.0.2.2:37298\n", "key"),
    ],
)
def test_a_line_is_found_when_it_is_whole_wherever_it_begins(
    serial: str, rest: str | None
) -> None:
    assert guest_message(serial, "READY") == rest
