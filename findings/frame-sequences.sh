#!/usr/bin/env bash
# clique 2.0.0, pyseq 0.9.3 and fileseq 3.4.0 make other sequences of one folder of rendered frames.
#
# Guessed before it was run: pyseq makes the groups that clique makes: a.8 a.9 a.10 are one sequence, and a.011 is left
# alone for its width.
# Seen: pyseq puts a.011 into the sequence of a.8, with a width of three for all. clique makes two sequences of the
# five frames and frame 1000 is in both; of two versions with two frames each it makes four, each file in two of them.
# Of two versions with one frame each clique and pyseq make a sequence over the versions, fileseq none. `d-1 d-2` are
# the frames -2 and -1 to fileseq alone.
# It matters to whoever counts frames to see what is missing, or submits the missing ones: the three find other gaps,
# and a frame in two sequences is rendered twice.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check clique==2.0.0 pyseq==0.9.3 fileseq==3.4.0

cat > "$room/expected" <<'SEEN'
a.8 a.9 a.10 a.011
  clique a.%d.exr 8 9 10
  pyseq a.%03d.exr 8 9 10 11
  fileseq a.@.exr 8 9 10
a.0998 a.0999 a.1000 a.10000 a.10001
  clique a.%04d.exr 998 999 1000 | a.%d.exr 1000 10000 10001
  pyseq a.%04d.exr 998 999 1000 10000 10001
  fileseq a.#.exr 998 999 1000 10000 10001
b_v1.1 b_v2.1
  clique b_v%d.1.exr 1 2
  pyseq b_v%d.1.exr 1 2
  fileseq none
b_v1.1 b_v1.2 b_v2.1 b_v2.2
  clique b_v%d.1.exr 1 2 | b_v%d.2.exr 1 2 | b_v1.%d.exr 1 2 | b_v2.%d.exr 1 2
  pyseq b_v1.%d.exr 1 2 | b_v2.%d.exr 1 2
  fileseq b_v1.@.exr 1 2 | b_v2.@.exr 1 2
d-1 d-2
  clique d-%d.exr 1 2
  pyseq d-%d.exr 1 2
  fileseq d@@.exr -2 -1
SEEN

"$room/venv/bin/python" - > "$room/seen" <<'PY'
import clique
import fileseq
import pyseq


def by_clique(names):
    for found in clique.assemble(names)[0]:
        yield found.format("{head}{padding}{tail}"), sorted(found.indexes)


def by_pyseq(names):
    for found in pyseq.get_sequences(names):
        yield found.format("%h%p%t"), found.frames()


def by_fileseq(names):
    for found in fileseq.findSequencesInList(names):
        yield found.format("{basename}{padding}{extension}"), list(found.frameSet())


FOLDERS = (
    "a.8 a.9 a.10 a.011",
    "a.0998 a.0999 a.1000 a.10000 a.10001",
    "b_v1.1 b_v2.1",
    "b_v1.1 b_v1.2 b_v2.1 b_v2.2",
    "d-1 d-2",
)
for text in FOLDERS:
    print(text)
    names = [f"{name}.exr" for name in text.split()]
    for label, read in (("clique", by_clique), ("pyseq", by_pyseq), ("fileseq", by_fileseq)):
        found = [f"{name} {' '.join(map(str, frames))}" for name, frames in read(names) if len(frames) > 1]
        print(f"  {label}", " | ".join(sorted(found)) or "none")
PY
diff "$room/expected" "$room/seen" && echo "clique 2.0.0, pyseq 0.9.3, fileseq 3.4.0: as described"
