"""The requests of `az dt …` that need no Azure Resource Manager."""

import json
import os
from pathlib import Path

from cli_requests import Request, check_all, empty, has
from peer import run

ANY = {"If-Match": "*"}
CONTEXT = "dtmi:dtdl:context;2"
ROOM, SENSOR = "dtmi:cli:Room;1", "dtmi:cli:Sensor;1"
MODELS = [
    {
        "@context": CONTEXT,
        "@id": ROOM,
        "@type": "Interface",
        "contents": [
            {"@type": "Property", "name": "temperature", "schema": "double"},
            {"@type": "Component", "name": "sensor", "schema": SENSOR},
            {"@type": "Relationship", "name": "leadsTo", "properties": [{"@type": "Property", "name": "width", "schema": "integer"}]},
            {"@type": "Telemetry", "name": "noise", "schema": "integer"},
        ],
    },
    {
        "@context": CONTEXT,
        "@id": SENSOR,
        "@type": "Interface",
        "contents": [
            {"@type": "Property", "name": "unit", "schema": "string"},
            {"@type": "Telemetry", "name": "value", "schema": "double"},
        ],
    },
]
TELEMETRY = {"Message-Id": "m1", "Telemetry-Source-Time": "2026-01-01T00:00:00.0000000Z"}


BLOBS = Path(os.environ["PEERS_BLOBS"])
IMPORTED = [
    {"Section": "Header"},
    {"fileVersion": "1.0.0", "author": "cli", "organization": "cli"},
    {"Section": "Models"},
    *MODELS,
    {"Section": "Twins"},
    {"$dtId": "imported", "$metadata": {"$model": ROOM}, "sensor": {"$metadata": {}}},
]
# The job must still be running when it is canceled.
MANY_TWINS = [*IMPORTED[:-1], *({**IMPORTED[-1], "$dtId": f"twin-{number}"} for number in range(20_000))]


def room(**properties):
    return {"$metadata": {"$model": ROOM}, "sensor": {"$metadata": {}}, **properties}


def named(name, **properties):
    """Returns the body of a new twin, in which the CLI repeats the id."""
    return {"$dtId": name, **room(**properties)}


MODEL, TWIN = "dt model", "dt twin"
COMPONENT, RELATIONSHIP = f"{TWIN} component", f"{TWIN} relationship"

def import_of(name):
    """Returns the body of an import, whose input the emulator maps to a file by container and name."""
    location = "https://account.blob.core.windows.net/jobs"
    return {"inputBlobUri": f"{location}/{name}.ndjson", "outputBlobUri": f"{location}/{name}.log"}


