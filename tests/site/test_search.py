"""The search: twenty queries with known answers, in the language of the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.site.conftest import Open, opening

LESSON_01 = "lessons/01_trace_printk/"
LESSON_02 = "lessons/02_perf_output/"
LESSON_03 = "lessons/03_data_access/"

# A query, and a page that must be among the pages that are found.
JAPANESE = [
    ("ユーザ空間", LESSON_02),
    ("ユーザー空間", LESSON_02),
    ("コールバック関数", LESSON_02),
    ("構造体", LESSON_03),
    ("通知する", LESSON_02),
    ("失われた", LESSON_02),
    ("バッファがあふれ", LESSON_02),
    ("検証器", "glossary/"),
    ("perf_submit", LESSON_02),
    ("bpf_ktime_get_ns", "reference/"),
    ("ＢＰＦ＿ＰＥＲＦ＿ＯＵＴＰＵＴ", LESSON_02),
    ("スレッドの番号", "reference/"),
    ("無限ループ 眠る", LESSON_02),
    ("trace_pipe", LESSON_01),
    ("触れ", LESSON_03),
]
ENGLISH = [
    ("perf_submit", LESSON_02),
    ("bpf_ktime_get_ns", "reference/"),
    ("callback", LESSON_02),
    ("user space", LESSON_02),
    ("lost samples", LESSON_02),
    ("kernel headers", "setup/"),
    ("VERIFIER", "glossary/"),
    ("page is not in memory", LESSON_03),
    ("trace_pipe", LESSON_01),
    ("WSL2", "setup/"),
]
# What learners type or paste, and where the first result must lead.
FIRST = [
    ("", "取りこぼし", f"{LESSON_02}#イベントが失われる"),
    ("", "プロセスID", "glossary/#"),
    ("", "プロセス名", "lessons/"),
    ("", "スレッド名", ""),
    ("", "フィルタ", LESSON_02),
    ("", "文字化け", "reference/#printb"),
    ("", "止まらない", "reference/#open_perf_buffer"),
    ("", "b'bash'", "reference/#printb"),
    ("", "lost", f"{LESSON_02}#イベントが失われる"),
    ("", "pid_t", LESSON_02),
    ("en/", "permission denied", "reference/#what-the-compiler-and-the-verifier-say"),
    ("en/", "pid vs tgid", f"{LESSON_02}#two-meanings-of-pid"),
    ("en/", "ImportError bcc", "setup/#bcc-is-missing"),
    ("en/", "exercise solution", "lessons/"),
    ("en/", "unknown opcode", "reference/#what-the-compiler-and-the-verifier-say"),
    ("en/", "not traceable", "reference/#what-the-compiler-and-the-verifier-say"),
    ("en/", "no member named 'state'", "reference/#what-the-compiler"),
    ("en/", "implicit declaration of function 'foo'", "reference/#what-the-compiler"),
    ("en/", "UnicodeDecodeError", "reference/#printb"),
    ("en/", "unhashable type", "reference/#event"),
    ("en/", "type not recognized", "reference/#event"),
    (
        "en/",
        "chdir(/lib/modules/6.1.0-13-amd64/build): No such file or directory",
        "setup/#the-kernel-headers-are-missing",
    ),
    ("en/", "Possibly lost 345 samples", f"{LESSON_02}#events-are-lost"),
]
NOWHERE = "ぺんぎんの散歩"


@pytest.fixture(scope="session")
def home(browser: Browser, address: str) -> Iterator[dict[str, Page]]:
    """The home page in both languages, for one search after another."""
    with opening(browser, address) as opened:
        yield {root: opened(root) for root in ("", "en/")}


def results(page: Page, query: str) -> list[str]:
    """Type a query; return the paths of the results, as the reader sees them."""
    box = page.locator(".md-search__input")
    box.click()
    meta = page.locator(".md-search-result__meta")
    for text, said in (
        ("", r"入力してください|Type to start"),
        (query, r"\d|No matching|見つかりません"),
    ):
        box.fill(text)
        expect(meta).to_have_text(re.compile(said))
    found: list[str] = page.locator(".md-search-result__link").evaluate_all(
        "all => all.map(a => a.href)"
    )
    return found


@pytest.mark.parametrize(("query", "answer"), JAPANESE)
def test_japanese(home: dict[str, Page], address: str, query: str, answer: str) -> None:
    found = results(home[""], query)
    assert any(url.startswith(address + answer) for url in found), found
    assert not any(url.startswith(address + "en/") for url in found)


@pytest.mark.parametrize(("query", "answer"), ENGLISH)
def test_english(home: dict[str, Page], address: str, query: str, answer: str) -> None:
    found = results(home["en/"], query)
    assert any(url.startswith(f"{address}en/{answer}") for url in found), found
    assert all(url.startswith(address + "en/") for url in found)


@pytest.mark.parametrize(("root", "query", "answer"), FIRST)
def test_what_comes_first(
    home: dict[str, Page], address: str, root: str, query: str, answer: str
) -> None:
    results(home[root], query)
    # A group is headed by its page; the section that fits best comes next.
    first = home[root].locator(".md-search-result__item").first
    links = first.locator(".md-search-result__link").evaluate_all(
        "all => all.map(a => decodeURI(a.href.replace(/[?]h=[^#]*/, '')))"
    )
    assert any(url.startswith(f"{address}{root}{answer}") for url in links), links


def test_a_query_without_results_says_so(home: dict[str, Page]) -> None:
    page = home[""]
    assert results(page, NOWHERE) == []
    expect(page.locator(".md-search-result__meta")).to_contain_text("見つかりません")


def test_what_was_found_is_marked_there(open_page: Open) -> None:
    page = open_page(LESSON_01)
    results(page, "コールバック関数")
    expect(page.locator(".md-search-result mark").first).to_be_visible()
    page.locator(".md-search-result__link").first.click()
    page.wait_for_url("**?h=*")
    expect(page.locator(".md-content mark").first).to_contain_text("コールバック関数")


def test_the_index_is_plain_text(site: Path) -> None:
    index = (site / "search/en.js").read_text()
    assert "b.perf_buffer_poll()" in index
    assert not re.search(r"</|&amp;|&lt;", index)


def test_markup_in_a_query_is_text(home: dict[str, Page]) -> None:
    for query in ("<b>ctx</b>", "sizeof(data))"):
        results(home["en/"], query)
        assert home["en/"].locator(".md-search-result b").count() == 0


@pytest.mark.parametrize(
    ("root", "query", "answer"),
    [
        ("", "ユーザ空間", "lessons/02_perf_output/index.html"),
        ("", "コールバック関数", "lessons/02_perf_output/index.html"),
        ("en/", "perf_submit", "en/lessons/02_perf_output/index.html"),
    ],
)
def test_from_files_without_a_server(
    open_page: Open, offline_site: Path, root: str, query: str, answer: str
) -> None:
    page = open_page((offline_site / root / "index.html").as_uri())
    found = results(page, query)
    wanted = (offline_site / answer).as_uri()
    assert any(url.startswith(wanted) for url in found), found
