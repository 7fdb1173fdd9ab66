"""Digital Twins: queries."""

from azure.core.exceptions import HttpResponseError
from azure.digitaltwins.core._generated.models import QueryTwinsOptions

from peer import check, equal, holds, run
from twins import BASE, MODELS, ROOM, client, items, pages, refused, room


async def _query(text, **options):
    return await items(client().query_twins(text, **options))


@check
async def a_graph_exists():
    await client().create_models(MODELS)
    for at in range(12):
        await client().upsert_digital_twin(f"room-{at:02}", room(name=f"Room {at}", temperature=at + 0.5))
    for at in range(11):
        target = {"$relationshipName": "leadsTo", "$targetId": f"room-{at + 1:02}", "width": at}
        await client().upsert_relationship(f"room-{at:02}", "next", target)


@check
async def query_twins_returns_whole_twins():
    rows = await _query("SELECT * FROM DIGITALTWINS WHERE temperature < 2")
    equal({row["$dtId"] for row in rows}, {"room-00", "room-01"})
    equal(sorted(rows, key=lambda row: row["$dtId"])[0], await client().get_digital_twin("room-00"))


@check
async def query_twins_page_by_page():
    # The public parameter for the page size does not work in this client.
    options = QueryTwinsOptions(max_items_per_page=5)
    listed = await pages(client().query_twins("SELECT * FROM DIGITALTWINS", query_twins_options=options))
    holds(len(listed) >= 3 and all(len(page) <= 5 for page in listed), "expected pages of five")
    equal({row["$dtId"] for page in listed for row in page}, {f"room-{at:02}" for at in range(12)})


@check
async def query_twins_with_projections():
    text = "SELECT T.name, T.temperature AS degrees FROM DIGITALTWINS T WHERE T.$dtId = 'room-03'"
    equal(await _query(text), [{"name": "Room 3", "degrees": 3.5}])


@check
async def query_twins_counts():
    equal(await _query("SELECT COUNT() FROM DIGITALTWINS"), [{"COUNT": 12}])
    equal(await _query("SELECT COUNT() FROM RELATIONSHIPS"), [{"COUNT": 11}])


@check
async def query_twins_with_top():
    equal(len(await _query("SELECT TOP(4) FROM DIGITALTWINS")), 4)


@check
async def query_twins_by_model():
    equal(len(await _query(f"SELECT * FROM DIGITALTWINS WHERE IS_OF_MODEL('{BASE}')")), 12)
    equal(await _query(f"SELECT * FROM DIGITALTWINS WHERE IS_OF_MODEL('{BASE}', exact)"), [])
    equal(len(await _query(f"SELECT * FROM DIGITALTWINS WHERE IS_OF_MODEL('{ROOM}', exact)")), 12)


@check
async def query_twins_with_joins():
    text = (
        "SELECT T, R FROM DIGITALTWINS S JOIN T RELATED S.leadsTo R "
        "WHERE S.$dtId = 'room-04' AND R.width >= 4"
    )
    [row] = await _query(text)
    equal((row["T"]["$dtId"], row["R"]["$relationshipId"]), ("room-05", "next"))


@check
async def query_twins_with_match():
    text = "SELECT T.name FROM DIGITALTWINS MATCH (S)-[:leadsTo*..3]->(T) WHERE S.$dtId = 'room-00'"
    equal({row["name"] for row in await _query(text)}, {"Room 1", "Room 2", "Room 3"})


@check
async def query_relationships():
    rows = await _query("SELECT * FROM RELATIONSHIPS WHERE width = 7")
    equal([(row["$sourceId"], row["$targetId"]) for row in rows], [("room-07", "room-08")])


@check
async def invalid_query_is_refused():
    async with refused(HttpResponseError, 400, "SqlQueryError") as caught:
        await _query("foo")
    holds("missing SELECT at 'foo'" in caught.error.error.message, caught.error.error.message)


run()
