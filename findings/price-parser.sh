#!/usr/bin/env bash
# price-parser 0.5.1 reads an hourly price with three decimals as a thousandfold: $0.178 is 178.
#
# Guessed before it was run: a zero before the point makes it a decimal point, so $0.178 is 0.178 and only a text such
# as $1.250 is in doubt; of `2 x $0.178` the number beside the sign is taken.
# Seen: exactly three digits behind a point or comma are always thousands: 0.178 is 178 and 10.178 is 10178, while
# 0.17, 0.1780 and 0.0125 are read as they stand; $1,234.567 is 1234567. Of `2 x $0.178` the 2 is taken.
# It matters to whoever reads price lists of VMs, where three decimals are common: among sound prices some are a
# thousand times too high, and which depends on whether the list keeps a last zero.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check price-parser==0.5.1

cat > "$room/expected" <<'SEEN'
$0.17: 0.17
$0.178: 178
$0.1780: 0.1780
$0.0125: 0.0125
0.178: 178
10.178: 10178
0,178 EUR: 178
$1,234.567: 1234567
USD 0.178 per hour: 178
2 x $0.178: 2
SEEN

"$room/venv/bin/python" - > "$room/seen" <<'PY'
from price_parser import Price

LONE = ("$0.17", "$0.178", "$0.1780", "$0.0125", "0.178", "10.178", "0,178 EUR", "$1,234.567")
for text in (*LONE, "USD 0.178 per hour", "2 x $0.178"):
    print(f"{text}: {Price.fromstring(text).amount}")
PY
diff "$room/expected" "$room/seen" && echo "price-parser 0.5.1: as described"
