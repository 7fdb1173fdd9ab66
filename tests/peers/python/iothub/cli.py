"""The requests of `az iot hub …`, `az iot edge …` and `az iot device …` that need no Azure Resource Manager."""

import datetime

from cli_requests import Request, check_all, empty, has, send
from peer import EMULATOR, equal, manage, run

VERSION = "2024-03-31"
ANY = {"If-Match": '"*"'}
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


def connect():
    """Connects the device and the module, and scripts their method responses and a component command of the device."""
    for path, method in (("d1", "reboot"), ("d1", "thermostat*reboot"), ("d1/modules/m1", "reboot")):
        manage("PUT", f"/iothub/devices/{path}/connection", {"connected": True})
        script = {"type": "reply", "status": 200, "payload": {"from": f"{path} {method}"}}
        manage("PUT", f"/iothub/devices/{path}/methods/{method}", script)


def with_parent(bodies):
    """Returns the device of the second response as a child of the edge device of the first."""
    scope = bodies[0]["deviceScope"]
    return {**bodies[1], "deviceScope": scope, "parentScopes": [scope]}


def without_parent(bodies):
    return {**bodies[0], "deviceScope": None, "parentScopes": []}


def id_in_scope(bodies):
    """Returns the id of the parent: the part of its scope between the scheme and the generation id."""
    return bodies[0]["parentScopes"][0].removeprefix("ms-azure-iot-edge://").rpartition("-")[0]


def swapped_keys(bodies):
    keys = bodies[0]["authentication"]["symmetricKey"]
    swapped = {"primaryKey": keys["secondaryKey"], "secondaryKey": keys["primaryKey"]}
    return {**bodies[0], "authentication": {"type": "sas", "symmetricKey": swapped}}


def has_swapped_keys(identity):
    return identity["authentication"]["symmetricKey"] == {"primaryKey": KEYS["secondaryKey"], "secondaryKey": KEYS["primaryKey"]}


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
DEVICE_CONTENT = {"deviceContent": {"properties.desired.interval": 60}}

