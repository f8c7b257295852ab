#!/usr/bin/env bash
# signac 2.4.1 keeps 1, 1.0 and true as three jobs, and finds all three when it is asked for one of them.
#
# Guessed before it was run: a search goes by JSON's types, as the ids do, so `a: 1` finds 1 and 1.0 and never true.
# Seen: each has an id and a folder of its own, but a search for any of 1, 1.0 and true finds the three, as one for 0
# finds 0.0 and false. A search by type, $type bool, finds some or all of the numbers too, by the order in which the
# folders happen to be read, so it is not shown here.
# It matters to whoever has a switch beside counts in one parameter and removes the jobs that a search finds.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check signac==2.4.1

cat > "$room/expected" <<'SEEN'
6 values, 6 ids
a: 1 finds 1 1.0 True
a: True finds 1 1.0 True
a: False finds 0 0.0 False
a: {'$in': [1]} finds 1 1.0 True
SEEN

"$room/venv/bin/python" - "$room/project" > "$room/seen" <<'PY'
import sys

import signac

project = signac.init_project(path=sys.argv[1])
jobs = [project.open_job({"a": value}).init() for value in (1, 1.0, True, 0, 0.0, False)]
print(f"{len(jobs)} values, {len({job.id for job in jobs})} ids")
for wanted in (1, True, False, {"$in": [1]}):
    found = sorted(str(job.statepoint()["a"]) for job in project.find_jobs({"a": wanted}))
    print(f"a: {wanted} finds", *found)
PY
diff "$room/expected" "$room/seen" && echo "signac 2.4.1: as described"
