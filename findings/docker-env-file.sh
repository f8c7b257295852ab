#!/usr/bin/env bash
# docker 7.2.0 (the Python client) refuses a bare name in a file of environment variables, and makes an indented comment
# a variable.
#
# Guessed before it was run: a bare `TOKEN_FILE` is passed through from the caller or left without a value by both;
# quotes and `export` stay part of the text with docker, and python-dotenv takes them away.
# Seen: the bare name raises DockerException for the whole file. Quotes and `export` are as guessed. Behind blanks `#`
# begins no comment: `  #OLD=1` is a variable named #OLD.
# It matters to whoever hands one file to a program and to a container: it has two meanings.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check docker==7.2.0 python-dotenv==1.2.4

cat > "$room/expected" <<'SEEN'
'TOKEN_FILE' docker DockerException; dotenv {'TOKEN_FILE': None}
'  #OLD=1' docker {'#OLD': '1'}; dotenv {}
'#OLD=1' docker {}; dotenv {}
'export FRAMES=9' docker {'export FRAMES': '9'}; dotenv {'FRAMES': '9'}
'TITLE="two words"' docker {'TITLE': '"two words"'}; dotenv {'TITLE': 'two words'}
'SIZE=2 # GiB' docker {'SIZE': '2 # GiB'}; dotenv {'SIZE': '2'}
SEEN

cd "$room"
"$room/venv/bin/python" - > "$room/seen" <<'PY'
from pathlib import Path

from docker.errors import DockerException
from docker.utils import parse_env_file
from dotenv import dotenv_values

LINES = ("TOKEN_FILE", "  #OLD=1", "#OLD=1", "export FRAMES=9", 'TITLE="two words"', "SIZE=2 # GiB")
for line in LINES:
    Path("task.env").write_text(f"{line}\n")
    try:
        first = parse_env_file("task.env")
    except DockerException as error:
        first = type(error).__name__
    print(f"{line!r} docker {first}; dotenv {dict(dotenv_values('task.env'))}")
PY
diff "$room/expected" "$room/seen" && echo "docker 7.2.0 and python-dotenv 1.2.4: as described"
