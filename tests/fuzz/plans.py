"""One changed saved plan: is it read, or refused?"""

import hashlib
import json
import random
import traceback
from pathlib import Path
from typing import Any

from batchctl.errors import BatchctlError
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.kept.comparison import why_another_account, why_outdated
from batchctl.reconcile.kept.document import Place, document_text, read_document
from batchctl.spec.load import load
from batchctl.verbs.saved import Occasion, approve_unchanged, save, ticket
from tests import verbs
from tests.clock import START
from tests.fake_cloud import FakeCloud
from tests.fuzz.mutations import mutated
from tests.fuzz.trials import Outcome, Trial

HERE = Place(batch="https://here.westeurope.batch.azure.com", storage="https://here.blob.core.windows.net")


def trial(folder: Path) -> Trial:
    return lambda seed: Outcome(crash=run(seed, folder))


def run(seed: int, folder: Path) -> str:
    """The traceback of what nobody foresaw while a plan that is made of the seed was read and carried out, or ''."""
    chance = random.Random(seed)
    spec = load(folder / chance.choice(("word-count.yaml", "sweep.yaml")), {}, {})
    cloud = FakeCloud()
    when = Occasion(spec="spec.yaml", target=HERE, id="0" * 16, now=START, variables=(), choices=Choices())
    content = changed(document_text(save(verbs.plan(spec, cloud, Choices()), spec, when)), chance)
    try:
        saved = read_document(content)
        if why_outdated(saved.header, spec.source.digest, START) or why_another_account(saved.header.target, HERE):
            return ""
        decided = verbs.plan(spec, cloud, saved.header.choices)
        ticket(saved)
        if chance.random() < 0.5:
            saved.decoded(folder)  # as `show` does
        approve_unchanged(saved, spec)(decided)
    except BatchctlError as error:
        return traceback.format_exc() if error.exit_code == 70 else ""
    except Exception:
        return traceback.format_exc()
    return ""


def changed(content: str, chance: random.Random) -> str:
    """A plan that was forged with its digest, torn, or written over."""
    how = chance.choice(("forged", "forged", "forged", "edited", "torn", "deep"))
    if how == "torn":
        start = chance.randrange(len(content))
        return content[:start] + chance.choice(("", "\x00", "]" * 50, content[start + chance.randrange(1, 200) :]))
    if how == "deep":
        depth = chance.choice((50, 500, 5000, 500_000))
        deep = '{"a":' * depth + "1" + "}" * depth
        within = content.replace('"plan": {', f'"plan": {{"deep": {deep}, ', 1)
        return json.dumps(sealed(json.loads(within))) if depth <= 500 else within
    document, _ = mutated(json.loads(content), chance, chance.choice((1, 1, 2)))
    return json.dumps(sealed(document) if how == "forged" else document)


def sealed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the digest that belongs to what it says now."""
    said = {key: value for key, value in document.items() if key != "digest"}
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return {**said, "digest": f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"}
