"""Feedback on output and messages of every kind, without a kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from bcclessons.console.text import Language, Problem, Text
from bcclessons.grading import diagnosis, feedback, silent
from bcclessons.grading.check import _compare, _load
from bcclessons.grading.contract import (
    CallFacts,
    Ending,
    Limits,
    Load,
    Observation,
    Request,
)
from bcclessons.grading.feedback import Feedback
from bcclessons.grading.source import Source
from bcclessons.grading.trial import CheckFailed, Line, Trial
from tests.kernel.attempts import EXERCISES


def test_a_value_that_cannot_be_read_is_feedback_not_a_traceback() -> None:
    trial = Trial([], "", "", lines=[Line("1f learner", {"time": "1f"})])

    def run_check(trial: Trial) -> None:
        int(trial.lines[0]["time"])

    feedback = _compare(run_check, trial, "", "")
    assert feedback is not None
    assert feedback.text.en == "'1f' in the column TIME cannot be read as a number."
    assert feedback.output == "1f learner"


@pytest.mark.parametrize("text", [None, "def check(:\n", "import nothing\n", "x = 1\n"])
def test_a_check_that_cannot_be_read_is_said(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "check.py").write_text(text)
    with pytest.raises(Problem, match=r"cannot read .*check\.py .* git checkout"):
        _load(tmp_path / "check.py")


PROGRAM = 'bpf_text = """\nint f() {\n    return x;\n}\n"""\nprint("x")\n'
LIMITS = Limits(1, 1, 1)


def diagnosed(observed: Observation, program: str = PROGRAM) -> Feedback:
    found = diagnosis.behaviour(observed, Request(program, "", [], LIMITS))
    assert found is not None
    return found


def result(output: str, line: int | None = None) -> str:
    found = Feedback(Text(ja="違う．", en="wrong."), output, line)
    return feedback.result(EXERCISES[0], found, PROGRAM, Language.EN)


def test_a_pipe_that_lesson_01_still_reads_is_said() -> None:
    said = (
        "trace_pipe を開けない．別の読み手を終わらせる / cannot open trace_pipe, "
        "end its other reader: Device or resource busy\n"
    )
    found = diagnosed(Observation("early", stderr=said, status=1))
    assert found.text.en.startswith("Another program reads trace_pipe.")
    found = diagnosed(
        Observation("early", stderr="Device or resource busy\n", status=1)
    )
    assert found.text.en == "It ended too early: Device or resource busy"


def test_what_a_program_printed_does_not_steer_the_terminal() -> None:
    shown = result("\x1b[2Jred\x07\x9b1m\u202e 日本")
    assert r"Output: \x1b[2Jred\x07\x9b1m\u202e 日本" in shown


def test_a_long_line_is_cut() -> None:
    (line,) = (line for line in result("y" * 1000).splitlines() if "yyy" in line)
    assert len(line) < 260
    assert line.endswith("y ...")


@pytest.mark.parametrize(
    ("number", "code"), [(1, 'bpf_text = """'), (6, 'print("x")'), (7, ""), (999, "")]
)
def test_the_line_to_look_at_is_shown(number: int, code: str) -> None:
    shown = result("out", number)
    assert f"  Look at line {number}: {code}".rstrip() in map(
        str.rstrip, shown.splitlines()
    )


def test_the_title_and_the_way_to_a_hint_are_always_there() -> None:
    first, *_, last = result("out").splitlines()
    assert first == "01/1 Print four values: not yet."
    assert last == "  For a hint: ./lab check 01/1 --hint"


@pytest.mark.parametrize(
    ("ending", "said", "line"),
    [
        ("not started", "its first line must be", 1),
        ("bomb", "it made more than 500 processes", None),
        ("hung", "its header did not appear", None),
        ("flooded", "it printed more than 1 MB", None),
        ("deaf", "3 seconds after Ctrl-C it was still running", None),
        ("early", "without a message", None),
    ],
)
def test_each_ending_has_its_sentence(ending: str, said: str, line: int | None) -> None:
    found = diagnosed(Observation(ending))  # type: ignore[arg-type]
    assert said in found.text.en
    assert found.line == line
    assert found.text.ja