TWIN_UPDATE = {"updateTwin": {"etag": "*", "tags": {"building": 9}}}
TOMORROW = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
BULK = {"id": "bulk", "importMode": "create", "status": "enabled", "authentication": SAS}
TRACING = {"azureiot*com^dtracing^1": {"sampling_mode": 1, "sampling_rate": 50}}

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
        device("d1", status="disabled", statusReason="spare"),
        headers=ANY,
        expected=has(status="disabled", statusReason="spare"),
    ),
    Request(f"{IDENTITY} update", "PUT", "/devices/d1", device("d1"), headers=ANY, expected=has(status="enabled", statusReason=None)),
    Request(f"{IDENTITY} renew-key", "GET", "/devices/d1", expected=lambda body: body["authentication"]["symmetricKey"] == KEYS),
    Request(f"{IDENTITY} renew-key", "PUT", "/devices/d1", swapped_keys, headers=ANY, expected=has_swapped_keys),
    Request(f"{IDENTITY} parent set", "GET", "/devices/edge", expected=lambda body: body["deviceScope"]),
    Request(f"{IDENTITY} parent set", "GET", "/devices/d2", expected=has(parentScopes=[])),
    Request(f"{IDENTITY} parent set", "PUT", "/devices/d2", with_parent, headers=ANY, expected=lambda body: len(body["parentScopes"]) == 1),
    Request(f"{IDENTITY} parent show", "GET", "/devices/d2", expected=lambda body: len(body["parentScopes"]) == 1),
    Request(f"{IDENTITY} parent show", "GET", lambda bodies: f"/devices/{id_in_scope(bodies)}", expected=has(deviceId="edge")),
    Request(f"{IDENTITY} children add", "GET", "/devices/edge", expected=lambda body: body["deviceScope"]),
    Request(f"{IDENTITY} children add", "GET", "/devices/d3", expected=has(parentScopes=[])),
    Request(f"{IDENTITY} children add", "PUT", "/devices/d3", with_parent, headers=ANY, expected=lambda body: len(body["parentScopes"]) == 1),
    Request(f"{IDENTITY} children list", "GET", "/devices/edge", expected=lambda body: body["deviceScope"]),
    query(
        f"{IDENTITY} children list",
        lambda bodies: f"select deviceId from devices where array_contains(parentScopes, '{bodies[0]['deviceScope']}')",
        lambda rows: sorted(row["deviceId"] for row in rows) == ["d2", "d3"],
    ),
    Request(f"{IDENTITY} children remove", "GET", "/devices/d3", expected=lambda body: len(body["parentScopes"]) == 1),
    Request(f"{IDENTITY} children remove", "PUT", "/devices/d3", without_parent, headers=ANY, expected=has(deviceScope=None, parentScopes=[])),
    Request(
        f"{MODULE} create",
        "PUT",
        "/devices/d1/modules/m1",
        {"deviceId": "d1", "moduleId": "m1", "authentication": SAS},
        expected=has(deviceId="d1", moduleId="m1"),
    ),
    Request(f"{MODULE} show", "GET", "/devices/d1/modules/m1", expected=has(deviceId="d1", moduleId="m1")),
    Request(f"{MODULE} list", "GET", "/devices/d1/modules", expected=lambda modules: [module["moduleId"] for module in modules] == ["m1"]),
    Request(
        f"{MODULE} update",
        "PUT",
        "/devices/d1/modules/m1",
        {"deviceId": "d1", "moduleId": "m1", "managedBy": "me", "authentication": SAS},
        headers=ANY,
        expected=has(managedBy="me"),
    ),
    Request(f"{MODULE} renew-key", "GET", "/devices/d1/modules/m1", expected=lambda body: body["authentication"]["symmetricKey"] == KEYS),
    Request(f"{MODULE} renew-key", "PUT", "/devices/d1/modules/m1", swapped_keys, headers=ANY, expected=has_swapped_keys),
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
    query(f"{HUB} query", "select count() as total from devices", lambda rows: rows == [{"total": 4}]),
    query(
        f"{HUB} query --modules",
        "select * from devices.modules where devices.deviceId='d1'",
        lambda rows: [row["moduleId"] for row in rows] == ["m1"],
    ),
    Request(f"{HUB} distributed-tracing show", "GET", "/twins/d1", expected=has(deviceId="d1")),
    Request(
        f"{HUB} distributed-tracing update",
        "PATCH",
        "/twins/d1",
        {"properties": {"desired": TRACING}},
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
        headers=ANY,
        expected=empty,
    ),
    Request(f"{HUB} digital-twin update", "GET", "/twins/d1", expected=lambda twin: twin["properties"]["desired"]["target"] == 20),
    Request(
        f"{HUB} digital-twin invoke-command",
        "POST",
        "/digitaltwins/d1/commands/reboot",
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
        configuration("counted", DEVICE_CONTENT, metrics={"queries": {"all": "select *"}}),
        expected=lambda body: body["metrics"]["queries"] == {"all": "select *"},
    ),
    Request(f"{CONFIGURATION} show", "GET", "/configurations/slow", expected=has(id="slow", priority=3)),
    Request(
        f"{CONFIGURATION} list",
        "GET",
        "/configurations?top=20",
        expected=lambda found: sorted(one["id"] for one in found) == ["counted", "slow"],
    ),
    Request(
        f"{CONFIGURATION} update",
        "PUT",
        "/configurations/slow",
        configuration("slow", DEVICE_CONTENT, priority=4),
        headers=ANY,
        expected=has(id="slow", priority=4),
    ),
    query(
        f"{CONFIGURATION} show-metric",
        "select deviceId from devices where configurations.[[slow]].status = 'Applied'",
        lambda rows: rows == [{"deviceId": "d1"}],
    ),
    Request(f"{CONFIGURATION} delete", "DELETE", "/configurations/slow", status=204, headers=ANY, expected=empty),
    Request(f"{DEPLOYMENT} create", "PUT", "/configurations/layered", configuration("layered", MODULES), expected=has(id="layered", priority=3)),
    Request(f"{DEPLOYMENT} show", "GET", "/configurations/layered", expected=has(id="layered", priority=3)),
    Request(
        f"{DEPLOYMENT} list",
        "GET",
        "/configurations?top=20",
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
    query(
        f"{DEPLOYMENT} show-metric",
        "select deviceId from devices.modules where moduleId = '$edgeAgent' and configurations.[[layered]].status = 'Applied'",
        # The target condition selects no edge device.
        lambda rows: rows == [],
    ),
    Request(f"{DEPLOYMENT} delete", "DELETE", "/configurations/layered", status=204, headers=ANY, expected=empty),
    Request("iot edge set-modules", "POST", "/devices/edge/applyConfigurationContent", MODULES, status=204, expected=empty),
    Request(
        "iot edge set-modules",
        "GET",
        "/devices/edge/modules",
        expected=lambda modules: sorted(module["moduleId"] for module in modules) == ["$edgeAgent", "$edgeHub"],
    ),
    Request(
        "iot edge export-modules",
        "GET",
        "/twins/edge/modules/$edgeAgent",
        expected=lambda twin: EDGE_AGENT["properties.desired"].items() <= twin["properties"]["desired"].items(),
    ),
    Request("iot edge devices create", "POST", "/devices", [BULK], expected=has(isSuccessful=True, errors=[])),
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
    Request(f"{HUB} job cancel", "POST", "/jobs/v2/later/cancel", expected=has(jobId="later", status="cancelled")),
    Request(
        f"{HUB} job list",
        "GET",
        "/jobs/v2/query",
        expected=lambda jobs: sorted(job["jobId"] for job in jobs) == ["later", "method-1", "twins-1"],
    ),
    Request(f"{HUB} job list", "GET", "/jobs", expected=lambda jobs: jobs == []),
    Request(
        f"{IDENTITY} export",
        "POST",
        "/jobs/create",
        {"type": "export", "outputBlobContainerUri": container("exported"), "excludeKeysInExport": False},
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
        },
        before=delete_bulk,
        expected=has(type="import"),
    ),
    Request(f"{IDENTITY} import", "GET", job_path, repeated=True, expected=has(status="completed", progress=100)),
    Request(f"{IDENTITY} import", "GET", "/devices/bulk", expected=has(deviceId="bulk")),
]

ENDINGS = [
    Request("iot device c2d-message purge", "DELETE", "/devices/d1/commands", expected=has(deviceId="d1", totalMessagesPurged=0)),
    Request(f"{HUB} monitor-feedback --http", "GET", "/messages/serviceBound/feedback", status=204, expected=empty),
    Request(f"{HUB} statistics", "GET", "/statistics/devices", expected=has(totalDeviceCount=5)),
    Request(f"{HUB} statistics", "GET", "/statistics/service", expected=has(connectedDeviceCount=1)),
    Request(f"{MODULE} delete", "DELETE", "/devices/d1/modules/m1", status=204, headers=ANY, expected=empty),
    Request(f"{IDENTITY} delete", "DELETE", "/devices/d1", status=204, headers=ANY, expected=empty),
]

check_all("iothub", VERSION, [*IDENTITIES, *TWINS, *CONFIGURATIONS, *JOBS, *ENDINGS])
run()
