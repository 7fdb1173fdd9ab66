"""The requests of `az iot hub …`, `az iot edge …` and `az iot device …` that need no Azure Resource Manager."""

import datetime

from cli_requests import Request, check_all, empty, has, send
from peer import EMULATOR, equal, manage, run

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



def children(command, *ids):
    """The requests that find the children of the edge device."""
    ids = ids or ("d2", "d3")
    return (
        Request(f"{IDENTITY} children {command}", "GET", "/devices/edge", expected=lambda body: body["deviceScope"]),
        query(
            f"{IDENTITY} children {command}",
            lambda bodies: f"select deviceId from devices where array_contains(parentScopes, '{bodies[0]['deviceScope']}')",
            lambda rows: sorted(row["deviceId"] for row in rows) == list(ids),
        ),
    )


IDENTITIES = [
    Request(f"{IDENTITY} create", "PUT", "/devices/d1", device("d1"), expected=has(deviceId="d1", status="enabled")),
    Request(
        f"{IDENTITY} create --edge-enabled",
        "PUT",
        "/devices/edge",
        device("edge", capabilities={"iotEdge": True}),
        expected=has(deviceId="edge", capabilities={"iotEdge": True}),
    ),
    Request(
        f"{IDENTITY} create --auth-method x509_thumbprint",
        "PUT",
        "/devices/d2",
        device("d2", authentication={"type": "selfSigned", "x509Thumbprint": THUMBPRINTS}),
        expected=lambda body: body["authentication"]["x509Thumbprint"] == THUMBPRINTS,
    ),
    Request(
        f"{IDENTITY} create --auth-method x509_ca",
        "PUT",
        "/devices/d3",
        device("d3", authentication={"type": "certificateAuthority"}),
        expected=lambda body: body["authentication"]["type"] == "certificateAuthority",
    ),
    Request(f"{IDENTITY} show", "GET", "/devices/d1", expected=has(deviceId="d1")),
    query(f"{IDENTITY} list", "select * from devices", lambda rows: len(rows) == 4),
    query(f"{IDENTITY} list --edge-enabled", "select * from devices where capabilities.iotEdge = true", lambda rows: len(rows) == 1),
    Request(f"{IDENTITY} update", "GET", "/devices/d1", expected=has(deviceId="d1", status="enabled")),
    Request(
        f"{IDENTITY} update",
        "PUT",
        "/devices/d1",
        device("d1", status="disabled", statusReason="spare", capabilities={"iotEdge": False}, etag="*"),
        headers=ANY,
        expected=has(status="disabled", statusReason="spare"),
    ),
    Request(f"{IDENTITY} update --etag", "GET", "/devices/d1", expected=has(status="disabled")),
    Request(f"{IDENTITY} update --etag", "PUT", "/devices/d1", device("d1"), headers=last_etag, expected=has(status="enabled", statusReason=None)),
    Request(f"{IDENTITY} connection-string show", "GET", "/devices/d1", expected=lambda body: body["authentication"]["symmetricKey"] == KEYS),
    Request(f"{IDENTITY} renew-key --key-type swap", "GET", "/devices/d1", expected=lambda body: body["authentication"]["symmetricKey"] == KEYS),
    Request(f"{IDENTITY} renew-key --key-type swap", "PUT", "/devices/d1", swapped_keys, headers=ANY, expected=has_swapped_keys),
    Request(f"{IDENTITY} parent set", "GET", "/devices/edge", expected=lambda body: body["deviceScope"]),
    Request(f"{IDENTITY} parent set", "GET", "/devices/d2", expected=has(parentScopes=[])),
    Request(f"{IDENTITY} parent set", "PUT", "/devices/d2", with_parent, headers=last_etag, expected=lambda body: len(body["parentScopes"]) == 1),
    Request(f"{IDENTITY} parent show", "GET", "/devices/d2", expected=lambda body: len(body["parentScopes"]) == 1),
    Request(f"{IDENTITY} parent show", "GET", lambda bodies: f"/devices/{id_in_scope(bodies)}", expected=has(deviceId="edge")),
    Request(f"{IDENTITY} children add", "GET", "/devices/edge", expected=lambda body: body["deviceScope"]),
    Request(f"{IDENTITY} children add", "GET", "/devices/d3", expected=has(parentScopes=[])),
    Request(f"{IDENTITY} children add", "PUT", "/devices/d3", with_parent, headers=last_etag, expected=lambda body: len(body["parentScopes"]) == 1),
    *children("list"),
    Request(f"{IDENTITY} children remove", "GET", "/devices/edge", expected=lambda body: body["deviceScope"]),
    Request(f"{IDENTITY} children remove", "GET", "/devices/d3", expected=lambda body: len(body["parentScopes"]) == 1),
    Request(f"{IDENTITY} children remove", "PUT", "/devices/d3", without_parent, headers=last_etag, expected=has(deviceScope=None, parentScopes=[])),
    *children("remove --remove-all", "d2"),
    Request(f"{IDENTITY} children remove --remove-all", "GET", "/devices/d2", expected=lambda body: len(body["parentScopes"]) == 1),
    Request(
        f"{IDENTITY} children remove --remove-all",
        "PUT",
        "/devices/d2",
        without_parent,
        headers=last_etag,
        expected=has(deviceScope=None, parentScopes=[]),
    ),
    Request(
        f"{MODULE} create",
        "PUT",
        "/devices/d1/modules/m1",
        {"deviceId": "d1", "moduleId": "m1", "authentication": SAS},
        expected=has(deviceId="d1", moduleId="m1"),
    ),
    Request(f"{MODULE} show", "GET", "/devices/d1/modules/m1", expected=has(deviceId="d1", moduleId="m1")),
    Request(f"{MODULE} list", "GET", "/devices/d1/modules", expected=lambda modules: [module["moduleId"] for module in modules] == ["m1"]),
    Request(f"{MODULE} connection-string show", "GET", "/devices/d1/modules/m1", expected=lambda body: body["authentication"]["symmetricKey"] == KEYS),
    Request(f"{MODULE} update", "GET", "/devices/d1/modules/m1", expected=has(moduleId="m1")),
    Request(
        f"{MODULE} update",
        "PUT",
        "/devices/d1/modules/m1",
        {"deviceId": "d1", "moduleId": "m1", "authentication": SAS},
        headers=ANY,
        expected=has(deviceId="d1", moduleId="m1"),
    ),
    Request(f"{MODULE} renew-key --key-type swap", "GET", "/devices/d1/modules/m1", expected=lambda body: body["authentication"]["symmetricKey"] == KEYS),
    Request(f"{MODULE} renew-key --key-type swap", "PUT", "/devices/d1/modules/m1", swapped_keys, headers=ANY, expected=has_swapped_keys),
]

