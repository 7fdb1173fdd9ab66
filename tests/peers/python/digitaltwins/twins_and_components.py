"""Digital Twins: twins, their components, telemetry."""

from azure.core import MatchConditions
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)

from peer import EMULATOR, check, equal, holds, raises, run
from twins import IS_FIRST_VERSION, MODELS, ROOM, Credential, client, refused, room, unsigned_token

STALE = {"etag": 'W/"00000000-0000-0000-0000-000000000000"', "match_condition": MatchConditions.IfNotModified}
# All punctuation that an id may contain.
ODD_ID = "dtmi:odd:id;1+3%_#*?!(),=@$'"


@check
async def models_exist():
    equal(len(await client().create_models(MODELS)), 3)


@check
async def upsert_digital_twin_creates():
    twin = await client().upsert_digital_twin("room", room(temperature=20.5, name="Hall"))
    equal((twin["$dtId"], twin["temperature"], twin["name"]), ("room", 20.5, "Hall"))
    equal(twin["$metadata"]["$model"], ROOM)
    holds(twin["$etag"].startswith('W/"'), f"the etag is {twin['$etag']}")
    holds(twin["$metadata"]["temperature"]["lastUpdateTime"], "lastUpdateTime is missing")
    holds(IS_FIRST_VERSION or "$lastUpdateTime" in twin["$metadata"], "$lastUpdateTime is missing")


@check
async def upsert_digital_twin_replaces():
    before = await client().get_digital_twin("room")
    twin = await client().upsert_digital_twin("room", room(temperature=21))
    equal((twin["temperature"], "name" in twin), (21, False))
    holds(twin["$etag"] != before["$etag"], "the etag has not changed")


@check
async def upsert_digital_twin_with_if_none_match_refuses_to_overwrite():
    # This client maps 412 of a conditional PUT to ResourceExistsError.
    async with refused(ResourceExistsError, 412, "PreconditionFailed"):
        await client().upsert_digital_twin("room", room(), match_condition=MatchConditions.IfMissing)
    await client().upsert_digital_twin("second", room(), match_condition=MatchConditions.IfMissing)


@check
async def upsert_digital_twin_with_punctuation_in_its_id():
    twin = await client().upsert_digital_twin(ODD_ID, room())
    equal(twin["$dtId"], ODD_ID)
    equal((await client().get_digital_twin(ODD_ID))["$etag"], twin["$etag"])
    await client().delete_digital_twin(ODD_ID)


@check
async def upsert_digital_twin_of_a_missing_model_is_refused():
    async with refused(HttpResponseError, 400, "ValidationFailed") as caught:
        await client().upsert_digital_twin("bad", {"$metadata": {"$model": "dtmi:peers:Missing;1"}})
    holds("does not exist" in caught.error.error.details[0].message, caught.error.error.details)


@check
async def upsert_digital_twin_that_does_not_match_its_model_is_refused():
    wrong = (
        room(temperature="warm"),
        room(unknown=1),
        room(noise=1),
        {"$metadata": {"$model": ROOM}},
    )
    for twin in wrong:
        async with refused(HttpResponseError, 400, "ValidationFailed"):
            await client().upsert_digital_twin("bad", twin)
    async with refused(ResourceNotFoundError, 404, "DigitalTwinNotFound"):
        await client().get_digital_twin("bad")


@check
async def get_missing_digital_twin_is_refused():
    async with refused(ResourceNotFoundError, 404, "DigitalTwinNotFound"):
        await client().get_digital_twin("missing")


@check
async def update_digital_twin_patches():
    patch = [
        {"op": "add", "path": "/name", "value": "Foyer"},
        {"op": "replace", "path": "/temperature", "value": 19.25},
        {"op": "add", "path": "/sensor/unit", "value": "C"},
    ]
    equal(await client().update_digital_twin("room", patch), None)
    twin = await client().get_digital_twin("room")
    equal((twin["name"], twin["temperature"], twin["sensor"]["unit"]), ("Foyer", 19.25, "C"))
    await client().update_digital_twin("room", [{"op": "remove", "path": "/name"}])
    equal("name" in await client().get_digital_twin("room"), False)


