#!/usr/bin/env bash
# miniwdl 1.16.0: an Int has no end, although WDL says that it is a signed number of 64 bits.
#
# Guessed before it was run: a literal of 2^63, a sum that reaches it and an input of that size are refused each.
# Seen: all three are taken and computed exactly, and a product goes to 38 digits, while "12" and 12.0 as an input of
# type Int are refused.
# It matters to whoever tries a workflow here and runs it with another engine: seeds and byte counts come out
# otherwise.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check miniwdl==1.16.0

cat > "$room/expected" <<'SEEN'
9223372036854775808 = 9223372036854775808
9223372036854775807 + 1 = 9223372036854775808
9223372036854775807 * 9223372036854775807 = 85070591730234615847396907784232501249
input 9223372036854775808: 9223372036854775808
input '12': InputError
input 12.0: InputError
SEEN

"$room/venv/bin/python" - > "$room/seen" <<'PY'
import WDL

library = WDL.StdLib.Base("1.1")
LARGEST = "9223372036854775807"
for text in ("9223372036854775808", f"{LARGEST} + 1", f"{LARGEST} * {LARGEST}"):
    expression = WDL.parse_expr(text, version="1.1")
    expression.infer_type(WDL.Env.Bindings(), library, check_quant=True)
    print(text, "=", expression.eval(WDL.Env.Bindings(), library).json)

document = WDL.parse_document("version 1.1\nworkflow w { input { Int n } Int m = n }")
document.typecheck()
for given in (2**63, "12", 12.0):
    try:
        found = WDL.values_from_json({"n": given}, document.workflow.available_inputs)["n"].json
    except WDL.Error.InputError as error:
        found = type(error).__name__
    print(f"input {given!r}: {found}")
PY
diff "$room/expected" "$room/seen" && echo "miniwdl 1.16.0: as described"
