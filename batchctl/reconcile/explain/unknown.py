"""What nobody can tell of a run any more: said, and never guessed. Pure."""

from collections.abc import Iterator, Sequence

from batchctl.cloud_answers import Prices
from batchctl.reconcile.explain.node_time import NodeLife
from batchctl.sights import JobUse, NodeUse, PoolSight, TaskSight
from batchctl.words import plural


def unknown_of(
    runs: Sequence[TaskSight],
    lives: Sequence[NodeLife],
    pools: Sequence[PoolSight],
    spent: Sequence[NodeUse],
    prices: Prices | None,
    uses: Sequence[JobUse],
) -> Iterator[str]:
    yield from _of_tasks(runs)
    yield from _of_nodes(runs, lives, pools)
    yield from _of_money(spent, prices)
    if runs and not any(use.read or use.written for use in uses):
        yield (
            "bytes that tasks read and wrote on disks, and the processor time that they took: the service has not "
            + ("measured them" if uses else "summed them up (it does so now and then, up to half an hour later)")
        )


def _of_tasks(runs: Sequence[TaskSight]) -> Iterator[str]:
    retried, requeued = sum(run.retries for run in runs), sum(run.requeues for run in runs)
    if retried:
        yield f"how long the tries before the last one took ({retried} of them): the service keeps the last one alone"
    if requeued:
        yield f"what was lost when tasks went back to the queue ({requeued} times), and if their nodes were taken away"


def _of_nodes(runs: Sequence[TaskSight], lives: Sequence[NodeLife], pools: Sequence[PoolSight]) -> Iterator[str]:
    for pool in pools:
        if pool.external:
            yield f"what of the time of pool {pool.id} was for these tasks: it is external, and whoever owns it pays"
    told = [life for life in lives if not life.is_seen]
    if told:
        yield (
            f"how long {plural(len(told), 'node')} that {'is' if len(told) == 1 else 'are'} gone were there, and did "
            "nothing: of these the time of their tasks counts (`apply --report` looks at nodes before they go)"
        )
    cut = sum(life.is_seen and not life.is_whole for life in lives)
    if cut:
        yield f"when exactly nodes went ({cut} of them): their time is told up to the last look at them"
    if lives or runs:
        yield "nodes that came and went without a task, and resizes that nobody looked at"


def _of_money(spent: Sequence[NodeUse], prices: Prices | None) -> Iterator[str]:
    if not spent:
        return
    if prices is None:
        yield "money: no prices are known; `batchctl prices update --region REGION` keeps them, --prices FILE has some"
        return
    for use in spent:
        if use.cost is None and not use.kind:
            yield "money of nodes of which it is not known any more whether they were spot"
        elif use.cost is None:
            yield f"money of {use.kind} nodes: no price of their size is known ({prices.region}), or their pool is gone"
