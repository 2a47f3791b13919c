"""The labels and sentences of live pages, in both languages."""

from __future__ import annotations

from bcclessons.console.text import Text

HOW_TO_RUN = Text(
    ja="<code>./lab site</code> で開くと，このページの中でプログラムを動かせる．",
    en="Opened by <code>./lab site</code>, this page runs the program itself.",
)
HOW_TO_SOLVE = Text(
    ja="<code>./lab site</code> で開くと，このページの中で解ける．",
    en="Opened by <code>./lab site</code>, this page lets you solve it here.",
)
MACHINE = Text(ja="本物のカーネルで動かす", en="Run on a real kernel")
RUN = Text(ja="実行", en="Run")
LARGER = Text(ja="大きく", en="Larger")
RECORDING = Text(ja="録画", en="Recording")
SOLVE = Text(ja="ここで解く", en="Solve it here")
TO_TRY = Text(ja="実行してから打ってみる: ", en="Run it, then type: ")
LESSON = Text(ja="レッスン", en="Lesson")
SHELL = Text(ja="シェル", en="Shell")
SPLIT = Text(ja="2 つの端末の境", en="Between the two terminals")
KEYS = Text(ja="端末のキー", en="Keys of the terminal")
ANNOUNCE = Text(ja="出力を読み上げる", en="Announce the output")
ANNOUNCE_HELP = Text(
    ja="「出力を読み上げる」を押すと，スクリーンリーダが端末の出力を読む．",
    en="“Announce the output” has a screen reader speak what the terminals print.",
)
EXERCISE = Text(ja="演習", en="Exercise")
TERMINAL_HELP = Text(
    ja="<kbd>F2</kbd> もう一方の端末　<kbd>F6</kbd> 端末から出る　"
    "<kbd>Ctrl</kbd>+<kbd>Shift</kbd>+<kbd>C</kbd> コピー",
    en="<kbd>F2</kbd> other terminal &ensp; <kbd>F6</kbd> leave &ensp; "
    "<kbd>Ctrl</kbd>+<kbd>Shift</kbd>+<kbd>C</kbd> copy",
)
EDITOR_HELP = Text(
    ja="<kbd>Ctrl</kbd>+<kbd>S</kbd> 保存して確かめる　"
    "<kbd>Esc</kbd> <kbd>Tab</kbd> エディタから出る",
    en="<kbd>Ctrl</kbd>+<kbd>S</kbd> save and check &ensp; "
    "<kbd>Esc</kbd> <kbd>Tab</kbd> leave the editor",
)
EXERCISE_BUTTONS = {
    "try": RUN,
    "check": Text(ja="確かめる", en="Check"),
    "hint": Text(ja="ヒント", en="Hint"),
    "reset": Text(ja="最初に戻す", en="Reset"),
}
"""The buttons of the editor, by the end of their class, in their order."""

TOUCH_KEYS = (
    ("Ctrl-C", "03", Text(ja="Ctrl-C", en="Ctrl-C")),
    ("Tab", "09", Text(ja="Tab", en="Tab")),
    ("↑", "1b5b41", Text(ja="上", en="Up")),
    ("↓", "1b5b42", Text(ja="下", en="Down")),
    ("←", "1b5b44", Text(ja="左", en="Left")),
    ("→", "1b5b43", Text(ja="右", en="Right")),
    ("q", "71", Text(ja="q", en="q")),
)
"""Keys that a phone's keyboard has not: face, bytes in hexadecimal, name."""

TEXTS = {
    "connecting": Text(ja="つないでいる．", en="Connecting."),
    "lost": Text(
        ja="接続が切れた．つなぎ直している．",
        en="The connection was lost; connecting again.",
    ),
    "gone": Text(
        ja="サーバが応答しない．自分で止めたのなら，端末で ./lab site を実行する．クラスでは"
        "講師に伝える．",
        en="The server does not answer. If you stopped it, type: ./lab site. In a class, "
        "tell the instructor.",
    ),
    "forbidden": Text(
        ja="このページは接続を許されていない．./lab site が表示したアドレスを開く．クラスでは"
        "ページを読み込み直す．",
        en="This page may not connect; open the address that ./lab site printed. In a "
        "class, reload the page.",
    ),
    "unloaded": Text(
        ja="読み込めないものがあった．ページを読み込み直す．",
        en="Something could not be loaded; reload the page.",
    ),
    "starting": Text(ja="マシンを用意している．", en="Preparing the machine."),
    "ended": Text(
        ja="［終わった（終了ステータス #）．「実行」でもう一度動かす］",
        en="[ended with exit status #; press Run to run it again]",
    ),
    "shellEnded": Text(
        ja="［シェルが終わった．Enter で新しく始める］",
        en="[the shell has ended; press Enter for a new one]",
    ),
    "editor": Text(ja="# の my_sample", en="my_sample of #"),
    "unsaved": Text(ja="未保存", en="Not saved"),
    "saving": Text(ja="保存中", en="Saving"),
    "saved": Text(ja="保存済み", en="Saved"),
    "checking": Text(ja="確かめている．", en="Checking."),
    "solved": Text(ja="解けた", en="Solved"),
    "wrong": Text(ja="まだ正しくない", en="Not right yet"),
    "undecided": Text(ja="確かめられなかった", en="Could not be checked"),
    "next": Text(ja="次の演習へ", en="Next exercise"),
    "line": Text(ja="# 行目へ", en="Go to line #"),
    "output": Text(ja="プログラムの出力", en="The program's output"),
    "hint": Text(ja="ヒント #", en="Hint #"),
    "changed": Text(
        ja="ファイルがほかのところで変わり，ここの編集も保存されていない．どちらを残すか．",
        en="The file was changed elsewhere, and your edits here are not saved. Which "
        "do you keep?",
    ),
    "takeTheirs": Text(ja="ファイルのほうを読み込む", en="Load the file"),
    "keepMine": Text(ja="ここの編集を保存する", en="Save my edits"),
    "reset": Text(
        ja="最初のファイルに戻すか．今のファイルは別の名前で残る．",
        en="Go back to the start file? Your file is kept under another name.",
    ),
    "doReset": Text(ja="最初に戻す", en="Reset"),
    "cancel": Text(ja="やめる", en="Cancel"),
    "kept": Text(
        ja="前のファイルは # という名前で残した．", en="Your file is kept as #."
    ),
    "close": Text(ja="閉じる", en="Close"),
}
"""What theme/assets/live/ shows, by the names that it uses; # is what it fills in."""

SEARCH = {
    "Find": "検索",
    "Replace": "置換",
    "next": "次へ",
    "previous": "前へ",
    "all": "すべて",
    "match case": "大文字と小文字を区別",
    "regexp": "正規表現",
    "by word": "単語単位",
    "replace": "置換",
    "replace all": "すべて置換",
    "close": "閉じる",
    "Go to line": "行へ移動",
    "go": "移動",
    "current match": "今の一致",
    "on line": "行",
    "replaced match on line $": "$ 行目の一致を置換した",
    "replaced $ matches": "$ 個の一致を置換した",
}
"""What the editor's search says, in Japanese, by what it says in English."""


def terminal(name: Text) -> Text:
    """Return the name of a terminal."""
    return Text(ja=f"{name.ja}の端末", en=f"Terminal: {name.en.lower()}")


def type_it(command: str) -> Text:
    """Return what the button does that types a command."""
    return Text(ja=f"シェルで実行: {command}", en=f"Type into the shell: {command}")
