#!/usr/bin/env bash
# python-hostlist 2.3.0 and ClusterShell 1.10.1 read one list of nodes in two orders, and not the same lists.
#
# Guessed before it was run: both pad `n[01-2]` to n01 n02, both join brackets that touch, and nodes come in the order
# in which they are written.
# Seen: `n[01-2]` and `n[9-011]` are nodes to the one and an error of padding to the other; `n[0-1][0-1]` are four nodes
# to the one and "illegal" to the other. `n[08-10,9]` is n08 n09 n10 n9 to the one; the other puts the short names
# first: n9 n08 n09 n10.
# It matters where ranks of MPI go by the place in the list: the same text puts rank 0 on another node.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check python-hostlist==2.3.0 ClusterShell==1.10.1

cat > "$room/expected" <<'SEEN'
n[9-11]: both n9 n10 n11
n[08-10,9]: hostlist n08 n09 n10 n9; ClusterShell n9 n08 n09 n10
n[01-2]: hostlist n01 n02; ClusterShell NodeSetParseRangeError
n[9-011]: hostlist n9 n10 n11; ClusterShell NodeSetParseRangeError
n[0-1][0-1]: hostlist n00 n01 n10 n11; ClusterShell NodeSetParseError
n[0-10/5]: hostlist BadHostlist; ClusterShell n0 n5 n10
SEEN

"$room/venv/bin/python" - > "$room/seen" <<'PY'
from ClusterShell.NodeSet import NodeSet
from hostlist import expand_hostlist


def nodes(read, text):
    try:
        return " ".join(read(text))
    except Exception as error:
        return type(error).__name__


for text in ("n[9-11]", "n[08-10,9]", "n[01-2]", "n[9-011]", "n[0-1][0-1]", "n[0-10/5]"):
    one, other = nodes(expand_hostlist, text), nodes(NodeSet, text)
    print(f"{text}: both {one}" if one == other else f"{text}: hostlist {one}; ClusterShell {other}")
PY
diff "$room/expected" "$room/seen" && echo "python-hostlist 2.3.0, ClusterShell 1.10.1: as described"
