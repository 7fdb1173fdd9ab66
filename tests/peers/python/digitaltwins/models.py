"""Digital Twins: models."""

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from peer import check, check_of_newest, equal, holds, run
from twins import BASE, MODELS, ROOM, SENSOR, client, items, pages, refused

BY_ID = {model["@id"]: model for model in MODELS}


@check
async def create_models_returns_them_in_order():
    made = await client().create_models(MODELS)
    equal([model.id for model in made], [ROOM, BASE, SENSOR])
    equal([model.decommissioned for model in made], [False] * 3)
    equal([model.display_name for model in made], [{"en": "Room"}, {"en": "Space", "de": "Raum"}, {}])
    equal(made[1].description, {"en": "Where one can be"})
    holds(all(model.upload_time for model in made), "no upload time")


@check
async def create_existing_models_is_refused():
    async with refused(ResourceExistsError, 409, "ModelIdAlreadyExists"):
        await client().create_models(MODELS[:1])


@check
async def create_models_with_an_empty_list_is_refused():
    async with refused(HttpResponseError, 400, "InvalidArgument"):
        await client().create_models([])


@check
async def create_invalid_models_is_refused():
    broken = {
        **BY_ID[SENSOR],
        "@id": "dtmi:peers:Broken;1",
        "contents": [{"@type": "Property", "name": "x", "schema": "X"}],
    }
    async with refused(HttpResponseError, 400, "DTDLParserError"):
        await client().create_models([broken])
    async with refused(ResourceNotFoundError, 404, "ModelNotFound"):
        await client().get_model("dtmi:peers:Broken;1")


@check
async def create_models_with_a_missing_base_is_refused():
    orphan = {**BY_ID[SENSOR], "@id": "dtmi:peers:Orphan;1", "extends": "dtmi:peers:Missing;1"}
    async with refused(HttpResponseError, 400, "DTDLParserError"):
        await client().create_models([orphan])


@check
async def get_model_includes_the_definition_on_request():
    equal((await client().get_model(ROOM)).model, None)
    whole = await client().get_model(ROOM, include_model_definition=True)
    equal((whole.id, whole.model), (ROOM, BY_ID[ROOM]))


@check
async def get_missing_model_is_refused():
    async with refused(ResourceNotFoundError, 404, "ModelNotFound"):
        await client().get_model("dtmi:peers:Missing;1")


@check
async def get_model_with_an_invalid_id_is_refused():
    async with refused(HttpResponseError, 400, "InvalidArgument"):
        await client().get_model("no-dtmi")


@check
async def list_models_returns_all():
    listed = await items(client().list_models())
    equal({model.id for model in listed}, {ROOM, BASE, SENSOR})
    equal({model.model for model in listed}, {None})
    whole = await items(client().list_models(include_model_definition=True))
    equal({model.id: model.model for model in whole}, BY_ID)


@check
async def list_models_with_the_dependencies_of_one():
    listed = await items(client().list_models([ROOM]))
    equal({model.id for model in listed}, {ROOM, BASE, SENSOR})
    equal({model.id for model in await items(client().list_models([BASE, SENSOR]))}, {BASE, SENSOR})


@check_of_newest
async def list_models_page_by_page():
    from azure.digitaltwins.core._generated.models import DigitalTwinModelsListOptions

    # The public parameter for the page size does not work in this client.
    options = DigitalTwinModelsListOptions(max_items_per_page=2)
    listed = await pages(client().list_models(digital_twin_models_list_options=options))
    holds(len(listed) >= 2, f"only {len(listed)} pages")
    equal(len([model for page in listed for model in page]), 3)


@check
async def decommission_model_marks_it():
    await client().decommission_model(ROOM)
    await client().decommission_model(ROOM)
    equal((await client().get_model(ROOM)).decommissioned, True)


@check
async def delete_referenced_model_is_refused():
    async with refused(ResourceExistsError, 409, "ModelReferencesNotDeleted"):
        await client().delete_model(BASE)


@check
async def delete_model():
    for model_id in (ROOM, BASE, SENSOR):
        equal(await client().delete_model(model_id), None)
    equal(await items(client().list_models()), [])
    async with refused(ResourceNotFoundError, 404, "ModelNotFound"):
        await client().delete_model(ROOM)


run()
