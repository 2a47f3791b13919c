"""The calls are counted by UID, GID and name."""

from collections import Counter

from bcclessons.console.text import Text
from bcclessons.grading.trial import CheckFailed, Trial, cut_off


def check(trial: Trial) -> None:
    """Raise CheckFailed for the first thing that is not as it should be."""
    made = Counter((str(x.made_by.uid), str(x.made_by.gid)) for x in trial.calls)
    name = trial.calls[0].made_by.name
    ours = [line for line in trial.lines if line["comm"] == name]
    for line in ours:
        if (line["uid"], line["gid"]) not in made:
            gids = {call.made_by.gid for call in trial.calls}
            cut = next(filter(None, (cut_off(line["gid"], gid) for gid in gids)), None)
            raise CheckFailed(
                Text(
                    ja=f"UID {line['uid']}，GID {line['gid']} での呼び出しは無い．あったのは "
                    f"{_pairs(made)} である．",
                    en=f"No call was made by UID {line['uid']} with GID {line['gid']}. "
                    f"There were {_pairs(made)}.",
                ).then(cut),
                line,
                code=(
                    *("16 gid", "8 gid", "16_t gid", "8_t gid", "short gid"),
                    *("key.gid =", "gid", "bpf_get_current_uid_gid"),
                ),
            )
    for (uid, gid), times in made.items():
        rows = [line for line in ours if (line["uid"], line["gid"]) == (uid, gid)]
        if not rows:
            raise CheckFailed(
                Text(
                    ja=f"UID {uid}，GID {gid} の {name} が execve を {times} 回呼んだのに，"
                    "その行が無い．",
                    en=f"{name}, of UID {uid} and GID {gid}, called execve {times} times, "
                    "but has no line.",
                ),
                _like(trial, uid, gid),
                code=("print(", "printb(", "lookup_or_try_init("),
            )
        if rows[-1]["count"] != str(times):
            raise CheckFailed(
                Text(
                    ja=f"UID {uid}，GID {gid} の {name} は execve を {times} 回呼んだ．COUNT は "
                    f"{rows[-1]['count']} になっている．",
                    en=f"{name}, of UID {uid} and GID {gid}, called execve {times} times, "
                    f"but COUNT says {rows[-1]['count']}.",
                ),
                rows[-1],
                code=("__sync_fetch_and_add(", "shown"),
            )
        texts = Counter(line.text for line in rows)
        if max(texts.values()) > 1:
            raise CheckFailed(
                Text(
                    ja="回数の変わっていない行が，もう一度表示された．shown のキーで，どの組も"
                    "区別できているか．",
                    en="A line whose count has not changed was shown again. Do the keys of "
                    "shown tell the groups apart?",
                ),
                max(texts, key=texts.__getitem__),
                code="shown.get(",
            )


def _pairs(made: Counter[tuple[str, str]]) -> str:
    return ", ".join(f"{uid}/{gid}" for uid, gid in made)


def _like(trial: Trial, uid: str, gid: str) -> str | None:
    """Return a line that may be meant for them, or the last one."""
    lines = [line.text for line in trial.lines] + trial.others
    return next((x for x in lines if uid in x and gid in x), (lines or [None])[-1])
