"""Formulas: the language by itself, and pools that follow it."""

from datetime import timedelta

import pytest
from azure.batch import models
from azure.core.exceptions import HttpResponseError, ResourceExistsError

from batchctl.emulator.formula.language import Scope, parse_formula
from batchctl.emulator.formula.values import FormulaError

from .conftest import new_job, pool_options
from .stand import until
from .test_faults import fault
from .test_jobs import task
from .test_pools import code_of, steady

FAILED = "AllocationFailed"
NOON = 1767268800.0  # Thursday, 2026-01-01T12:00:00Z


LISTS = {"values": [1.5, 2.5, 1.5], "powers": [2.0, 4.0, 8.0]}


def value(text: str) -> object:
    scope = Scope(NOON, dict(LISTS))
    parse_formula(f"x = {text};")(scope)
    return scope.assigned["x"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("10 - 4 - 3", 3.0),
        ("-2 * 3", -6.0),
        ("7 / 2", 3.5),
        (".5*4", 2.0),
        ("1 - .25", 0.75),
        ("1 < 2 && !(2 <= 1)", 1.0),
        ("1 == 2 || 1 != 1", 0.0),
        ("1 > 2 ? 10 : 2 >= 2 ? 20 : 30", 20.0),
        ("max(1, 5, 3) + min(4, 2)", 7.0),
        ("avg(1, 2, 6)", 3.0),
        ("sum(1, 2) + len(1)", 4.0),
        ("round(2.5) + round(-2.5)", 0.0),
        ("lg(8) + ln(1) + log(100)", 5.0),
        ("norm(3, 4)", 5.0),
        ("range(2, 9, 4)", 7.0),
        ("std(2, 4)", 1.0),
        ("time().hour + time().weekday", 16.0),
        ('time("2026-01-02T12:00:00Z") - time() == TimeInterval_Day', 1.0),
        ('time("Fri, 02 Jan 2026 12:00:00 GMT") - time() == TimeInterval_Day', 1.0),
        ("TimeInterval_Hour / TimeInterval_Minute", 60.0),
        ("(TimeInterval_Minute * 5 + time()).minute == 5 ? 1 : 0", 1.0),
        ("taskcompletion", "taskcompletion"),
        ("/* note */ 1 // end", 1.0),
        ("ceil(1.2) + floor(1.8)", 3.0),
        ("sum(ceil(values) + floor(values))", 11.0),
        ("sum(lg(powers)) + sum(log(powers * 0 + 100))", 12.0),
        ("val(values, 1) + values[0]", 4.0),
        ("max(values - 1) * len(values)", 4.5),
        ("percentile(powers, 50)", 4.0),
        ('"a" < "b" && "x" == "x" && "x" != "y"', 1.0),
        ("TimeInterval_Week / TimeInterval_Day + TimeInterval_Year / TimeInterval_Day", 372.0),
        ("time() - 30 * TimeInterval_Minute < time()", 1.0),
    ],
)
def test_expressions(text, wanted):
    assert value(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1" + "+1" * 4000, 4001.0),
        ("1" + "*1" * 4000, 1.0),
        ("1" + " && 1" * 1600, 1.0),
        ("0" + " || 0" * 1600, 0.0),
        ("1" + " == 1" * 1600, 1.0),
        ("-" * 8000 + "1", 1.0),
        ("-" * 8001 + "1", -1.0),
        ("!" * 8001 + "1", 0.0),
        ("-!-0", -1.0),
        ("/* a */ // b\n" * 600 + "1" + " /* // */ " * 100, 1.0),
        ("// /* a */ " * 700 + "\n 1 // b", 1.0),
    ],
)
def test_expressions_as_long_as_a_formula(text, wanted):
    assert value(text) == wanted


@pytest.mark.parametrize("text", ["values" + "[0]" * 2600, "time()" + ".hour" * 1600, "/* a */ // b\n" * 600 + "#"])
def test_what_is_too_much_of_one_thing_is_an_error(text):
    with pytest.raises(FormulaError):
        value(text)


@pytest.mark.parametrize("text", ["x = ", "x 1", "1 = x", "x = (1", "x = 1 +", "x = nosuch(1)", "x = 1 ? 2", "x = #"])
def test_what_is_no_formula(text):
    with pytest.raises(FormulaError):
        parse_formula(text)


@pytest.mark.parametrize("text", ["1 / 0", "y", "max()", "val(1, 0)", '1 + "a"', "time() + time()", "lg(0)"])
def test_what_cannot_be_evaluated(text):
    with pytest.raises(FormulaError):
        value(text)


FOLLOW = "$TargetDedicatedNodes = min(3, $PendingTasks.GetSample(1)); $NodeDeallocationOption = taskcompletion;"


