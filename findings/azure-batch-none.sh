#!/usr/bin/env bash
# azure-batch 15.1.0: a property of a model has two doors, its attribute and its REST key, that do unlike things.
#
# Guessed before it was run: None by the attribute sends null; when that was wrong, that None by the key is dropped as
# well; a list of mappings put in by its key comes out of the attribute as models.
# Seen: `job.priority = None` takes the property out of the body, `job["priority"] = None` sends null. The constructor
# has both ways too: the keyword drops None, the mapping keeps it. A duration that is put in by its key comes out
# converted, but lists and objects stay plain: `pool.metadata[0]` is a dict, so `.name` raises AttributeError.
# It matters to whoever resets a property by PATCH: with the attribute nothing is sent and the old value stays.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check azure-batch==15.1.0 azure-core==1.41.0 isodate==0.7.2

cat > "$room/expected" <<'SEEN'
attribute {}
key {'priority': None}
keyword {}
mapping {'priority': None}
duration by its key: timedelta
list by its key: dict
list by its attribute: BatchMetadataItem
object by its key: dict
SEEN

"$room/venv/bin/python" - > "$room/seen" <<'PY'
from azure.batch import models

job = models.BatchJobUpdateOptions(priority=3)
job.priority = None
print("attribute", job.as_dict())
job["priority"] = None
print("key", job.as_dict())
print("keyword", models.BatchJobUpdateOptions(priority=None).as_dict())
print("mapping", models.BatchJobUpdateOptions({"priority": None}).as_dict())

pool = models.BatchPoolCreateOptions(id="p", vm_size="s")
pool["resizeTimeout"] = "PT5M"
print("duration by its key:", type(pool.resize_timeout).__name__)
pool["metadata"] = [{"name": "n", "value": "v"}]
print("list by its key:", type(pool.metadata[0]).__name__)
pool.metadata = [models.BatchMetadataItem(name="n", value="v")]
print("list by its attribute:", type(pool.metadata[0]).__name__)

task = models.BatchTask({"id": "t"})
task["constraints"] = {"maxTaskRetryCount": 2}
print("object by its key:", type(task.constraints).__name__)
PY
diff "$room/expected" "$room/seen" && echo "azure-batch 15.1.0: as described"
