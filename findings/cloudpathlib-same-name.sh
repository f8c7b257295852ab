#!/usr/bin/env bash
# cloudpathlib 0.26.0: where a blob and a prefix share a name, a recursive glob raises TypeError and one folder has it twice.
#
# Guessed before it was run: `a` is a file, `a/b` is met by `**/*` all the same, and a listing names `a` once.
# Seen: `exists` and `read_text` of both work; `iterdir` names `a` twice; `glob("*")` once; `glob("**/*")` raises
# TypeError for the whole container, also for blobs that have nothing to do with it, as the tree that it builds has a
# leaf where the folder should be.
# It matters to whoever globs inputs: blobs `run` and `run/log` are valid beside each other, and one such pair takes
# the whole container away.
set -euo pipefail
room=$(mktemp -d)
served=
trap '[ -z "$served" ] || kill "$served"; rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check \
  cloudpathlib==0.26.0 azure-storage-blob==12.31.1 azure-storage-file-datalake==12.26.1
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
with z/y alone: ['az://scans/z', 'az://scans/z/y']
with a and a/b too: TypeError
glob *: ['az://scans/a', 'az://scans/z']
iterdir: ['az://scans/a', 'az://scans/a', 'az://scans/z']
a: is a file True, is a folder False, a/b reads other
SEEN

"$room/venv/bin/python" - > "$room/seen" <<'PY'
import os

from azure.storage.blob import ContainerClient
from cloudpathlib import AzureBlobClient

text = os.environ["AZURE_STORAGE_CONNECTION_STRING"]
container = ContainerClient.from_connection_string(text, "scans")
container.create_container()
scans = AzureBlobClient(connection_string=text).CloudPath("az://scans/")


def found(pattern):
    try:
        return sorted(str(path) for path in scans.glob(pattern))
    except Exception as error:
        return type(error).__name__


container.upload_blob("z/y", b"text")
print("with z/y alone:", found("**/*"))
container.upload_blob("a", b"text")
container.upload_blob("a/b", b"other")
print("with a and a/b too:", found("**/*"))
print("glob *:", found("*"))
print("iterdir:", sorted(str(path) for path in scans.iterdir()))
both = scans / "a"
print(f"a: is a file {both.is_file()}, is a folder {both.is_dir()}, a/b reads {(both / 'b').read_text()}")
PY
diff "$room/expected" "$room/seen" && echo "cloudpathlib 0.26.0: as described"
