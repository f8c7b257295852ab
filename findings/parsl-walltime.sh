#!/usr/bin/env bash
# parsl 2026.10.26 cuts a wall time to whole minutes: half a minute is --time=0, which Slurm reads as no limit.
#
# Guessed before it was run: a part of a minute is rounded up, so 01:30:59 is 91 minutes and 00:00:30 is one.
# Seen: the seconds are dropped: 90 and 0. A SlurmProvider of 30 seconds writes `#SBATCH --time=0` without a word in
# its script, and sbatch's page says that a limit of zero means that no limit is asked for.
# It matters to whoever brings wall times over from another scheduler: one below a minute turns into its contrary.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check parsl==2026.10.26

# A stand-in for sbatch that shows the line of the script that it is given.
mkdir "$room/bin"
cat > "$room/bin/sbatch" <<'SBATCH'
#!/bin/sh
grep -e --time= "$1" >> "$SHOWN"
echo "Submitted batch job 1"
SBATCH
chmod +x "$room/bin/sbatch"

cat > "$room/expected" <<'SEEN'
01:30:59 90
00:00:30 0
00:90:00 90
#SBATCH --time=0
SEEN

export SHOWN="$room/shown"
cd "$room"
PATH="$room/bin:$PATH" "$room/venv/bin/python" - > "$room/seen" <<'PY'
import os

from parsl.providers import SlurmProvider
from parsl.utils import wtime_to_minutes

for text in ("01:30:59", "00:00:30", "00:90:00"):
    print(text, wtime_to_minutes(text))
provider = SlurmProvider(walltime="00:00:30")
provider.script_dir = os.getcwd()
provider.submit("true", tasks_per_node=1, job_name="short")
PY
cat "$SHOWN" >> "$room/seen"
diff "$room/expected" "$room/seen" && echo "parsl 2026.10.26: as described"
