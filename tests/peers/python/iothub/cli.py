"""The requests of `az iot hub …`, `az iot edge …` and `az iot device …` that need no Azure Resource Manager."""

from cli_bodies import (
    ANY,
    DEVICE_CONTENT,
    HUB,
    IDENTITY,
    KEYS,
    METHOD,
    MODULE,
    SAS,
    THUMBPRINTS,
    TOMORROW,
    TRACING,
    TWIN_UPDATE,
    UNQUOTED,
    VERSION,
    configuration,
    connect,
    container,
    create_bulk,
    delete_bulk,
    device,
    has_swapped_keys,
    id_in_scope,
    job_path,
    last_etag,
    query,
    scheduled,
    swapped_keys,
    traced,
    whole_twin,
    with_parent,
    without_parent,
)
from cli_configurations import CONFIGURATIONS
from cli_requests import Request, check_all, empty, has, send
from peer import run


def renewed_key(identity, policy):
    """Expects a new key of this identity."""
    return lambda body: (
        body["policyKey"] == policy
        and [has(**identity)(keys) for keys in body["rotatedKeys"]] == [True]
        and body["rotatedKeys"][0][policy] not in KEYS.values()
    )


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
    Request(
        f"{IDENTITY} renew-key --key-type primary",
        "POST",
        "/devices/keys/regenerate",
        {"policyKey": "primaryKey", "devices": [{"id": "d1"}]},
        expected=renewed_key({"id": "d1"}, "primaryKey"),
    ),
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
    Request(
        f"{MODULE} renew-key --key-type secondary",
        "POST",
        "/devices/keys/regenerate",
        {"policyKey": "secondaryKey", "devices": [{"id": "d1", "moduleId": "m1"}]},
        expected=renewed_key({"id": "d1", "moduleId": "m1"}, "secondaryKey"),
    ),
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
