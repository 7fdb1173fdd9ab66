"""Helpers of the scenarios of azure-iot-hub."""

import json
import time

from azure.core.credentials import AccessToken
from msrest.exceptions import HttpOperationError

from peer import EMULATOR, Watched, equal, holds, manage, raises

CONNECTION_STRING = EMULATOR["iothub"]["connectionString"]
HOST_NAME = dict(part.split("=", 1) for part in CONNECTION_STRING.split(";"))["HostName"]
# Base64 of 32 bytes.
KEY_1 = "Zmlyc3Qga2V5IG9mIGEgZGV2aWNlIGluIGEgdGVzdCE="
KEY_2 = "c2Vjb25kIGtleSBvZiBhIGRldmljZSBpbiBhIHRlc3Q="
THUMBPRINT_1, THUMBPRINT_2 = "A1" * 20, "B2" * 20


def watched(manager):
    """Creates a manager with the connection string of the owner policy."""
    return Watched(manager.from_connection_string(CONNECTION_STRING), manager)


def device(device_id, path, body, method="PUT", module_id=None):
    """Sends a request for a simulated device to the management API."""
    within = f"/modules/{module_id}" if module_id else ""
    return manage(method, f"/iothub/devices/{device_id}{within}/{path}", body)


def error_within(caught):
    """Returns the error that direct methods report as JSON in a JSON string."""
    return json.loads(caught.message)


class Credential:
    """Returns the emulator's token instead of requesting one from Entra ID."""

    def __init__(self):
        self.scopes = []

    def get_token(self, *scopes, **_options):
        self.scopes += scopes
        return AccessToken(EMULATOR["bearerToken"], int(time.time()) + 3600)


class refused:
    """Asserts that the hub refuses the block with this status, and this code in header and body."""

    def __init__(self, status, code):
        self._status, self._code = status, code
        self._raises = raises(HttpOperationError)

    def __enter__(self):
        self._caught = self._raises.__enter__()
        return self._caught

    def __exit__(self, *details):
        done = self._raises.__exit__(*details)
        if done:
            response = self._caught.error.response
            equal(
                (response.status_code, response.headers.get("iothub-errorcode")), (self._status, self._code)
            )
            body = json.loads(response.text)
            holds(self._code in body["Message"] or "errorCode" in body["Message"], f"the body is {body}")
            self._caught.message = body["Message"]
        return done
