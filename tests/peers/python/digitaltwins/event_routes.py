"""Digital Twins: event routes."""

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.digitaltwins.core import DigitalTwinsEventRoute
from azure.digitaltwins.core._generated.models import EventRoutesListOptions

from peer import check, equal, holds, run
from twins import client, items, pages, refused

TELEMETRY = "type = 'microsoft.iot.telemetry'"


def _route(name="endpoint", condition=TELEMETRY):
    return DigitalTwinsEventRoute(endpoint_name=name, filter=condition)


@check
async def list_event_routes_of_none():
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
async def upsert_event_route_with_a_bad_filter_is_refused():
    async with refused(HttpResponseError, 400, "EventRouteFilterInvalid"):
        await client().upsert_event_route("bad", _route(condition="type ="))


@check
async def get_event_route_that_is_missing_is_refused():
    async with refused(ResourceNotFoundError, 404, "EventRouteNotFound"):
        await client().get_event_route("missing")


@check
async def list_event_routes_page_by_page():
    for name in ("second", "third"):
        await client().upsert_event_route(name, _route())
    equal({route.id for route in await items(client().list_event_routes())}, {"first", "second", "third"})
    # The public argument for the size of a page does not work in this client.
    options = EventRoutesListOptions(max_items_per_page=2)
    listed = await pages(client().list_event_routes(event_routes_list_options=options))
    holds(len(listed) >= 2 and all(len(page) <= 2 for page in listed), "pages of two were expected")


@check
async def delete_event_route():
    for name in ("first", "second", "third"):
        equal(await client().delete_event_route(name), None)
    equal(await items(client().list_event_routes()), [])
    async with refused(ResourceNotFoundError, 404, "EventRouteNotFound"):
        await client().delete_event_route("first")


run()
