#!/usr/bin/env bash
# kubernetes 37.0.2 (the Python client) reads quantities that its own format does not know, and writes more of them.
#
# Guessed before it was run: `1K` and `1 Gi` are refused, since the format has a small k and no blank, and an exponent
# excludes a suffix.
# Seen: `1K` is 1000, `1 Gi` is 1 GiB, `1e3Ki` is 1024000; `1E` is 10^18, `1E1` is ten. The server's own pattern for a
# quantity, as the API's reference prints it, takes none of the first three.
# It matters to whoever checks memory or cores with this before sending: what passed here is refused there.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check kubernetes==37.0.2

cat > "$room/expected" <<'SEEN'
1k: 1000, known
1K: 1000, not known
1Gi: 1073741824, known
1 Gi: 1073741824, not known
1e3Ki: 1024000, not known
1E: 1000000000000000000, known
1E1: 10, known
1e: ValueError, not known
SEEN

"$room/venv/bin/python" - > "$room/seen" <<'PY'
import re

from kubernetes.utils.quantity import parse_quantity

# <quantity> ::= <signedNumber><suffix>, and a suffix is one of these three (API reference, Quantity).
KNOWN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?")
for text in ("1k", "1K", "1Gi", "1 Gi", "1e3Ki", "1E", "1E1", "1e"):
    try:
        read = f"{parse_quantity(text):f}"
    except ValueError as error:
        read = type(error).__name__
    print(f"{text}: {read}, {'known' if KNOWN.fullmatch(text) else 'not known'}")
PY
diff "$room/expected" "$room/seen" && echo "kubernetes 37.0.2: as described"
