// Drives @azure/batch 10.2.0 (API 2022-10-01.16.0) through its operation groups; ends with an error where an answer
// is wrong. Run by test_clients.py with the package installed beside, against the account that the environment names.
const assert = require("node:assert");
const { BatchServiceClient, BatchSharedKeyCredentials } = require("@azure/batch");

const { AZURE_BATCH_ACCOUNT, AZURE_BATCH_ACCESS_KEY, AZURE_BATCH_ENDPOINT } = process.env;
const key = new BatchSharedKeyCredentials(AZURE_BATCH_ACCOUNT, AZURE_BATCH_ACCESS_KEY);
const client = new BatchServiceClient(key, AZURE_BATCH_ENDPOINT);
const machine = {
  imageReference: { publisher: "canonical", offer: "ubuntu-24_04-lts", sku: "server" },
  nodeAgentSKUId: "batch.node.ubuntu 24.04",
};
const start = { commandLine: "true", waitForSuccess: true };

async function refused(code, promise) {
  await assert.rejects(promise, (error) => {
    assert.strictEqual(error.code || (error.body && error.body.code), code);
    return true;
  });
}

async function until(look) {
  for (let turn = 0; turn < 200; turn++) {
    const found = await look();
    if (found) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error("it did not happen");
}

async function everyPage(operations, first) {
  const found = [...first];
  for (let page = first; page.odatanextLink; ) {
    page = await operations.listNext(page.odatanextLink);
    found.push(...page);
  }
  return found;
}

async function text(download) {
  const pieces = [];
  for await (const piece of download.readableStreamBody) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

async function account() {
  assert((await client.account.listSupportedImages()).length > 2);
  assert(Array.isArray(await client.account.listPoolNodeCounts()));
  assert.strictEqual((await client.application.list()).length, 0);
  await refused("ApplicationNotFound", client.application.get("nothing"));
  assert.strictEqual((await client.pool.listUsageMetrics()).length, 0);
}

const steady = () => until(async () => (await client.pool.get("p")).allocationState === "steady");

async function pools() {
  const pool = { id: "p", vmSize: "Standard_D2s_v5", virtualMachineConfiguration: machine, startTask: start };
  await client.pool.add({ ...pool, targetDedicatedNodes: 1, metadata: [{ name: "a", value: "b" }] });
  await refused("PoolExists", client.pool.add(pool));
  assert((await client.pool.exists("p")).body);
  assert(!(await client.pool.exists("nothing")).body);
  const properties = { certificateReferences: [], applicationPackageReferences: [], metadata: [] };
  await client.pool.updateProperties("p", { startTask: start, ...properties });
  await client.pool.patch("p", { metadata: [{ name: "c", value: "d" }] });
  const found = await client.pool.get("p", { poolGetOptions: { expand: "stats" } });
  assert.strictEqual(found.metadata[0].value, "d");
  assert(found.stats.usageStats.startTime instanceof Date);
  const chosen = { poolListOptions: { filter: "startswith(id,'p')", select: "id,state" } };
  assert.deepStrictEqual((await client.pool.list(chosen)).map((one) => one.vmSize), [undefined]);
  await steady();
  await client.pool.enableAutoScale("p", { autoScaleFormula: "$TargetDedicatedNodes=1" });
  const run = await client.pool.evaluateAutoScale("p", "$TargetDedicatedNodes=3");
  assert(run.results.startsWith("$TargetDedicatedNodes=3;"));
  await client.pool.disableAutoScale("p");
  await steady();
  await client.pool.resize("p", { targetDedicatedNodes: 2 });
  await client.pool.stopResize("p");
  await steady();
  if ((await client.pool.get("p")).resizeErrors) await client.pool.resize("p", { targetDedicatedNodes: 2 }); // the stop came in time
  assert((await client.pool.getAllLifetimeStatistics()).resourceStats.avgCPUPercentage >= 0);
}

async function idle(count) {
  const nodes = await client.computeNode.list("p");
  return nodes.length === count && nodes.every((node) => node.state === "idle") && nodes;
}

async function nodes() {
  const [node, other] = await until(() => idle(2));
  const operations = client.computeNode;
  assert.strictEqual((await operations.get("p", node.id)).schedulingState, "enabled");
  await operations.addUser("p", node.id, { name: "me", password: "secret" });
  await operations.updateUser("p", node.id, "me", { password: "other" });
  assert((await operations.getRemoteLoginSettings("p", node.id)).remoteLoginPort);
  await operations.deleteUser("p", node.id, "me");
  const logs = { containerUrl: "http://127.0.0.1:9/c?sig=x", startTime: new Date() };
  assert((await operations.uploadBatchServiceLogs("p", node.id, logs)).numberOfFilesUploaded);
  await operations.disableScheduling("p", node.id);
  await operations.enableScheduling("p", node.id);
  const extensions = await client.computeNodeExtension.list("p", node.id);
  assert((await client.computeNodeExtension.get("p", node.id, extensions[0].vmExtension.name)).provisioningState);
  await operations.reboot("p", node.id);
  await until(() => idle(2));
  await client.pool.removeNodes("p", { nodeList: [other.id] });
  await until(() => idle(1));
}

async function jobs() {
  const special = { jobPreparationTask: { commandLine: "true" }, jobReleaseTask: { commandLine: "true" } };
  await client.job.add({ id: "j", poolInfo: { poolId: "p" }, ...special });
  await client.job.update("j", { poolInfo: { poolId: "p" }, priority: 5 });
  await client.job.patch("j", { priority: 7 });
  const job = await client.job.get("j");
  assert.strictEqual(job.priority, 7);
  await refused("ConditionNotMet", client.job.patch("j", { priority: 8 }, { jobPatchOptions: { ifMatch: "0x0" } }));
  await client.job.disable("j", "requeue");
  await until(async () => (await client.job.get("j")).state === "disabled");
  await client.job.enable("j");
  await until(async () => (await client.job.get("j")).state === "active");
  assert((await client.job.list({ jobListOptions: { filter: "state eq 'active'" } })).some((one) => one.id === "j"));
  assert.strictEqual((await client.job.listPreparationAndReleaseTaskStatus("j")).length, 0);
  assert((await client.job.getAllLifetimeStatistics()).numSucceededTasks >= 0);
}

async function tasks() {
  await client.task.add("j", { id: "t", commandLine: "/bin/sh -c 'echo hello; mkdir d; echo x > d/f'" });
  const many = Array.from({ length: 100 }, (_, number) => ({ id: `many-${number}`, commandLine: "true" }));
  const added = await client.task.addCollection("j", many);
  assert(added.value.every((one) => one.status.toLowerCase() === "success"));
  await until(async () => (await client.job.getTaskCounts("j")).taskCounts.succeeded === 101);
  assert.strictEqual((await client.task.get("j", "t")).executionInfo.exitCode, 0);
  const paged = await client.task.list("j", { taskListOptions: { maxResults: 30, select: "id" } });
  assert.strictEqual((await everyPage(client.task, paged)).length, 101);
  assert.deepStrictEqual((await client.task.listSubtasks("j", "t")).value, []);
  await client.task.add("j", { id: "fails", commandLine: "false" });
  await until(async () => (await client.task.get("j", "fails")).state === "completed");
  await client.task.reactivate("j", "fails");
  await until(async () => (await client.task.get("j", "fails")).state === "completed");
  await refused("TaskCompleted", client.task.terminate("j", "fails"));
  await client.task.deleteMethod("j", "fails");
  await refused("TaskNotFound", client.task.get("j", "fails"));
}

async function files() {
  const options = { recursive: true };
  const names = (await client.file.listFromTask("j", "t", options)).map((one) => one.name);
  assert(names.includes("wd/d/f") && names.includes("stdout.txt"));
  assert.strictEqual(await text(await client.file.getFromTask("j", "t", "stdout.txt")), "hello\n");
  const part = { fileGetFromTaskOptions: { ocpRange: "bytes=1-3" } };
  assert.strictEqual(await text(await client.file.getFromTask("j", "t", "stdout.txt", part)), "ell");
  assert.strictEqual((await client.file.getPropertiesFromTask("j", "t", "stdout.txt")).contentLength, 6);
  await client.file.deleteFromTask("j", "t", "wd/d", options);
  const node = (await client.task.get("j", "t")).nodeInfo.nodeId;
  const path = "workitems/j/job-1/t/stdout.txt";
  assert((await client.file.listFromComputeNode("p", node, options)).some((one) => one.name === path));
  assert.strictEqual(await text(await client.file.getFromComputeNode("p", node, path)), "hello\n");
  assert((await client.file.getPropertiesFromComputeNode("p", node, path)).ocpBatchFileMode);
  await client.file.deleteFromComputeNode("p", node, path);
}

async function schedules() {
  const specification = { poolInfo: { poolId: "nowhere" } };
  const operations = client.jobSchedule;
  await operations.add({ id: "s", schedule: { recurrenceInterval: "PT1H" }, jobSpecification: specification });
  assert((await operations.exists("s")).body);
  assert.strictEqual((await client.job.listFromJobSchedule("s"))[0].id, "s:job-1");
  assert.strictEqual((await client.job.get("s:job-1")).executionInfo.poolId, "nowhere");
  await operations.patch("s", { metadata: [{ name: "a", value: "b" }] });
  await operations.update("s", { jobSpecification: specification, schedule: { recurrenceInterval: "PT2H" } });
  assert.strictEqual((await operations.get("s")).schedule.recurrenceInterval, "PT2H");
  await operations.disable("s");
  await operations.enable("s");
  assert((await operations.list()).length >= 1);
  await operations.terminate("s");
  await operations.deleteMethod("s");
}

async function ends() {
  await client.job.terminate("j", { terminateReason: "enough" });
  await until(async () => (await client.job.get("j")).state === "completed");
  assert.strictEqual((await client.job.get("j")).executionInfo.terminateReason, "enough");
  await refused("JobCompleted", client.task.add("j", { id: "late", commandLine: "true" }));
  await client.job.deleteMethod("j");
  await client.pool.deleteMethod("p");
  await until(async () => !(await client.pool.exists("p")).body);
  await refused("InvalidUri", client.certificate.list());
}

(async () => {
  for (const step of [account, pools, nodes, jobs, tasks, files, schedules, ends]) {
    console.log(step.name);
    await step();
  }
})().catch((error) => {
  console.error(error, error.body);
  process.exit(1);
});
