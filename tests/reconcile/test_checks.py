"""What the account's facts say of a plan."""

from dataclasses import replace
from typing import Any

import pytest

from batchctl.reconcile.amend.checks import Facts, needs_facts, problems_of, with_agents
from batchctl.reconcile.decide.diff import diff
from batchctl.reconcile.plan import Action, Change, Plan
from batchctl.resources import Image, Pool, Resource
from tests.fake_cloud import IMAGES, UBUNTU
from tests.reconcile.build import OWNER, desired, held_pool, job, pool, task

FACTS = Facts(images=IMAGES)
OPEN = pool(node_agent_sku_id=None)
OTHER_IMAGE = Image(publisher="canonical", offer="0001-com-ubuntu-server-jammy", sku="22_04-lts")
JAMMY = replace(IMAGES[0], image=OTHER_IMAGE, node_agent_sku_id="batch.node.ubuntu 22.04")


def plan_of(wanted: Pool, *held: Resource) -> Plan:
    return diff(desired(wanted), held)


def agent(plan: Plan) -> str | None:
    [change] = plan.of(Pool, *Action)
    assert isinstance(change.after, Pool)
    return change.after.node_agent_sku_id


@pytest.mark.parametrize(
    ("plan", "needed"),
    [
        (plan_of(OPEN), True),
        (plan_of(pool()), False),
        (plan_of(OPEN, held_pool()), False),
        (plan_of(OPEN, held_pool(vm_size="Old")), True),
        (plan_of(pool(), held_pool(vm_size="Old")), False),
        (diff(desired(), [held_pool()]), False),
        (diff(desired(job(), task()), []), False),
    ],
)
def test_facts_are_asked_only_for_pools_whose_agent_is_left_open(plan: Plan, needed: bool) -> None:
    assert needs_facts(plan) is needed


def test_a_new_pool_gets_the_newest_verified_agent_of_its_image() -> None:
    newer = replace(IMAGES[0], node_agent_sku_id="batch.node.ubuntu 25.10")
    assert agent(with_agents(plan_of(OPEN), Facts(images=(newer, *IMAGES)))) == "batch.node.ubuntu 25.10"
    assert agent(with_agents(plan_of(OPEN), FACTS)) == "batch.node.ubuntu 24.04"


def test_an_agent_that_the_spec_names_stays() -> None:
    assert agent(with_agents(plan_of(pool(node_agent_sku_id="mine")), FACTS)) == "mine"
    assert problems_of(plan_of(pool(node_agent_sku_id="mine", image=OTHER_IMAGE)), FACTS) == ()


def test_a_pool_that_changes_keeps_the_agent_that_it_has() -> None:
    plan = plan_of(OPEN, held_pool(vm_size="Old", node_agent_sku_id="as it is"))
    assert agent(with_agents(plan, FACTS)) == "as it is"
    assert problems_of(plan, Facts()) == ()


def test_a_pool_whose_image_changes_gets_the_agent_of_the_new_one() -> None:
    plan = plan_of(replace(OPEN, image=OTHER_IMAGE), held_pool())
    assert agent(with_agents(plan, Facts(images=(*IMAGES, JAMMY)))) == "batch.node.ubuntu 22.04"
    assert problems_of(plan, Facts(images=(*IMAGES, JAMMY))) == ()
    [problem] = problems_of(plan, FACTS)
    assert "no verified image canonical/0001-com-ubuntu-server-jammy/22_04-lts" in problem


def test_the_case_of_an_image_does_not_matter() -> None:
    shouted = replace(OPEN, image=Image(publisher="CANONICAL", offer="Ubuntu-24_04-LTS", sku="SERVER", version="1"))
    assert problems_of(plan_of(shouted), FACTS) == ()
    assert agent(with_agents(plan_of(shouted), FACTS)) == "batch.node.ubuntu 24.04"


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ({"sku": "servr"}, "'pool': Batch has no verified image canonical/ubuntu-24_04-lts/servr; the nearest that it"),
        ({"publisher": "zzz", "offer": "???", "sku": "!!!"}, "'pool': Batch has no verified image zzz/???/!!!"),
    ],
)
def test_an_image_that_batch_does_not_have(image: dict[str, Any], said: str) -> None:
    unknown = replace(OPEN, image=replace(UBUNTU, **image))
    [problem] = problems_of(plan_of(unknown), FACTS)
    assert said in problem
    assert ("nearest" in problem) is ("nearest" in said)
    assert agent(with_agents(plan_of(unknown), FACTS)) is None


def test_an_unverified_image_does_not_count() -> None:
    assert len(problems_of(plan_of(OPEN), Facts(images=IMAGES[1:]))) == 1


def test_what_is_no_pool_passes_through() -> None:
    plan = diff(desired(job(), task()), [])
    assert with_agents(plan, FACTS) == plan
    gone = Plan(owner=OWNER, changes=(Change(action=Action.DELETE, before=held_pool(node_agent_sku_id=None)),))
    assert with_agents(gone, FACTS) == gone
    assert problems_of(gone, Facts()) == ()
