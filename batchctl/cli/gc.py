"""The command that needs no spec: what batchctl made and nobody wants any more."""

from pathlib import Path

from batchctl.cli.asking import approve, can_ask, voice
from batchctl.cli.durations import patience
from batchctl.cli.following import follow
from batchctl.cli.options import AsJson, Discard, Force, LockTimeout, NoColor, NoLock, TargetName, Yes
from batchctl.cli.target import open_account
from batchctl.errors import Partial, Refused


def gc(
    target: TargetName = None,
    yes: Yes = False,
    force: Force = False,
    discard_outputs: Discard = False,
    lock_timeout: LockTimeout = "0s",
    no_lock: NoLock = False,
    as_json: AsJson = False,
    no_color: NoColor = False,
) -> None:
    """List what batchctl made in the account, and take away what nobody wants.

    That is what `expiresAfter` says has expired, and what came from this checkout and whose spec is there no more.
    With --json and without --yes it lists alone.
    """
    from batchctl.clock import SystemClock
    from batchctl.reconcile.choices import Choices
    from batchctl.verbs.gc import clear, inspect

    out, clock = voice(as_json, no_color), SystemClock()
    out.begin("gc")
    waits = None if no_lock else patience(lock_timeout)
    cloud = open_account(target, out)
    found = inspect(cloud, clock, Path.cwd())
    for estate in found:
        out.holdings(estate)
    unwanted = [estate for estate in found if estate.unwanted and (yes or not as_json)]
    if unwanted:
        can_ask(yes)
    choices, refused = Choices(discard_outputs=discard_outputs, force=force), []
    for estate in unwanted:
        out.say(f"\n{estate.owner}:")
        question = f"Destroy all of this of {estate.owner}? There is no undo."
        agree = lambda decided, question=question: approve(out, decided, yes=yes, question=question)  # noqa: E731 (a question for each)
        try:
            follow(clear(estate, cloud, clock, agree, choices, waits), out)
        except Refused as error:
            refused.append(f"{estate.owner}: {error}")
    out.done("gc")
    if refused:
        # "Refused, nothing was changed" is true only if nothing of the others went either.
        raise Refused(refused) if len(refused) == len(unwanted) else Partial("\n".join(refused))