TWINS = [
    Request(f"{HUB} device-twin show", "GET", "/twins/d1", expected=has(deviceId="d1")),
    query(f"{HUB} device-twin list", "select * from devices", lambda rows: len(rows) == 4),
    Request(
        f"{HUB} device-twin update",
        "PATCH",
        "/twins/d1",
        {"tags": {"building": 9}, "properties": {"desired": {"interval": 5}}},
        headers=ANY,
        expected=lambda twin: twin["tags"] == {"building": 9} and twin["properties"]["desired"]["interval"] == 5,
    ),
    Request(f"{HUB} device-twin update --set", "GET", "/twins/d1", expected=has(deviceId="d1")),
    Request(
        f"{HUB} device-twin update --set",
        "PATCH",
        "/twins/d1",
        whole_twin,
        headers=ANY,
        expected=lambda twin: twin["properties"]["desired"]["whole"] == 1 and twin["properties"]["desired"]["interval"] == 5,
    ),
    Request(
        f"{HUB} device-twin replace",
        "PUT",
        "/twins/d1",
        {"deviceId": "d1", "tags": {"building": 9}, "properties": {"desired": {}}},
        headers=ANY,
        expected=lambda twin: twin["tags"] == {"building": 9} and "interval" not in twin["properties"]["desired"],
    ),
    Request(f"{HUB} module-twin show", "GET", "/twins/d1/modules/m1", expected=has(deviceId="d1", moduleId="m1")),
    Request(f"{HUB} module-twin update", "PATCH", "/twins/d1/modules/m1", {"tags": {"a": 1}}, headers=ANY, expected=has(tags={"a": 1})),
    Request(
        f"{HUB} module-twin replace",
        "PUT",
        "/twins/d1/modules/m1",
        {"deviceId": "d1", "moduleId": "m1", "tags": {}, "properties": {"desired": {}}},
        headers=ANY,
        expected=lambda twin: not twin.get("tags"),
    ),
    Request(f"{HUB} module-twin update --set", "GET", "/twins/d1/modules/m1", expected=has(moduleId="m1")),
    Request(
        f"{HUB} module-twin update --set",
        "PATCH",
        "/twins/d1/modules/m1",
        whole_twin,
        headers=ANY,
        expected=lambda twin: twin["properties"]["desired"]["whole"] == 1,
    ),
    Request(
        f"{HUB} query --top",
        "POST",
        "/devices/query",
        {"query": "select * from devices"},
        headers={"x-ms-max-item-count": "2"},
        expected=lambda rows: len(rows) == 2,
    ),
    query(f"{HUB} query", "select count() as total from devices", lambda rows: rows == [{"total": 4}]),
    query(
        f"{HUB} query --modules",
        "select * from devices.modules where devices.deviceId='d1'",
        lambda rows: [row["moduleId"] for row in rows] == ["m1"],
    ),
    Request(f"{HUB} distributed-tracing show", "GET", "/twins/d1", expected=has(deviceId="d1")),
    Request(f"{HUB} distributed-tracing update", "GET", "/twins/d1", expected=has(deviceId="d1")),
    Request(
        f"{HUB} distributed-tracing update",
        "PATCH",
        "/twins/d1",
        traced,
        headers=ANY,
        expected=lambda twin: TRACING.items() <= twin["properties"]["desired"].items(),
    ),
    Request(
        f"{HUB} invoke-device-method",
        "POST",
        "/twins/d1/methods",
        METHOD,
        before=connect,
        expected=has(status=200, payload={"from": "d1 reboot"}),
    ),
    Request(
        f"{HUB} invoke-module-method",
        "POST",
        "/twins/d1/modules/m1/methods",
        METHOD,
        expected=has(status=200, payload={"from": "d1/modules/m1 reboot"}),
    ),
    Request(f"{HUB} digital-twin show", "GET", "/digitaltwins/d1", expected=has(**{"$dtId": "d1"})),
    Request(
        f"{HUB} digital-twin update",
        "PATCH",
        "/digitaltwins/d1",
        [{"op": "add", "path": "/target", "value": 20}],
        status=202,
        # The only commands with a tag that has no quotes are this one and those of edge devices.
        headers=UNQUOTED,
        expected=empty,
    ),
    Request(f"{HUB} digital-twin update", "GET", "/digitaltwins/d1", expected=has(**{"$dtId": "d1"})),
    Request(f"{HUB} digital-twin update", "GET", "/twins/d1", expected=lambda twin: twin["properties"]["desired"]["target"] == 20),
    Request(
        f"{HUB} digital-twin invoke-command",
        "POST",
        "/digitaltwins/d1/commands/reboot?connectTimeoutInSeconds=10&responseTimeoutInSeconds=30",
        {},
        expected=lambda body: body == {"from": "d1 reboot"},
    ),
    Request(
        f"{HUB} digital-twin invoke-command --component-path",
        "POST",
        "/digitaltwins/d1/components/thermostat/commands/reboot",
        {},
        expected=lambda body: body == {"from": "d1 thermostat*reboot"},
    ),
]



