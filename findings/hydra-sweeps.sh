#!/usr/bin/env bash
# hydra-core 1.3.8: a sweep over the ids 20_1 and 20_2 runs 201 and 202, and a sweep over nothing is a success.
#
# Guessed before it was run: what is no plain number stays text, so 20_1 and nan are texts as 007 is; a range that is
# empty, range(4,1), is an error that says so.
# Seen: 007 and 0x10 stay texts, but 20_1 is the number 201 (an underscore is a separator of thousands, wherever it
# stands), nan and 1e3 are numbers. range(4,1) launches no job and ends with 0.
# It matters to whoever sweeps over ids of samples: outputs are named by numbers that are in no list, and a sweep whose
# bounds were mixed up looks done.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check hydra-core==1.3.8

cd "$room"
cat > app.py <<'APP'
import hydra


@hydra.main(version_base=None)
def main(config):
    print("seen", repr(config.sample))


main()
APP
cat > expected <<'SEEN'
20_1,20_2: exit 0
seen 201
seen 202
007,0x10: exit 0
seen '007'
seen '0x10'
nan,1e3: exit 0
seen nan
seen 1000.0
range(4,1): exit 0
SEEN

for values in 20_1,20_2 007,0x10 nan,1e3 'range(4,1)'; do
  code=0
  "$room/venv/bin/python" app.py --multirun "+sample=$values" > said || code=$?
  echo "$values: exit $code"
  grep '^seen' said || true
done > seen
diff expected seen && echo "hydra-core 1.3.8: as described"
