#!/usr/bin/env bash
# pyarrow 26.0.1 turns an emptied prefix into a blob of its own, and obstore 0.12.1 lists that blob by a name that is not
# there.
#
# Guessed before it was run: in an account without a hierarchical namespace a folder is gone with its last blob, and
# what obstore lists it can also read.
# Seen: when pyarrow's AzureFileSystem deletes the only blob below `e/`, it stores an empty blob `e/` with the metadata
# is_directory=true, so that the folder stays. obstore lists it as an object `e`, without the slash, and `head` and
# `get` of what was listed raise FileNotFoundError.
# It matters to whoever cleans a container with the one and makes a task for each blob with the other: there is one
# more than there are files, and its download fails.
set -euo pipefail
room=$(mktemp -d)
served=
trap '[ -z "$served" ] || kill "$served"; rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check \
  pyarrow==26.0.1 obstore==0.12.1 azure-storage-blob==12.31.1
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
before: e/only 4 {}
after pyarrow deleted it: e/ 0 {'is_directory': 'true'}
obstore lists: e 0
obstore head e: FileNotFoundError
SEEN

"$room/venv/bin/python" - > "$room/seen" <<'PY'
import os

import obstore
from azure.storage.blob import ContainerClient
from obstore.store import AzureStore
from pyarrow.fs import AzureFileSystem

account, key, host = (os.environ[name] for name in ("ACCOUNT", "KEY", "HOST"))
container = ContainerClient.from_connection_string(os.environ["AZURE_STORAGE_CONNECTION_STRING"], "scans")
container.create_container()
container.upload_blob("e/only", b"text")


def blobs():
    found = container.list_blobs(include=["metadata"])
    return ", ".join(f"{blob.name} {blob.size} {dict(blob.metadata or {})}" for blob in found)


print("before:", blobs())
AzureFileSystem(
    account,
    account_key=key,
    blob_storage_authority=host,
    dfs_storage_authority=host,
    blob_storage_scheme="http",
    dfs_storage_scheme="http",
).delete_file("scans/e/only")
print("after pyarrow deleted it:", blobs())
config = {"account_name": account, "account_key": key, "endpoint": f"http://{host}/{account}"}
store = AzureStore("scans", config=config, client_options={"allow_http": True})
(listed,) = obstore.list(store).collect()
print("obstore lists:", listed["path"], listed["size"])
try:
    print("obstore head e:", obstore.head(store, listed["path"])["size"])
except Exception as error:
    print(f"obstore head e: {type(error).__name__}")
PY
diff "$room/expected" "$room/seen" && echo "pyarrow 26.0.1, obstore 0.12.1: as described"