def metric(group, name, kind, metric_id, expected):
    """The requests that show a metric: the configuration, and its query."""
    command = f"{group} show-metric {kind} {metric_id}"
    return (
        Request(command, "GET", f"/configurations/{name}", expected=has(id=name)),
        query(command, lambda bodies: bodies[0][kind]["queries"][metric_id], expected),
    )


CONFIGURATIONS = [
    Request(
        f"{CONFIGURATION} create",
        "PUT",
        "/configurations/slow",
        configuration("slow", DEVICE_CONTENT),
        expected=has(id="slow", priority=3, targetCondition="tags.building=9"),
    ),
    Request(
        f"{CONFIGURATION} create --metrics",
        "PUT",
        "/configurations/counted",
        configuration("counted", DEVICE_CONTENT, metrics={"queries": METRICS}),
        expected=lambda body: body["metrics"]["queries"] == METRICS,
    ),
    Request(f"{CONFIGURATION} show", "GET", "/configurations/slow", expected=has(id="slow", priority=3)),
    Request(
        f"{CONFIGURATION} list",
        "GET",
        "/configurations",
        expected=lambda found: sorted(one["id"] for one in found) == ["counted", "slow"],
    ),
    Request(f"{CONFIGURATION} update", "GET", "/configurations/slow", expected=has(id="slow", priority=3)),
    Request(
        f"{CONFIGURATION} update",
        "PUT",
        "/configurations/slow",
        without_etag(configuration("slow", DEVICE_CONTENT, priority=4)),
        headers=ANY,
        expected=has(id="slow", priority=4),
    ),
    *metric(CONFIGURATION, "counted", "metrics", "mine", lambda rows: rows == []),
    *metric(CONFIGURATION, "slow", "systemMetrics", "appliedCount", lambda rows: [row["deviceId"] for row in rows] == ["d1"]),
    Request(f"{CONFIGURATION} delete", "DELETE", "/configurations/slow", status=204, headers=ANY, expected=empty),
    Request(f"{DEPLOYMENT} create", "PUT", "/configurations/layered", configuration("layered", MODULES), expected=has(id="layered", priority=3)),
    Request(f"{DEPLOYMENT} show", "GET", "/configurations/layered", expected=has(id="layered", priority=3)),
    Request(
        f"{DEPLOYMENT} list",
        "GET",
        "/configurations",
        expected=lambda found: [one["id"] for one in found if one["content"].get("modulesContent")] == ["layered"],
    ),
    Request(
        f"{DEPLOYMENT} update",
        "PUT",
        "/configurations/layered",
        configuration("layered", MODULES, priority=5),
        headers=ANY,
        expected=has(id="layered", priority=5),
    ),
    # The target condition selects no edge device.
    *metric(DEPLOYMENT, "layered", "systemMetrics", "appliedCount", lambda rows: rows == []),
    Request(f"{DEPLOYMENT} delete", "DELETE", "/configurations/layered", status=204, headers=ANY, expected=empty),
    Request("iot edge set-modules", "POST", "/devices/edge/applyConfigurationContent", MODULES, status=204, expected=empty),
    Request(
        "iot edge set-modules",
        "GET",
        "/devices/edge/modules",
        expected=lambda modules: sorted(module["moduleId"] for module in modules) == ["$edgeAgent", "$edgeHub"],
    ),
    Request("iot edge export-modules", "GET", "/devices/edge/modules", expected=lambda modules: len(modules) == 2),
    Request(
        "iot edge export-modules",
        "GET",
        "/twins/edge/modules/$edgeAgent",
        expected=lambda twin: EDGE_AGENT["properties.desired"].items() <= twin["properties"]["desired"].items(),
    ),
    Request(
        "iot edge export-modules",
        "GET",
        "/twins/edge/modules/$edgeHub",
        expected=lambda twin: EDGE_HUB["properties.desired"].items() <= twin["properties"]["desired"].items(),
    ),
    query(EDGE_DEVICES, "SELECT deviceId FROM devices", lambda rows: len(rows) == 4),
    Request(EDGE_DEVICES, "PUT", "/devices/top", edge_device("top"), expected=has(deviceId="top")),
    Request(EDGE_DEVICES, "PUT", "/devices/below", edge_device("below"), expected=has(deviceId="below")),
    query(EDGE_DEVICES, "SELECT deviceId, deviceScope FROM devices", lambda rows: scope_of("top", rows) and len(rows) == 6),
    Request(EDGE_DEVICES, "GET", "/devices/below", expected=has(parentScopes=[])),
    Request(
        EDGE_DEVICES,
        "PUT",
        "/devices/below",
        lambda bodies: {**bodies[-1], "parentScopes": [scope_of("top", bodies[3])]},
        headers=UNQUOTED,
        expected=lambda body: len(body["parentScopes"]) == 1,
    ),
    Request(EDGE_DEVICES, "POST", "/devices/below/applyConfigurationContent", MODULES, status=204, expected=empty),
    Request(f"{IDENTITY} children remove, of an edge device", "GET", "/devices/top", expected=lambda body: body["deviceScope"]),
    Request(f"{IDENTITY} children remove, of an edge device", "GET", "/devices/below", expected=has(deviceId="below")),
    Request(
        f"{IDENTITY} children remove, of an edge device",
        "PUT",
        "/devices/below",
        without_parent,
        headers=last_etag,
        expected=has(parentScopes=[]),
    ),
    query(f"{EDGE_DEVICES} --clean", "SELECT deviceId FROM devices", lambda rows: len(rows) == 6),
    *(
        Request(f"{EDGE_DEVICES} --clean", "DELETE", f"/devices/{name}", status=204, headers=UNQUOTED, expected=empty)
        for name in ("below", "top")
    ),
    # All others are deleted as well.
    Request(f"{EDGE_DEVICES} --clean", "GET", "/devices", expected=lambda devices: len(devices) == 4),
]

