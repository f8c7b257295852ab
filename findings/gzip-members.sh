#!/usr/bin/env bash
# azure-storage-blob 12.31.1: of a blob of several gzip files in a row the asynchronous client gives the first alone.
#
# Guessed before it was run: a blob with Content-Encoding gzip, made by bgzip or by `cat a.gz b.gz`, is given whole by
# both clients and by adlfs 2026.8.0, as by every gunzip.
# Seen: the synchronous client (over requests) gives all 60,000 lines, the asynchronous one (over aiohttp 3.14.5) and
# adlfs, which stands on it, the 1,000 of the first member. Nothing is raised, and a file that adlfs' `get` wrote looks
# sound. With `decompress=False` all bytes come. adlfs' `open` ends short of a single member too: it takes the stored
# length for the length of the text.
# It matters to whoever reads BED, VCF or CSV tables that bgzip or parallel tasks put together: a sixtieth of the rows
# goes into the result, and all is green.
set -euo pipefail
room=$(mktemp -d)
served=
trap '[ -z "$served" ] || kill "$served"; rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check \
  azure-storage-blob==12.31.1 azure-core==1.41.0 aiohttp==3.14.5 adlfs==2026.8.0 fsspec==2026.9.0
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
1 member, synchronous: 60000 lines
1 member, asynchronous: 60000 lines
1 member, asynchronous, decompress=False and gunzip: 60000 lines
1 member, adlfs cat_file: 60000 lines
1 member, adlfs get: 60000 lines
1 member, adlfs open: all: False
60 members, synchronous: 60000 lines
60 members, asynchronous: 1000 lines
60 members, asynchronous, decompress=False and gunzip: 60000 lines
60 members, adlfs cat_file: 1000 lines
60 members, adlfs get: 1000 lines
60 members, adlfs open: all: False
SEEN

cd "$room"
"$room/venv/bin/python" - > "$room/seen" <<'PY'
import asyncio
import gzip
import os
from pathlib import Path

from adlfs import AzureBlobFileSystem
from azure.storage.blob import ContainerClient, ContentSettings
from azure.storage.blob.aio import BlobClient

text = os.environ["AZURE_STORAGE_CONNECTION_STRING"]
container = ContainerClient.from_connection_string(text, "tables")
container.create_container()
files = AzureBlobFileSystem(connection_string=text, account_name=os.environ["ACCOUNT"])
rows = [f"row {number:06}\n".encode() for number in range(60_000)]


async def read(**asked):
    async with BlobClient.from_connection_string(text, "tables", "rows") as blob:
        return await (await blob.download_blob(**asked)).readall()


def got():
    files.get_file("tables/rows", "rows")
    return Path("rows").read_bytes()


def opened():
    with files.open("tables/rows") as file:
        return file.read()


for members in (1, 60):
    size = len(rows) // members
    data = b"".join(gzip.compress(b"".join(rows[at : at + size])) for at in range(0, len(rows), size))
    container.upload_blob("rows", data, overwrite=True, content_settings=ContentSettings(content_encoding="gzip"))
    readers = {
        "synchronous": lambda: container.download_blob("rows").readall(),
        "asynchronous": lambda: asyncio.run(read()),
        "asynchronous, decompress=False and gunzip": lambda: gzip.decompress(asyncio.run(read(decompress=False))),
        "adlfs cat_file": lambda: files.cat_file("tables/rows"),
        "adlfs get": got,
    }
    label = f"{members} member" + "s" * (members > 1)
    for name, reader in readers.items():
        print(f"{label}, {name}: {len(reader().splitlines())} lines")
    print(f"{label}, adlfs open: all: {opened() == b''.join(rows)}")
PY
diff "$room/expected" "$room/seen" && echo "azure-storage-blob 12.31.1, adlfs 2026.8.0: as described"
