"""The search: twenty queries with known answers, in the language of the page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.site.conftest import Open, opening

LESSON_01 = "lessons/01_trace_printk/"
LESSON_02 = "lessons/02_perf_output/"
LESSON_03 = "lessons/03_data_access/"
LESSON_04 = "lessons/04_maps/"
LESSON_05 = "lessons/05_ring_buffer/"
LESSON_06 = "lessons/06_losing_events/"

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
# What learners type or paste, and what must come first: a page, or a section of it.
FIRST = [
    ("", "集計", LESSON_04),
    ("", "カウンタ", LESSON_04),
    ("", "満杯", f"{LESSON_04}#数がいつまでも増えない"),
    ("en/", "aggregate", LESSON_04),
    ("en/", "race condition", ""),
    ("en/", "map is full", f"{LESSON_04}#a-count-never-grows"),
    ("en/", "print_log2_hist", "reference/#print_log2_hist"),
    ("", "取りこぼし", f"{LESSON_02}#イベントが失われる"),
    ("", "プロセスID", "glossary/#pid"),
    ("", "プロセス名", "lessons/"),
    ("", "スレッド名", ""),
    ("", "フィルタ", LESSON_02),
    ("", "文字化け", "reference/#printb"),
    ("", "止まらない", "reference/#open_perf_buffer"),
    ("", "b'bash'", "reference/#printb"),
    ("", "lost", f"{LESSON_02}#イベントが失われる"),
    ("", "pid_t", LESSON_02),
    ("", "権限", "setup/#root-でない"),
    ("", "検証器", "glossary/#verifier"),
    ("", "ヘッダ", "setup/#カーネルヘッダが無い"),
    ("", "ヘッダーが見つからない", "setup/#カーネルヘッダが無い"),
    ("", "ヘッダが無い", "setup/#カーネルヘッダが無い"),
    ("", "カーネルヘッダー", "setup/#カーネルヘッダが無い"),
    ("", "ユーザ空間", "glossary/#user-space"),
    ("", "ユーザー空間", "glossary/#user-space"),
    ("", "コールバック関数", "glossary/#callback-function"),
    ("", "通知する", LESSON_02),
    ("", "ナノ秒", ""),
    ("", "WSL", "setup/#wsl2"),
    ("", "ＢＰＦ", "reference/#bpf"),
    ("", "ＰＩＤ", "glossary/#pid"),
    ("", "perf_submit", "reference/#perf_submit"),
    ("", "Operation not permitted", "setup/"),
    ("", "No module named 'bcc'", "setup/#bcc-が無い"),
    ("", "検証器とは", "glossary/#verifier"),
    ("", "バッファあふれ", f"{LESSON_02}#イベントが失われる"),
    ("", "PIDとTIDの違い", f"{LESSON_02}#pid-の-2-つの意味"),
    ("", "時刻の順に並ばない", f"{LESSON_02}#行が時刻の順に並ばない"),
    ("", "コンテナで動かす", "setup/#コンテナ"),
    ("en/", "permission denied", "reference/#what-the-compiler-and-the-verifier-say"),
    ("en/", "pid vs tgid", f"{LESSON_02}#two-meanings-of-pid"),
    ("en/", "ImportError bcc", "setup/#bcc-is-missing"),
    ("en/", "exercise solution", "lessons/"),
    ("en/", "unknown opcode", "reference/#what-the-compiler-and-the-verifier-say"),
    ("en/", "not traceable", "reference/#what-the-compiler-and-the-verifier-say"),
    ("en/", "implicit declaration of function 'foo'", "reference/#what-the-compiler"),
    ("en/", "UnicodeDecodeError", "reference/#printb"),
    ("en/", "unhashable type", "reference/#event"),
    ("en/", "has no attribute", "reference/#event"),
    ("en/", "type not recognized", "reference/#event"),
    ("en/", "read string from user memory", "reference/#bpf_probe_read_user_str"),
    ("en/", "kernel headers", "setup/#the-kernel-headers-are-missing"),
    ("en/", "lost", f"{LESSON_02}#events-are-lost"),
    ("en/", "invalid mem access", "reference/#what-the-compiler"),
    ("en/", "bpf_ktime_get_ns", "reference/#bpf_ktime_get_ns"),
    ("en/", "b.perf_buffer_poll()", "reference/#perf_buffer_poll"),
    ("en/", "comm", "glossary/#comm"),
    ("en/", "what is a tracepoint", "glossary/#tracepoint"),
    ("en/", "TASK_COMM_LEN", ""),
    ("en/", "検証器", "glossary/#verifier"),
    ("", "リングバッファ", "glossary/#ring-buffer"),
    ("", "ringbuf_output", "reference/#ringbuf_output"),
    ("", "予約", f"{LESSON_05}#確保して送るか捨てる"),
    ("", "2のべき乗", f"{LESSON_05}#ページ数が-2-の累乗でない"),
    ("en/", "ring buffer", "glossary/#ring-buffer"),
    ("en/", "ringbuf_reserve", "reference/#ringbuf_reserve"),
    ("en/", "power of two", f"{LESSON_05}#the-number-of-pages-is-not-a-power-of-two"),
    ("en/", "Unreleased reference", f"{LESSON_05}#reserve-then-send-or-discard"),
    ("", "帳簿", LESSON_06),
    ("", "サンプリング", f"{LESSON_06}#一部だけを送る"),
    ("", "件数が合わない", LESSON_06),
    ("", "スタックに入らない", f"{LESSON_06}#スタックに入らないデータ"),
    ("en/", "sampling", f"{LESSON_06}#send-a-sample"),
    ("en/", "ENOSPC", f"{LESSON_06}#count-what-is-not-sent"),
    ("en/", "BPF stack limit is exceeded", f"{LESSON_06}#data-larger-than-the-stack"),
    ("en/", "wakeup_events", "reference/#open_perf_buffer"),
    ("en/", "perf_buffer_consume", "reference/#perf_buffer_consume"),
    # Words that no page has, questions, and several words that are on different pages.
    ("", "ハッシュテーブル", "reference/#bpf_hash"),
    ("", "連想配列", "reference/#bpf_hash"),
    ("", "上書きされる", LESSON_02),
    ("", "オーバーヘッド", ""),
    ("", "起動が遅い", "peers/#起動の時間はどこに使われるか"),
    ("", "straceとの比較", "peers/"),
    ("", "アトミックに加算", f"{LESSON_04}#1-を足す"),
    ("", "ポーリング", "reference/#perf_buffer_poll"),
    ("", "バッファサイズ", f"{LESSON_06}#バッファはどれだけ要るか"),
    ("", "間引く", f"{LESSON_06}#一部だけを送る"),
    ("", "マップがいっぱい", f"{LESSON_04}#数がいつまでも増えない"),
    ("", "ゼロで初期化", "glossary/#padding"),
    ("", "リングバッファ 違い", LESSON_05),
    ("", "画面に何も出てこない", "setup/#何も表示されない"),
    ("", "なぜ何も表示されないのか", "setup/#何も表示されない"),
    ("", "コンパイルできない", "reference/#コンパイラ"),
    ("", "ベリファイヤ", "glossary/#verifier"),
    ("", "ウィンドウズ", "setup/#wsl2"),
    ("", "マックで動きますか", "setup/#macos"),
    ("", "AWS", "setup/#クラウド"),
    ("", "仮想マシンが遅い", "setup/#kvm-が無い"),
    ("", "先生", "classroom/"),
    ("", "生徒の人数", "classroom/#マシンの大きさ"),
    ("", "ポート番号を変える", ""),
    ("", "オフライン", "bundle/"),
    ("", "ジュピター", "jupyterhub/"),
    ("", "所要時間", "#かかる時間"),
    ("", "対応カーネル", "support/"),
    ("", "perf_submit_skb", "reference/#perf_submit"),
    ("", "__data_loc", "reference/#コンパイラ"),
    ("en/", "hashtable", "reference/#bpf_hash"),
    ("en/", "percpu array", "reference/#bpf_percpu_array"),
    ("en/", "count syscalls by process", LESSON_04),
    ("en/", "ring buffer vs perf buffer", LESSON_05),
    ("en/", "epoll", "reference/#perf_buffer_poll"),
    ("en/", "nothing is printed", "setup/#nothing-is-printed"),
    ("en/", "how do I print wall clock time", "reference/#bpf_ktime_get_ns"),
    ("en/", "username", "reference/#bpf_get_current_uid_gid"),
    ("en/", "what is ctx", f"{LESSON_03}#the-context"),
    ("en/", "overhead", ""),
    ("en/", "production", "peers/"),
    ("en/", "slow startup", "peers/#where-the-start-goes"),
    ("en/", "supported kernels", "support/"),
    ("en/", "classroom", "classroom/"),
    ("en/", "teacher", "classroom/"),
    ("en/", "memory usage", "classroom/#how-large-a-machine"),
    ("en/", "no internet", "bundle/"),
    ("en/", "notebook", "jupyterhub/"),
    ("en/", "podman", "setup/#containers"),
    ("en/", "raspberry pi", "setup/"),
    ("en/", "chromebook", "setup/#in-the-browser"),
    ("en/", "./lab doctor", "setup/#look-first"),
    ("en/", "b.ring_buffer_poll(timeout=100)", "reference/#ring_buffer_poll"),
    ("en/", "リングバッファ", "glossary/#ring-buffer"),
]
_MESSAGES = ("reference/#コンパイラ", "reference/#what-the-compiler")
_PYTHON = ("reference/#python", "reference/#what-python")
_OTHERS = ("setup/#ほかのメッセージ", "setup/#other-messages")
_HEADERS = ("setup/#カーネルヘッダが無い", "setup/#the-kernel-headers-are-missing")
# Messages with numbers, paths and names of the reader's own, which no page has.
PASTED = [
    (
        "chdir(/lib/modules/6.1.0-13-amd64/build): No such file or directory",
        ("setup/#カーネルヘッダが無い", "setup/#the-kernel-headers-are-missing"),
    ),
    (
        "E: Unable to locate package linux-headers-6.1.0-13-amd64",
        ("setup/#カーネルヘッダが無い", "setup/#the-kernel-headers-are-missing"),
    ),
    (
        "Possibly lost 345 samples",
        (f"{LESSON_02}#イベントが失われる", f"{LESSON_02}#events-are-lost"),
    ),
    (
        "ModuleNotFoundError: No module named 'bcc'",
        ("setup/#bcc-が無い", "setup/#bcc-is-missing"),
    ),
    (
        "error: no member named 'real_parrent' in 'struct task_struct'; did you mean "
        "'real_parent'?",
        ("reference/#コンパイラ", "reference/#what-the-compiler"),
    ),
    (
        "/virtual/main.c:23:5: error: implicit declaration of function "
        "'bpf_get_curent_comm' is invalid in C99",
        ("reference/#コンパイラ", "reference/#what-the-compiler"),
    ),
    ("no member named 'state'", ("reference/#コンパイラ", "reference/#what-the")),
    (
        "AttributeError: 'event_t' object has no attribute 'pid'",
        ("reference/#event", "reference/#event"),
    ),
    (
        "bpf: Failed to load program: Operation not permitted",
        ("setup/#root-でない", "setup/#you-are-not-root"),
    ),
    (
        "bpf: Failed to load program: Permission denied",
        ("reference/#コンパイラ", "reference/#what-the-compiler"),
    ),
    ("Exception: Failed to compile BPF module <text>", _MESSAGES),
    ("Exception: Failed to load BPF program b'on_open': Invalid argument", _MESSAGES),
    ("/virtual/main.c:2:50: error: expected ';' after expression", _MESSAGES),
    ("/virtual/main.c:9:5: error: use of undeclared identifier 'cnt'", _MESSAGES),
    ("main.c:7:2: error: unknown type name 'u46'; did you mean 'u64'?", _MESSAGES),
    (
        "/virtual/main.c:31:9: error: member reference type 'struct data_t *' is a "
        "pointer; did you mean to use '->'?",
        _MESSAGES,
    ),
    ("13: (85) call bpf_perf_event_output#25\nR1 type=scalar expected=ctx", _MESSAGES),
    ("invalid indirect read from stack off -8+0 size 8", _MESSAGES),
    ("R0 !read_ok\nprocessed 3 insns (limit 1000000) max_states 0", _MESSAGES),
    ("R0 invalid mem access 'map_value_or_null'\nprocessed 12 insns", _MESSAGES),
    ("The sequence of 8193 jumps is too complex.", _MESSAGES),
    ("TypeError: on_event() takes 2 positional arguments but 3 were given", _PYTHON),
    ("KeyError: b'evnts'", _PYTHON),
    ("bash: ./maps_sample: Permission denied", _OTHERS),
    ("hana is not in the sudoers file. This incident will be reported.", _OTHERS),
    ("OSError: [Errno 98] Address already in use", _OTHERS),
    ("OSError: [Errno 28] No space left on device", _OTHERS),
    (
        "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process "
        "2412 (unattended-upgr)",
        _OTHERS,
    ),
    (
        "qemu-system-x86_64: Could not access KVM kernel module: No such file",
        ("setup/#kvm-が無い", "setup/#there-is-no-kvm"),
    ),
    ("E: Couldn't find any package by glob 'linux-headers-6.8.0-45'", _HEADERS),
    (
        "permission denied while trying to connect to the Docker daemon socket at "
        "unix:///var/run/docker.sock",
        ("setup/#コンテナ", "setup/#containers"),
    ),
]
# One letter more, less, other, or two exchanged.
MISSPELT = [
    ("perf_submmit", "reference/#perf_submit"),
    ("verifer", "glossary/#verifier"),
    ("tracepiont", "glossary/#tracepoint"),
    ("open_perf_bufer", "reference/#open_perf_buffer"),
    ("bpf_get_curent_comm", "reference/#bpf_get_current_comm"),
    ("bpf_trace_print", "reference/#bpf_trace_printk"),
]
# Words that no page has: what is likely to help is shown all the same.
NOWHERE = ["ぺんぎんの散歩", "zzzzqq", "0xffffffff81234567", "98765", "☃☃"]


# What one may paste by mistake, or in the hope that something of it fits.
LONG = [
    "x" * 5000,
    "検証器" * 1000,
    "".join(
        f"{n}: (79) r{n % 10} = *(u64 *)(r1 +{n * 8}) ; R1_w=scalar()\n"
        for n in range(200)
    ),
]


@pytest.fixture(scope="module")
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


# Material's search box asks this worker; here it is asked without the box.
_ASK = """([language, queries]) => new Promise((resolve, reject) => {
  const icon = document.querySelector("link[rel=icon]").href;
  const worker = new Worker(icon.replace(/assets.*/, `assets/search.js?${language}`));
  const answers = [];
  let start;
  const ask = () => {
    start = performance.now();
    worker.postMessage({type: 2, data: queries[answers.length]});
  };
  worker.onerror = (event) => reject(event.message);
  worker.onmessage = ({data: {type, data}}) => {
    if (type === 3) answers.push({groups: data.items, took: performance.now() - start});
    if (answers.length < queries.length) ask();
    else { worker.terminate(); resolve(answers); }
  };
  worker.postMessage({type: 0});
})"""
# Chromium slows down a page, but not its workers: here the worker's script is the page's.
_ASK_IN_PAGE = """async ([language, queries]) => {
  const load = (src) => new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), {src});
    Object.assign(script, {onload: resolve, onerror: reject});
    document.head.append(script);
  });
  self.importScripts = load;
  await load(`/assets/search.js?${language}`);
  const took = [];
  for (const query of queries) {
    const start = performance.now();
    await new Promise((resolve) => {
      self.onmessage = ({data: {type}}) => type === 3 && resolve();
      postMessage({type: 2, data: query});
    });
    took.push(performance.now() - start);
  }
  return took;
}"""
SLOWDOWN = 4


def asked(page: Page, root: str, queries: list[str]) -> list[dict[str, Any]]:
    """Ask the worker of a language; return the groups of results, and the ms taken."""
    language = "en" if root else "ja"
    answers: list[dict[str, Any]] = page.evaluate(_ASK, [language, queries])
    return answers


def first(answer: dict[str, Any]) -> list[str]:
    """Return where the results of the first page lead, the best one first."""
    group = sorted(answer["groups"][0], key=lambda item: "#" not in item["location"])
    return [unquote(item["location"]) for item in group]


@pytest.mark.parametrize(("root", "query", "answer"), FIRST)
def test_what_comes_first(
    home: dict[str, Page], root: str, query: str, answer: str
) -> None:
    (found,) = asked(home[root], root, [query])
    wanted = root + answer
    best = first(found)
    assert best[0].startswith(wanted) or best[-1].startswith(wanted), best


@pytest.mark.parametrize(("query", "answers"), PASTED)
def test_what_comes_first_for_a_pasted_message(
    home: dict[str, Page], query: str, answers: tuple[str, str]
) -> None:
    for root, answer in zip(home, answers, strict=True):
        (found,) = asked(home[root], root, [query])
        assert first(found)[0].startswith(root + answer), (root, first(found))


@pytest.mark.parametrize(("query", "answer"), MISSPELT)
def test_a_misspelt_word_is_found(
    home: dict[str, Page], query: str, answer: str
) -> None:
    for root, page in home.items():
        (found,) = asked(page, root, [query])
        assert first(found)[0].startswith(root + answer), (root, first(found))


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("検証機", "glossary/#verifier"),
        ("コールバッグ関数", "glossary/#callback-function"),
        ("ユーザ空問", "glossary/#user-space"),
        ("トレースポイソト", "glossary/#tracepoint"),
        ("カーネルヘッタ", "setup/#カーネルヘッダが無い"),
    ],
)
def test_a_misspelt_japanese_word_is_found(
    home: dict[str, Page], query: str, answer: str
) -> None:
    (found,) = asked(home[""], "", [query])
    assert first(found)[0] == answer


@pytest.mark.parametrize("root", ["", "en/"])
def test_something_is_always_found(home: dict[str, Page], root: str) -> None:
    for answer in asked(home[root], root, NOWHERE):
        pages = [group[0]["location"] for group in answer["groups"]]
        assert pages == [f"{root}glossary/", f"{root}setup/"]
        assert all(group[0]["text"] for group in answer["groups"])
    assert results(home[root], NOWHERE[0])


@pytest.mark.parametrize("root", ["", "en/"])
def test_excerpts_begin_at_a_word(home: dict[str, Page], site: Path, root: str) -> None:
    queries = [query for of, query, _ in FIRST if of == root]
    queries += [query for query, _ in PASTED]
    index = (site / f"search/{'en' if root else 'ja'}.js").read_text()
    entries = json.loads(index.partition("=")[2].rstrip(";\n"))["entries"]
    texts = {
        entry["location"]: entry["text"].replace("\u200b", "") for entry in entries
    }
    checked = 0
    for answer in asked(home[root], root, queries):
        for item in (
            item for group in answer["groups"] for item in group if item["text"]
        ):
            shown = re.sub("</?mark>|\u200b", "", item["text"])
            cut = shown.endswith("…") and len(shown) > 140
            shown = shown.removesuffix("…") if cut else shown
            assert not re.match("[，．、。;:) ]|[,.] ", shown), shown
            if shown.startswith("…"):
                text, shown = texts[item["location"]], shown[1:]
                at = text.index(shown)
                assert re.search(r"[\s．，。、.,:;!?）)」]$", text[:at]), text[
                    at - 20 : at + 20
                ]
                checked += 1
    assert checked > 20


def test_it_works_in_browsers_of_four_years_ago(
    browser: Browser, address: str, checkout: Path
) -> None:
    script = (checkout / "bcclessons/site/theme/assets/search.js").read_text()
    # Regular expressions of later browsers, which no polyfill brings: Safari 16.4, 17.
    assert not re.search(r"\(\?<[=!]|/[a-z]*v[a-z]*[.)\s;,]", script)
    assert not re.search(r"\b(import|export)\b", script)
    missing = [
        "Map.groupBy", "Object.groupBy", "Array.fromAsync", "Promise.withResolvers",
        "Set.prototype.union", "Set.prototype.intersection", "Set.prototype.difference",
        "Array.prototype.toSorted", "Array.prototype.toReversed", "Array.prototype.with",
        "Array.prototype.toSpliced", "Array.prototype.group", "globalThis.Iterator",
        "String.prototype.isWellFormed", "RegExp.escape", "Promise.try",
    ]  # fmt: skip
    older = "".join(f"delete {name};\n" for name in missing)
    context = browser.new_context()
    context.route(
        "**/assets/search.js*",
        lambda route: route.fulfill(
            body=older + "self.isOld = !Map.groupBy && ![].toSorted;\n" + script,
            content_type="text/javascript",
        ),
    )
    page = context.new_page()
    page.goto(address)
    with page.expect_worker() as worker:
        found = asked(page, "", ["取りこぼし", "perf_submmit"])
        assert first(found[0])[0].startswith(LESSON_02)
        assert results(page, "取りこぼし")
    assert worker.value.evaluate("self.isOld") is True
    context.close()


@pytest.mark.parametrize("root", ["", "en/"])
def test_it_answers_at_once_on_a_slow_machine(
    browser: Browser, address: str, root: str
) -> None:
    page = browser.new_page()
    page.goto(f"{address}404.html")
    client = page.context.new_cdp_session(page)
    client.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    queries = [query for query, _ in [*PASTED, *MISSPELT]]
    queries += [NOWHERE[0], "ユーザー空間", "the value of a pid", "a", *LONG]
    # The first loads the index. The quickest of three, since other programs run, too.
    language = "en" if root else "ja"
    took = page.evaluate(_ASK_IN_PAGE, [language, ["eBPF", *3 * queries]])[1:]
    best = {query: min(took[i :: len(queries)]) for i, query in enumerate(queries)}
    assert max(best.values()) < 100, best
    page.close()


@pytest.mark.parametrize(
    ("query", "said"),
    [("コールバック関数", "コールバック関数"), ("ユーザー空間", "ユーザ空間")],
)
def test_what_was_found_is_marked_there(open_page: Open, query: str, said: str) -> None:
    page = open_page(LESSON_01)
    results(page, query)
    expect(page.locator(".md-search-result mark").first).to_be_visible()
    page.locator(".md-search-result__link").first.click()
    page.wait_for_url("**?h=*")
    expect(page.locator(".md-content mark").first).to_contain_text(said)


def test_the_index_is_text_without_markup(site: Path) -> None:
    index = (site / "search/en.js").read_text()
    assert "b.perf_buffer_poll()" in index
    # A browser shows it as HTML.
    assert "(ctx, &amp;data, sizeof(data));" in index
    assert "<" not in index


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_place_in_the_index_is_there(site: Path, language: str) -> None:
    index = (site / f"search/{language}.js").read_text()
    entries = json.loads(index.partition("=")[2].rstrip(";\n"))["entries"]
    places = [unquote(entry["location"]) for entry in entries]
    assert len(set(places)) == len(places)
    for path, _, anchor in (place.partition("#") for place in places):
        page = (site / path / "index.html").read_text()
        assert not anchor or f'id="{anchor}"' in page, (path, anchor)


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
