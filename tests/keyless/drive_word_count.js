// Counts the words of a text as code for an account without keys does, with @azure/batch and @azure/identity as they
// are: the client signs in, and so does its task on the node. Run by test_keyless.py.
"use strict";
const assert = require("node:assert");
const { BatchServiceClient } = require("@azure/batch");
const { DefaultAzureCredential } = require("@azure/identity");
const { AzureIdentityCredentialAdapter } = require("@azure/ms-rest-js");
const { BlobServiceClient, ContainerClient } = require("@azure/storage-blob");

const SCOPE = "https://batch.core.windows.net//.default";
const IDENTITY =
  "/subscriptions/s/resourceGroups/r/providers/Microsoft.ManagedIdentity/userAssignedIdentities/counter";

function count(text) {
  const found = {};
  for (const word of text.split(/\s+/)) found[word] = (found[word] || 0) + 1;
  return found;
}

// What runs on the node, signed in as the identity of the pool.
async function onNode(url, name) {
  const container = new ContainerClient(url, new DefaultAzureCredential());
  const text = (await container.getBlobClient(name).downloadToBuffer()).toString();
  const counted = JSON.stringify(count(text));
  await container.getBlockBlobClient(`${name}.json`).upload(counted, counted.length);
}

// An identity is given by Azure Resource Manager at Azure: no client of Batch has it.
async function createPool(credential, name) {
  const { token } = await credential.getToken(SCOPE);
  const answer = await fetch(`${process.env.AZURE_BATCH_ENDPOINT}/pools?api-version=2025-06-01`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json; odata=minimalmetadata" },
    body: JSON.stringify({
      id: name,
      vmSize: "Standard_D2s_v5",
      targetDedicatedNodes: 1,
      virtualMachineConfiguration: {
        imageReference: { publisher: "canonical", offer: "ubuntu-24_04-lts", sku: "server" },
        nodeAgentSKUId: "batch.node.ubuntu 24.04",
      },
      identity: { type: "UserAssigned", userAssignedIdentities: [{ resourceId: IDENTITY }] },
    }),
  });
  assert.strictEqual(answer.status, 201, await answer.text());
}

async function onClient(name) {
  const credential = new DefaultAzureCredential();
  const blobs = new BlobServiceClient(process.env.AZURE_STORAGE_ACCOUNT_URL, credential);
  const signedIn = new AzureIdentityCredentialAdapter(credential, SCOPE);
  const batch = new BatchServiceClient(signedIn, process.env.AZURE_BATCH_ENDPOINT);
  const container = blobs.getContainerClient(name);
  const text = "a rose is a rose is a rose";
  await container.create();
  await container.getBlockBlobClient("one.txt").upload(text, text.length);
  await createPool(credential, name);
  await batch.job.add({ id: name, poolInfo: { poolId: name } });
  await batch.task.add(name, {
    id: "one",
    commandLine: `node ${__filename} ${container.url} one.txt`,
    environmentSettings: [{ name: "NODE_PATH", value: process.env.NODE_PATH }],
  });
  const end = Date.now() + 60000;
  let task = await batch.task.get(name, "one");
  while (task.state !== "completed") {
    assert(Date.now() < end, `the task is ${task.state}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    task = await batch.task.get(name, "one");
  }
  assert.strictEqual(task.executionInfo.exitCode, 0, JSON.stringify(task.executionInfo));
  const found = JSON.parse((await container.getBlobClient("one.txt.json").downloadToBuffer()).toString());
  assert.deepStrictEqual(found, count(text));
  await batch.job.deleteMethod(name);
  await batch.pool.deleteMethod(name);
  await container.delete();
}

const [first, second] = process.argv.slice(2);
(second ? onNode(first, second) : onClient(first)).catch((error) => {
  console.error(error);
  process.exit(1);
});
