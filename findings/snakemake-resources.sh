#!/usr/bin/env bash
# snakemake 9.27.1 rounds sizes up and times down: 1 GiB of disk is 1025 MiB, and 90 seconds are one minute.
#
# Guessed before it was run: `disk="1GiB"` is 1074 MB and 1024 MiB; `runtime="90s"` is rounded up to two minutes.
# Seen: the size is rounded up twice, first to 1074 MB and then from there to 1025 MiB; the time is cut to one minute.
# The other way round `disk_mib=1024` is cut: 1073 MB. So 1 GiB is 1074 MB as a text and 1073 as a number.
# It matters to whoever picks a node by these numbers: a job of 1 GiB does not fit a slot of 1024 MiB, and a scheduler
# that keeps to the minutes ends a job of 90 seconds after 60.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check snakemake==9.27.1

cd "$room"
cat > Snakefile <<'RULES'
rule all:
    input: "text", "number"

rule text:
    output: "text"
    resources: runtime="90s", disk="1GiB"
    shell: "echo runtime {resources.runtime}, MB {resources.disk_mb}, MiB {resources.disk_mib} > {output}"

rule number:
    output: "number"
    resources: runtime="1.5h", disk_mib=1024
    shell: "echo runtime {resources.runtime}, MB {resources.disk_mb}, MiB {resources.disk_mib} > {output}"
RULES
cat > expected <<'SEEN'
runtime 1, MB 1074, MiB 1025
runtime 90, MB 1073, MiB 1024
SEEN

HOME="$room" XDG_CACHE_HOME="$room/cache" "$room/venv/bin/snakemake" --cores 1 --quiet all
cat text number > seen
diff expected seen && echo "snakemake 9.27.1: as described"