@pytest.mark.parametrize(("left", "said"), [(1, "1 process"), (2, "2 processes")])
def test_what_is_left_behind_is_counted(left: int, said: str) -> None:
    found = diagnosed(Observation("interrupted", left=left))
    assert f"It left {said} behind" in found.text.en


@pytest.mark.parametrize(
    "message",
    [
        "/virtual/main.c:3:12: error: use of undeclared 'x'\n    return x;\n",
        "/virtual/main.c:3:12: error: use of undeclared 'x'\n    3 |     return x;\n",
    ],
)
def test_an_error_of_clang_is_led_back_to_the_line(message: str) -> None:
    found = diagnosed(Observation("early", stderr=message))
    assert found.text.en == "The C part does not compile: use of undeclared 'x'"
    assert found.line == 3


@pytest.mark.parametrize(("number", "line"), [(3, 3), (5, 5), (9, None), (0, None)])
def test_of_two_equal_lines_the_number_decides(number: int, line: int | None) -> None:
    program = 'bpf_text = """\n{\n    return x;\n}\n    return x;\n"""\n'
    assert Source(program).quoted("return x;", number) == line


@pytest.mark.parametrize(
    "program",
    [
        'a = (\n  "int f() {\\n"\n  "  return x;\\n"\n  "}\\n"\n)\n',
        'a = "int f() {\\n"\na += "}"\na += "  return x;\\n"\n'.replace(
            'a += "}"\n', ""
        ),
        'n = 1\na = f"""{n}\nreturn x;{n}\n"""\n'.replace("{n}\nr", "\nr").replace(
            ";{n}", ";"
        ),
        'a = """\n\nreturn %s;\n""" % "x"\n',
        'a = """\n\nreturn WHICH;\n""".replace("WHICH", "x")\n',
        'a = r"""\n\nreturn x;\n"""\n',
    ],
)
def test_however_the_text_is_made_its_line_is_found(program: str) -> None:
    wanted = next(
        n for n, line in enumerate(program.splitlines(), 1) if "return" in line
    )
    assert Source(program).quoted("    return x;", 99) == wanted


@pytest.mark.parametrize(
    "program",
    ["print('no C')\n", 'a = open("x.c").read()\n', 'a = """\n{\n}\n""" + C\n'],
)
def test_a_line_that_is_not_there_is_not_named(program: str) -> None:
    assert Source(program).quoted("    return x;", 3) is None


def test_the_last_exception_and_its_line_count() -> None:
    said = (
        'Traceback (most recent call last):\n  File "/tmp/my_sample", line 9\n'
        "  File \"/tmp/my_sample\", line 4, in f\nKeyError: 'event'\n"
    )
    found = diagnosed(Observation("early", stderr=said))
    assert found.text.en == "It raised an exception: KeyError: 'event'"
    assert found.line == 4


def test_a_traceback_of_ctrl_c_is_told_apart() -> None:
    said = "Traceback (most recent call last):\nKeyboardInterrupt\n"
    found = diagnosed(Observation("interrupted", stderr=said), "import signal\n")
    assert "Keep the signal lines" in found.text.en
    assert found.line == 1