JOBS = [
    Request(
        f"{HUB} job create --job-type scheduleUpdateTwin",
        "PUT",
        "/jobs/v2/twins-1",
        scheduled("twins-1", "scheduleUpdateTwin", **TWIN_UPDATE),
        expected=has(jobId="twins-1", type="scheduleUpdateTwin"),
    ),
    Request(f"{HUB} job show", "GET", "/jobs/v2/twins-1", repeated=True, expected=has(jobId="twins-1", status="completed")),
    Request(
        f"{HUB} job create --job-type scheduleDeviceMethod",
        "PUT",
        "/jobs/v2/method-1",
        scheduled("method-1", "scheduleDeviceMethod", cloudToDeviceMethod=METHOD),
        expected=has(jobId="method-1", type="scheduleDeviceMethod"),
    ),
    Request(
        f"{HUB} job create --job-type scheduleDeviceMethod",
        "GET",
        "/jobs/v2/method-1",
        repeated=True,
        expected=lambda job: job["status"] == "completed" and job["deviceJobStatistics"]["succeededCount"] == 1,
    ),
    Request(
        f"{HUB} job cancel",
        "PUT",
        "/jobs/v2/later",
        scheduled("later", "scheduleUpdateTwin", TOMORROW, **TWIN_UPDATE),
        expected=has(jobId="later"),
    ),
    Request(f"{HUB} job cancel", "GET", "/jobs/v2/later", expected=has(jobId="later", type="scheduleUpdateTwin")),
    Request(f"{HUB} job cancel", "POST", "/jobs/v2/later/cancel", expected=has(jobId="later", status="cancelled")),
    Request(
        f"{HUB} job list",
        "GET",
        "/jobs/v2/query",
        expected=lambda jobs: sorted(job["jobId"] for job in jobs) == ["later", "method-1", "twins-1"],
    ),
    Request(f"{HUB} job list", "GET", "/jobs", expected=lambda jobs: jobs == []),
    Request(
        f"{HUB} job list --job-type --job-status",
        "GET",
        "/jobs/v2/query?jobType=scheduleUpdateTwin&jobStatus=cancelled",
        headers={"x-ms-max-item-count": "10"},
        expected=lambda jobs: [job["jobId"] for job in jobs] == ["later"],
    ),
    Request(
        f"{IDENTITY} export",
        "POST",
        "/jobs/create",
        {
            "type": "export",
            "outputBlobContainerUri": container("exported"),
            "excludeKeysInExport": False,
            "storageAuthenticationType": "keyBased",
        },
        before=create_bulk,
        expected=has(type="export"),
    ),
    Request(f"{IDENTITY} export", "GET", job_path, repeated=True, expected=has(status="completed", progress=100)),
    Request(
        f"{IDENTITY} import",
        "POST",
        "/jobs/create",
        {
            "type": "import",
            "inputBlobContainerUri": container("exported"),
            "outputBlobContainerUri": container("imported"),
            "storageAuthenticationType": "keyBased",
        },
        before=delete_bulk,
        expected=has(type="import"),
    ),
    Request(f"{IDENTITY} import", "GET", job_path, repeated=True, expected=has(status="completed", progress=100)),
    Request(f"{IDENTITY} import", "GET", "/devices/bulk", expected=has(deviceId="bulk")),
    # A job of identities is unknown to the newer operation.
    Request(f"{HUB} job show, of an import", "GET", "/jobs", expected=lambda jobs: sorted(job["type"] for job in jobs) == ["export", "import"]),
    Request(f"{HUB} job show, of an import", "GET", lambda bodies: f"/jobs/v2/{bodies[0][0]['jobId']}", expected=has(status="unknown")),
    Request(f"{HUB} job show, of an import", "GET", lambda bodies: f"/jobs/{bodies[0][0]['jobId']}", expected=has(status="completed")),
    Request(f"{HUB} job cancel, of an export", "GET", "/jobs", expected=lambda jobs: len(jobs) == 2),
    Request(f"{HUB} job cancel, of an export", "DELETE", lambda bodies: f"/jobs/{bodies[0][0]['jobId']}", status=204, expected=empty),
]

