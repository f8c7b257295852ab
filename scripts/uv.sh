# Sourced: `uv` names the uv of .tools, which it installs where it is missing.
uv=$PWD/.tools/bin/uv
[ -x "$uv" ] || { python3 -m venv .tools && .tools/bin/pip install --quiet --disable-pip-version-check uv==0.13.9; }
