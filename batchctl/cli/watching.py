"""The command that comes back to a run: watch."""

from contextlib import nullcontext
from functools import partial

from batchctl.cli.desk import log_end, retry_like
from batchctl.cli.leaving import leave
from batchctl.cli.options import Options, SpecPath, with_options
from batchctl.cli.reporting import web_page
from batchctl.cli.speaking import finish, open_telling, print_events, voice_for
from batchctl.cli.target import open_spec


@with_options
def watch(spec: SpecPath, *, options: Options) -> None:
    """Come back to a run, whoever set it going: wait for its tasks, tell what failed, bring the outputs home.

    It adds nothing. Once the tasks have ended it does what afterRun says, unless an apply is at work, which does.
    """
    from batchctl.reconcile.carry_out.lookout import Lookout
    from batchctl.verbs.watch import watch as watched

    told = voice_for(options)
    out = open_telling(told, options.no_color)
    out.begin("watch")
    choices, opened = options.choices(), open_spec(spec, options, out)
    clock = opened.cloud.clock
    out.keys_do(partial(log_end, opened.cloud.eyes), partial(retry_like, opened))
    lookout = Lookout(clock=clock, eyes=opened.cloud.eyes, close=told == "live")
    events = watched(opened.spec, opened.cloud, clock, choices, locks=not options.no_lock, lookout=lookout)
    with web_page(opened, out) if options.web else nullcontext():
        left = print_events(events, out, leave(spec, options))
    finish(out, "watch", left=left)
