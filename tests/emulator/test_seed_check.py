"""What a seed would be refused for is what its pieces are refused for, and asking takes nothing in."""

import copy
from typing import Any

from .raw import VERSION, send
from .stand import Local

MACHINE = {
    "imageReference": {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"},
    "nodeAgentSKUId": "batch.node.ubuntu 24.04",
}


def pool(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "vmSize": "Standard_D2s_v5", "virtualMachineConfiguration": MACHINE, **more}


def test_it_refuses_what_is_refused_piece_by_piece_and_takes_nothing(local: Local, name: str) -> None:
    info = {"poolInfo": {"poolId": name}}
    manager = {"id": "m", "commandLine": "true"}
    pools = [pool(name), pool(name.upper()), pool("bad id"), pool(f"{name}-b", vmSkuProfile={}), pool(f"{name}-c", x=1)]
    jobs = [
        {"job": {"id": name, **info, "jobManagerTask": manager}, "tasks": [{"id": "m", "commandLine": "true"}]},
        {"job": {"id": name.upper(), **info}, "tasks": [{"id": "never looked at"}]},
        {"job": {"id": f"{name}-b"}},
        {
            "job": {"id": f"{name}-c", **info},
            "tasks": [
                {"id": "a", "commandLine": "true"},
                {"id": "A", "commandLine": "true"},
                {"id": "b"},
                {"id": "c", "commandLine": "true", "dependsOn": {"taskIds": ["a"]}},
            ],
        },
    ]
    asked = {"pools": pools, "jobs": jobs}
    found = send(local.url, "POST", f"/_local/seed/check?{VERSION}", copy.deepcopy(asked)).json["value"]
    assert send(local.url, "GET", f"/pools/{name}?{VERSION}").status == 404
    assert send(local.url, "GET", f"/jobs/{name}?{VERSION}").status == 404

    # Here all are taken that can be, and the others say the same.
    said: list[dict[str, Any]] = []

    def send_piece(at: list[str | int], path: str, body: dict[str, Any]) -> bool:
        reply = send(local.url, "POST", f"{path}?{VERSION}", body)
        if reply.status >= 400:
            told = reply.json
            said.append({"at": at, "code": told["code"], "values": told.get("values")})
        return reply.status < 300

    for index, body in enumerate(pools):
        send_piece(["pools", index], "/pools", body)
    for index, entry in enumerate(jobs):
        if send_piece(["jobs", index], "/jobs", entry["job"]):
            for number, task in enumerate(entry.get("tasks", ())):
                send_piece(["jobs", index, "tasks", number], f"/jobs/{entry['job']['id']}/tasks", task)
    assert [{"at": one["at"], "code": one["code"], "values": one.get("values")} for one in found] == said
    assert [one["at"] for one in found if one["code"] == "TaskExists"] == [
        ["jobs", 0, "tasks", 0],
        ["jobs", 3, "tasks", 1],
    ]


def test_it_asks_for_a_version_as_everything_does(local: Local) -> None:
    reply = send(local.url, "POST", "/_local/seed/check", {"pools": [pool("p")]})
    assert (reply.status, reply.code) == (400, "MissingRequiredQueryParameter")