def test_a_pool_that_follows_its_tasks(client, name, local):
    client.create_pool(
        pool_options(
            name,
            enable_auto_scale=True,
            auto_scale_formula=FOLLOW,
            auto_scale_evaluation_interval=timedelta(minutes=5),
        )
    )
    pool = steady(client, name)
    assert (pool.target_dedicated_nodes, pool.enable_auto_scale) == (0, True)
    assert pool.auto_scale_run.results.startswith("$TargetDedicatedNodes=0;$TargetLowPriorityNodes=0;")
    job = new_job(client, name, name)
    for number in range(2):
        client.create_task(job, task(f"t{number}", "sleep 1000"))
    for _ in range(11):
        local.turn(31)
    until(lambda: client.get_job_task_counts(job).task_counts.running == 2, "the start of both tasks")
    assert client.get_pool(name).target_dedicated_nodes == 2
    run = client.evaluate_pool_auto_scale(
        name, models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula="$TargetDedicatedNodes = 7; n = 1.5;")
    )
    assert run.results == "$TargetDedicatedNodes=7;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue;n=1.5"
    with pytest.raises(ResourceExistsError) as caught:
        client.begin_resize_pool(name, models.BatchPoolResizeOptions(target_dedicated_nodes=1))
    assert code_of(caught) == "OperationNotValidOnPool"
    client.disable_pool_auto_scale(name)
    assert client.get_pool(name).enable_auto_scale is False


def test_what_a_resize_did_not_get_is_tried_again_at_each_evaluation(client, name, local):
    made = pool_options(
        name,
        enable_auto_scale=True,
        auto_scale_formula="$TargetDedicatedNodes = 2;",
        auto_scale_evaluation_interval=timedelta(minutes=5),
    )
    with fault(local, kind="allocation", pool=name):
        client.create_pool(made)
        first = steady(client, name)
        assert (first.current_dedicated_nodes, [error.code for error in first.resize_errors]) == (0, [FAILED])
        local.turn(300)
        second = steady(client, name)
        assert (second.current_dedicated_nodes, [error.code for error in second.resize_errors]) == (0, [FAILED])
        assert second.allocation_state_transition_time > first.allocation_state_transition_time
    local.turn(300)
    third = steady(client, name)
    assert (third.current_dedicated_nodes, third.resize_errors) == (2, None)
    local.turn(300)
    assert steady(client, name).allocation_state_transition_time == third.allocation_state_transition_time


def test_samples(client, name):
    formula = """
        $seen = $ActiveTasks.GetSamplePercent(TimeInterval_Minute * 30);
        $TargetDedicatedNodes = $seen < 70 ? 1 : avg($ActiveTasks.GetSample(TimeInterval_Minute * 30, 70));
    """
    client.create_pool(pool_options(name, enable_auto_scale=True, auto_scale_formula=formula))
    until(lambda: client.get_pool(name).current_dedicated_nodes == 1, "the first node")


def test_refusals(client, name):
    client.create_pool(pool_options(name))
    steady(client, name)
    evaluate = models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula="$TargetDedicatedNodes = 1;")
    with pytest.raises(ResourceExistsError) as caught:
        client.evaluate_pool_auto_scale(name, evaluate)
    assert code_of(caught) == "OperationNotValidOnPool"
    bad = models.BatchPoolEnableAutoScaleOptions(auto_scale_formula="$TargetDedicatedNodes = (")
    with pytest.raises(HttpResponseError) as caught:
        client.enable_pool_auto_scale(name, bad)
    assert code_of(caught) == "AutoScalingFormulaSyntaxError"
    good = models.BatchPoolEnableAutoScaleOptions(auto_scale_formula="$TargetDedicatedNodes = 1 / 0;")
    client.enable_pool_auto_scale(name, good)
    assert client.get_pool(name).auto_scale_run.error.code == "AutoScalingFormulaEvaluationError"
    with pytest.raises(HttpResponseError) as caught:
        client.enable_pool_auto_scale(name, good)
    assert (caught.value.status_code, code_of(caught)) == (503, "TooManyEnableAutoScaleRequests")