def test_request_and_observation_survive_the_line() -> None:
    request = Request(PROGRAM, "ready", EXERCISES[0].steps, LIMITS)
    assert Request.from_json(request.to_json()) == request
    observed = Observation("early", "out", "err", [], 2, "why")
    assert Observation.from_json(observed.to_json()) == observed
    with pytest.raises(ValueError, match="Expecting value"):
        Observation.from_json("")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            '    bpf_trace_printk("name: %s", "a literal");',
            "A string literal given for %s",
        ),
        ("b.open_perf_buffer(f, page_cnt=1 << 20)", "page_cnt=1048576 is so large"),
        ("b.open_perf_buffer(f, page_cnt=2 ** 20)", "page_cnt=1048576 is so large"),
        ("b.open_perf_buffer(f, page_cnt=64)", None),
        ('    bpf_trace_printk("name: %s", comm);', None),
        ("    name = subprocess.run(['ps'])", "started at each event"),
        ("    name = os.popen('ps').read()", "started at each event"),
    ],
)
def test_what_nobody_warns_of_is_named(line: str, says: str | None) -> None:
    found = silent.mistake(f"first\n{line}\n")
    assert (found and found.line) == (says and 2)
    assert says is None or (found is not None and says in found.text.en)


def test_a_python_without_bcc_is_named() -> None:
    said = "bcc が無い / no bcc: sudo apt install python3-bpfcc\n"
    program = "#!/usr/bin/env python3\n" + PROGRAM
    found = diagnosed(Observation("early", stderr=said), program)
    assert "make the first line #!/usr/bin/python3" in found.text.en
    assert found.line == 1


WHOLE = (
    'Traceback (most recent call last):\n  File "/tmp/x/my_sample", line 4, in f\n'
    "TypeError: no\n"
)
CUT = 'Traceback (most recent call last):\n  File "/tmp/x/my_sample", line 53, in f'


def test_a_traceback_that_was_cut_off_does_not_count() -> None:
    found = diagnosed(Observation("interrupted", stderr=WHOLE + CUT))
    assert found.text.en == "It raised an exception: TypeError: no"
    assert found.line == 4


def test_ctrl_c_in_a_callback_is_no_fault_of_a_program_that_ends() -> None:
    said = (
        "Exception ignored on calling ctypes callback function: <function f>\n"
        "Traceback (most recent call last):\n"
        '  File "/tmp/x/my_sample", line 4, in f\nKeyboardInterrupt: \n'
    )
    observed = Observation("interrupted", stderr=said)
    request = Request(PROGRAM, "", [], LIMITS)
    assert diagnosis.behaviour(observed, request) is None
    assert diagnosed(Observation("deaf", stderr=said)).text.en.startswith("Ctrl-C made")


def test_what_fails_in_bccs_own_cleanup_is_no_fault_of_the_program() -> None:
    said = (
        "Exception ignored in: <function PerfEventArray.__del__ at 0x7fffede63700>\n"
        "Traceback (most recent call last):\n"
        '  File "/usr/lib/python3/dist-packages/bcc/table.py", line 718, in __del__\n'
        "    del self[key]\n"
        '  File "/usr/lib/python3/dist-packages/bcc/table.py", line 369, in '
        "__delitem__\n    raise KeyError\nKeyError: \n"
    )
    request = Request(PROGRAM, "", [], LIMITS)
    ended = Observation("interrupted", stderr=said)
    assert diagnosis.behaviour(ended, request) is None
    raised_too = diagnosed(Observation("interrupted", stderr=WHOLE + said))
    assert raised_too.text.en == "It raised an exception: TypeError: no"


@pytest.mark.parametrize("first", ["#!/usr/bin/python3", "#!/usr/bin/env python3"])
def test_windows_line_ends_are_named(first: str) -> None:
    ending: Ending = "early" if "env" in first else "not started"
    found = diagnosed(Observation(ending), f"{first}\r\nprint()\r\n")
    assert "sed -i 's/\\r$//' my_sample" in found.text.en
    assert found.line == 1


@pytest.mark.parametrize("name", ["bcc.py", "bcc/__init__.py"])
def test_a_file_that_hides_bcc_is_named(name: str) -> None:
    request = Request(PROGRAM, "", [], LIMITS, {name: ""})
    observed = Observation("early", stderr="no bcc: sudo apt install python3-bpfcc\n")
    found = diagnosis.behaviour(observed, request)
    assert found is not None
    assert f"There is {name.removesuffix('__init__.py')} in the folder" in found.text.en


