"""What counts as a secret, and that nothing of it is written."""

import io
import json
import shlex
import shutil
from pathlib import Path
from urllib.parse import quote

import pytest

from batchctl.errors import UsageError
from batchctl.reconcile.kept.codec import Codec
from batchctl.reconcile.kept.document import Place, plan_to_json
from batchctl.reconcile.plan import Action, Change, Plan
from batchctl.render.printer import Printer
from batchctl.render.stream import JsonPrinter
from batchctl.render.terminal import Terminal
from batchctl.sensitive import HIDDEN, Hidden, Veil, is_sensitive, masked, sensitive_values
from batchctl.spec.load import load
from batchctl.spec.model import Spec
from batchctl.verbs.saved import codec_for
from tests import verbs
from tests.clock import FakeClock
from tests.examine import examine
from tests.fake_cloud import FakeCloud
from tests.reconcile.build import job

SECRET = (
    "DB_PASSWORD vars.db_password env:GITHUB_TOKEN API_TOKEN apikey api-key ACCOUNT_KEY AZURE_STORAGE_KEY "
    "client_secret AZURE_STORAGE_CONNECTION_STRING SAS blob_sas GH_PAT"
    " SSH_PASSPHRASE db_pwd AWS_SECRET_ACCESS_KEY credentials"
)
PLAIN = "words key sort_key PWD PATH pattern max_tokens tokenizer monkey LEVEL item.key primary keyboard sash"


@pytest.mark.parametrize("name", SECRET.split())
def test_names_that_tell_of_a_secret(name: str) -> None:
    assert is_sensitive(name)


@pytest.mark.parametrize("name", PLAIN.split())
def test_names_that_do_not(name: str) -> None:
    assert not is_sensitive(name)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("canary-one", "echo canary-one"),
        ("it's a canary", "echo 'it'\\''s a canary'"),
        ('a"canary"b', 'echo "a\\"canary\\"b"'),
        ("100%canary", "echo 100%%canary"),
        ("ab", "ab"),
    ],
)
def test_a_secret_is_hidden_however_a_shell_wants_it(value: str, written: str) -> None:
    veil = Veil(sensitive_values({"vars.password": value}))
    assert "canary" not in veil(written)
    assert veil(written) != written


def test_longer_secrets_are_hidden_before_what_they_hold() -> None:
    veil = Veil(sensitive_values({"a_password": "abcd", "b_password": "abcdef"}))
    assert veil("abcdef abcd") == "(sensitive) (sensitive)"


@pytest.mark.parametrize("value", ["canary-1", "a canary/+&=?", 'can"ary\\x', "cänary-ü"])
def test_what_comes_from_the_environment_is_hidden_in_every_form(value: str) -> None:
    veil = Veil(sensitive_values({"env:PLAIN_NAME": value, "vars.words": "four"}))
    for written in (value, quote(value), quote(value, safe=""), json.dumps(value), shlex.quote(value)):
        assert value not in veil(f"x {written} y four")
        assert veil(f"x {written} y four") == f"x {written} y four".replace(written.strip("'\""), "(sensitive)")


@pytest.mark.parametrize("signature", ["abc%3D", "a", "A" * 43 + "%3D"])
def test_a_short_signature_is_one_too(signature: str) -> None:
    veil, url = Veil(), f"https://account.blob.core.windows.net/c/b?sv=2024&sig={signature}&sp=r"
    assert veil(url) == "https://account.blob.core.windows.net/c/b?sv=2024&(sensitive)&sp=r"
    assert f"sig={signature}" not in masked(url)


@pytest.mark.parametrize("length", [4, 7, 12])
def test_the_beginning_of_a_secret_that_was_cut_is_hidden(length: int) -> None:
    veil = Veil(("canary-secret-1", "other"))
    assert veil(f"'x {'canary-secret-1'[:length]}…' and more…") == "'x (sensitive)…' and more…"


def test_what_takes_the_place_of_a_secret_hides_it() -> None:
    settings = ([{"name": "A", "value": text}] for text in ("old-canary", "(sensitive)", "(sensitive)"))
    old, new, hidden = (
        {"displayName": shown, "priority": priority, "environment": setting, "x": other}
        for shown, priority, setting, other in zip(
            ("d old-canary", "d (sensitive)", "(sensitive)"), (3, 4, 3), settings, "yzy", strict=True
        )
    )
    assert Veil(("new-canary",)).as_new(old, new) == hidden


EVERYWHERE = """version: 1
name: sec
storage: {containers: {sec-out: {}}}
pool:
  id: sec
  vmSize: Standard_D2s_v5
  image: {publisher: canonical, offer: ubuntu-24_04-lts, sku: server}
  nodeAgentSKUId: batch.node.ubuntu 24.04
  targetDedicatedNodes: 1
  displayName: 'p ${env:WHO}'
  startTask: {commands: ['echo "${env:WHO}"']}
  metadata: [{name: note, value: '${env:WHO}'}]
job:
  id: sec
  displayName: 'd ${env:WHO}'
  metadata: [{name: note, value: 'x ${env:WHO}'}]
  commonEnvironmentSettings: [{name: JOB, value: '${env:WHO}'}]
  tasks:
  - id: one
    displayName: 't ${env:WHO}'
    environmentSettings: [{name: HARMLESS, value: '${env:WHO}'}]
    resourceFiles: [{httpUrl: 'https://example.org/a?code=${env:WHO}', filePath: a}]
    commands: ['curl --header "X: ${env:WHO}" "https://example.org/${env:WHO}"']
"""


