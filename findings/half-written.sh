#!/usr/bin/env bash
# fsspec 2026.9.0's simplecache stores half a file as a whole blob where the writing raises, as four of six others do.
#
# Guessed before it was run: a writer that raises inside its `with` leaves what it had written with adlfs, cloudpathlib
# and pyarrow, and nothing with smart_open, obstore and simplecache, whose file is a local one until the end.
# Seen: simplecache sends its local file when the `with` ends, however it ends. So five of seven store half a file under
# the full name, and two nothing. With `compression="gzip"` the half is even a sound gzip file.
# It matters to whoever takes a blob that is there for an output that is whole: which library wrote it decides.
set -euo pipefail
room=$(mktemp -d)
served=
trap '[ -z "$served" ] || kill "$served"; rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check \
  adlfs==2026.8.0 fsspec==2026.9.0 smart-open==9.0.2 obstore==0.12.1 cloudpathlib==0.26.0 pyarrow==26.0.1 \
  azure-storage-blob==12.31.1 azure-storage-file-datalake==12.26.1
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
adlfs: KeyError, b'half'
cloudpathlib: KeyError, b'half'
fsspec, gzip: KeyError, b'half'
obstore: KeyError, nothing
pyarrow: KeyError, b'half'
simplecache: KeyError, b'half'
smart_open: KeyError, nothing
SEEN

"$room/venv/bin/python" - > "$room/seen" <<'PY'
import gzip
import os

import fsspec
import obstore
import smart_open
from adlfs import AzureBlobFileSystem
from azure.storage.blob import BlobServiceClient
from cloudpathlib import AzureBlobClient
from obstore.store import AzureStore
from pyarrow.fs import AzureFileSystem

text = os.environ["AZURE_STORAGE_CONNECTION_STRING"]
account, key, host = (os.environ[name] for name in ("ACCOUNT", "KEY", "HOST"))
service = BlobServiceClient.from_connection_string(text)
container = service.create_container("out")
adls = {"connection_string": text, "account_name": account}
config = {"account_name": account, "account_key": key, "endpoint": f"http://{host}/{account}"}
store = AzureStore("out", config=config, client_options={"allow_http": True})
arrow = AzureFileSystem(
    account,
    account_key=key,
    blob_storage_authority=host,
    dfs_storage_authority=host,
    blob_storage_scheme="http",
    dfs_storage_scheme="http",
)
WRITERS = {
    "adlfs": lambda name: AzureBlobFileSystem(**adls).open(f"out/{name}", "wb"),
    "cloudpathlib": lambda name: AzureBlobClient(connection_string=text).CloudPath(f"az://out/{name}").open("wb"),
    "fsspec, gzip": lambda name: fsspec.open(f"abfs://out/{name}", "wb", compression="gzip", **adls),
    "obstore": lambda name: obstore.open_writer(store, name),
    "pyarrow": lambda name: arrow.open_output_stream(f"out/{name}"),
    "simplecache": lambda name: fsspec.open(f"simplecache::abfs://out/{name}", "wb", abfs=adls),
    "smart_open": lambda name: smart_open.open(f"azure://out/{name}", "wb", transport_params={"client": service}),
}
for label, opened in WRITERS.items():
    name = label.split(",")[0]
    try:
        with opened(name) as stream:
            stream.write(b"half")
            raise KeyError("the other half")
    except Exception as error:
        raised = type(error).__name__
    left = container.download_blob(name).readall() if container.get_blob_client(name).exists() else None
    if left and label.endswith("gzip"):
        left = gzip.decompress(left)
    print(f"{label}: {raised}, {left or 'nothing'}")
PY
diff "$room/expected" "$room/seen" && echo "seven writers of blobs: as described"
