"""What the Python scenarios share: checks, and the way to the emulator."""

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

_results = os.fdopen(int(os.environ["PEERS_RESULTS"]), "w")
_checks = []
_clients = {}


def check(function):
    """Registers a check; its name is the function's, its outcome whether it returns."""
    _checks.append(function)
    return function


def run():
    """Runs the checks in the order of the file, on one event loop."""
    with asyncio.Runner() as runner:
        for function in _checks:
            _send(check=function.__name__.replace("_", " "), **_outcome(runner, function))
    for name, (public, called) in _clients.items():
        _send(client=name, public=sorted(public), called=sorted(called))
    _send(done=True)
    # A client may hang in its destructor over a connection that is gone.
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
    """The error, what the service said, and the line of the scenario."""
    place = next(
        (f for f in reversed(traceback.extract_tb(error.__traceback__)) if "/peers/python/" in f.filename),
        None,
    )
    lines = [f"{type(error).__name__}: {error}"]
    response = getattr(error, "response", None)
    with contextlib.suppress(Exception):
        lines.append(response.text if isinstance(response.text, str) else response.text())
    if place:
        lines.append(f"{os.path.basename(place.filename)}:{place.lineno}: {place.line}")
    return "\n".join(lines)


class Watched:
    """A client that notes which of its methods are called, and changes nothing else."""

    def __init__(self, client, kind=None, name=None):
        kind = kind or type(client)
        public = {
            name
            for name, _ in inspect.getmembers(kind, callable)
            # How a client comes to be and ends is not an operation.
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
    """That the block raises this; gives a place where the error is found afterwards."""
    caught = SimpleNamespace(error=None)
    try:
        yield caught
    except kind as error:
        if _status(error) == 501:
            raise
        caught.error = error
        return
    raise AssertionError(f"{kind.__name__} was expected, and nothing was raised")


def equal(actual, expected):
    if actual != expected:
        raise AssertionError(f"{actual!r}, but {expected!r} was expected")


def holds(condition, text):
    if not condition:
        raise AssertionError(text)


def until(found, seconds=20):
    """Polls for what takes the service a moment."""
    end = time.monotonic() + seconds
    while True:
        value = found()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} seconds; the last answer was {value!r}")
        time.sleep(0.1)


def manage(method, path, body=None):
    """A request to the emulator's own management API."""
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
    """Has requests go wrong within the block; `left` tells afterwards how often of `count` it did not."""
    rule = SimpleNamespace(left=None)
    fault = {"action": action} if count is None else {"action": action, "count": count}
    manage("POST", "/faults", fault)
    try:
        yield rule
    finally:
        rule.left = sum(left.get("count") or 0 for left in manage("GET", "/faults"))
        manage("DELETE", "/faults")
