"""Refused requests with a body: the connection of http.client stays usable, and curl sees no error, over HTTP/1.1 and HTTP/2."""

import contextlib
import http.client
import os
import ssl
import subprocess
import tempfile
from urllib.parse import urlsplit

from peer import CA_FILE, EMULATOR, check, equal, faults, holds, manage, run

VERSION = "api-version=2021-04-12"
TOKEN = {"Authorization": f"Bearer {EMULATOR['bearerToken']}"}
BODY = b"x" * 200_000
# More than the emulator reads, 16 MiB.
LONG_BODY = b" " * (20 * 1024 * 1024)

HUB, TWINS = EMULATOR["iothub"]["endpoint"], EMULATOR["digitaltwins"]["endpoint"]
TWINS_VERSION = "api-version=2023-10-31"

# By service: method, path, headers and the expected status.
REFUSALS = {
    HUB: [
        ("POST", f"/devices/query?{VERSION}", {}, 401),
        ("POST", f"/devices/query?{VERSION}", {"Authorization": "SharedAccessSignature sr=x"}, 401),
        ("POST", f"/devices/query?{VERSION}", TOKEN, 400),
        ("POST", "/devices/query", TOKEN, 400),
        ("POST", "/devices/query?api-version=soon", TOKEN, 400),
        ("PUT", f"/devices/%zz?{VERSION}", TOKEN, 400),
        ("PUT", f"/nothing?{VERSION}", TOKEN, 404),
        ("POST", f"/devices/a?{VERSION}", TOKEN, 405),
        ("POST", f"/devices/a/messages/events?{VERSION}", {}, 501),
        ("POST", "/$iothub/websocket", {}, 400),
    ],
    TWINS: [
        ("POST", f"/query?{TWINS_VERSION}", {}, 401),
        ("POST", f"/query?{TWINS_VERSION}", {"Authorization": "Bearer x"}, 401),
        ("POST", f"/query?{TWINS_VERSION}", TOKEN, 400),
        ("POST", "/query", TOKEN, 400),
        ("POST", "/query?api-version=soon", TOKEN, 400),
        ("PUT", f"/digitaltwins/%zz?{TWINS_VERSION}", TOKEN, 400),
        ("PUT", f"/nothing?{TWINS_VERSION}", TOKEN, 404),
        ("POST", f"/digitaltwins/t?{TWINS_VERSION}", TOKEN, 405),
    ],
}
# A request that is answered.
READS = {HUB: f"/devices?{VERSION}", TWINS: f"/models?{TWINS_VERSION}"}
# A request with a body, for fault rules and for a body that is too long.
WRITES = {HUB: f"/devices/a?{VERSION}", TWINS: f"/digitaltwins/t?{TWINS_VERSION}"}
FAULTS = (429, 500, 501, 503)
HTTP_VERSIONS = ("--http1.1", "--http2")


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
    for endpoint, refusals in REFUSALS.items():
        connection = _Connection(endpoint)
        for method, path, headers, status in refusals:
            equal((path, connection.status(method, path, headers)), (path, status))
        equal(connection.status("GET", READS[endpoint], TOKEN, body=None), 200)


@check
def faults_leave_the_connection_usable():
    for endpoint, path in WRITES.items():
        connection = _Connection(endpoint)
        for status in FAULTS:
            with faults({"type": "status", "status": status}):
                for _ in range(3):
                    equal(connection.status("PUT", path, TOKEN), status)


@check
def throttling_of_the_hub_announces_the_close_of_the_connection():
    connection = _Connection(HUB)
    with _throttled("iothub/throttling"):
        for _ in range(100):
            equal(connection.status("PUT", WRITES[HUB], TOKEN), 400)
        # The service closes the connection of a throttled client.
        for _ in range(5):
            equal(connection.status("PUT", WRITES[HUB], TOKEN, closes=True), 429)


@check
def rates_of_the_twins_leave_the_connection_usable():
    connection = _Connection(TWINS)
    with _throttled("digitaltwins/rates"):
        statuses = [connection.status("PUT", f"/jobs/imports/j?{TWINS_VERSION}", TOKEN) for _ in range(6)]
    # One job request a second; the requests take less than that.
    holds(set(statuses) <= {400, 429} and statuses.count(429) >= 3, str(statuses))


@contextlib.contextmanager
def _throttled(setting):
    manage("PUT", f"/{setting}", {"enabled": True})
    try:
        yield
    finally:
        manage("PUT", f"/{setting}", {"enabled": False})


@check
def body_beyond_the_limit_is_refused_with_413():
    for endpoint, path in WRITES.items():
        for headers, status in ((TOKEN, 413), ({}, 401)):
            context = ssl.create_default_context(cafile=CA_FILE)
            connection = http.client.HTTPSConnection(urlsplit(endpoint).netloc, context=context, timeout=60)
            connection.request("PUT", path, body=LONG_BODY * 2, headers=headers)
            response = connection.getresponse()
            equal((response.status, response.getheader("Connection")), (status, "close"))
            response.read()


def _curl(endpoint, version, requests, body=BODY):
    """Sends requests over one connection of curl, and returns their statuses."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        command = ["curl"]
        for at, (method, path, headers) in enumerate(requests):
            command += ["--next"] if at else []
            command += ["--silent", "--show-error", version, "--cacert", CA_FILE, "--max-time", "60"]
            command += ["--output", os.devnull, "--write-out", "%{http_code} ", "--request", method]
            command += ["--data-binary", f"@{file.name}", "--header", "Expect:"]
            for name, value in headers.items():
                command += ["--header", f"{name}: {value}"]
            command.append(endpoint + path)
        done = subprocess.run(command, capture_output=True, text=True)
    equal((endpoint, version, done.returncode, done.stderr), (endpoint, version, 0, ""))
    return [int(status) for status in done.stdout.split()]


@check
def curl_sees_no_error_of_the_connection():
    for endpoint, refusals in REFUSALS.items():
        requests = [(method, path, headers) for method, path, headers, _ in refusals]
        statuses = [status for _, _, _, status in refusals]
        for version in HTTP_VERSIONS:
            for _ in range(5):
                equal(_curl(endpoint, version, requests), statuses)


@check
def curl_sees_no_error_of_faults():
    for endpoint, path in WRITES.items():
        for version in HTTP_VERSIONS:
            for status in FAULTS:
                with faults({"type": "status", "status": status}):
                    equal(_curl(endpoint, version, [("PUT", path, TOKEN)] * 3), [status] * 3)


@check
def curl_sees_no_error_of_throttling():
    for version in HTTP_VERSIONS:
        with _throttled("iothub/throttling"):
            statuses = _curl(HUB, version, [("PUT", WRITES[HUB], TOKEN)] * 105, body=b"x" * 2000)
        equal((statuses[:100], statuses[-1]), ([400] * 100, 429))
        with _throttled("digitaltwins/rates"):
            statuses = _curl(TWINS, version, [("PUT", f"/jobs/imports/j?{TWINS_VERSION}", TOKEN)] * 6)
        holds(429 in statuses and set(statuses) <= {400, 429}, str(statuses))


@check
def curl_sees_no_error_of_a_body_beyond_the_limit():
    for endpoint, path in WRITES.items():
        for version in HTTP_VERSIONS:
            for headers, status in ((TOKEN, 413), ({}, 401)):
                equal(_curl(endpoint, version, [("PUT", path, headers)], body=LONG_BODY), [status])


run()
