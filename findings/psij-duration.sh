#!/usr/bin/env bash
# psij-python 0.9.11 writes a job's time limit in a form that it reads back as another: 90 minutes come back as none.
#
# Guessed before it was run: a JobSpec that JSONSerializer writes and reads is equal to the one before; when that was
# wrong for 1:30:30, that an hour and 90 seconds fare alike.
# Seen: the limit is written with its fraction, "5430.0 s", and read from the last whole number before the unit: each
# whole number of seconds comes back as 0, 1.5 s as 5 s and 7 ms as 7 s. Nothing is raised. Without the fraction,
# "5430 s", the same reader is right.
# It matters to whoever keeps job files and submits them later: they ask for no time at all.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check psij-python==0.9.11

cat > "$room/expected" <<'SEEN'
1:30:30 written 5430.0 s, read 0:00:00
1:00:00 written 3600.0 s, read 0:00:00
0:01:30 written 90.0 s, read 0:00:00
0:00:01.500000 written 1.5 s, read 0:00:05
0:00:00.007000 written 0.007 s, read 0:00:07
5430 s, read 1:30:30
SEEN

"$room/venv/bin/python" - > "$room/seen" <<'PY'
import io
import json
from contextlib import redirect_stdout
from datetime import timedelta

from psij import JobAttributes, JobSpec
from psij.serialize import JSONSerializer

serializer = JSONSerializer()


def read(text):
    with redirect_stdout(io.StringIO()):  # The reader prints the names of the fields.
        return serializer.loads(text)


def limited(**length):
    return JobSpec(executable="/bin/true", attributes=JobAttributes(duration=timedelta(**length)))


LIMITS = ({"seconds": 5430}, {"hours": 1}, {"seconds": 90}, {"seconds": 1.5}, {"milliseconds": 7})
for job in (limited(**length) for length in LIMITS):
    text = serializer.dumps(job)
    written = json.loads(text)["attributes"]["duration"]
    print(f"{job.attributes.duration} written {written}, read {read(text).attributes.duration}")
by_hand = {"executable": "/bin/true", "attributes": {"duration": "5430 s"}}
print(f"5430 s, read {read(json.dumps(by_hand)).attributes.duration}")
PY
diff "$room/expected" "$room/seen" && echo "psij-python 0.9.11: as described"
