#!/usr/bin/env bash
# azure-mgmt-batch 19.0.0 and isodate 0.7.2: a duration of a year is read well and written back as 'P', no duration at
# all.
#
# Guessed before it was run: 15 minutes are written PT15M, 400 days P400D; P1Y is read as isodate's own Duration, the
# class of lengths that no calendar fixes.
# Seen: 15 minutes are PT15M00S; 400 days are P400D; P1Y is read as Duration(years=1), and as the writer asks only for
# days and seconds, the years and months of a Duration are lost: P1Y becomes 'P', P1Y2M3DT4H becomes P3DT04H00M00S.
# Nothing is raised; isodate itself writes the same value as P1Y, and refuses to read 'P'.
# It matters to whoever reads a property, changes its neighbour and writes both; and whoever compares texts of
# durations.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check azure-mgmt-batch==19.0.0 isodate==0.7.2

cat > "$room/expected" <<'SEEN'
15 minutes: PT15M00S
400 days: P400D
P1Y: Duration, isodate P1Y, written P
P1Y2M3DT4H: Duration, isodate P1Y2M3DT4H, written P3DT04H00M00S
P refused by isodate: ISO8601Error
SEEN

"$room/venv/bin/python" - > "$room/seen" <<'PY'
from datetime import timedelta

import isodate
from azure.mgmt.batch.models import FixedScaleSettings


def written(value: object) -> str:
    return FixedScaleSettings(resize_timeout=value).as_dict()["resizeTimeout"]


print("15 minutes:", written(timedelta(minutes=15)))
print("400 days:", written(timedelta(days=400)))
for text in ("P1Y", "P1Y2M3DT4H"):
    found = FixedScaleSettings({"resizeTimeout": text}).resize_timeout
    print(f"{text}: {type(found).__name__}, isodate {isodate.duration_isoformat(found)}, written {written(found)}")
try:
    isodate.parse_duration("P")
except isodate.ISO8601Error as error:
    print("P refused by isodate:", type(error).__name__)
PY
diff "$room/expected" "$room/seen" && echo "azure-mgmt-batch 19.0.0: as described"
