"""Values of variables, changed at random, on the command line, in the environment and in files: taken, or refused.

Whatever becomes of it, no secret is shown, and nothing that a terminal obeys.
"""

import contextlib
import io
import os
import random
import traceback
from pathlib import Path

from batchctl import cli
from batchctl.spec.source import is_hidden
from tests.fuzz.mutations import VALUES
from tests.fuzz.texts import PIECES, struck
from tests.fuzz.trials import Outcome, Trial

SPEC = """\
version: 1
name: '{vars.name}'
vars:
  name: {type: string, default: a}
  count: {type: int, default: 2, min: 1, max: 5}
  share: {type: number, default: 0.5, min: 0, max: 1}
  quick: {type: boolean, default: true}
  color: {type: string, default: red, enum: [red, green]}
  word: {type: string, default: a1, pattern: '^[a-z][0-9]+$'}
  texts: {type: list, default: [a, b]}
  api_token: {type: string, default: none}
pool: {id: p, vmSize: Standard_D2s_v5, image: {publisher: a, offer: b, sku: c}, targetDedicatedNodes: '{vars.count}'}
storage: {containers: {c-red: {}, c-green: {}}}
job:
  id: '{vars.word}'
  tasks:
    - id: '{item}'
      forEach: {list: '{vars.texts}'}
      commands: ['echo {vars.color} {vars.share} {vars.quick} ${env:HERE} {item}']
      environmentSettings: [{name: TOKEN, value: '{vars.api_token}'}, {name: X, value: '${env:HERE}'}]
"""
FILE = "name: a\ncount: 3\nshare: 0.25\nquick: false\ncolor: green\nword: b22\ntexts: [c, 'd e']\napi_token: canary\n"
NAMES = ("name", "count", "share", "quick", "color", "word", "texts", "api_token")
CANARY = "cAnAry-0f3a9b"
SEEN_AS = frozenset({0, 1, 4, 64, 65})
"""How a command line may end that asks nobody."""


def trial(folder: Path) -> Trial:
    """What the spec is called does not matter: its folder is all that it has."""
    (folder / "variables.yaml").write_text(SPEC, encoding="utf-8")
    return lambda seed: run(seed, folder)


def run(seed: int, folder: Path) -> Outcome:
    chance = random.Random(seed)
    said = [f"--var={_name(chance)}={_value(chance)}" for _ in range(chance.choice((0, 1, 1, 2, 5)))]
    environ = {f"BATCHCTL_VAR_{_name(chance)}": _value(chance) for _ in range(chance.choice((0, 0, 1, 3)))}
    environ = {name: value for name, value in environ.items() if "=" not in name and "\0" not in name + value}
    if chance.random() < 0.4:
        content = FILE.encode()
        for _ in range(chance.choice((0, 1, 2))):
            content = struck(content.decode(errors="replace") or "x", chance)[0]
        (folder / "variables.vars").write_bytes(content)
        said.append(f"--var-file={folder / 'variables.vars'}")
    secret = chance.choice(("var", "environment", "none"))
    if secret == "var":
        said.append(f"--var=api_token={CANARY}")
    here = f"{CANARY}{chance.choice(PIECES)}" if secret == "environment" else _value(chance)
    command = [chance.choice(("validate", "expand")), str(folder / "variables.yaml"), *said]
    return _ended(command, {**environ, "HERE": here.replace("\0", "")})


def _name(chance: random.Random) -> str:
    return chance.choice(NAMES) if chance.random() < 0.9 else str(chance.choice(VALUES))[:50]


def _value(chance: random.Random) -> str:
    value = chance.choice((*VALUES, *PIECES, "1", "3", "0.5", "true", "red", "b22", "a,b", '["a,b"]', "[[", "1e999999"))
    text = value if isinstance(value, str) else repr(value)
    return text if chance.random() < 0.7 else text + chance.choice(PIECES)


def _ended(command: list[str], environ: dict[str, str]) -> Outcome:
    """How the command line ends in this process."""
    out = io.StringIO()
    before = dict(os.environ)
    try:
        os.environ.update(_encodable(environ))
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            code = cli.run(command)
    except BaseException:
        return Outcome(crash=f"{command}\n{traceback.format_exc()}")
    finally:
        os.environ.clear()
        os.environ.update(before)
    said = out.getvalue()
    if code not in SEEN_AS or "Traceback" in said:
        return Outcome(crash=f"{command} {environ} ended with {code}: {said[-2000:]}")
    if CANARY in said:
        return Outcome(crash=f"{command} {environ} shows the secret: {said[-2000:]}")
    if odd := {f"U+{ord(char):04X}" for char in said if is_hidden(char)}:
        return Outcome(crash=f"{command} {environ} shows {odd} as it is: {said[-2000:]!r}")
    return Outcome(told=(said,))


def _encodable(environ: dict[str, str]) -> dict[str, str]:
    """As a system can have it: lone surrogates there are bytes that are no UTF-8."""
    return {name: os.fsdecode(value.encode("utf-8", "surrogatepass")) for name, value in environ.items()}