def trial_of(output: list[str], call: CallFacts) -> Trial:
    exercise = EXERCISES[3]
    stdout = "\n".join([exercise.output.ready, *output])
    return Trial.of(exercise, Observation("interrupted", stdout, calls=[call]))


LINE = "1.0                learner          {}  Hello, perf_output!"


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ([], "Nothing was printed after the header."),
        (["what is this"], "cannot be read by the columns"),
        ([LINE.format(8241980307595592765)], "none with a PID of the calls made"),
        ([LINE.format(4711)], "are of other processes"),
        ([LINE.format(71)], "with the PID of its parent, 71"),
    ],
)
def test_what_came_instead_of_a_line_is_told_apart(
    output: list[str], says: str
) -> None:
    trial = trial_of(output, CallFacts(77, 77, 71, 1, 2, 0, 0))
    with pytest.raises(CheckFailed) as failed:
        trial.line_of(trial.calls[0])
    assert says in failed.value.text.en
    assert "PID 77 (learner, UID 0)" in failed.value.text.en
    assert failed.value.output == (output[-1] if output else None)


@pytest.mark.parametrize(
    "row",
    [
        "1001   2001   grouped          3",
        "  1001   2001  grouped              3",
        "1001   2001   grouped          3       ",
        "1001\t2001\tgrouped\t3",
    ],
)
def test_columns_may_be_aligned_in_any_way(row: str) -> None:
    exercise = next(item for item in EXERCISES if item.label == "04/1")
    stdout = "\n".join([exercise.output.ready, row])
    trial = Trial.of(exercise, Observation("interrupted", stdout))
    assert [line.text for line in trial.lines] == [row]
    assert trial.lines[0]["gid"] == "2001"
    assert trial.lines[0]["comm"] == "grouped"


def test_the_last_column_may_be_empty() -> None:
    exercise = next(item for item in EXERCISES if item.label == "06/3")
    stdout = "\n".join([exercise.output.ready, "4711   "])
    trial = Trial.of(exercise, Observation("interrupted", stdout))
    assert [line["file"] for line in trial.lines] == [""]


@pytest.mark.parametrize(
    ("others", "shown", "right"),
    [(0, 0, False), (200, 0, True), (200, 150, False), (400, 150, True)],
)
def test_as_many_may_be_lost_as_others_called_and_have_no_line(
    others: int, shown: int, right: bool
) -> None:
    exercise = next(item for item in EXERCISES if item.label == "06/1")
    step = next(n for n, step in enumerate(exercise.steps) if step.times == 300)
    call = CallFacts(77, 77, 71, 1, 2, -2, step)
    lines = ["77 learner"] * 100 + ["4711 bash"] * shown
    total = 200 + 150  # what is lost of the 300, and of others
    stdout = "\n".join([exercise.output.ready, *lines, f"failed: {total}"])
    observed = Observation("interrupted", stdout, calls=[call], load=Load(calls=others))
    trial = Trial.of(exercise, observed)
    found = _compare(_load(exercise.folder / "check.py"), trial, "", "")
    assert (found is None) is right


@pytest.mark.parametrize("row", ["missed: 3", "missed:3", "missed: 3 "])
def test_a_number_may_follow_its_label_in_any_way(row: str) -> None:
    exercise = next(item for item in EXERCISES if item.label == "04/2")
    call = CallFacts(77, 77, 71, 1, 2, -2, 0)
    stdout = "\n".join([exercise.output.ready, row])
    observed = Observation("interrupted", stdout, calls=[call])
    found = _compare(
        _load(exercise.folder / "check.py"), Trial.of(exercise, observed), "", ""
    )
    assert found is not None
    assert "the last line says 3" in found.text.en