@pytest.mark.parametrize(
    ("formula", "targets"),
    [
        # by the hour of the day
        ("$day = time().weekday >= 1 && time().weekday <= 5; $TargetDedicatedNodes = $day ? 8 : 8;", (8, 0)),
        # by tasks, with as many spot nodes as are left, and a limit
        (
            """
            tasks = max($PendingTasks.GetSample(1));
            $TargetDedicatedNodes = min(2, tasks);
            $TargetLowPriorityNodes = max(0, min(5, tasks - $TargetDedicatedNodes));
            $NodeDeallocationOption = taskcompletion;
            """,
            (2, 1),
        ),
        # from where the pool stands, a step at a time
        ("$TargetDedicatedNodes = $CurrentDedicatedNodes + 1; $TargetLowPriorityNodes = $TaskSlotsPerNode;", (1, 4)),
        # what was sampled: too little, so that the guess counts
        (
            "share = $PendingTasks.GetSamplePercent(TimeInterval_Hour);"
            "$TargetDedicatedNodes = share < 70 ? 3 : avg($PendingTasks.GetSample(TimeInterval_Hour));",
            (3, 0),
        ),
        ("$TargetDedicatedNodes = 2; stop(); $TargetDedicatedNodes = 9;", (2, 0)),
        ("$TargetDedicatedNodes = 2.9; $TargetLowPriorityNodes = -3;", (2, 0)),
        (
            "$TargetDedicatedNodes = $ActiveTasks.Count() && $CPUPercent.GetSamplePeriod() > TimeInterval_Zero;",
            (1, 0),
        ),
        ("$TargetDedicatedNodes = $UsableNodeCount.GetSample(1)[0] + $PreemptedNodeCount.GetSample(1)[0];", (0, 0)),
    ],
)
def test_formulas_as_people_write_them(client, formulas, formula, targets):
    pool = formulas
    run = client.evaluate_pool_auto_scale(pool, models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula=formula))
    assert run.error is None, run.error
    values = dict(part.split("=", 1) for part in run.results.split(";"))
    assert (int(values["$TargetDedicatedNodes"]), int(values["$TargetLowPriorityNodes"])) == targets


def test_a_variable_of_samples_shows_its_last(client, formulas):
    options = models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula="seen = $ActiveTasks;")
    assert client.evaluate_pool_auto_scale(formulas, options).results.endswith(";seen=[3]")


@pytest.fixture(scope="module")
def formulas(client):
    """A pool that scales by itself, without nodes; three tasks want room, a fourth waits for one of them."""
    pool = "formulas"
    client.create_pool(
        pool_options(
            pool, enable_auto_scale=True, auto_scale_formula="$TargetDedicatedNodes = 0;", task_slots_per_node=4
        )
    )
    steady(client, pool)
    job = new_job(client, "formulas", pool, uses_task_dependencies=True)
    for number in range(3):
        client.create_task(job, task(f"t{number}"))
    client.create_task(job, task("waits", depends_on=models.BatchTaskDependencies(task_ids=["t0"])))
    return pool


@pytest.mark.parametrize(
    "formula",
    [
        "$TargetDedicatedNodes = 1 / 0;",
        "$TargetDedicatedNodes = $NoSuchVariable;",
        "$something_useless",
        "$CurrentDedicatedNodes = 3;",
        "$ActiveTasks = 3;",
        "$NodeDeallocationOption = sometime;",
        '$NodeDeallocationOption = "requeue2";',
        "$TargetDedicatedNodes = $ActiveTasks;",
        "$TargetDedicatedNodes = avg($ActiveTasks.GetSample(TimeInterval_Hour, 80));",
        "$TargetDedicatedNodes = $ActiveTasks.Median();",
        "$TargetDedicatedNodes = time();",
    ],
)
def test_formulas_that_cannot_be_evaluated(client, formulas, formula):
    options = models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula=formula)
    run = client.evaluate_pool_auto_scale(formulas, options)
    assert run.results == "$TargetDedicatedNodes=0;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue"
    assert (run.error.code, run.error.as_dict()["values"][0]["name"]) == (
        "AutoScalingFormulaEvaluationError",
        "Message",
    )


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        ("$TargetDedicatedNodes = (1", "AutoScalingFormulaSyntaxError"),
        ("$TargetDedicatedNodes = 1" + " " * 8192, "AutoScaleFormulaTooLong"),
        ("x = 1;" * 101, "AutoScalingFormulaSyntaxError"),
    ],
)
def test_formulas_that_are_refused(client, name, formulas, formula, code):
    with pytest.raises(HttpResponseError) as caught:
        client.create_pool(pool_options(name, enable_auto_scale=True, auto_scale_formula=formula))
    assert (caught.value.status_code, code_of(caught)) == (400, code)
    with pytest.raises(HttpResponseError) as caught:
        client.evaluate_pool_auto_scale(formulas, models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula=formula))
    assert (caught.value.status_code, code_of(caught)) == (400, code)


def test_the_option_of_a_formula_counts(client, name, local):
    formula = (
        "$TargetDedicatedNodes = $RunningTasks.GetSample(1)[0] > 0 ? 0 : 1; $NodeDeallocationOption = taskcompletion;"
    )
    client.create_pool(
        pool_options(
            name,
            enable_auto_scale=True,
            auto_scale_formula=formula,
            auto_scale_evaluation_interval=timedelta(minutes=5),
        )
    )
    until(lambda: [node.state for node in client.list_nodes(name)] == ["idle"], "the first node")
    job = new_job(client, name, name)
    client.create_task(job, task("t", "sleep 1000"))
    until(lambda: client.get_task(job, "t").state == "running", "the start")
    for _ in range(11):
        local.turn(31)
    assert (client.get_pool(name).target_dedicated_nodes, client.get_task(job, "t").state) == (0, "running")
    client.terminate_task(job, "t")
    until(lambda: not list(client.list_nodes(name)), "the end of the node")
