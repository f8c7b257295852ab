#!/usr/bin/env bash
# cwltool 3.3.20260925135507: a file that two patterns of one output meet is in the output twice, and what follows runs
# on it twice.
#
# Guessed before it was run: `glob: ["*.csv", "total*"]` gives each file once, as CWL asks for the files that match any
# pattern of the list.
# Seen: the output is the lists of all patterns one after the other, total.csv in it as often as patterns meet it. A
# scatter over it makes a job for each, and a table made of all has the rows of total.csv twice. Nothing is said, and a
# look into the folder of outputs shows each file once.
# It matters to whoever adds a pattern to be safe: sums grow with the number of patterns.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check cwltool==3.3.20260925135507

cd "$room"
cat > flow.cwl <<'CWL'
cwlVersion: v1.2
class: Workflow
requirements: {ScatterFeatureRequirement: {}}
inputs: {patterns: "string[]"}
steps:
  make:
    run:
      class: CommandLineTool
      baseCommand: [sh, -c, "echo 1 > one.csv; echo 2 > two.csv; echo 3 > total.csv"]
      inputs: {patterns: "string[]"}
      outputs: {tables: {type: "File[]", outputBinding: {glob: "$(inputs.patterns)"}}}
    in: {patterns: patterns}
    out: [tables]
  each:
    run:
      class: CommandLineTool
      baseCommand: cat
      inputs: {table: {type: File, inputBinding: {}}}
      stdout: row
      outputs: {row: stdout}
    in: {table: make/tables}
    scatter: table
    out: [row]
  join:
    run:
      class: CommandLineTool
      baseCommand: cat
      inputs: {tables: {type: "File[]", inputBinding: {}}}
      stdout: all.csv
      outputs: {joined: stdout}
    in: {tables: make/tables}
    out: [joined]
outputs:
  tables: {type: "File[]", outputSource: make/tables}
  rows: {type: "File[]", outputSource: each/row}
  all: {type: File, outputSource: join/joined}
CWL
cat > expected <<'SEEN'
*.csv: one.csv total.csv two.csv; 3 jobs; rows 1 3 2; 3 tables in the folder
*.csv total*: one.csv total.csv two.csv total.csv; 4 jobs; rows 1 3 2 3; 3 tables in the folder
*.csv total* t*: one.csv total.csv two.csv total.csv total.csv two.csv; 6 jobs; rows 1 3 2 3 3 2; 3 tables in the folder
SEEN

venv/bin/python - > seen <<'PY'
import json
import os
import subprocess
from pathlib import Path

for number, patterns in enumerate((["*.csv"], ["*.csv", "total*"], ["*.csv", "total*", "t*"])):
    Path("job.json").write_text(json.dumps({"patterns": patterns}))
    asked = ["venv/bin/cwltool", "--quiet", "--outdir", f"out{number}", "flow.cwl", "job.json"]
    done = subprocess.run(asked, capture_output=True, text=True, check=True, env=os.environ | {"HOME": os.getcwd()})
    made = json.loads(done.stdout)
    names = " ".join(table["basename"] for table in made["tables"])
    rows = " ".join(Path(made["all"]["path"]).read_text().split())
    kept = len({path.name for path in Path(f"out{number}").glob("*.csv")} - {"all.csv"})
    print(f"{' '.join(patterns)}: {names}; {len(made['rows'])} jobs; rows {rows}; {kept} tables in the folder")
PY
diff expected seen && echo "cwltool 3.3.20260925135507: as described"
