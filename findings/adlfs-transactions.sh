#!/usr/bin/env bash
# adlfs 2026.8.0 takes fsspec's transactions without a word and keeps none: when one is broken off, its files stay.
#
# Guessed before it was run: as on a local disk, a file that is written in `with files.transaction` appears at its end,
# and not at all when the transaction raises.
# Seen: on the local disk so. In a container the blob is there before the transaction ends, by `open` and by
# `pipe_file` alike, and stays when it raises.
# It matters to whoever puts several outputs into one transaction, so that a run leaves all or none: what passes a test
# on a local folder leaves some of them in the container.
set -euo pipefail
room=$(mktemp -d)
served=
trap '[ -z "$served" ] || kill "$served"; rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check \
  adlfs==2026.8.0 fsspec==2026.9.0 azure-storage-blob==12.31.1
npm install --prefix "$room/azurite" --no-audit --no-fund --silent azurite@3.35.0
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
node "$room/azurite/node_modules/azurite/dist/src/blob/main.js" --silent --skipApiVersionCheck --inMemoryPersistence \
  --disableTelemetry --blobHost 127.0.0.1 --blobPort "$port" > "$room/azurite.log" &
served=$!
python3 - "$port" <<'PY'
import socket, sys, time

for _ in range(600):
    try:
        socket.create_connection(("127.0.0.1", int(sys.argv[1]))).close()
        break
    except OSError:
        time.sleep(0.1)
PY
# The account and the key that every Azurite has.
export ACCOUNT=devstoreaccount1 HOST=127.0.0.1:$port
export KEY=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==
export AZURE_STORAGE_CONNECTION_STRING="DefaultEndpointsProtocol=http;AccountName=$ACCOUNT;AccountKey=$KEY"
AZURE_STORAGE_CONNECTION_STRING+=";BlobEndpoint=http://$HOST/$ACCOUNT;"

cat > "$room/expected" <<'SEEN'
local disk: inside nothing, after a success ['a', 'b'], after KeyError nothing
adlfs: inside ['a', 'b'], after a success ['a', 'b'], after KeyError ['c', 'd']
SEEN

"$room/venv/bin/python" - "$room/disk" > "$room/seen" <<'PY'
import os
import sys

import fsspec
from adlfs import AzureBlobFileSystem

adls = AzureBlobFileSystem(
    connection_string=os.environ["AZURE_STORAGE_CONNECTION_STRING"], account_name=os.environ["ACCOUNT"]
)


def written(files, folder, names, end=lambda: None):
    """What is there inside a transaction that writes names and ends so, and after it."""
    inside = None
    try:
        with files.transaction:
            with files.open(f"{folder}/{names[0]}", "wb") as stream:
                stream.write(b"text")
            files.pipe_file(f"{folder}/{names[1]}", b"text")
            inside = there(files, folder)
            end()
    except KeyError:
        pass
    return inside, there(files, folder)


def there(files, folder):
    files.invalidate_cache()
    return sorted(name.rpartition("/")[2] for name in files.ls(folder, detail=False)) or "nothing"


def broken():
    raise KeyError("broken off")


for label, files, base in (("local disk", fsspec.filesystem("file"), sys.argv[1]), ("adlfs", adls, "scans")):
    whole, part = f"{base}-whole", f"{base}-part"
    files.mkdir(whole)
    files.mkdir(part)
    inside, success = written(files, whole, "ab")
    _, failure = written(files, part, "cd", broken)
    print(f"{label}: inside {inside}, after a success {success}, after KeyError {failure}")
PY
diff "$room/expected" "$room/seen" && echo "adlfs 2026.8.0: as described"
