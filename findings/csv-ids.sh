#!/usr/bin/env bash
# pyarrow 26.0.1 rounds ids of twenty digits when it reads a CSV, and two become one; pandas and polars do not.
#
# Guessed before it was run: a column of numbers that fit no integer of 64 bits comes as text in pyarrow and in polars,
# +5 is a number to all, 0x10 a text to all.
# Seen: pyarrow makes it a column of doubles, without a word: ...67890 and ...67891 are equal. pandas has uint64 and
# beyond that Python's integers, polars Int128. 0x10 is 16 to pyarrow and text to the others; +5 is a double to
# pyarrow, an integer to pandas and text to polars; 01:30 and 2026-01-02 are a time and a date to pyarrow alone.
# It matters to whoever reads a table of tasks with the one and joins it to what another wrote: rows merge or get lost.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check pandas==3.1.1 polars==2.1.0 pyarrow==26.0.1

cat > "$room/expected" <<'SEEN'
12345678901234567890 12345678901234567891
  pandas 2 values, uint64
  polars 2 values, Int128
  pyarrow 1 value, double
1234567890123456789012345 1234567890123456789012346
  pandas 2 values, object
  polars 2 values, Int128
  pyarrow 1 value, double
+5 6
  pandas 2 values, int64
  polars 2 values, String
  pyarrow 2 values, double
0x10 16
  pandas 2 values, str
  polars 2 values, String
  pyarrow 1 value, int64
01:30 02:30
  pandas 2 values, str
  polars 2 values, String
  pyarrow 2 values, time32[s]
SEEN

"$room/venv/bin/python" - > "$room/seen" <<'PY'
import io

import pandas
import polars
from pyarrow import csv

COLUMNS = (
    "12345678901234567890 12345678901234567891",
    "1234567890123456789012345 1234567890123456789012346",
    "+5 6",
    "0x10 16",
    "01:30 02:30",
)
for text in COLUMNS:
    print(text)
    table = "\n".join(["id,place", *(f"{value},here" for value in text.split())]).encode()
    first = pandas.read_csv(io.BytesIO(table))["id"]
    second = polars.read_csv(table)["id"]
    third = csv.read_csv(io.BytesIO(table))["id"]
    read = {
        "pandas": (first.nunique(), first.dtype),
        "polars": (second.n_unique(), second.dtype),
        "pyarrow": (len(third.unique()), third.type),
    }
    for label, (count, kind) in read.items():
        print(f"  {label} {count} value{'s' if count > 1 else ''}, {kind}")
PY
diff "$room/expected" "$room/seen" && echo "pandas 3.1.1, polars 2.1.0, pyarrow 26.0.1: as described"
