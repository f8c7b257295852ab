#!/usr/bin/env bash
# adlfs 2026.8.0 stores a blob with a bracket in its name, and then raises ValueError as if it had not.
#
# Guessed before it was run: `x[1].txt` is written like any other name, and a glob needs `x[[]1].txt` to meet it.
# Seen: the blob is there with its content, and the call raises ValueError: "'1' does not appear to be an IPv4 or IPv6
# address", for the folder above is worked out by a parser of URLs, which takes the brackets for a host. `cat_file`
# reads the same name without a word.
# It matters to whoever writes outputs by pattern, `scan[3].tif`: the job is said to have failed, tries again, and the
# output is there all the time.
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
scan3.tif: written; read as b'pixels'
scan[3].tif: ValueError; read as b'pixels'
in the container: scan3.tif 6, scan[3].tif 6
SEEN

"$room/venv/bin/python" - > "$room/seen" <<'PY'
import os

from adlfs import AzureBlobFileSystem
from azure.storage.blob import ContainerClient

text = os.environ["AZURE_STORAGE_CONNECTION_STRING"]
files = AzureBlobFileSystem(connection_string=text, account_name=os.environ["ACCOUNT"])
files.mkdir("scans")


def outcome(call):
    try:
        return call()
    except Exception as error:
        return type(error).__name__


for name in ("scan3.tif", "scan[3].tif"):
    written = outcome(lambda: files.pipe_file(f"scans/{name}", b"pixels") and "" or "written")
    print(f"{name}: {written}; read as {outcome(lambda: files.cat_file(f'scans/{name}'))}")
blobs = ContainerClient.from_connection_string(text, "scans").list_blobs()
print("in the container:", ", ".join(f"{blob.name} {blob.size}" for blob in blobs))
PY
diff "$room/expected" "$room/seen" && echo "adlfs 2026.8.0: as described"
