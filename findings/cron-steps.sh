#!/usr/bin/env bash
# croniter 7.0.0 and cronsim 2.8 run one schedule on other days: `*/2` in the days of a month beside a day of the week.
#
# Guessed before it was run: of ten schedules in the plain crontab form both give the same next times; only what cron
# itself does not know (a range such as 5-1, L in another place) differs.
# Seen: they agree on numbers, ranges and lists in both fields (either day counts), on steps alone and on 31. Where the
# days of the month are a star with a step and the week is named, `0 0 */2 * 1`, croniter takes each second day and
# each Monday, cronsim the Mondays that are one of these days, as Debian's cron does. `0 0 */1 * 1` is each day to the
# one and each Monday to the other; `0 0 1,*/10 * 1` is the same to both.
# It matters to whoever tries a schedule with the one and lets the other (or cron) run it: ten times as many jobs.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check croniter==7.0.0 cronsim==2.8

# Five runs each after Thursday, 1 January 2026, half past midnight.
cat > "$room/expected" <<'SEEN'
0 0 13 * 5: both 01-02 01-09 01-13 01-16 01-23
0 0 1-7 * 1: both 01-02 01-03 01-04 01-05 01-06
0 0 31 * *: both 01-31 03-31 05-31 07-31 08-31
0 0 * * */2: both 01-03 01-04 01-06 01-08 01-10
0 0 1,*/10 * 1: both 01-05 01-11 01-12 01-19 01-21
0 0 */2 * 1: croniter 01-03 01-05 01-07 01-09 01-11; cronsim 01-05 01-19 02-09 02-23 03-09
0 0 */1 * 1: croniter 01-02 01-03 01-04 01-05 01-06; cronsim 01-05 01-12 01-19 01-26 02-02
SEEN

"$room/venv/bin/python" - > "$room/seen" <<'PY'
from datetime import datetime

from croniter import croniter
from cronsim import CronSim

START = datetime(2026, 1, 1, 0, 30)
DAYS = ("13 * 5", "1-7 * 1", "31 * *", "* * */2", "1,*/10 * 1", "*/2 * 1", "*/1 * 1")
for text in (f"0 0 {days}" for days in DAYS):
    times = croniter(text, START)
    first = " ".join(f"{times.get_next(datetime):%m-%d}" for _ in range(5))
    times = CronSim(text, START)
    second = " ".join(f"{next(times):%m-%d}" for _ in range(5))
    print(f"{text}: both {first}" if first == second else f"{text}: croniter {first}; cronsim {second}")
PY
diff "$room/expected" "$room/seen" && echo "croniter 7.0.0 and cronsim 2.8: as described"
