"""What the account's facts say of a plan."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from batchctl.configurations import ContainerConfiguration
from batchctl.machines import PoolIdentity, UserAssignedIdentity
from batchctl.reconcile.amend.checks import Facts, needs_facts, notes_of, problems_of, with_agents
from batchctl.reconcile.decide.diff import diff
from batchctl.reconcile.plan import Action, Change, Plan
from batchctl.resources import Image, Pool, Resource, SupportedImage
from batchctl.rules import json_text
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
        (plan_of(pool()), True),
        (plan_of(OPEN, held_pool()), False),
        (plan_of(OPEN, held_pool(vm_size="Old")), True),
        (plan_of(pool(), held_pool(vm_size="Old")), True),
        (plan_of(pool(), held_pool(target_dedicated_nodes=3)), False),
        (plan_of(pool(), held_pool(image=OTHER_IMAGE)), True),
        (plan_of(pool(), held_pool(node_agent_sku_id="batch.node.ubuntu 22.04")), True),
        (plan_of(pool(container_configuration=ContainerConfiguration()), held_pool()), True),
        (plan_of(pool(raw=json_text({"virtualMachineConfiguration": {"imageReference": {"sku": "a"}}}))), False),
        (diff(desired(), [held_pool()]), False),
        (diff(desired(job(), task()), []), False),
    ],
)
def test_facts_are_asked_only_for_pools_that_start_from_another_image(plan: Plan, needed: bool) -> None:
    assert needs_facts(plan) is needed


NAMED = PoolIdentity(user_assigned_identities=(UserAssignedIdentity(resource_id="/u"),))


@pytest.mark.parametrize(
    ("plan", "refused"),
    [
        (plan_of(pool(identity=NAMED)), True),
        (plan_of(pool()), False),
        (plan_of(pool(identity=NAMED), held_pool(identity=NAMED)), False),
        (plan_of(pool(identity=NAMED, target_dedicated_nodes=3), held_pool(identity=NAMED)), False),
        (plan_of(pool(identity=NAMED), held_pool()), True),
        (plan_of(pool(), held_pool(identity=NAMED)), False),
        (diff(desired(), [held_pool(identity=NAMED)]), False),
    ],
)
def test_an_identity_that_nobody_can_give_is_refused_only_where_it_is_given(plan: Plan, refused: bool) -> None:
    facts = replace(FACTS, no_identities="nobody gives them")
    assert problems_of(plan, facts) == (("pool 'pool': nobody gives them",) if refused else ())
    assert problems_of(plan, FACTS) == ()
    assert needs_facts(plan) or not refused


def test_a_new_pool_gets_the_newest_verified_agent_of_its_image() -> None:
    newer = replace(IMAGES[0], node_agent_sku_id="batch.node.ubuntu 25.10")
    assert agent(with_agents(plan_of(OPEN), Facts(images=(newer, *IMAGES)))) == "batch.node.ubuntu 25.10"
    assert agent(with_agents(plan_of(OPEN), FACTS)) == "batch.node.ubuntu 24.04"


def test_an_agent_that_the_spec_names_stays() -> None:
    assert agent(with_agents(plan_of(pool(node_agent_sku_id="mine")), FACTS)) == "mine"
    assert problems_of(plan_of(pool(node_agent_sku_id="BATCH.node.ubuntu 24.04", image=OTHER_IMAGE)), FACTS) == ()


def test_a_pool_that_changes_keeps_the_agent_that_it_has() -> None:
    plan = plan_of(OPEN, held_pool(vm_size="Old", node_agent_sku_id="as it is"))
    assert agent(with_agents(plan, FACTS)) == "as it is"
    assert problems_of(plan, Facts()) == ()


def test_a_pool_whose_image_changes_gets_the_agent_of_the_new_one() -> None:
    plan = plan_of(replace(OPEN, image=OTHER_IMAGE), held_pool())
    assert agent(with_agents(plan, Facts(images=(*IMAGES, JAMMY)))) == "batch.node.ubuntu 22.04"
    assert problems_of(plan, Facts(images=(*IMAGES, JAMMY))) == ()
    [problem] = problems_of(plan, Facts(images=IMAGES[:2]))
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


NOW = datetime(2026, 3, 1, tzinfo=UTC)
DOCKER = ContainerConfiguration()
HPC = Image(publisher="microsoft-dsvm", offer="ubuntu-hpc", sku="2404")
ARM = Image(publisher="canonical", offer="ubuntu-24_04-lts", sku="server-arm64")
LISTED = (
    *IMAGES,
    JAMMY,
    replace(IMAGES[0], image=HPC, capabilities=("DockerCompatible",)),
    replace(IMAGES[0], image=ARM, node_agent_sku_id="batch.node.ubuntu 24.04-arm64"),
)


def ending(end: datetime | None, image: SupportedImage = IMAGES[0]) -> Facts:
    return Facts(images=(replace(image, end_of_life=end),), now=NOW)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (
            pool(node_agent_sku_id="batch.node.el 9"),
            "has no node agent 'batch.node.el 9'; take batch.node.ubuntu 24.04",
        ),
        (pool(node_agent_sku_id="batch.node.windows amd64"), "is of another system than the image canonical/ubuntu-24"),
        (pool(node_agent_sku_id="batch.node.ubuntu 24.04-arm64"), "is of another system than the image"),
        (pool(image=ARM), "'batch.node.ubuntu 24.04' is of another system than"),
        (
            pool(container_configuration=DOCKER),
            "has no Docker, which containerConfiguration needs; these have it: micro",
        ),
        (replace(OPEN, container_configuration=DOCKER), "has no Docker"),
    ],
)
def test_an_image_that_does_not_suit_its_pool_is_refused(wanted: Pool, said: str) -> None:
    [problem] = problems_of(plan_of(wanted), Facts(images=LISTED, now=NOW))
    assert said in problem


@pytest.mark.parametrize(
    "wanted",
    [
        pool(),
        pool(node_agent_sku_id="Batch.Node.Ubuntu 24.04"),
        pool(image=HPC, container_configuration=DOCKER),
        pool(container_configuration=ContainerConfiguration(type="criCompatible")),
        pool(image=replace(UBUNTU, sku="nobody lists it"), container_configuration=DOCKER),
    ],
)
def test_an_image_that_suits_its_pool(wanted: Pool) -> None:
    facts = Facts(images=LISTED, now=NOW)
    assert problems_of(plan_of(wanted), facts) == notes_of(plan_of(wanted), facts) == ()


def test_an_agent_of_another_version_is_told() -> None:
    wanted = plan_of(pool(node_agent_sku_id="batch.node.ubuntu 22.04"))
    [note] = notes_of(wanted, Facts(images=LISTED, now=NOW))
    assert "names another node agent than 'batch.node.ubuntu 22.04' for canonical/ubuntu-24_04-lts/server: " in note
    assert problems_of(wanted, Facts(images=LISTED, now=NOW)) == ()


@pytest.mark.parametrize(
    ("days", "refused", "noted"),
    [(-400, True, False), (0, True, False), (1, False, True), (180, False, True), (181, False, False)],
)
def test_the_end_of_an_image_is_refused_or_told(days: int, refused: bool, noted: bool) -> None:
    facts = ending(NOW + timedelta(days=days))
    for wanted in (plan_of(pool()), plan_of(OPEN), plan_of(pool(), held_pool(image=OTHER_IMAGE))):
        assert [f"since {NOW + timedelta(days=days):%Y-%m-%d}" in p for p in problems_of(wanted, facts)] == [
            True
        ] * refused
        assert [f"until {NOW + timedelta(days=days):%Y-%m-%d}" in n for n in notes_of(wanted, facts)] == [True] * noted


def test_a_pool_that_is_there_keeps_an_image_past_its_end() -> None:
    facts = ending(NOW - timedelta(days=1))
    assert problems_of(plan_of(pool(), held_pool(vm_size="Old")), facts) == ()
    changed = replace(JAMMY, image=UBUNTU, end_of_life=NOW)
    assert (
        problems_of(
            plan_of(pool(), held_pool(node_agent_sku_id=JAMMY.node_agent_sku_id)), Facts(images=(*IMAGES, changed))
        )
        == ()
    )


def test_what_is_no_pool_passes_through() -> None:
    plan = diff(desired(job(), task()), [])
    assert with_agents(plan, FACTS) == plan
    gone = Plan(owner=OWNER, changes=(Change(action=Action.DELETE, before=held_pool(node_agent_sku_id=None)),))
    assert with_agents(gone, FACTS) == gone
    assert problems_of(gone, Facts()) == ()


GEN_1 = replace(IMAGES[0], image=Image(publisher="canonical", offer="ubuntu-24_04-lts", sku="server-gen1"))
GEN_2 = replace(IMAGES[0], capabilities=("Generation2VMImage",))
FOR_ARM = replace(GEN_2, image=ARM, node_agent_sku_id="batch.node.ubuntu 24.04-arm64")


@pytest.mark.parametrize(
    ("size", "image", "said"),
    [
        ("Standard_D2s_v6", GEN_1, "generation 2 alone, and canonical/ubuntu-24_04-lts/server-gen1 is one of 1; take"),
        ("standard_dc2s_v3", GEN_1, "starts images of generation 2 alone"),
        ("Standard_NC24ads_A100_v4", GEN_1, "starts images of generation 2 alone"),
        ("Standard_A2_v2", GEN_2, "Standard_A2_v2 starts images of generation 1 alone"),
        ("Standard_D2_v3", GEN_2, "Standard_D2_v3 starts images of generation 1 alone"),
        ("Standard_D2s_v6", GEN_2, None),
        ("Standard_D2_v3", GEN_1, None),
        ("Standard_D2s_v5", GEN_1, None),
        ("Standard_D2s_v5", GEN_2, None),
        ("Standard_D2ps_v5", FOR_ARM, None),
        ("Standard_D2ps_v5", GEN_2, "Standard_D2ps_v5 is an Arm size, and the node agent"),
        ("Standard_D2s_v5", FOR_ARM, "Standard_D2s_v5 is no Arm size, and the node agent"),
    ],
)
def test_sizes_start_images_of_their_generation_and_processor(
    size: str, image: SupportedImage, said: str | None
) -> None:
    wanted = pool(vm_size=size, image=image.image, node_agent_sku_id=image.node_agent_sku_id)
    listed = Facts(images=(GEN_1, GEN_2, FOR_ARM), now=NOW)
    for plan in (plan_of(wanted), plan_of(wanted, held_pool(vm_size="Standard_D4s_v4", image=image.image))):
        found = [problem for problem in problems_of(plan, listed) if "node agent" not in problem or "Arm" in problem]
        assert [bool(said and said in problem) for problem in found] == [True] * bool(said)


def test_where_no_image_tells_its_generation_none_is_refused() -> None:
    wanted = plan_of(pool(vm_size="Standard_D2s_v6", image=GEN_1.image))
    assert problems_of(wanted, Facts(images=(GEN_1, *IMAGES), now=NOW)) == ()


def test_an_image_that_batch_lists_without_having_verified_it_wants_its_agent_said() -> None:
    [problem] = problems_of(plan_of(OPEN), Facts(images=(replace(IMAGES[0], verified=False, image=OPEN.image),)))
    assert f"one that it did not verify: to take that, say nodeAgentSKUId: {IMAGES[0].node_agent_sku_id}" in problem
