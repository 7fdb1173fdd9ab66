"""Digital Twins: event routes and their events."""

import http.server
import json
import os
import threading

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.digitaltwins.core import DigitalTwinsEventRoute
from azure.digitaltwins.core._generated.models import EventRoutesListOptions

from peer import check, equal, holds, run, until
from twins import MODELS, ROOM, SENSOR, client, items, pages, refused, room

received = []


class Webhook(http.server.BaseHTTPRequestHandler):
    """Records the events that are posted to it."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        received.append((self.headers["Content-Type"], json.loads(body)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


webhook = http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PEERS_WEBHOOK_PORT"])), Webhook)
threading.Thread(target=webhook.serve_forever, daemon=True).start()

TELEMETRY = "type = 'microsoft.iot.telemetry'"


def _route(name="endpoint", condition=TELEMETRY):
    return DigitalTwinsEventRoute(endpoint_name=name, filter=condition)


@check
async def list_event_routes_of_a_new_instance_is_empty():
    equal(await items(client().list_event_routes()), [])


@check
async def upsert_event_route_creates_and_replaces():
    equal(await client().upsert_event_route("first", _route()), None)
    route = await client().get_event_route("first")
    equal((route.id, route.endpoint_name, route.filter), ("first", "endpoint", TELEMETRY))
    await client().upsert_event_route("first", _route(condition="true"))
    equal((await client().get_event_route("first")).filter, "true")


@check
async def upsert_event_route_to_an_unknown_endpoint_is_refused():
    async with refused(HttpResponseError, 400, "EventRouteEndpointInvalid"):
        await client().upsert_event_route("bad", _route(name="unknown"))


@check
async def upsert_event_route_with_an_invalid_filter_is_refused():
    async with refused(HttpResponseError, 400, "EventRouteFilterInvalid"):
        await client().upsert_event_route("bad", _route(condition="type ="))


@check
async def get_missing_event_route_is_refused():
    async with refused(ResourceNotFoundError, 404, "EventRouteNotFound"):
        await client().get_event_route("missing")


@check
async def list_event_routes_page_by_page():
    for name in ("second", "third"):
        await client().upsert_event_route(name, _route())
    equal({route.id for route in await items(client().list_event_routes())}, {"first", "second", "third"})
    # The public parameter for the page size does not work in this client.
    options = EventRoutesListOptions(max_items_per_page=2)
    listed = await pages(client().list_event_routes(event_routes_list_options=options))
    holds(len(listed) >= 2 and all(len(page) <= 2 for page in listed), "expected pages of two")


@check
async def twin_events_are_posted_to_the_webhook():
    for name in ("second", "third"):
        await client().delete_event_route(name)
    await client().create_models(MODELS)
    await client().upsert_digital_twin("room", room(temperature=20))
    await client().update_digital_twin("room", [{"op": "replace", "path": "/temperature", "value": 21}])
    await client().delete_digital_twin("room")
    until(lambda: len(received) == 3)
    events = [event for _, event in received]
    equal({kind.split(";")[0] for kind, _ in received}, {"application/cloudevents+json"})
    equal(
        [event["type"].removeprefix("Microsoft.DigitalTwins.Twin.") for event in events],
        ["Create", "Update", "Delete"],
    )
    equal({(event["specversion"], event["subject"]) for event in events}, {("1.0", "room")})
    equal(events[0]["data"]["temperature"], 20)
    patch = [{"value": 21, "path": "/temperature", "op": "replace"}]
    equal(events[1]["data"], {"modelId": ROOM, "patch": patch})


@check
async def telemetry_is_posted_if_it_passes_the_filter():
    await client().upsert_event_route("first", _route())
    received.clear()
    await client().upsert_digital_twin("room", room())
    await client().publish_telemetry("room", {"noise": 3}, message_id="message-1")
    await client().publish_component_telemetry("room", "sensor", {"value": 1.5}, message_id="message-2")
    until(lambda: len(received) >= 2)
    equal([event["id"] for _, event in received], ["message-1", "message-2"])
    whole, part = (event for _, event in received)
    equal(
        (whole["type"], whole["data"], whole["dataschema"]), ("microsoft.iot.telemetry", {"noise": 3}, ROOM)
    )
    equal((part["subject"], part["data"], part["dataschema"]), ("sensor", {"value": 1.5}, SENSOR))
    for name in ("second", "third"):
        await client().upsert_event_route(name, _route())


@check
async def delete_event_route():
    for name in ("first", "second", "third"):
        equal(await client().delete_event_route(name), None)
    equal(await items(client().list_event_routes()), [])
    async with refused(ResourceNotFoundError, 404, "EventRouteNotFound"):
        await client().delete_event_route("first")


run()
