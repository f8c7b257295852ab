#!/usr/bin/env bash
# luigi 3.8.1: two tasks whose durations differ by part of a second are two objects with one id.
#
# Guessed before it was run: a TimeDeltaParameter of ten days is written P10D, the form it also reads, and tasks of
# 1.2 s and of 1.7 s have two ids.
# Seen: ten days are '1 w 3 d 0 h 0 m 0 s', and the fraction of a second is not written, although '1.5' is read as 1.5
# s. As the id is made of what is written, the two tasks have one id and are equal, while they are not the same object
# and keep their own lengths. Below zero what is written cannot be read back: ParameterException.
# It matters to whoever makes ids or digests of tasks out of the text of a parameter: one of the two would never run.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check luigi==3.8.1

cat > "$room/expected" <<'SEEN'
ten days: 1 w 3 d 0 h 0 m 0 s
P10D is read as 10 days, 0:00:00
1.5 is read as 0:00:01.500000 and written 0 w 0 d 0 h 0 m 1 s
-90 s: -1 w 6 d 23 h 58 m 30 s, read back: ParameterException
one id: True, equal: True, one object: False, lengths 1.2 1.7
SEEN

"$room/venv/bin/python" - > "$room/seen" <<'PY'
from datetime import timedelta

import luigi
from luigi.parameter import ParameterException


class Wait(luigi.Task):
    length = luigi.TimeDeltaParameter()


reader = luigi.TimeDeltaParameter()
print("ten days:", reader.serialize(timedelta(days=10)))
print("P10D is read as", reader.parse("P10D"))
print("1.5 is read as", reader.parse("1.5"), "and written", reader.serialize(reader.parse("1.5")))
text = reader.serialize(timedelta(seconds=-90))
try:
    back = str(reader.parse(text))
except ParameterException as error:
    back = type(error).__name__
print(f"-90 s: {text}, read back: {back}")
short, longer = Wait(length=timedelta(seconds=1.2)), Wait(length=timedelta(seconds=1.7))
print(
    f"one id: {short.task_id == longer.task_id}, equal: {short == longer}, one object: {short is longer},",
    "lengths", short.length.total_seconds(), longer.length.total_seconds(),
)
PY
diff "$room/expected" "$room/seen" && echo "luigi 3.8.1: as described"
