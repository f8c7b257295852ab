#!/usr/bin/env bash
# python-hcl2 8.1.4 reads a Terraform pool (azurerm_batch_pool) as the text of its expressions, not as their values.
#
# Guessed before it was run: texts come without their quotes and labels too, a heredoc with `<<-` comes dedented, 1e3 is
# the number 1000.
# Seen: a text keeps its quotes ('"pool"'), labels are keys with quotes ('"p"'), a `<<-EOT` heredoc comes whole, with its
# marks and its indentation, and 1e3 is the text '${1e3}', while -1, 2, true and null are values of their own. Nested
# blocks are lists with a key '__is_block__'.
# It matters to whoever reads pools out of Terraform: a start task's command would be run with quotes and EOT in it.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check python-hcl2==8.1.4

cat > "$room/pool.tf" <<'TF'
resource "azurerm_batch_pool" "p" {
  name    = "pool"
  vm_size = var.size
  slots   = 1e3
  lowest  = -1
  nothing = null
  start_task {
    command_line = <<-EOT
      echo a
        echo b
    EOT
    wait_for_success = true
  }
}
TF

cat > "$room/expected" <<'SEEN'
['"azurerm_batch_pool"'] ['"p"']
name '"pool"'
vm_size '${var.size}'
slots '${1e3}'
lowest -1
nothing None
command_line '"<<-EOT\n      echo a\n        echo b\n    EOT"'
wait_for_success True
start_task is a list: True, with __is_block__: True
SEEN

"$room/venv/bin/python" - "$room/pool.tf" > "$room/seen" <<'PY'
import sys

import hcl2

with open(sys.argv[1]) as file:
    [resource] = hcl2.load(file)["resource"]
[kind] = resource
[label] = resource[kind]
pool = resource[kind][label]
print([kind], [label])
for name in ("name", "vm_size", "slots", "lowest", "nothing"):
    print(name, repr(pool[name]))
[start] = pool["start_task"]
print("command_line", repr(start["command_line"]))
print("wait_for_success", repr(start["wait_for_success"]))
print("start_task is a list: True, with __is_block__:", start["__is_block__"])
PY
diff "$room/expected" "$room/seen" && echo "python-hcl2 8.1.4: as described"
