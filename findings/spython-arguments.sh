#!/usr/bin/env bash
# spython 0.3.14 turns a Dockerfile into a Singularity recipe and loses where an argument ends: "two words" are two.
#
# Guessed before it was run: ENTRYPOINT ["run", "two words"] becomes a runscript with the quotes kept, or put anew, and
# the words of CMD follow it.
# Seen: the lists of ENTRYPOINT and CMD are joined by blanks, bare: `exec run --title two words`. What Docker hands over
# as it stands goes through a shell there: a blank makes two arguments of one, an empty one is gone and so is `$5`, and
# `*.csv` becomes the files of the folder in which the job happens to start.
# It matters to whoever brings an image to a cluster: it is built without a word and runs with other arguments than it
# was tested with, or with another list of inputs in each folder.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check spython==0.3.14

cat > "$room/expected" <<'SEEN'
ENTRYPOINT ["run", "plain"]
  exec run plain "$@"
  <plain>
ENTRYPOINT ["run", "--title", "two words"]
  exec run --title two words "$@"
  <--title> <two> <words>
ENTRYPOINT ["run", "--skip", ""]
  exec run --skip  "$@"
  <--skip>
ENTRYPOINT ["run", "--only", "*.csv"]
  exec run --only *.csv "$@"
  <--only> <1.csv> <2.csv>
ENTRYPOINT ["run"] CMD ["--price", "$5"]
  exec run --price $5 "$@"
  <--price>
SEEN

# A stand-in for the program of the image that shows its arguments.
mkdir "$room/bin" "$room/job"
cat > "$room/bin/run" <<'RUN'
#!/bin/sh
printf ' '
printf ' <%s>' "$@"
echo
RUN
chmod +x "$room/bin/run"
touch "$room/job/1.csv" "$room/job/2.csv"

"$room/venv/bin/python" - "$room" > "$room/seen" <<'PY'
import os
import subprocess
import sys
from pathlib import Path

from spython.main.parse.parsers import DockerParser
from spython.main.parse.writers import SingularityWriter

room = Path(sys.argv[1])
for lines in (
    ['ENTRYPOINT ["run", "plain"]'],
    ['ENTRYPOINT ["run", "--title", "two words"]'],
    ['ENTRYPOINT ["run", "--skip", ""]'],
    ['ENTRYPOINT ["run", "--only", "*.csv"]'],
    ['ENTRYPOINT ["run"]', 'CMD ["--price", "$5"]'],
):
    file = room / "Dockerfile"
    file.write_text("\n".join(["FROM ubuntu:24.04", *lines, ""]))
    recipe = SingularityWriter(DockerParser(str(file)).recipe).convert()
    script = recipe.split("%runscript\n")[1].split("%startscript")[0].strip()
    print(" ".join(lines))
    print(" ", script)
    sys.stdout.flush()
    path = f"{room / 'bin'}:{os.environ['PATH']}"
    subprocess.run(["sh", "-c", script], cwd=room / "job", env={"PATH": path}, check=True)
PY
diff "$room/expected" "$room/seen" && echo "spython 0.3.14: as described"
