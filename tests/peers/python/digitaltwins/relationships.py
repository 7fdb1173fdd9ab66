"""Digital Twins: relationships."""

from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)

from peer import check, equal, holds, run
from twins import MODELS, client, items, pages, refused, room

STALE = {"etag": 'W/"00000000-0000-0000-0000-000000000000"', "match_condition": MatchConditions.IfNotModified}
ROOMS = ("a", "b", "c")


def _leads_to(target, **properties):
    return {"$relationshipName": "leadsTo", "$targetId": target, **properties}


@check
async def models_and_twins_exist():
    await client().create_models(MODELS)
    for name in ROOMS:
        await client().upsert_digital_twin(name, room(name=name))


@check
async def upsert_relationship_creates():
    made = await client().upsert_relationship("a", "door", _leads_to("b", width=90))
    equal((made["$relationshipId"], made["$sourceId"], made["$targetId"]), ("door", "a", "b"))
    equal((made["$relationshipName"], made["width"]), ("leadsTo", 90))
    holds(made["$etag"].startswith('W/"'), f"the etag is {made['$etag']}")


@check
async def upsert_relationship_replaces():
    made = await client().upsert_relationship("a", "door", _leads_to("b"))
    equal("width" in made, False)


@check
async def upsert_relationship_with_if_none_match_refuses_to_overwrite():
    async with refused(ResourceExistsError, 412, "PreconditionFailed"):
        missing = MatchConditions.IfMissing
        await client().upsert_relationship("a", "door", _leads_to("c"), match_condition=missing)


@check
async def upsert_relationship_of_missing_twins_is_refused():
    async with refused(ResourceNotFoundError, 404, "DigitalTwinNotFound"):
        await client().upsert_relationship("missing", "door", _leads_to("b"))
    async with refused(ResourceNotFoundError, 404, "TargetDigitalTwinNotFound"):
        await client().upsert_relationship("a", "nowhere", _leads_to("missing"))


@check
async def upsert_undeclared_relationship_is_refused():
    async with refused(HttpResponseError, 400, "InvalidRelationship"):
        await client().upsert_relationship("a", "bad", {"$relationshipName": "hates", "$targetId": "b"})


@check
async def upsert_relationship_to_itself_is_refused():
    async with refused(HttpResponseError, 400, "OperationNotAllowed"):
        await client().upsert_relationship("a", "circle", _leads_to("a"))


@check
async def get_relationship():
    equal((await client().get_relationship("a", "door"))["$targetId"], "b")
    async with refused(ResourceNotFoundError, 404, "RelationshipNotFound"):
        await client().get_relationship("a", "missing")


@check
async def update_relationship_patches():
    equal(
        await client().update_relationship("a", "door", [{"op": "add", "path": "/width", "value": 80}]), None
    )
    door = await client().get_relationship("a", "door")
    equal(door["width"], 80)
    patch = [{"op": "replace", "path": "/width", "value": 70}]
    current = {"etag": door["$etag"], "match_condition": MatchConditions.IfNotModified}
    await client().update_relationship("a", "door", patch, **current)
    async with refused(ResourceModifiedError, 412, "PreconditionFailed"):
        await client().update_relationship("a", "door", patch, **current)
    equal((await client().get_relationship("a", "door"))["width"], 70)


@check
async def update_relationship_with_an_invalid_patch_is_refused():
    async with refused(HttpResponseError, 400, "JsonPatchInvalid"):
        await client().update_relationship("a", "door", [{"op": "remove", "path": "/height"}])
    async with refused(ResourceNotFoundError, 404, "RelationshipNotFound"):
        await client().update_relationship("a", "missing", [{"op": "remove", "path": "/width"}])


@check
async def list_relationships_page_by_page():
    for at in range(24):
        await client().upsert_relationship("b", f"path-{at:02}", _leads_to("c", width=at))
    listed = await pages(client().list_relationships("b"))
    holds(len(listed) >= 3 and all(len(page) <= 10 for page in listed), "expected pages of ten")
    found = [item for page in listed for item in page]
    equal([item["$relationshipId"] for item in found], [f"path-{at:02}" for at in range(24)])
    equal({item["$targetId"] for item in found}, {"c"})


@check
async def list_relationships_by_name():
    # The parameter is called relationship_id in this client, but filters by the relationship's name.
    equal(len(await items(client().list_relationships("b", "leadsTo"))), 24)
    equal(await items(client().list_relationships("b", "other")), [])


@check
async def list_relationships_of_a_missing_twin_is_refused():
    async with refused(ResourceNotFoundError, 404, "DigitalTwinNotFound"):
        await items(client().list_relationships("missing"))


@check
async def list_incoming_relationships_page_by_page():
    listed = await pages(client().list_incoming_relationships("c"))
    holds(len(listed) >= 3, f"only {len(listed)} pages")
    found = [item for page in listed for item in page]
    equal({item.relationship_id for item in found}, {f"path-{at:02}" for at in range(24)})
    equal({(item.source_id, item.relationship_name) for item in found}, {("b", "leadsTo")})
    holds("/digitaltwins/b/relationships/path-" in found[0].relationship_link, found[0].relationship_link)
    equal(await items(client().list_incoming_relationships("a")), [])


@check
async def delete_digital_twin_with_relationships_is_refused():
    for name in ("a", "b"):
        async with refused(HttpResponseError, 400, "RelationshipsNotDeleted"):
            await client().delete_digital_twin(name)


@check
async def delete_relationship():
    async with refused(ResourceModifiedError, 412, "PreconditionFailed"):
        await client().delete_relationship("a", "door", **STALE)
    equal(await client().delete_relationship("a", "door"), None)
    async with refused(ResourceNotFoundError, 404, "RelationshipNotFound"):
        await client().delete_relationship("a", "door")
    await client().delete_digital_twin("a")


run()
