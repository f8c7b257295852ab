#!/usr/bin/env bash
# adlfs 2026.8.0 never moves a folder: `mv` copies it all, says FileNotFoundError and leaves the old one beside the new.
#
# Guessed before it was run: `mv("c/a", "c/b", recursive=True)` makes b/x out of a/x, and a is gone, as with fsspec
# 2026.9.0's filesystems of the local disk and of the memory.
# Seen (an account without a hierarchical namespace): the copies are there, and FileNotFoundError comes before anything
# is deleted, for the folder is to be copied too, as if it were a blob. A second try finds `b` there and puts the same
# once more into `b/a`. Without `recursive` it does nothing and says nothing: the disk moves then, the memory raises.
# It matters to whoever collects results in `partial` and moves them to `final`: each run ends in an error with both
# complete, and each retry pays for one more copy.
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
  --disableTelemetry --blobHost 127.0.0.1 --blobPort "$port" &
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
file: None; final/s/y final/x
file, not recursive: None; final/s/y final/x
memory: None; final/s/y final/x
memory, not recursive: OSError; partial/s/y partial/x
adlfs: FileNotFoundError; final/s/y final/x partial/s/y partial/x
adlfs, not recursive: None; partial/s/y partial/x
adlfs, once more: FileNotFoundError; final/partial/s/y final/partial/x final/s/y final/x partial/s/y partial/x
SEEN

"$room/venv/bin/python" - "$room/disk" > "$room/seen" <<'PY'
import os
import sys

import fsspec

text = os.environ["AZURE_STORAGE_CONNECTION_STRING"]
blobs = fsspec.filesystem("abfs", connection_string=text, account_name=os.environ["ACCOUNT"])


def filled(files, root):
    files.makedirs(f"{root}/partial/s", exist_ok=True)
    for name in ("x", "s/y"):
        files.pipe_file(f"{root}/partial/{name}", b"result")


def moved(files, root, **asked):
    try:
        said = files.mv(f"{root}/partial", f"{root}/final", **asked)
    except Exception as error:
        said = type(error).__name__
    files.invalidate_cache()
    return f"{said}; {' '.join(sorted(path.split(root + '/', 1)[1] for path in files.find(root)))}"


blobs.mkdir("moved")
blobs.mkdir("still")
for name, files, room in (
    ("file", fsspec.filesystem("file"), f"{sys.argv[1]}/"),
    ("memory", fsspec.filesystem("memory"), "/"),
    ("adlfs", blobs, ""),
):
    filled(files, f"{room}moved")
    print(f"{name}: {moved(files, f'{room}moved', recursive=True)}")
    filled(files, f"{room}still")
    print(f"{name}, not recursive: {moved(files, f'{room}still')}")
print(f"adlfs, once more: {moved(blobs, 'moved', recursive=True)}")
PY
diff "$room/expected" "$room/seen" && echo "adlfs 2026.8.0: as described"