def test_what_comes_from_the_environment_is_shown_nowhere(tmp_path: Path) -> None:
    path, cloud = tmp_path / "spec.yaml", FakeCloud()
    path.write_text(EVERYWHERE, encoding="utf-8")
    said = [_said_of(load(path, {}, {"WHO": f"canary-{turn}"}), cloud) for turn in (1, 2)]
    assert "canary" not in "".join(said)
    assert "displayName: (sensitive) -> p (sensitive)" in said[1]


def _said_of(spec: Spec, cloud: FakeCloud) -> str:
    """All that is said while this spec is planned, kept and applied."""
    out, codec = io.StringIO(), codec_for(spec)
    text = Printer(*(Terminal(file=out, highlight=False) for _ in range(2)))
    program = JsonPrinter(out, text, FakeClock())
    program.account(Place(batch="b", storage="s"), codec)

    def approve(plan: Plan) -> bool:
        text.plan(plan, full=True)
        program.plan(plan)
        out.write(json.dumps(plan_to_json(plan, codec)))
        return True

    for event in verbs.apply(spec, cloud, FakeClock(), approve):
        text.event(event)
        program.event(event)
    program.error(UsageError(f"no {spec.values['env:WHO']}"))
    return out.getvalue()


@pytest.mark.parametrize("place", ["id: sec\n  vm", "vmSize: Standard_D2s_v5", "httpUrl: 'https://example.org/a?code="])
def test_nor_where_it_does_not_fit(place: str, tmp_path: Path) -> None:
    text = EVERYWHERE.replace(place, place.replace("sec\n", "'${env:WHO} x'\n").replace("S", "'${env:WHO} !'# "))
    (tmp_path / "spec.yaml").write_text(text.replace("https://example.org/a?", "x ${env:WHO} "), encoding="utf-8")
    problems = examine(tmp_path / "spec.yaml", {}, {"WHO": "canary"})
    assert problems
    assert "canary" not in "".join(problem.message for problem in problems)


def test_what_is_no_secret_stays() -> None:
    values = {"vars.words": "four", "vars.use_token": True, "env:DB_PASSWORD": ""}
    assert sensitive_values(values) == ()
    assert Veil()("https://example.org/a four-letter word") == "https://example.org/a four-letter word"


def test_what_is_hidden_is_not_hidden_again() -> None:
    veil = Veil(("canary",), "key")
    once = veil.setting("API_TOKEN", "canary")
    assert once.startswith(f"{HIDDEN} ")
    assert veil.setting("API_TOKEN", once) == once


def test_settings_are_hidden_by_name_on_either_side() -> None:
    codec = Codec(folder=Path("/"), veil=Veil(names=frozenset({"WHO"})))
    old, new = job(environment=(("WHO", "canary-1"),)), job(environment=(("WHO", Hidden("canary-2")), ("A", "1")))
    said = json.dumps([codec.encode(old), codec.encode(new)])
    assert "canary" not in said
    assert '"value": "1"' in said


def test_a_spec_knows_the_names_of_what_it_hides(tmp_path: Path) -> None:
    folder = Path(__file__).parent / "cases" / "plans" / "two-texts"
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    text = (folder / "spec.yaml").read_text()
    start = "startTask:\n    environmentSettings: [{name: A, value: 'x${env:X}'}, {name: B, value: x}]"
    task = "environmentSettings: [{name: C, value: x, sensitive: true}]\n      outputFiles:"
    spec = tmp_path / "spec.yaml"
    spec.write_text(text.replace("startTask:", start).replace("outputFiles:", task))
    assert load(spec, {}, {"X": "1"}).hidden_settings == {"A", "C"}


def test_people_see_no_secret_either() -> None:
    out, err = io.StringIO(), io.StringIO()
    printer = Printer(Terminal(file=out, width=200), Terminal(file=err, width=200))
    veil = Veil(("canary-one",))
    printer.account(Place(batch="b", storage="s"), Codec(folder=Path("/"), veil=veil))
    settings = (("API_TOKEN", "canary-two"), ("URL", "https://x/?p=canary-one"), ("LEVEL", "3"))
    printer.plan(Plan(owner="o", changes=(Change(action=Action.CREATE, after=job(environment=settings)),)))
    printer.say("failed with canary-one")
    assert "canary" not in out.getvalue() + err.getvalue()
    assert "environment: [API_TOKEN=(sensitive), URL=https://x/?p=(sensitive), LEVEL=3]" in out.getvalue()
