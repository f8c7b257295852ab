"""The command that needs no spec: what batchctl made and nobody wants any more."""

from functools import partial
from pathlib import Path

from batchctl.cli.options import Options, with_options
from batchctl.cli.speaking import open_voice, print_events, require_an_answer, show_and_ask
from batchctl.cli.target import open_account
from batchctl.errors import Partial, Refused
from batchctl.words import one_line


@with_options
def gc(*, options: Options) -> None:
    """List what batchctl made in the account, and take away what nobody wants.

    That is what `expiresAfter` says has expired, and what came from this checkout and whose spec is there no more.
    With --json and without --yes it lists alone.
    """
    from batchctl.clock import SystemClock
    from batchctl.verbs.gc import clear, inspect

    out, clock = open_voice(options.as_json, options.no_color), SystemClock()
    out.begin("gc")
    patience = options.lock_patience()
    cloud = open_account(options, out)
    found = inspect(cloud, cloud.clock, Path.cwd())
    for estate in found:
        out.holdings(estate)
    unwanted = [estate for estate in found if estate.unwanted and (options.yes or not options.as_json)]
    if unwanted:
        require_an_answer(options.yes)
    choices, refused, left = options.choices(), list[str](), 0
    for estate in unwanted:
        out.say(f"\n{one_line(estate.owner)}:")
        question = f"Destroy all of this of {one_line(estate.owner)}? There is no undo."
        approve = partial(show_and_ask, out, yes=options.yes, question=question)
        try:
            print_events(clear(estate, cloud, clock, approve, choices, patience), out)
        except Refused as error:
            refused += [f"{estate.owner}: {reason}" for reason in error.reasons]
            left += 1
    out.done("gc")
    if refused:
        # "Refused, nothing was changed" is true only if nothing of the others went either.
        raise Refused(refused) if left == len(unwanted) else Partial("\n".join(map(one_line, refused)))
