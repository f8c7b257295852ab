#!/usr/bin/env bash
# pyarrow 26.0.1 writes ids into folders, `sample=1e3`, and polars 2.1.0 reads them back as numbers.
#
# Guessed before it was run: both turn 007 into 7, and leave text what is no whole number, such as 1e3.
# Seen: 1e3 is 1000.0 to polars and text to pyarrow, 1.10 is 1.1 and true a boolean to polars; 2026-01-02 is a date.
# And where one id of the dataset goes beyond 32 bits, pyarrow leaves all of them as text, while it reads the same
# folders without this one as integers.
# It matters to whoever names outputs by sample and collects them: one more sample changes the type of all, and joins on
# the id find nothing.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check polars==2.1.0 pyarrow==26.0.1

cat > "$room/expected" <<'SEEN'
['007', '008'] pyarrow [7, 8]; polars [7, 8]
['1e3', '2e3'] pyarrow ['1e3', '2e3']; polars [1000.0, 2000.0]
['1.10', '1.2'] pyarrow ['1.10', '1.2']; polars [1.1, 1.2]
['false', 'true'] pyarrow ['false', 'true']; polars [False, True]
['1', '2147483647'] pyarrow [1, 2147483647]; polars [1, 2147483647]
['1', '2147483648'] pyarrow ['1', '2147483648']; polars [1, 2147483648]
['1_0', '2_0'] pyarrow ['1_0', '2_0']; polars ['1_0', '2_0']
SEEN

cd "$room"
"$room/venv/bin/python" - > "$room/seen" <<'PY'
import polars
import pyarrow
from pyarrow import dataset, parquet

IDS = ("007 008", "1e3 2e3", "1.10 1.2", "false true", "1 2147483647", "1 2147483648", "1_0 2_0")
for number, ids in enumerate(text.split() for text in IDS):
    folder = f"table-{number}"
    parquet.write_to_dataset(pyarrow.table({"sample": ids, "x": [1.0] * len(ids)}), folder, partition_cols=["sample"])
    first = dataset.dataset(folder, partitioning="hive").to_table()["sample"].to_pylist()
    second = polars.read_parquet(f"{folder}/**/*.parquet", hive_partitioning=True)["sample"].to_list()
    print(f"{ids} pyarrow {sorted(first)}; polars {sorted(second)}")
PY
diff "$room/expected" "$room/seen" && echo "pyarrow 26.0.1 and polars 2.1.0: as described"