STATE = [
    query(f"{HUB} state export", "select * from devices", lambda rows: all("properties" in row and "authenticationType" in row for row in rows)),
    Request(f"{HUB} state export", "GET", "/devices/d1", expected=lambda body: body["authentication"]["type"] == "sas"),
    Request(f"{HUB} state export", "GET", "/devices/d1/modules", expected=lambda modules: len(modules) == 1),
    Request(f"{HUB} state export", "GET", "/devices/d1/modules/m1", expected=has(moduleId="m1")),
    Request(f"{HUB} state export", "GET", "/twins/d1/modules/m1", expected=has(moduleId="m1")),
    Request(f"{HUB} state export", "GET", "/configurations", expected=lambda found: len(found) == 1),
    Request(f"{HUB} state import --replace", "DELETE", "/configurations/counted", status=204, headers=ANY, expected=empty),
    Request(f"{HUB} state import --replace", "DELETE", "/devices/bulk", status=204, headers=ANY, expected=empty),
    Request(f"{HUB} state import --replace", "PUT", "/configurations/counted", configuration("counted", DEVICE_CONTENT), expected=has(id="counted")),
    Request(f"{HUB} state import --replace", "PUT", "/devices/bulk", device("bulk", capabilities={"iotEdge": False}), expected=has(deviceId="bulk")),
    Request(f"{HUB} state import --replace", "GET", "/devices/bulk", expected=has(deviceId="bulk")),
    Request(
        f"{HUB} state import --replace",
        "PATCH",
        "/twins/bulk",
        {"properties": {"desired": {"interval": 5}}, "tags": {"building": 1}},
        headers=ANY,
        expected=has(tags={"building": 1}),
    ),
]

