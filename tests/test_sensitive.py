"""What counts as a secret, and that nothing of it is written."""

import io
import json
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from batchctl.reconcile.kept.codec import Codec
from batchctl.reconcile.kept.document import Place
from batchctl.reconcile.plan import Action, Change, Plan
from batchctl.render.printer import Printer
from batchctl.sensitive import HIDDEN, Hidden, Veil, is_sensitive, sensitive_values
from batchctl.spec.load import load
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
    printer = Printer(Console(file=out, width=200), Console(file=err, width=200))
    veil = Veil(("canary-one",))
    printer.account(Place(batch="b", storage="s"), Codec(folder=Path("/"), veil=veil))
    settings = (("API_TOKEN", "canary-two"), ("URL", "https://x/?p=canary-one"), ("LEVEL", "3"))
    printer.plan(Plan(owner="o", changes=(Change(action=Action.CREATE, after=job(environment=settings)),)))
    printer.say("failed with canary-one")
    assert "canary" not in out.getvalue() + err.getvalue()
    assert "environment: [API_TOKEN=(sensitive), URL=https://x/?p=(sensitive), LEVEL=3]" in out.getvalue()
