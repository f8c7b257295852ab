#!/usr/bin/env bash
# htcondor 25.14.1 (the Python bindings): `itemdata` takes the slice of a queue statement without a word and gives every
# item.
#
# Guessed before it was run: `queue item in [1:3] (a, b, c, d)` is two items, b and c, as a slice in Python.
# Seen: it is all four, in each of the three forms (in, from, matching). The slice was read, as it is no item itself,
# and `getQArgs` still has it; the manual has it choose among the items.
# It matters to whoever tries two of ten thousand first: what is counted, checked or handed on to `submit` by way of
# `itemdata`, the use for which its own page has it, is all of them.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check htcondor==25.14.1

cd "$room"
touch a.dat b.dat c.dat d.dat
printf 'a\nb\nc\nd\n' > list.txt
cat > expected <<'SEEN'
item in (a, b, c, d): a b c d
item in [1:3] (a, b, c, d): a b c d
item in [::2] (a, b, c, d): a b c d
item from [:2] list.txt: a b c d
item matching files [:2] *.dat: a.dat b.dat c.dat d.dat
SEEN

CONDOR_CONFIG=/dev/null venv/bin/python - > seen <<'PY'
import htcondor2

for statement in (
    "item in (a, b, c, d)",
    "item in [1:3] (a, b, c, d)",
    "item in [::2] (a, b, c, d)",
    "item from [:2] list.txt",
    "item matching files [:2] *.dat",
):
    submit = htcondor2.Submit(f"executable = /bin/echo\narguments = $(item)\nqueue {statement}\n")
    assert submit.getQArgs() == statement
    print(f"{statement}: {' '.join(sorted(item['item'] for item in submit.itemdata()))}")
PY
diff expected seen && echo "htcondor 25.14.1: as described"
