"""What runs for half a day: a schedule, a pool that scales itself, and a run of very many tasks."""

from tests.sweeps.scenarios import Scenario

_POOL = """\
pool:
  id: NAME
  vmSize: Standard_D2s_v5
  image: {publisher: canonical, offer: ubuntu-24_04-lts, sku: server}
"""

SCHEDULE = f"""\
version: 1
name: NAME
{_POOL}\
  targetDedicatedNodes: 1
schedule: {{id: NAME, recurrenceInterval: PT10M}}
job:
  id: NAME
  constraints: {{maxWallClockTime: PT9M}}
  tasks: [{{id: tick, command: ['true']}}]
logs: false
"""
"""A job each ten minutes."""

SCALED = f"""\
version: 1
name: NAME
storage:
  containers: {{NAME-input: {{}}, NAME-output: {{}}}}
  uploads: [{{from: texts/*.txt, to: NAME-input}}]
{_POOL}\
  taskSlotsPerNode: 2
  autoScaleEvaluationInterval: PT5M
  autoScaleFormula: |
    percent = $PendingTasks.GetSamplePercent(TimeInterval_Minute * 15);
    pending = percent < 70 ? 0 : avg($PendingTasks.GetSample(TimeInterval_Minute * 15));
    $TargetDedicatedNodes = 1;
    $TargetLowPriorityNodes = max(1, min(3, pending));
job:
  id: NAME
  tasks:
    - id: copy-{{item.stem}}
      forEach: {{blobs: NAME-input}}
      constraints: {{retentionTime: PT1H, maxTaskRetryCount: 1}}
      resourceFiles: [{{blob: '{{item}}'}}]
      commands: ['sleep 0.2', 'cp {{item.name}} {{item.stem}}_OUTPUT.txt']
      outputFiles: [{{filePattern: '*_OUTPUT.txt', container: NAME-output}}]
wait: {{timeout: P1D}}
download: [{{container: NAME-output, to: results}}]
"""
"""Each hour has inputs of its own, and tasks whose files go after an hour; a spot node goes while they run."""

MANY = f"""\
version: 1
name: NAME
storage:
  containers: {{NAME-input: {{}}, NAME-a: {{}}, NAME-b: {{}}, NAME-c: {{}}}}
  uploads: [{{from: texts/*.txt, to: NAME-input}}]
{_POOL}\
  targetDedicatedNodes: 2
  taskSlotsPerNode: 4
job:
  id: NAME
  tasks:
    - factory: first
      id: 'first-{{item}}'
      forEach: {{range: {{start: 1, end: COUNT}}}}
      resourceFiles: [{{blob: NAME-input/a.txt}}]
      commands: ['test {{item}} != 1 || sleep SECONDS', 'cp a.txt {{item}}.one']
      outputFiles: [{{filePattern: '{{item}}.one', container: NAME-a}}]
    - factory: second
      id: 'second-{{item.stem}}'
      forEach: {{outputs: first}}
      resourceFiles: [{{blob: '{{item}}'}}]
      commands: ['test {{item.stem}} != 1 || sleep SECONDS', 'cp {{item.name}} {{item.stem}}.two']
      outputFiles: [{{filePattern: '{{item.stem}}.two', container: NAME-b}}]
    - id: 'third-{{item.stem}}'
      forEach: {{outputs: second}}
      resourceFiles: [{{blob: '{{item}}'}}]
      commands: ['test {{item.stem}} != 1 || sleep SECONDS', 'cp {{item.name}} {{item.stem}}.three']
      outputFiles: [{{filePattern: '{{item.stem}}.three', container: NAME-c}}]
wait: {{timeout: P1D}}
download: [{{container: NAME-c, to: results}}]
logs: false
"""
"""Three steps of COUNT tasks, each of which lasts so long that the signatures of the one before are over."""


def scenario(spec: str) -> Scenario:
    return Scenario(spec=spec, files={"texts/a.txt": "one\n"}, whole={}, home={})
