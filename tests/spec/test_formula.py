"""What is told of an autoscale formula before it is sent."""

import pytest

from batchctl.emulator.formula.language import parse_formula
from batchctl.spec.reading.formula import what_is_wrong

RIGHT = [
    "$TargetDedicatedNodes = 1;",
    "$TargetDedicatedNodes=1",
    "$TargetDedicatedNodes = .5*4 + 1.0;",
    "$TargetDedicated=0",
    "// two\n$TargetLowPriorityNodes = 2; /* more\n of it */",
    """startingNumberOfVMs = 1;
    maxNumberofVMs = 25;
    pendingTaskSamplePercent = $PendingTasks.GetSamplePercent(180 * TimeInterval_Second);
    pendingTaskSamples = pendingTaskSamplePercent < 70
        ? startingNumberOfVMs : avg($PendingTasks.GetSample(180 * TimeInterval_Second));
    $TargetDedicatedNodes=min(maxNumberofVMs, pendingTaskSamples);
    $NodeDeallocationOption = taskcompletion;""",
    """$curTime = time();
    $workHours = $curTime.hour >= 8 && $curTime.hour < 18;
    $isWeekday = $curTime.weekday >= 1 && $curTime.weekday <= 5;
    $TargetDedicatedNodes = $workHours && !$isWeekday ? 20 : -(-10);""",
    'lifespan = time() - time("2026-01-01T00:00:00"); $TargetDedicatedNodes = lifespan > TimeInterval_Hour ? 1 : 0;',
    "x = $RunningTasks.GetSample(1)[0]; $TargetDedicatedNodes = val($ActiveTasks.GetSample(1), 0) + x;",
    "$TargetDedicatedNodes = " + "1 + " * 1500 + "1;",
]
WRONG = {
    "$targetDedicatedNodes = 2;": "it sets a target in another spelling: write $TargetDedicatedNodes",
    "$TargetDedicatedNodes = = 1;": "'=' stands where a value is expected",
    "$TargetDedicatedNodes = 1 $TargetLowPriorityNodes = 2;": "'$TargetLowPriorityNodes' stands where ';' is expected",
    "$TargetDedicatedNodes = max(1, 2;": "';' stands where ')' is expected",
    "$TargetDedicatedNodes = (1": "it ends where ')' is expected",
    "$TargetDedicatedNodes = 1 ? 2;": "';' stands where ':' is expected",
    "$TargetDedicatedNodes = #;": "'#;' is not understood",
    "$TargetDedicatedNodes = max(0, $TargetDedicated / 2) + 1;": "the variable $TargetDedicated is not defined",
    "$TargetDedicatedNodes = later; later = 1;": "the variable later is not defined",
    "nodes = 1;": "it sets neither $TargetDedicatedNodes nor $TargetLowPriorityNodes",
    "// start with two nodes $TargetDedicatedNodes = 2;\n": "all is one line",
    "": "it sets neither",
    "$TargetDedicatedNodes = 1 * TimeInterval_Hourz;": "the variable TimeInterval_Hourz is not defined",
    "$TargetDedicatedNodes = average($ActiveTasks.GetSample(1));": "there is no function average",
    "$TargetDedicatedNodes = avg($ActiveTasks.GetSamples(1));": "nothing has a member GetSamples",
    '$TargetDedicatedNodes = "2";': "$TargetDedicatedNodes is a number of nodes, and no text",
    "$TargetDedicatedNodes = " + "(" * 100 + "1" + ")" * 100: "more than 64 levels",
}


@pytest.mark.parametrize("text", RIGHT)
def test_right(text: str) -> None:
    parse_formula(text)
    assert what_is_wrong(text) is None


@pytest.mark.parametrize(("text", "said"), WRONG.items())
def test_wrong(text: str, said: str) -> None:
    assert said in (what_is_wrong(text) or "nothing")
