"""Helpers of the scenarios of azure-digitaltwins-core, which run with the synchronous and the asynchronous client."""

import base64
import contextlib
import inspect
import json
import sys
import time

from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.digitaltwins.core import DigitalTwinsClient
from azure.digitaltwins.core.aio import DigitalTwinsClient as AsyncDigitalTwinsClient

from peer import CA_FILE, EMULATOR, RELEASE, Watched, equal, holds, raises

ENDPOINT = EMULATOR["digitaltwins"]["endpoint"]
ASYNCHRONOUS = sys.argv[1] == "aio"
# This release sends api-version 2020-10-31, whose responses may lack the header with the code and the time of a twin.
IS_FIRST_VERSION = RELEASE == "1.1"


class Credential:
    """Returns the emulator's token instead of requesting one from Entra ID."""

    scopes = []
    token = EMULATOR["bearerToken"]

    def get_token(self, *scopes, **_options):
        Credential.scopes += scopes
        return AccessToken(Credential.token, int(time.time()) + 3600)


def unsigned_token(audience):
    """Returns a token with the claims that the emulator checks."""
    claims = {"aud": audience, "exp": int(time.time()) + 3600}
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256", "typ": "JWT"}, claims)] + [b"signature"]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


class AsyncCredential(Credential):
    async def get_token(self, *scopes, **options):
        return super().get_token(*scopes, **options)

    async def close(self):
        pass


class _Awaitable:
    """Gives the synchronous client the interface of the asynchronous one, so that scenarios are written once."""

    def __init__(self, client):
        self._client = client

    def __getattr__(self, name):
        method = getattr(self._client, name)
        if name.startswith(("list_", "query_")):
            return method

        async def call(*arguments, **options):
            return method(*arguments, **options)

        return call


def client(endpoint=ENDPOINT):
    """Creates a client. Call it inside a check, because the asynchronous client needs the event loop."""
    if ASYNCHRONOUS:
        made = AsyncDigitalTwinsClient(endpoint, AsyncCredential(), connection_verify=CA_FILE)
        return Watched(made, AsyncDigitalTwinsClient, "aio.DigitalTwinsClient")
    return _Awaitable(Watched(DigitalTwinsClient(endpoint, Credential()), name="DigitalTwinsClient"))


def generated(made):
    """Returns the generated client, for operations that the public client does not have."""
    inner = made._client
    return inner._client._client if isinstance(made, _Awaitable) else inner._client


async def settled(result):
    """Returns the result of a generated method of either client."""
    return await result if inspect.isawaitable(result) else result


async def pages(pager):
    """Returns all pages as lists."""
    if hasattr(pager, "__aiter__"):
        return [[item async for item in page] async for page in pager.by_page()]
    return [list(page) for page in pager.by_page()]


async def items(pager):
    return [item for page in await pages(pager) for item in page]


class refused(contextlib.AbstractAsyncContextManager):
    """Asserts that the service refuses the block with this error class, status and code."""

    def __init__(self, kind, status, code):
        self._kind, self._status, self._code = kind, status, code
        self._raises = raises(HttpResponseError)

    async def __aenter__(self):
        self._caught = self._raises.__enter__()
        return self._caught

    async def __aexit__(self, *details):
        done = self._raises.__exit__(*details)
        if done:
            error = self._caught.error
            code = error.error.code if error.error else None
            equal((type(error), error.status_code, code), (self._kind, self._status, self._code))
            header = error.response.headers.get("x-ms-error-code")
            holds(header == self._code or (IS_FIRST_VERSION and header is None), f"the header is {header}")
        return done


BASE = "dtmi:peers:Space;1"
ROOM = "dtmi:peers:Room;1"
SENSOR = "dtmi:peers:Sensor;1"
CONTEXT = "dtmi:dtdl:context;2"
MODELS = [
    {
        "@context": CONTEXT,
        "@id": ROOM,
        "@type": "Interface",
        "displayName": "Room",
        "extends": BASE,
        "contents": [
            {"@type": "Property", "name": "temperature", "schema": "double"},
            {"@type": "Telemetry", "name": "noise", "schema": "integer"},
            {"@type": "Component", "name": "sensor", "schema": SENSOR},
            {
                "@type": "Relationship",
                "name": "leadsTo",
                "target": BASE,
                "properties": [{"@type": "Property", "name": "width", "schema": "integer"}],
            },
        ],
    },
    {
        "@context": CONTEXT,
        "@id": BASE,
        "@type": "Interface",
        "displayName": {"en": "Space", "de": "Raum"},
        "description": "Where one can be",
        "contents": [{"@type": "Property", "name": "name", "schema": "string"}],
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


def room(**properties):
    return {"$metadata": {"$model": ROOM}, "sensor": {"$metadata": {}}, **properties}
