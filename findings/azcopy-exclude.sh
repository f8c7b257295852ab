#!/usr/bin/env bash
# azcopy 10.32.2: `--exclude-path run` leaves out `run2/` and `run.log` too; `--include-path run` takes `run/` alone.
#
# Guessed before it was run: both go by whole segments, as the help has one sentence for both; so `--exclude-path run`
# lets `run2/` through as surely as `--include-path run` does not take it.
# Seen: --exclude-path goes by the first letters of a name, in copy, sync and remove alike: `run` meets `run2/a` and
# `run.log`, and `list.txt` meets `list.txt.bak`. Each ends with 0 and "Completed", and what was left out is counted
# nowhere. With a slash at the end, `run/`, both mean the folder.
# It matters to whoever numbers runs and leaves one out: of run1 to run20 a backup without run1 lacks eleven, and a
# removal that is to spare run1 spares eleven.
set -euo pipefail
room=$(mktemp -d)
served=
trap '[ -z "$served" ] || kill "$served"; rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check azure-storage-blob==12.31.1
npm install --prefix "$room/azurite" --no-audit --no-fund --silent azurite@3.35.0
npm install --prefix "$room/azcopy" --no-audit --no-fund --silent @azure-tools/azcopy-linux@10.32.2
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
copy --include-path run: run/a
copy --include-path run/: run/a
copy --include-path list.txt: list.txt
copy --exclude-path run: list.txt list.txt.bak x/run/a
copy --exclude-path run/: list.txt list.txt.bak run.log run2/a x/run/a
copy --exclude-path list.txt: run.log run/a run2/a x/run/a
sync --exclude-path run: list.txt list.txt.bak x/run/a
sync --exclude-path run/: list.txt list.txt.bak run.log run2/a x/run/a
sync --exclude-path list.txt: run.log run/a run2/a x/run/a
remove --include-path run: list.txt list.txt.bak run.log run2/a x/run/a
remove --exclude-path run: run.log run/a run2/a
remove --exclude-path run/: run/a
remove --exclude-path list.txt: list.txt list.txt.bak
SEEN

export AZCOPY=$room/azcopy/node_modules/@azure-tools/azcopy-linux/dist/bin/azcopy_linux_amd64
chmod +x "$AZCOPY"
export AZCOPY_LOG_LOCATION=$room/log AZCOPY_JOB_PLAN_LOCATION=$room/plans
cd "$room"
"$room/venv/bin/python" - > "$room/seen" <<'PY'
import os
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

from azure.storage.blob import ContainerClient, generate_container_sas

NAMES = ("list.txt", "list.txt.bak", "run.log", "run/a", "run2/a", "x/run/a")
container = ContainerClient.from_connection_string(os.environ["AZURE_STORAGE_CONNECTION_STRING"], "runs")
container.create_container()
until = datetime.now(timezone.utc) + timedelta(hours=1)
sas = generate_container_sas(os.environ["ACCOUNT"], "runs", os.environ["KEY"], permission="rwdl", expiry=until)
for name in NAMES:
    Path("runs", name).parent.mkdir(parents=True, exist_ok=True)
    Path("runs", name).write_text(name)


def left(verb, flag, value):
    for blob in container.list_blobs():
        container.delete_blob(blob.name)
    if verb == "remove":
        for name in NAMES:
            container.upload_blob(name, name)
        way = [f"{container.url}?{sas}", "--from-to=BlobTrash", "--recursive"]
    else:
        source = "runs/*" if verb == "copy" else "runs"
        way = [source, f"{container.url}?{sas}", "--from-to=LocalBlob", "--recursive"]
    done = subprocess.run([os.environ["AZCOPY"], verb, *way, flag, value], capture_output=True, text=True)
    if done.returncode or "Final Job Status: Completed" not in done.stdout:
        return done.stdout + done.stderr
    return " ".join(blob.name for blob in container.list_blobs())


for verb in ("copy", "sync", "remove"):
    for flag in ("--include-path", "--exclude-path"):
        for value in ("run", "run/", "list.txt"):
            if flag == "--exclude-path" or verb == "copy" or (verb, value) == ("remove", "run"):
                print(f"{verb} {flag} {value}: {left(verb, flag, value)}")
PY
diff "$room/expected" "$room/seen" && echo "azcopy 10.32.2: as described"
