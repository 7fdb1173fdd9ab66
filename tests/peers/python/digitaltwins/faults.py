"""The client's handling of throttling, errors and broken connections."""

from azure.core.exceptions import HttpResponseError

from peer import check, equal, faults, holds, raises, run
from twins import MODELS, client, room


@check
async def a_twin_exists():
    await client().create_models(MODELS)
    await client().upsert_digital_twin("room", room(temperature=20))


@check
async def throttling_with_retry_after_is_retried():
    with faults({"type": "status", "status": 429, "retryAfterSeconds": 1}, count=2) as rule:
        equal((await client().get_digital_twin("room"))["$dtId"], "room")
    equal(rule.left, 0)


@check
async def throttling_of_a_patch_without_retry_after_is_an_error():
    with faults({"type": "status", "status": 429}), raises(HttpResponseError) as caught:
        await client().update_digital_twin("room", [{"op": "replace", "path": "/temperature", "value": 1}])
    equal(caught.error.status_code, 429)
    holds("Maximum request rate limit reached" in caught.error.response.text(), "unexpected message")
    equal((await client().get_digital_twin("room"))["temperature"], 20)


@check
async def service_unavailable_is_retried():
    with faults({"type": "status", "status": 503}, count=1) as rule:
        equal((await client().get_digital_twin("room"))["$dtId"], "room")
    equal(rule.left, 0)


@check
async def a_broken_connection_is_retried():
    with faults({"type": "reset"}, count=1) as rule:
        equal((await client().get_digital_twin("room"))["$dtId"], "room")
    equal(rule.left, 0)


@check
async def a_truncated_response_is_retried():
    with faults({"type": "truncate"}, count=1) as rule:
        equal((await client().get_digital_twin("room"))["$dtId"], "room")
    equal(rule.left, 0)


run()