def write_inputs():
    (BLOBS / "jobs").mkdir(parents=True, exist_ok=True)
    for name, lines in (("small", IMPORTED), ("large", MANY_TWINS)):
        (BLOBS / "jobs" / f"{name}.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))


def ids(*expected, name="id"):
    """Expects a page with exactly these resources."""
    return lambda page: sorted(item[name] for item in page["value"]) == sorted(expected)


def twins(*expected):
    return ids(*expected, name="$dtId")


def of_twin(index, path=""):
    """Returns the path of a twin in the second response."""
    return lambda bodies: f"/digitaltwins/{bodies[1]['value'][index]['$dtId']}{path}"


def relationships(*expected):
    return ids(*expected, name="$relationshipId")


ALL_TWINS = {"query": "select * from digitaltwins"}
STAIRS = {"$targetId": "attic", "$relationshipName": "leadsTo", "width": 2}
NEW = {"If-None-Match": "*"}
DELETE_ALL_TWINS, DELETE_ALL_RELATIONSHIPS = f"{TWIN} delete-all", f"{RELATIONSHIP} delete-all"
IMPORT, DELETION = "dt job import", "dt job deletion"
ROUTE = {"endpointName": "endpoint", "filter": "type = 'microsoft.iot.telemetry'"}

GRAPH = [
    Request(f"{MODEL} create", "POST", "/models", MODELS, status=201, expected=lambda made: sorted(model["id"] for model in made) == [ROOM, SENSOR]),
    Request(f"{MODEL} show", "GET", f"/models/{ROOM}", expected=lambda model: model["id"] == ROOM and "model" not in model),
    Request(
        f"{MODEL} show --definition",
        "GET",
        f"/models/{ROOM}?includeModelDefinition=true",
        expected=lambda model: model["model"] == MODELS[0],
    ),
    Request(f"{MODEL} list", "GET", "/models", expected=ids(ROOM, SENSOR)),
    Request(
        f"{MODEL} list --definition --top",
        "GET",
        "/models?includeModelDefinition=true",
        headers={"max-items-per-page": "1"},
        expected=lambda page: len(page["value"]) == 1 and page["nextLink"] and "model" in page["value"][0],
    ),
    Request(
        f"{MODEL} list --dependencies-for",
        "GET",
        f"/models?dependenciesFor={SENSOR}&includeModelDefinition=true",
        expected=lambda page: [model["model"] for model in page["value"]] == [MODELS[1]],
    ),
    Request(f"{TWIN} create", "PUT", "/digitaltwins/hall", named("hall", temperature=1), expected=has(**{"$dtId": "hall", "temperature": 1})),
    Request(
        f"{TWIN} create, over one that exists",
        "PUT",
        "/digitaltwins/hall",
        named("hall", temperature=20.5),
        expected=has(**{"$dtId": "hall", "temperature": 20.5}),
    ),
    Request(f"{TWIN} create --if-none-match", "PUT", "/digitaltwins/attic", named("attic"), headers=NEW, expected=has(**{"$dtId": "attic"})),
    Request(
        f"{TWIN} create --if-none-match, of one that exists",
        "PUT",
        "/digitaltwins/hall",
        named("hall"),
        status=412,
        headers=NEW,
        expected=lambda body: body["error"]["code"] == "PreconditionFailed",
    ),
    Request(f"{TWIN} show", "GET", "/digitaltwins/hall", expected=has(temperature=20.5)),
    Request(f"{TWIN} query", "POST", "/query", ALL_TWINS, expected=twins("hall", "attic")),
    Request(
        f"{TWIN} update",
        "PATCH",
        "/digitaltwins/hall",
        [{"op": "replace", "path": "/temperature", "value": 21}],
        status=204,
        headers=ANY,
        expected=empty,
    ),
    Request(f"{TWIN} update", "GET", "/digitaltwins/hall", expected=has(temperature=21)),
    Request(
        f"{COMPONENT} update",
        "PATCH",
        "/digitaltwins/hall/components/sensor",
        [{"op": "add", "path": "/unit", "value": "C"}],
        status=204,
        headers=ANY,
        expected=empty,
    ),
    Request(f"{COMPONENT} show", "GET", "/digitaltwins/hall/components/sensor", expected=has(unit="C")),
    Request(
        f"{RELATIONSHIP} create",
        "PUT",
        "/digitaltwins/hall/relationships/stairs",
        STAIRS,
        expected=has(**{"$relationshipId": "stairs", "$sourceId": "hall"}, **STAIRS),
    ),
    Request(
        f"{RELATIONSHIP} create --if-none-match, of one that exists",
        "PUT",
        "/digitaltwins/hall/relationships/stairs",
        STAIRS,
        status=412,
        headers=NEW,
        expected=lambda body: body["error"]["code"] == "PreconditionFailed",
    ),
    Request(f"{RELATIONSHIP} show", "GET", "/digitaltwins/hall/relationships/stairs", expected=has(width=2)),
    Request(f"{RELATIONSHIP} list", "GET", "/digitaltwins/hall/relationships", expected=relationships("stairs")),
    Request(
        f"{RELATIONSHIP} list --kind",
        "GET",
        "/digitaltwins/hall/relationships?relationshipName=leadsTo",
        expected=relationships("stairs"),
    ),
    Request(
        f"{RELATIONSHIP} list --kind",
        "GET",
        "/digitaltwins/hall/relationships?relationshipName=other",
        expected=relationships(),
    ),
    Request(f"{RELATIONSHIP} list --incoming", "GET", "/digitaltwins/attic/incomingrelationships", expected=relationships("stairs")),
    Request(
        f"{RELATIONSHIP} update",
        "PATCH",
        "/digitaltwins/hall/relationships/stairs",
        [{"op": "replace", "path": "/width", "value": 3}],
        status=204,
        headers=ANY,
        expected=empty,
    ),
    Request(f"{RELATIONSHIP} update", "GET", "/digitaltwins/hall/relationships/stairs", expected=has(width=3)),
    Request(f"{TWIN} telemetry send", "POST", "/digitaltwins/hall/telemetry", {"noise": 3}, status=204, headers=TELEMETRY, expected=empty),
    Request(
        f"{TWIN} telemetry send --component",
        "POST",
        "/digitaltwins/hall/components/sensor/telemetry",
        {"value": 1.5},
        status=204,
        headers=TELEMETRY,
        expected=empty,
    ),
    # The CLI sends the message of a component to the twin as well.
    Request(
        f"{TWIN} telemetry send --component",
        "POST",
        "/digitaltwins/hall/telemetry",
        {"value": 1.5},
        status=204,
        headers=TELEMETRY,
        expected=empty,
    ),
]

ROUTES = [
    Request("dt route list", "GET", "/eventroutes", expected=ids()),
    Request(
        "dt route show, of one that does not exist",
        "GET",
        "/eventroutes/none",
        status=404,
        expected=lambda body: body["error"]["code"] == "EventRouteNotFound",
    ),
    Request("dt route create", "PUT", "/eventroutes/noise", ROUTE, status=204, expected=empty),
    Request("dt route create", "GET", "/eventroutes/noise", expected=has(id="noise", **ROUTE)),
    Request("dt route show", "GET", "/eventroutes/noise", expected=has(id="noise", **ROUTE)),
    Request("dt route delete", "DELETE", "/eventroutes/noise", status=204, expected=empty),
    Request("dt route delete", "GET", "/eventroutes", expected=ids()),
]

DELETIONS = [
    Request(f"{RELATIONSHIP} delete", "DELETE", "/digitaltwins/hall/relationships/stairs", status=204, headers=ANY, expected=empty),
    Request(f"{RELATIONSHIP} delete", "GET", "/digitaltwins/hall/relationships", expected=relationships()),
    Request(DELETE_ALL_RELATIONSHIPS, "PUT", "/digitaltwins/hall/relationships/stairs", STAIRS, headers=NEW, expected=has(width=2)),
    Request(DELETE_ALL_RELATIONSHIPS, "GET", "/digitaltwins/hall/incomingrelationships", expected=relationships()),
    Request(DELETE_ALL_RELATIONSHIPS, "GET", "/digitaltwins/hall/relationships", expected=relationships("stairs")),
    Request(
        DELETE_ALL_RELATIONSHIPS,
        "DELETE",
        lambda bodies: f"/digitaltwins/hall/relationships/{bodies[2]['value'][0]['$relationshipId']}",
        status=204,
        headers=ANY,
        expected=empty,
    ),
    Request(DELETE_ALL_RELATIONSHIPS, "GET", "/digitaltwins/attic/incomingrelationships", expected=relationships()),
    Request(f"{TWIN} delete", "DELETE", "/digitaltwins/hall", status=204, headers=ANY, expected=empty),
    Request(f"{TWIN} delete", "POST", "/query", ALL_TWINS, expected=twins("attic")),
    Request(DELETE_ALL_TWINS, "PUT", "/digitaltwins/cellar", room(), headers=NEW, expected=has(**{"$dtId": "cellar"})),
    Request(DELETE_ALL_TWINS, "POST", "/query", ALL_TWINS, expected=twins("attic", "cellar")),
    *(
        request
        for index in range(2)
        for request in (
            Request(DELETE_ALL_TWINS, "GET", of_twin(index, "/incomingrelationships"), expected=relationships()),
            Request(DELETE_ALL_TWINS, "GET", of_twin(index, "/relationships"), expected=relationships()),
            Request(DELETE_ALL_TWINS, "DELETE", of_twin(index), status=204, headers=ANY, expected=empty),
        )
    ),
    Request(DELETE_ALL_TWINS, "POST", "/query", ALL_TWINS, expected=twins()),
    Request(
        f"{MODEL} update --decommission",
        "PATCH",
        f"/models/{ROOM}",
        [{"op": "replace", "path": "/decommissioned", "value": True}],
        status=204,
        expected=empty,
    ),
    Request(f"{MODEL} update --decommission", "GET", f"/models/{ROOM}", expected=has(decommissioned=True)),
    Request(f"{MODEL} delete", "DELETE", f"/models/{ROOM}", status=204, expected=empty),
    Request(f"{MODEL} delete", "GET", "/models", expected=ids(SENSOR)),
    Request(f"{MODEL} delete-all", "POST", "/models", MODELS[:1], status=201, expected=lambda made: made[0]["id"] == ROOM),
    Request(f"{MODEL} delete-all", "GET", "/models?includeModelDefinition=true", expected=ids(ROOM, SENSOR)),
    # A model must be deleted before the models that it depends on.
    Request(f"{MODEL} delete-all", "DELETE", f"/models/{ROOM}", status=204, expected=empty),
    Request(f"{MODEL} delete-all", "DELETE", f"/models/{SENSOR}", status=204, expected=empty),
    Request(f"{MODEL} delete-all", "GET", "/models", expected=ids()),
]

JOBS = [
    Request(f"{IMPORT} list", "GET", "/jobs/imports", expected=ids()),
    Request(
        f"{IMPORT} show, of one that does not exist",
        "GET",
        "/jobs/imports/none",
        status=404,
        expected=lambda body: body["error"]["code"] == "JobNotFound",
    ),
    Request(
        f"{IMPORT} create",
        "PUT",
        "/jobs/imports/load",
        import_of("small"),
        status=201,
        before=write_inputs,
        expected=has(id="load", **import_of("small")),
    ),
    Request(f"{IMPORT} show", "GET", "/jobs/imports/load", repeated=True, expected=has(id="load", status="succeeded")),
    Request(f"{IMPORT} show", "POST", "/query", ALL_TWINS, expected=twins("imported")),
    Request(f"{IMPORT} cancel", "PUT", "/jobs/imports/long", import_of("large"), status=201, expected=has(id="long")),
    Request(f"{IMPORT} cancel", "POST", "/jobs/imports/long/cancel", expected=has(id="long", status="cancelling")),
    Request(f"{IMPORT} cancel", "GET", "/jobs/imports/long", repeated=True, expected=has(status="cancelled")),
    Request(
        f"{IMPORT} list --top",
        "GET",
        "/jobs/imports",
        headers={"max-items-per-page": "1"},
        expected=lambda page: len(page["value"]) == 1 and page["nextLink"],
    ),
    Request(f"{IMPORT} delete", "DELETE", "/jobs/imports/load", status=204, expected=empty),
    Request(f"{IMPORT} delete", "GET", "/jobs/imports", expected=ids("long")),
    Request(f"{DELETION} list", "GET", "/jobs/deletions", expected=ids()),
    Request(f"{DELETION} create --timeout", "POST", "/jobs/deletions?timeoutInMinutes=60", status=202, headers={"operation-id": "wipe"}, expected=has(id="wipe")),
    Request(f"{DELETION} show", "GET", "/jobs/deletions/wipe", repeated=True, expected=has(id="wipe", status="succeeded")),
    Request(f"{DELETION} show", "GET", "/jobs/deletions", expected=ids("wipe")),
    Request(f"{DELETION} show", "POST", "/query", ALL_TWINS, expected=twins()),
    Request(f"{DELETION} show", "GET", "/models", expected=ids()),
]

check_all("digitaltwins", "2023-10-31", [*GRAPH, *ROUTES, *DELETIONS, *JOBS])
run()
