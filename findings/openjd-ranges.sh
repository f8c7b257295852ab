#!/usr/bin/env bash
# openjd-model 0.14.0: a list of frames goes by the lowest of each piece, and its own text does not give it back.
#
# Guessed before it was run: pieces keep the order in which they are written, `5,1-3` is 5 1 2 3, and numbers that are
# named twice count once.
# Seen: pieces are sorted by their lowest number, each walks in its own direction: `20,10-1:-3` is 10 7 4 1 20. The
# text of that is `1-10:3,20`, which is read as 1 4 7 10 20: a range that walks down comes back as one that walks up.
# A number that two pieces name is an error in a text, `1-5,3`, and is dropped in silence out of a list, [1, 1, 2].
# It matters to whoever puts the last frame first to see it soon, or stores the text of a range and reads it again.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check openjd-model==0.14.0

cat > "$room/expected" <<'SEEN'
5,1-3: 1 2 3 5; written 1-3,5: 1 2 3 5
10-1:-3: 10 7 4 1; written 1-10:3: 1 4 7 10
20,10-1:-3: 10 7 4 1 20; written 1-10:3,20: 1 4 7 10 20
1-5,3: ExpressionError
[1, 1, 2]: 1 2
SEEN

"$room/venv/bin/python" - > "$room/seen" <<'PY'
from openjd.model import IntRangeExpr


def numbers(frames):
    return " ".join(map(str, frames))


for text in ("5,1-3", "10-1:-3", "20,10-1:-3", "1-5,3"):
    try:
        frames = IntRangeExpr.from_str(text)
        print(f"{text}: {numbers(frames)}; written {frames}: {numbers(IntRangeExpr.from_str(str(frames)))}")
    except Exception as error:
        print(f"{text}: {type(error).__name__}")
print(f"[1, 1, 2]: {numbers(IntRangeExpr.from_list([1, 1, 2]))}")
PY
diff "$room/expected" "$room/seen" && echo "openjd-model 0.14.0: as described"
