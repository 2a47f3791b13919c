"""Breaking messages into lines."""

from __future__ import annotations

from bcclessons.console.text import cells, wrapped


def test_english_breaks_between_words() -> None:
    assert wrapped("one two three", 7) == ["one two", "three"]
    assert wrapped("a-word-too-long b", 5) == ["a-word-too-long", "b"]
    assert wrapped("", 5) == []


def test_japanese_breaks_between_characters_but_not_before_a_mark() -> None:
    assert cells("あaア") == 5
    assert wrapped("あいうえ", 4) == ["あい", "うえ"]
    assert wrapped("あい，うえ", 5) == ["あ", "い，", "うえ"]
    assert wrapped("あ KVM い", 6) == ["あ KVM", "い"]
