"""Sends the requests of Azure CLI commands without the CLI, and checks the responses.

The tables in `iothub/cli.py`, `cli_configurations.py` and `digitaltwins/cli.py` were written from the documentation
of the commands and of the REST API, and compared with the requests of version 0.25 of the CLI's IoT extension. They
have the commands that need no Azure Resource Manager.
"""

import base64
import hashlib
import hmac
import json
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field, replace
from typing import Any, Callable
from urllib.parse import quote_plus

from peer import CA_FILE, EMULATOR, check, holds

REPEATED_SECONDS = 20
CONTEXT = ssl.create_default_context(cafile=CA_FILE)


@dataclass(frozen=True)
class Request:
    """One request of a command. `before` prepares the emulator, `expected` checks the decoded body.

    A path, body or headers that depend on earlier responses are a function of the bodies of the command's earlier
    requests. With `repeated`, the request is sent until the body is as expected.
    """

    command: str
    method: str
    path: str | Callable[[list], str]
    body: Any = None
    status: int = 200
    headers: dict | Callable[[list], dict] = field(default_factory=dict)
    before: Callable[[], None] = lambda: None
    repeated: bool = False
    expected: Callable[[Any], bool] = field(kw_only=True)

    def after(self, bodies):
        """Returns the request that follows responses with these bodies."""
        known = {name: getattr(self, name)(bodies) for name in ("path", "body", "headers") if callable(getattr(self, name))}
        return replace(self, **known)


def empty(body):
    """Expects a response without a body."""
    return body is None


def has(**members):
    """Expects an object with at least these members."""
    return lambda body: {name: body.get(name) for name in members} == members


class Response:
    def __init__(self, status, headers, text):
        self.status, self.headers, self.text = status, headers, text
        self.body = json.loads(text) if text else None


def _shared_access_signature():
    """Signs as the CLI does unless `--auth-type login` is given."""
    parts = dict(part.split("=", 1) for part in EMULATOR["iothub"]["connectionString"].split(";"))
    resource, expiry = quote_plus(parts["HostName"]), int(time.time()) + 3600
    key = base64.b64decode(parts["SharedAccessKey"])
    digest = hmac.new(key, f"{resource}\n{expiry}".encode(), hashlib.sha256).digest()
    signature = quote_plus(base64.b64encode(digest))
    return f"SharedAccessSignature sr={resource}&sig={signature}&se={expiry}&skn={parts['SharedAccessKeyName']}"


def send(service, version, request):
    """Sends a request with a signature of the hub's owner, or with the emulator's token."""
    separator = "&" if "?" in request.path else "?"
    url = f"{EMULATOR[service]['endpoint']}{request.path}{separator}api-version={version}"
    token = _shared_access_signature() if service == "iothub" else f"Bearer {EMULATOR['bearerToken']}"
    headers = {"Content-Type": "application/json", "Authorization": token}
    data = None
    if request.body is not None:
        data = request.body if isinstance(request.body, bytes) else json.dumps(request.body).encode()
    made = urllib.request.Request(url, data, headers | request.headers, method=request.method)
    try:
        with urllib.request.urlopen(made, timeout=30, context=CONTEXT) as response:
            return Response(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        return Response(error.code, error.headers, error.read())


def _checked(service, version, request):
    """Sends a request and returns the body of its response, which must be as expected."""
    end = time.monotonic() + (REPEATED_SECONDS if request.repeated else 0)
    while True:
        response = send(service, version, request)
        text = f"{request.method} {request.path}: {response.status} {response.body}"
        holds(response.status == request.status, text)
        if request.expected(response.body):
            return response.body
        holds(time.monotonic() < end, text)
        time.sleep(0.1)


def check_all(service, version, requests):
    """Registers a check per command, which sends the command's requests in order."""
    commands = {}
    for request in requests:
        commands.setdefault(request.command, []).append(request)
    for command, steps in commands.items():

        def run_command(steps=steps):
            bodies = []
            for step in steps:
                step.before()
                bodies.append(_checked(service, version, step.after(bodies)))

        run_command.__name__ = command
        check(run_command)
