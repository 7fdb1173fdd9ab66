"""Refused requests with a body: the connection of http.client stays usable, and curl sees no error, over HTTP/1.1 and HTTP/2."""

import http.client
import os
import ssl
import subprocess
import tempfile
from urllib.parse import urlsplit

from peer import CA_FILE, EMULATOR, check, equal, faults, manage, run

ENDPOINT = EMULATOR["iothub"]["endpoint"]
VERSION = "api-version=2021-04-12"
TOKEN = {"Authorization": f"Bearer {EMULATOR['bearerToken']}"}
BODY = b"x" * 200_000

# Path, headers and the expected status.
REFUSALS = [
    ("POST", f"/devices/query?{VERSION}", {}, 401),
    ("POST", f"/devices/query?{VERSION}", {"Authorization": "SharedAccessSignature sr=x"}, 401),
    ("POST", f"/devices/query?{VERSION}", TOKEN, 400),
    ("POST", "/devices/query", TOKEN, 400),
    ("PUT", f"/devices/%zz?{VERSION}", TOKEN, 400),
    ("PUT", f"/nothing?{VERSION}", TOKEN, 404),
    ("POST", f"/devices/a?{VERSION}", TOKEN, 405),
    ("POST", f"/devices/a/messages/events?{VERSION}", {}, 501),
    ("POST", "/$iothub/websocket", {}, 400),
]


class _Connection:
    """A connection that the server may close only if it announces this in the response."""

    def __init__(self, endpoint):
        context = ssl.create_default_context(cafile=CA_FILE)
        self._connection = http.client.HTTPSConnection(urlsplit(endpoint).netloc, context=context, timeout=30)
        self._connection.connect()

    def status(self, method, path, headers, body=BODY, closes=False):
        if closes:
            self._connection.connect()
        socket = self._connection.sock
        self._connection.request(method, path, body=body, headers=headers)
        response = self._connection.getresponse()
        response.read()
        announced = response.getheader("Connection") == "close"
        equal((path, self._connection.sock is socket, announced), (path, not closes, closes))
        return response.status


@check
def refused_requests_leave_the_connection_usable():
    connection = _Connection(ENDPOINT)
    for method, path, headers, status in REFUSALS:
        equal((path, connection.status(method, path, headers)), (path, status))
    equal(connection.status("GET", f"/devices?{VERSION}", TOKEN, body=None), 200)


@check
def faults_leave_the_connection_usable():
    connection = _Connection(ENDPOINT)
    for status in (429, 500, 503):
        with faults({"type": "status", "status": status}):
            for _ in range(3):
                equal(connection.status("POST", f"/devices/query?{VERSION}", TOKEN), status)


@check
def throttling_announces_the_close_of_the_connection():
    connection = _Connection(ENDPOINT)
    manage("PUT", "/iothub/throttling", {"enabled": True})
    try:
        for _ in range(100):
            equal(connection.status("PUT", f"/devices/a?{VERSION}", TOKEN), 400)
        # The service closes the connection of a throttled client.
        for _ in range(5):
            equal(connection.status("PUT", f"/devices/a?{VERSION}", TOKEN, closes=True), 429)
    finally:
        manage("PUT", "/iothub/throttling", {"enabled": False})


@check
def body_beyond_the_limit_is_refused_with_413():
    for headers, status in ((TOKEN, 413), ({}, 401)):
        context = ssl.create_default_context(cafile=CA_FILE)
        connection = http.client.HTTPSConnection(urlsplit(ENDPOINT).netloc, context=context, timeout=60)
        connection.request("PUT", f"/devices/a?{VERSION}", body=b" " * (40 * 1024 * 1024), headers=headers)
        response = connection.getresponse()
        equal((response.status, response.getheader("Connection")), (status, "close"))
        response.read()


def _curl(version, requests):
    """Sends requests over one connection of curl, and returns their statuses."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(BODY)
        file.flush()
        command = ["curl"]
        for at, (method, path, headers) in enumerate(requests):
            command += ["--next"] if at else []
            command += ["--silent", "--show-error", version, "--cacert", CA_FILE, "--max-time", "30"]
            command += ["--output", os.devnull, "--write-out", "%{http_code} ", "--request", method]
            command += ["--data-binary", f"@{file.name}", "--header", "Expect:"]
            for name, value in headers.items():
                command += ["--header", f"{name}: {value}"]
            command.append(ENDPOINT + path)
        done = subprocess.run(command, capture_output=True, text=True)
    equal((done.returncode, done.stderr), (0, ""))
    return [int(status) for status in done.stdout.split()]


@check
def curl_sees_no_error_of_the_connection():
    requests = [(method, path, headers) for method, path, headers, _ in REFUSALS]
    statuses = [status for _, _, _, status in REFUSALS]
    for version in ("--http1.1", "--http2"):
        for _ in range(5):
            equal(_curl(version, requests), statuses)


run()
