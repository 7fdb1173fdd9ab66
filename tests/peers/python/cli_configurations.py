"""The requests of `az iot hub configuration …` and `az iot edge …`."""

from cli_bodies import (
    ANY,
    CONFIGURATION,
    DEPLOYMENT,
    DEVICE_CONTENT,
    EDGE_AGENT,
    EDGE_DEVICES,
    EDGE_HUB,
    IDENTITY,
    METRICS,
    MODULES,
    UNQUOTED,
    configuration,
    device,
    edge_device,
    last_etag,
    query,
    scope_of,
    without_etag,
    without_parent,
)
from cli_requests import Request, empty, has


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