@check
async def update_digital_twin_with_its_etag():
    etag = (await client().get_digital_twin("room"))["$etag"]
    patch = [{"op": "replace", "path": "/temperature", "value": 22}]
    await client().update_digital_twin(
        "room", patch, etag=etag, match_condition=MatchConditions.IfNotModified
    )
    await client().update_digital_twin("room", patch, match_condition=MatchConditions.IfPresent)
    async with refused(ResourceModifiedError, 412, "PreconditionFailed"):
        await client().update_digital_twin("room", patch, **STALE)


@check
async def update_digital_twin_with_an_invalid_patch_is_refused():
    for patch in (
        [{"op": "move", "from": "/name", "path": "/temperature"}],
        [{"op": "remove", "path": "/name"}],
        [{}],
    ):
        async with refused(HttpResponseError, 400, "JsonPatchInvalid"):
            await client().update_digital_twin("room", patch)
    async with refused(HttpResponseError, 400, "ValidationFailed"):
        await client().update_digital_twin("room", [{"op": "add", "path": "/temperature", "value": "warm"}])


@check
async def get_component():
    component = await client().get_component("room", "sensor")
    equal(component["unit"], "C")
    holds("unit" in component["$metadata"], "no metadata")
    async with refused(ResourceNotFoundError, 404, "ComponentNotFound"):
        await client().get_component("room", "missing")


@check
async def update_component():
    patch = [{"op": "replace", "path": "/unit", "value": "F"}]
    equal(await client().update_component("room", "sensor", patch), None)
    equal((await client().get_component("room", "sensor"))["unit"], "F")
    async with refused(ResourceModifiedError, 412, "PreconditionFailed"):
        await client().update_component("room", "sensor", patch, **STALE)
    async with refused(HttpResponseError, 400, "JsonPatchInvalid"):
        await client().update_component("room", "missing", patch)


@check
async def publish_telemetry():
    equal(await client().publish_telemetry("room", {"noise": 3}), None)
    equal(await client().publish_telemetry("room", {"noise": 3}, message_id="message-1"), None)
    async with refused(ResourceNotFoundError, 404, "DigitalTwinNotFound"):
        await client().publish_telemetry("missing", {"noise": 3})


@check
async def publish_component_telemetry():
    equal(await client().publish_component_telemetry("room", "sensor", {"value": 1.5}), None)
    async with refused(ResourceNotFoundError, 404, "ComponentNotFound"):
        await client().publish_component_telemetry("room", "missing", {"value": 1.5})


@check
async def delete_digital_twin_with_a_stale_etag_is_refused():
    async with refused(ResourceModifiedError, 412, "PreconditionFailed"):
        await client().delete_digital_twin("room", **STALE)


@check
async def delete_digital_twin():
    etag = (await client().get_digital_twin("room"))["$etag"]
    await client().delete_digital_twin("room", etag=etag, match_condition=MatchConditions.IfNotModified)
    await client().delete_digital_twin("second")
    async with refused(ResourceNotFoundError, 404, "DigitalTwinNotFound"):
        await client().delete_digital_twin("second")


@check
async def a_twin_of_a_decommissioned_model_is_refused():
    await client().decommission_model(ROOM)
    async with refused(HttpResponseError, 400, "ModelDecommissioned"):
        await client().upsert_digital_twin("late", room())


@check
async def the_client_requests_a_token_for_the_service():
    equal(set(Credential.scopes), {"https://digitaltwins.azure.net/.default"})


@check
async def a_token_for_another_audience_is_refused():
    Credential.token = unsigned_token(audience="https://iothubs.azure.net")
    try:
        with raises(ClientAuthenticationError) as caught:
            await client().get_digital_twin("room")
    finally:
        Credential.token = EMULATOR["bearerToken"]
    equal(caught.error.status_code, 401)


run()
