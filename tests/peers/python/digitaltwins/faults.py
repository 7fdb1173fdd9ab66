"""What the client makes of throttling, errors and broken connections."""

from azure.core.exceptions import HttpResponseError

from peer import check, equal, faults, holds, raises, run
from twins import MODELS, client, room


@check
async def a_twin_is_there():
    await client().create_models(MODELS)
    await client().upsert_digital_twin("room", room(temperature=20))


@check
async def throttling_is_waited_for():
    with faults({"type": "status", "status": 429, "retryAfterSeconds": 1}, count=2) as rule:
        equal((await client().get_digital_twin("room"))["$dtId"], "room")
    equal(rule.left, 0)


@check
async def throttling_of_a_patch_without_a_time_is_an_error():
    with faults({"type": "status", "status": 429}), raises(HttpResponseError) as caught:
        await client().update_digital_twin("room", [{"op": "replace", "path": "/temperature", "value": 1}])
    equal(caught.error.status_code, 429)
    holds("Maximum request rate limit reached" in caught.error.response.text(), "another text")
    equal((await client().get_digital_twin("room"))["temperature"], 20)


@check
async def an_unavailable_service_is_asked_again():
    with faults({"type": "status", "status": 503}, count=1) as rule:
        equal((await client().get_digital_twin("room"))["$dtId"], "room")
    equal(rule.left, 0)


@check
async def a_broken_connection_is_made_again():
    with faults({"type": "reset"}, count=1) as rule:
        equal((await client().get_digital_twin("room"))["$dtId"], "room")
    equal(rule.left, 0)


@check
async def a_truncated_answer_is_asked_for_again():
    with faults({"type": "truncate"}, count=1) as rule:
        equal((await client().get_digital_twin("room"))["$dtId"], "room")
    equal(rule.left, 0)


run()
