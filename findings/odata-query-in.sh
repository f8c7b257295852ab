#!/usr/bin/env bash
# odata-query 0.10.0 refuses an OData list of one value, and takes it only with a comma that OData does not know.
#
# Guessed before it was run: `a in (1)` is read as a list of one; `a in (1,)` is refused.
# Seen: the reverse. `(1)` and `('x')` fail at the closing bracket, `(1,)` and `('x',)` are lists of one, `(1,2)` is a
# list of two and `(1,2,)` fails again: the comma is needed after one value and forbidden after two.
# It matters to whoever builds a filter out of a list of states or ids: it breaks on the day the list has one entry.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check odata-query==0.10.0

cat > "$room/expected" <<'SEEN'
a in (1): ParsingException
a in (1,): 1 in the list
a in (1,2): 2 in the list
a in (1,2,): ParsingException
state in ('x'): ParsingException
state in ('x',): 1 in the list
state in ('x', 'y'): 2 in the list
SEEN

"$room/venv/bin/python" - > "$room/seen" <<'PY'
from odata_query.exceptions import ParsingException
from odata_query.grammar import ODataLexer, ODataParser

FILTERS = ("a in (1)", "a in (1,)", "a in (1,2)", "a in (1,2,)")
TEXTS = ("state in ('x')", "state in ('x',)", "state in ('x', 'y')")
for text in FILTERS + TEXTS:
    try:
        found = ODataParser().parse(ODataLexer().tokenize(text))
        print(f"{text}: {len(found.right.val)} in the list")
    except ParsingException as error:
        print(f"{text}: {type(error).__name__}")
PY
diff "$room/expected" "$room/seen" && echo "odata-query 0.10.0: as described"
