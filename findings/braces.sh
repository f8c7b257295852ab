#!/usr/bin/env bash
# bracex 3.2.3 (wcmatch's braces) and braceexpand 0.1.7 make different lists of one pattern of valid braces.
#
# Guessed before it was run: both do what bash does, `{a..C}` walks down the ASCII table, and the two agree.
# Seen: they agree on numbers, leading zeros, signs and steps. On `{a..C}` bracex walks over the six signs between the
# cases and has an empty text where the backslash would be, braceexpand leaves the six out: 31 entries and 25. Of
# `{a,}` bracex makes one entry and of `{,}` none, braceexpand two each; `${a,b}` is expanded by braceexpand alone.
# It matters where one tool lists shards by braces (WebDataset's way) and the other matches them (wcmatch's way).
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check bracex==3.2.3 braceexpand==0.1.7

cat > "$room/expected" <<'SEEN'
{01..3} both ['01', '02', '03']
{-01..1} both ['-01', '000', '001']
{1..10..-3} both ['1', '4', '7', '10']
{a..C} bracex 31, of them empty 1; braceexpand 25, of them empty 0
{a,} bracex ['a']; braceexpand ['a', '']
{,} bracex []; braceexpand ['', '']
${a,b} bracex ['${a,b}']; braceexpand ['$a', '$b']
SEEN

"$room/venv/bin/python" - > "$room/seen" <<'PY'
from braceexpand import braceexpand
from bracex import expand

for text in ("{01..3}", "{-01..1}", "{1..10..-3}"):
    first, second = list(expand(text)), list(braceexpand(text))
    print(text, "both" if first == second else "differ", first)
first, second = list(expand("{a..C}")), list(braceexpand("{a..C}"))
counts = [f"{len(found)}, of them empty {found.count('')}" for found in (first, second)]
print(f"{{a..C}} bracex {counts[0]}; braceexpand {counts[1]}")
for text in ("{a,}", "{,}", "${a,b}"):
    print(f"{text} bracex {list(expand(text))}; braceexpand {list(braceexpand(text))}")
PY
diff "$room/expected" "$room/seen" && echo "bracex 3.2.3 and braceexpand 0.1.7: as described"