C2D = "iot device c2d-message"
DEVICE_BOUND = "/devices/d1/messages/deviceBound"

# The emulator has no endpoints for devices, and says so.
DEVICE_SIDE = [
    Request(command, method, path, body, status=501, expected=lambda answer: "no endpoints for devices" in answer["Message"])
    for command, method, path, body in (
        (f"{C2D} receive", "GET", DEVICE_BOUND, None),
        (f"{C2D} complete", "DELETE", f"{DEVICE_BOUND}/tag", None),
        (f"{C2D} reject", "DELETE", f"{DEVICE_BOUND}/tag?reject=", None),
        (f"{C2D} abandon", "POST", f"{DEVICE_BOUND}/tag/abandon", None),
        ("iot device send-d2c-message", "POST", "/devices/d1/messages/events", {"a": 1}),
        ("iot device upload-file", "POST", "/devices/d1/files", {"blobName": "b"}),
        ("iot device upload-file notification", "POST", "/devices/d1/files/notifications", {"correlationId": "c", "isSuccess": True}),
    )
]

ENDINGS = [
    Request(f"{C2D} purge", "DELETE", "/devices/d1/commands", expected=has(deviceId="d1", totalMessagesPurged=0)),
    Request(f"{MODULE} delete", "DELETE", "/devices/d1/modules/m1", status=204, headers=ANY, expected=empty),
    Request(f"{IDENTITY} delete", "DELETE", "/devices/d1", status=204, headers=ANY, expected=empty),
]

check_all("iothub", VERSION, [*IDENTITIES, *TWINS, *CONFIGURATIONS, *JOBS, *STATE, *DEVICE_SIDE, *ENDINGS])
run()
