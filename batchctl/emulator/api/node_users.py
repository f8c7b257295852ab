"""Users of nodes and how one would log in: kept on paper, for no login is served here."""

from urllib.parse import quote

from batchctl.emulator.api import nodes
from batchctl.emulator.api.pools import find_pool
from batchctl.emulator.life.service import Service
from batchctl.emulator.records import Json
from batchctl.emulator.refusals import Refusal, bad_value
from batchctl.emulator.wire import on_paper
from batchctl.emulator.wire.messages import Answer, Call, data_service_id
from batchctl.emulator.wire.pool_bodies import NODE_USER, NODE_USER_UPDATE

_SECRETS = ("password", "sshPublicKey")


def create_node_user(service: Service, call: Call) -> Answer:
    node = nodes.find_node(service, call)
    user = call.body(NODE_USER)
    _check_secrets(user)
    if user["name"].lower() in node.users:
        raise Refusal("NodeUserExists")
    node.users = {**node.users, user["name"].lower(): _without_secrets(user)}
    service.store.keep(node)
    url = f"{call.base}{call.path}/{quote(user['name'], safe='')}"
    return Answer(201, None, {"Location": url, "DataServiceId": url})


def replace_node_user(service: Service, call: Call) -> Answer:
    node, name = nodes.find_node(service, call), call.params["user"].lower()
    change = call.body(NODE_USER_UPDATE)
    if name not in node.users:
        raise Refusal("NodeUserNotFound")
    _check_secrets(change)
    node.users = {**node.users, name: {**node.users[name], **_without_secrets(change)}}
    service.store.keep(node)
    return Answer(200, None, data_service_id(call))


def delete_node_user(service: Service, call: Call) -> Answer:
    node, name = nodes.find_node(service, call), call.params["user"].lower()
    if name not in node.users:
        raise Refusal("NodeUserNotFound")
    node.users = {key: user for key, user in node.users.items() if key != name}
    service.store.keep(node)
    return Answer(200)


def get_remote_login(service: Service, call: Call) -> Answer:
    """An address in the form of the service's; nothing listens there."""
    pool, node = find_pool(service, call), nodes.find_node(service, call)
    metadata = f"{call.base}/$metadata#Microsoft.Azure.Batch.Protocol.Entities.RemoteLoginSettings"
    return Answer(200, {"odata.metadata": metadata, **on_paper.remote_login(pool, node)}, data_service_id(call))


def _check_secrets(user: Json) -> None:
    if all(name in user for name in _SECRETS):
        raise bad_value("sshPublicKey", "", "password and sshPublicKey exclude each other")


def _without_secrets(user: Json) -> Json:
    """Secrets are not kept: nobody can log in."""
    return {name: value for name, value in user.items() if name not in _SECRETS}
