"""The live view: what is heard folded to what is seen, and that to rows."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from batchctl.cloud_answers import Counts
from batchctl.reconcile.events import (
    Applied,
    Awaited,
    Begun,
    Blocked,
    Broken,
    Cause,
    ComingHome,
    Event,
    Expanded,
    FactorySeen,
    Fetched,
    Halted,
    Laggard,
    Looked,
    PoolNotice,
    PoolSeen,
    Progress,
    Spent,
    UnderWay,
)
from batchctl.render.live.log_view import OpenLog, keys_row
from batchctl.render.live.pace import WINDOW, pace, pace_words, time_left, tracked
from batchctl.render.live.rows import rows
from batchctl.render.live.seen import Seen, heard
from batchctl.render.live.shape import ROWS, bar, cut, flowed
from batchctl.render.text import columns_of
from batchctl.resources import Blob

BLOB = Blob(container="out", path="a.txt", size=10)
POOL = PoolSeen(pool="p", wanted=20, nodes=(("idle", 1), ("running", 15), ("starttaskfailed", 1)))


def seen_after(*events: tuple[float, Event], title: str = "transcode, azure") -> Seen:
    found = Seen(title=title)
    for at, event in events:
        found = heard(found, event, at)
    return found


def shown(seen: Seen, at: float, width: int = 80) -> list[str]:
    found = [row.text for row in rows(seen, at, width)]
    assert len(found) <= ROWS
    return found


def progress(**counts: int) -> Progress:
    return Progress(counts=Counts(**counts))


def test_what_is_done_just_now_is_told_with_how_far_it_is() -> None:
    begun = Begun(verb="create", kind="blob", names=("in/a", "in/b", "in/c"), size=5 << 30)
    seen = seen_after((1.0, begun), (4.0, Applied(verb="create", kind="blob", name="in/a")))
    assert shown(seen, 11.0) == [
        f"transcode, azure{' ' * 57}0:00:11",
        "now    uploading 3 blobs, 5.0 GB  [=======>..................] 1 of 3  0:00:10",
    ]


def test_one_object_is_named() -> None:
    seen = seen_after((0.0, Begun(verb="create", kind="pool", names=("render\x1b[2J",))))
    assert shown(seen, 1.0)[1] == "now    creating pool render\\u001b[2J"


RUNNING = (
    (0.0, Awaited(wanted=10410, added=10000)),
    (0.0, progress(active=10000)),
    (1.0, POOL),
    (5.0, Spent(node_hours=2.5, cost=0.5, currency="USD", most_cost=150)),
    (60.0, progress(active=9900, running=60, succeeded=40)),
    (120.0, progress(active=9800, running=60, succeeded=130, failed=10)),
)


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (
            80,
            [
                "transcode, azure                       0:02:00   0.50 of 150.00 USD (list price)",
                "pool   p: 17 of 20 nodes: 1 idle, 15 running, 1 starttaskfailed",
                "tasks  [x...................]   1 %  130 of 10,000  1.2/s  2 h 36 min left (p90)",
                "       130 succeeded, 10 failed, 60 running, 9,800 waiting, 410 up to date",
            ],
        ),
        (
            120,
            [
                f"transcode, azure{' ' * 63}0:02:00   0.50 of 150.00 USD (list price)",
                "pool   p: 17 of 20 nodes: 1 idle, 15 running, 1 starttaskfailed",
                "tasks  [x.....................................]   1 %  130 of 10,000  1.2/s  2 h 36 min left (p90)",
                "       130 succeeded, 10 failed, 60 running, 9,800 waiting, 410 up to date",
            ],
        ),
    ],
)
def test_a_run_at_a_glance(width: int, expected: list[str]) -> None:
    assert shown(seen_after(*RUNNING), 120.0, width) == expected


def test_no_share_before_the_whole_is_known() -> None:
    later = seen_after((0.0, Awaited(wanted=5)), (0.0, progress(running=2, succeeded=3)))
    assert shown(later, 1.0)[1:] == ["tasks  3 ended so far", "       3 succeeded, 2 running"]
    more = heard(seen_after(*RUNNING), Expanded(tasks=7, job="j"), 121.0)
    assert shown(more, 121.0)[1] == "now    adding 7 tasks"
    assert not any("%" in line for line in shown(more, 121.0))


def test_of_a_canary_the_whole_is_what_is_added_in_all() -> None:
    canary = seen_after((0.0, Awaited(wanted=100, added=100)), (0.0, progress(running=2)))
    assert shown(canary, 1.0)[1] == f"tasks  [{'.' * 38}]   0 %  0 of 100"


def test_failures_are_no_progress() -> None:
    broken = seen_after((0.0, Awaited(wanted=4, added=4)), (0.0, progress(running=1, failed=3)))
    assert shown(broken, 1.0)[1] == f"tasks  [{'x' * 28}{'.' * 10}]   0 %  0 of 4"


def test_once_all_have_ended_it_is_told_what_is_done_then() -> None:
    ended = seen_after((0.0, Awaited(wanted=2, added=2)), (9.0, progress(succeeded=2)))
    assert shown(ended, 9.0)[1] == "now    reading what became of the tasks"
    home = heard(heard(ended, ComingHome(blobs=2, size=2048), 10.0), Fetched(blob=BLOB, path="a"), 11.0)
    assert shown(home, 11.0)[1] == "now    bringing 2 blobs home, 2.0 KB  [=============>..............] 1 of 2"


def test_what_is_wrong_with_a_pool_stays_in_view() -> None:
    said = tuple(f"cause {n}\x1b[2J" for n in range(5))
    noticed = seen_after((0.0, PoolNotice(pool="p", says=said)), (1.0, Halted(jobs=("j",), why="too many failed")))
    assert shown(noticed, 1.0)[1:] == ["       pool p: cause 4\\u001b[2J", "       ended: too many failed"]


@pytest.mark.parametrize(
    ("spent", "said"),
    [
        (Spent(node_hours=0.5), "0.5 node-hours"),
        (Spent(node_hours=0.5, most_node_hours=20), "0.5 of 20 node-hours"),
        (Spent(node_hours=0.5, cost=0.1, currency="EUR"), "0.10 EUR (list price)"),
    ],
)
def test_what_is_used_is_told_with_its_limit(spent: Spent, said: str) -> None:
    assert shown(seen_after((0.0, spent)), 3.0)[0].endswith(f"0:00:03   {said}")


def test_the_time_left_is_what_nine_of_ten_runs_keep_to() -> None:
    track = ((0.0, 0), (600.0, 600))
    assert time_left(track, 600.0, 6000) == timedelta(seconds=6000 * (1 + 1.28 * (1 / 600 + 1 / 6000) ** 0.5))
    assert time_left(track, 600.0, 0) is None
    assert time_left(((0.0, 0), (600.0, 2)), 600.0, 10) is None, "two that ended tell nothing of ten"


def test_a_silence_makes_the_pace_slower_and_what_is_old_does_not_count() -> None:
    track = tracked(tracked((), 0.0, 0), 60.0, 60)
    assert (pace(track, 60.0), pace(track, 120.0)) == (1.0, 0.5)
    assert tracked(track, 90.0, 60) is track
    late = tracked(tracked(track, WINDOW, 70), 2 * WINDOW, 130)
    assert (late[0][0], pace(late, 2 * WINDOW)) == (WINDOW, 0.1)


@pytest.mark.parametrize(("rate", "said"), [(150, "150/s"), (1.21, "1.2/s"), (0.5, "30/min"), (0.01, "36/h")])
def test_a_pace_is_told_in_the_unit_in_which_it_is_at_least_one(rate: float, said: str) -> None:
    assert pace_words(rate) == said


def test_a_bar_is_full_only_when_all_is_done() -> None:
    assert bar(0, 0, 10, 12) == "[..........]"
    assert bar(999, 0, 1000, 12) == "[========>.]"
    assert bar(10, 0, 10, 12) == "[==========]"
    assert bar(5, 1, 1000, 12) == "[x.........]"


def test_rows_keep_to_their_width_whatever_is_in_them() -> None:
    assert list(flowed(["1,000 running", "2,000 waiting", "3 failed"], "       ", 36)) == [
        "       1,000 running, 2,000 waiting,",
        "       3 failed",
    ]
    assert (cut("日本語テスト", 7), cut("abc", 3), cut("abcd", 3)) == ("日本語…", "abc", "ab…")
    wide = replace(seen_after(*RUNNING), title="長い名前" * 30)
    assert columns_of(shown(wide, 120.0)[0]) == 80


CAUSES = (
    Cause(why="exit code 1", says="Invalid data found in frame 812", count=2, tasks=("enc-1", "enc-2"), job="j"),
    Cause(why="FileUploadAccessDenied", says="", count=31, tasks=tuple(f"enc-{n}" for n in range(3, 23)), job="j"),
)
LATE = Laggard(task="enc-9", job="j", ran=timedelta(minutes=41), usual=timedelta(minutes=6), says="frame= 812")
MATTERS = Looked(
    causes=CAUSES,
    unread=1200,
    blocked=Blocked(count=12, tasks=tuple(f"merge-{n}" for n in range(12)), culprit="enc-1"),
    nodes=(Broken(node="tvm-12", pool="p", why="starttaskfailed, exit code 100", says="E: no lock"),),
    laggards=(LATE,),
    factories=(
        FactorySeen(name="done", tasks=9, succeeded=9, failed=0, running=0),
        FactorySeen(name="enc", tasks=100, succeeded=40, failed=10, running=8),
    ),
)


def test_what_matters_is_told_with_the_key_that_shows_its_log() -> None:
    seen = seen_after(*RUNNING, (121.0, MATTERS))
    assert shown(seen, 121.0, 120)[3:] == [
        "       130 succeeded, 10 failed, 60 running, 9,788 waiting, 12 blocked, 410 up to date",
        "       enc  [========>xx.............] 40 of 100, 10 failed, 8 running",
        "       done [========================] 9 of 9",
        "[2]    31 failed: FileUploadAccessDenied (enc-3, enc-4, enc-5, …)",
        "[1]    2 failed: exit code 1: Invalid data found in frame 812 (enc-1, enc-2)",
        "       and 1,200 more that failed",
        "stuck  12 tasks wait for enc-1, which failed: nothing starts merge-0, merge-1, merge-2, …",
        "[3]    node tvm-12 starttaskfailed, exit code 100: E: no lock",
        "[4]    enc-9 runs 41 min, others 6 min at most: frame= 812",
    ]


def test_who_comes_back_to_a_run_sees_which_it_is() -> None:
    back = UnderWay(jobs=("transcode-g2",), unattended=())
    assert shown(seen_after((0.0, back), title=""), 0.0)[0].startswith("job transcode-g2  ")
    assert shown(seen_after((0.0, back)), 0.0)[0].startswith("transcode, azure  ")


def test_a_key_keeps_its_log() -> None:
    late = seen_after(*RUNNING, (121.0, Looked(laggards=(LATE,))), (122.0, MATTERS), (123.0, Looked(causes=CAUSES)))
    assert [log.place.id for log in late.logs] == ["enc-9", "enc-1", "enc-3", "tvm-12"]
    assert [line[:3] for line in shown(late, 124.0) if line.startswith("[")] == ["[3]", "[2]"]


def test_the_rows_are_few_for_any_number_of_anything() -> None:
    many = Looked(
        causes=tuple(replace(CAUSES[0], why=f"exit code {n}", tasks=(f"t{n}",)) for n in range(40)),
        unread=7,
        blocked=MATTERS.blocked,
        nodes=MATTERS.nodes * 2,
        laggards=MATTERS.laggards * 2,
        factories=tuple(FactorySeen(name=f"f{n}", tasks=1, succeeded=0, failed=0, running=0) for n in range(300)),
        partly=True,
    )
    said = shown(seen_after(*RUNNING, (121.0, PoolNotice(pool="p", says=("a", "b"))), (121.0, many)), 121.0)
    assert len(said) <= ROWS
    assert "       f0 [........................] at least 0 of 1" in said
    assert "       and 296 other factories, 0 of them done" in said
    assert "       and 36 other causes, 7 more that failed" in said


def test_why_nothing_ran_is_over_once_something_runs() -> None:
    idle = seen_after((0.0, progress(active=3)), (1.0, PoolNotice(pool="p", says=("no nodes",))))
    assert "       pool p: no nodes" in shown(idle, 1.0)
    assert "       pool p: no nodes" not in shown(heard(idle, progress(active=2, running=1), 2.0), 2.0)


PAGE = Looked(
    causes=(
        replace(
            CAUSES[0],
            says="Invalid data found when processing frame 812",
            count=31,
            tasks=("enc-17", "enc-44", "enc-45", "enc-51"),
        ),
        replace(CAUSES[1], count=2, tasks=("enc-31", "enc-32")),
    ),
    blocked=Blocked(count=12, tasks=tuple(f"merge-{n}" for n in range(12)), culprit="enc-17"),
    nodes=MATTERS.nodes,
    laggards=MATTERS.laggards,
    factories=(
        FactorySeen(name="enc", tasks=9988, succeeded=107, failed=33, running=60),
        FactorySeen(name="merge", tasks=12, succeeded=0, failed=0, running=0),
    ),
)


def test_the_page_shows_the_view_as_it_is() -> None:
    seen = seen_after(
        *RUNNING[:-1], (120.0, progress(active=9800, running=60, succeeded=107, failed=33)), (121.0, PAGE)
    )
    picture = [*shown(seen, 121.0, 100), keys_row(OpenLog(), seen.logs, can_read=True).text]
    page = (Path(__file__).parents[1] / "docs" / "watching.md").read_text(encoding="utf-8")
    assert page.partition("```text\n")[2].partition("\n```")[0].splitlines() == picture
