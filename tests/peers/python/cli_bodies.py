"""The bodies, preconditions and paths of `az iot hub …` and `az iot edge …`, for the tables of their requests."""

import datetime

from cli_requests import Request, empty, has, send
from peer import EMULATOR, equal, manage

VERSION = "2024-03-31"
ANY = {"If-Match": '"*"'}
UNQUOTED = {"If-Match": "*"}
KEYS = {"primaryKey": "Zmlyc3Qga2V5IG9mIGEgZGV2aWNlIGluIGEgdGVzdCE=", "secondaryKey": "c2Vjb25kIGtleSBvZiBhIGRldmljZSBpbiBhIHRlc3Q="}
SAS = {"type": "sas", "symmetricKey": KEYS}
THUMBPRINTS = {"primaryThumbprint": "A1" * 20, "secondaryThumbprint": "B2" * 20}
METHOD = {"methodName": "reboot", "payload": {}, "responseTimeoutInSeconds": "30", "connectTimeoutInSeconds": 10}
EDGE_AGENT = {
    "properties.desired": {
        "schemaVersion": "1.1",
        "runtime": {"type": "docker", "settings": {"minDockerVersion": "v1.25"}},
        "systemModules": {
            "edgeAgent": {"type": "docker", "settings": {"image": "mcr.microsoft.com/azureiotedge-agent:1.5", "createOptions": ""}},
            "edgeHub": {
                "type": "docker",
                "status": "running",
                "restartPolicy": "always",
                "settings": {"image": "mcr.microsoft.com/azureiotedge-hub:1.5", "createOptions": "{}"},
            },
        },
        "modules": {},
    }
}
EDGE_HUB = {
    "properties.desired": {
        "schemaVersion": "1.1",
        "routes": {},
        "storeAndForwardConfiguration": {"timeToLiveSecs": 7200},
    }
}
MODULES = {"modulesContent": {"$edgeAgent": EDGE_AGENT, "$edgeHub": EDGE_HUB}}


def query(command, text, expected):
    """Returns a query request. `text` may be a function of the bodies of the command's earlier responses."""
    body = (lambda bodies: {"query": text(bodies)}) if callable(text) else {"query": text}
    return Request(command, "POST", "/devices/query", body, expected=expected)


def device(device_id, **members):
    return {"deviceId": device_id, "status": "enabled", "authentication": SAS, **members}


def configuration(name, content, **members):
    return {
        "id": name,
        "schemaVersion": "2.0",
        "labels": {},
        "content": content,
        "targetCondition": "tags.building=9",
        "priority": 3,
        "etag": "*",
        "metrics": {"queries": {}},
        **members,
    }


def edge_device(name):
    return device(name, capabilities={"iotEdge": True}, parentScopes=[])


def scope_of(name, rows):
    return next(row["deviceScope"] for row in rows if row["deviceId"] == name)


def without_etag(body):
    return {name: value for name, value in body.items() if name != "etag"}


def connect():
    """Connects the device and the module, and scripts their method responses and a component command of the device."""
    for path, method in (("d1", "reboot"), ("d1", "thermostat*reboot"), ("d1/modules/m1", "reboot")):
        manage("PUT", f"/iothub/devices/{path}/connection", {"connected": True})
        script = {"type": "reply", "status": 200, "payload": {"from": f"{path} {method}"}}
        manage("PUT", f"/iothub/devices/{path}/methods/{method}", script)


def last_etag(bodies):
    """Returns the precondition of the device of the last response, in quotes as the CLI sends it."""
    return {"If-Match": f'"{bodies[-1]["etag"]}"'}


def with_parent(bodies):
    """Returns the device of the last response as a child of the edge device of the first."""
    return placed(bodies[-1], bodies[0]["deviceScope"])


def without_parent(bodies):
    return placed(bodies[-1], "")


def placed(child, scope):
    """Sets the parent as the CLI does: in the list of an edge device, and in the scope of any other."""
    if child["capabilities"]["iotEdge"]:
        return {**child, "parentScopes": [scope] if scope else []}
    return {**child, "deviceScope": scope}


def id_in_scope(bodies):
    """Returns the id of the parent: the part of its scope between the scheme and the generation id."""
    return bodies[0]["parentScopes"][0].removeprefix("ms-azure-iot-edge://").rpartition("-")[0]


def swapped_keys(bodies):
    keys = bodies[0]["authentication"]["symmetricKey"]
    swapped = {"primaryKey": keys["secondaryKey"], "secondaryKey": keys["primaryKey"]}
    return {**bodies[0], "authentication": {"type": "sas", "symmetricKey": swapped}}


def has_swapped_keys(identity):
    return identity["authentication"]["symmetricKey"] == {"primaryKey": KEYS["secondaryKey"], "secondaryKey": KEYS["primaryKey"]}


def whole_twin(bodies):
    """Returns the twin of the first response with another desired property, as `--set` sends it: all of it."""
    twin = bodies[0]
    desired = {**twin["properties"]["desired"], "whole": 1}
    return {**twin, "properties": {**twin["properties"], "desired": desired}}


def traced(bodies):
    """Returns the whole twin of the first response with the property of distributed tracing."""
    twin = bodies[0]
    desired = {**twin["properties"]["desired"], **TRACING}
    return {**twin, "properties": {**twin["properties"], "desired": desired}}


def create_bulk():
    """Creates the device that the export and the import are about."""
    creation = Request(f"{IDENTITY} create", "POST", "/devices", [BULK], expected=has(isSuccessful=True))
    equal(send("iothub", VERSION, creation).status, 200)


def container(name):
    """Returns the URI of a blob container of the emulator."""
    return EMULATOR["iothub"]["blobEndpoint"].rstrip("/") + f"/{name}"


def delete_bulk():
    """Deletes the device that the import restores."""
    deletion = Request(f"{IDENTITY} delete", "DELETE", "/devices/bulk", headers=ANY, expected=empty)
    equal(send("iothub", VERSION, deletion).status, 204)


def job_path(bodies):
    return f"/jobs/{bodies[0]['jobId']}"


def scheduled(job_id, kind, start=None, **members):
    return {
        "jobId": job_id,
        "type": kind,
        "queryCondition": "deviceId = 'd1'",
        "startTime": start,
        "maxExecutionTimeInSeconds": 3600,
        **members,
    }


HUB = "iot hub"
IDENTITY, MODULE = f"{HUB} device-identity", f"{HUB} module-identity"
CONFIGURATION, DEPLOYMENT = f"{HUB} configuration", "iot edge deployment"
EDGE_DEVICES = "iot edge devices create"
METRICS = {"all": "select *", "mine": "select deviceId from devices where configurations.[[counted]].status = 'Applied'"}
DEVICE_CONTENT = {"deviceContent": {"properties.desired.interval": 60}}

TWIN_UPDATE = {"updateTwin": {"etag": "*", "tags": {"building": 9}}}
TOMORROW = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
BULK = {"id": "bulk", "importMode": "create", "status": "enabled", "authentication": SAS}
TRACING = {"azureiot*com^dtracing^1": {"sampling_mode": 1, "sampling_rate": 50}}
