"""Helpers of the Python scenarios: checks and the connection to the emulator."""

import asyncio
import contextlib
import inspect
import json
import os
import time
import traceback
import urllib.request
from types import SimpleNamespace

EMULATOR = json.loads(os.environ["PEERS_EMULATOR"])
CA_FILE = EMULATOR["caFile"]
# The older release of the client, or empty for the newest one.
RELEASE = os.environ["PEERS_RELEASE"]

_results = os.fdopen(int(os.environ["PEERS_RESULTS"]), "w")
_checks = []
_clients = {}


def check(function):
    """Registers a check, named like the function; it passes if the function returns."""
    _checks.append(function)
    return function


def check_of_newest(function):
    """Registers a check that older releases of the client cannot pass."""
    return function if RELEASE else check(function)


def run():
    """Runs the checks in the order of the file on one event loop."""
    with asyncio.Runner() as runner:
        for function in _checks:
            _send(check=function.__name__.replace("_", " "), **_outcome(runner, function))
    for name, (public, called) in _clients.items():
        _send(client=name, public=sorted(public), called=sorted(called))
    _send(done=True)
    # A client's destructor may block on a broken connection.
    _results.close()
    os._exit(0)


def _outcome(runner, function):
    try:
        result = function()
        if inspect.isawaitable(result):
            runner.run(_awaited(result))
    except Exception as error:
        status = _status(error)
        if status == 501:
            return {"outcome": "unsupported", "detail": _text(error)}
        return {"outcome": "failed", "detail": _text(error)}
    return {"outcome": "ok"}


async def _awaited(awaitable):
    return await asyncio.wait_for(awaitable, 60)


def _send(**line):
    _results.write(json.dumps(line) + "\n")
    _results.flush()


def _status(error):
    response = getattr(error, "response", None)
    return getattr(error, "status_code", None) or getattr(response, "status_code", None)


def _text(error):
    """Describes an error with the response body and the line of the scenario."""
    frame = next(
        (f for f in reversed(traceback.extract_tb(error.__traceback__)) if "/peers/python/" in f.filename),
        None,
    )
    lines = [f"{type(error).__name__}: {error}"]
    response = getattr(error, "response", None)
    with contextlib.suppress(Exception):
        lines.append(response.text if isinstance(response.text, str) else response.text())
    if frame:
        lines.append(f"{os.path.basename(frame.filename)}:{frame.lineno}: {frame.line}")
    return "\n".join(lines)


class Watched:
    """Wraps a client to record which of its methods are called."""

    def __init__(self, client, kind=None, name=None):
        kind = kind or type(client)
        public = {
            name
            for name, _ in inspect.getmembers(kind, callable)
            # Constructors and `close` are not operations.
            if not name.startswith("_") and not name.startswith("from_") and name != "close"
        }
        self._client = client
        self._public, self._called = _clients.setdefault(name or kind.__name__, (public, set()))

    def __getattr__(self, name):
        if name in self._public:
            self._called.add(name)
        return getattr(self._client, name)


@contextlib.contextmanager
def raises(kind):
    """Asserts that the block raises `kind`. The yielded object holds the error afterwards."""
    caught = SimpleNamespace(error=None)
    try:
        yield caught
    except kind as error:
        if _status(error) == 501:
            raise
        caught.error = error
        return
    raise AssertionError(f"expected {kind.__name__}, but nothing was raised")


def equal(actual, expected):
    if actual != expected:
        raise AssertionError(f"expected {expected!r}, got {actual!r}")


def holds(condition, text):
    if not condition:
        raise AssertionError(text)


def until(found, seconds=20):
    """Polls until `found` returns a value."""
    end = time.monotonic() + seconds
    while True:
        value = found()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"timed out after {seconds} seconds; the last value was {value!r}")
        time.sleep(0.1)


def manage(method, path, body=None):
    """Sends a request to the management API."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        EMULATOR["management"]["endpoint"].rstrip("/") + path,
        data=data,
        method=method,
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        text = response.read()
    return json.loads(text) if text else None


@contextlib.contextmanager
def faults(action, count=None):
    """Applies a fault within the block; `left` is the part of `count` that was not used."""
    rule = SimpleNamespace(left=None)
    fault = {"action": action} if count is None else {"action": action, "count": count}
    manage("POST", "/faults", fault)
    try:
        yield rule
    finally:
        rule.left = sum(left.get("count") or 0 for left in manage("GET", "/faults"))
        manage("DELETE", "/faults")
