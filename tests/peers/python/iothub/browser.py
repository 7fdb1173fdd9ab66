"""Requests to the management API from a page on another port, in Chromium: none has an effect or is readable."""

import contextlib
import datetime
import http.server
import json
import queue
import subprocess
import tempfile
import threading

from peer import EMULATOR, check, equal, holds, manage, run

MANAGEMENT = EMULATOR["management"]["endpoint"].rstrip("/")
SECONDS = 60
FAULT = {"path": "/kept", "action": {"type": "status", "status": 503}}
ADVANCE, OTHER_FAULT = '{"seconds": 86400}', '{"action": {"type": "status", "status": 500}}'
# Sent without a preflight; the response is opaque to the page.
SIMPLE = [
    {"method": "POST", "path": "/clock/advance", "type": "text/plain", "body": ADVANCE},
    {"method": "POST", "path": "/clock/advance", "type": "text/plain; application/json", "body": ADVANCE},
    {"method": "POST", "path": "/clock/advance", "type": None, "body": ADVANCE},
    {"method": "POST", "path": "/faults", "type": "application/x-www-form-urlencoded", "body": OTHER_FAULT},
    {"method": "POST", "path": "/faults", "type": "multipart/form-data", "body": OTHER_FAULT},
    {"method": "POST", "path": "/tokens", "type": None, "body": None},
    {"method": "GET", "path": "/state", "type": None, "body": None},
]
# Sent only after a preflight, or not readable without the consent of the server.
ASKING = [
    {"method": "POST", "path": "/clock/advance", "type": "application/json", "body": ADVANCE},
    {"method": "PUT", "path": "/clock", "type": "application/json", "body": '{"now": "2050-01-01T00:00:00Z"}'},
    {"method": "POST", "path": "/faults", "type": None, "body": OTHER_FAULT, "requestedWith": True},
    {"method": "DELETE", "path": "/faults", "type": None, "body": None},
    {"method": "GET", "path": "/state", "type": None, "body": None},
]
PAGE = """<!doctype html><script>
const send = async (request, mode) => {
  const headers = {};
  if (request.type) headers["Content-Type"] = request.type;
  if (request.requestedWith) headers["X-Requested-With"] = "page";
  const options = { method: request.method, mode, headers, body: request.body };
  try {
    const response = await fetch(MANAGEMENT + request.path, options);
    return response.type === "opaque" ? "opaque" : await response.text();
  } catch (error) {
    return "blocked";
  }
};
(async () => {
  const simple = [], asking = [];
  for (const request of SIMPLE) simple.push(await send(request, "no-cors"));
  for (const request of ASKING) asking.push(await send(request, "cors"));
  await fetch("/outcome", { method: "POST", body: JSON.stringify({ simple, asking }) });
})();
</script>"""


def _page():
    values = {"MANAGEMENT": MANAGEMENT, "SIMPLE": SIMPLE, "ASKING": ASKING}
    constants = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in values.items())
    return PAGE.replace("<script>", "<script>" + constants).encode()


@contextlib.contextmanager
def _served(outcomes):
    """Serves the page, and yields its port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self._respond(200 if self.path == "/" else 404, _page())

        def do_POST(self):
            outcomes.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._respond(200, b"")

        def _respond(self, status, body):
            self.send_response(status)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def _visit(host):
    """Opens the page in Chromium, and returns the outcomes of its requests."""
    outcomes = queue.Queue()
    with _served(outcomes) as port, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [
            "chromium",
            "--headless",
            # The sandbox does not work as root. The only page is the one above.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            f"--user-data-dir={profile}",
            f"http://{host}:{port}/",
        ]
        browser = subprocess.Popen(command)
        try:
            return outcomes.get(timeout=SECONDS)
        finally:
            browser.terminate()
            browser.wait()


def _attack(host):
    manage("DELETE", "/faults")
    manage("POST", "/faults", FAULT)
    outcome = _visit(host)
    # An opaque response shows that the request was sent and got a response.
    equal(outcome["simple"], ["opaque"] * len(SIMPLE))
    equal(outcome["asking"], ["blocked"] * len(ASKING))
    equal([(rule.get("path"), rule["action"]["status"]) for rule in manage("GET", "/faults")], [("/kept", 503)])
    now = datetime.datetime.fromisoformat(manage("GET", "/clock")["now"].split(".")[0].rstrip("Z") + "+00:00")
    passed = abs(now - datetime.datetime.now(datetime.timezone.utc))
    holds(passed < datetime.timedelta(hours=1), f"the clock was moved by {passed}")


@check
def a_page_of_another_site_changes_nothing():
    # The management API is at localhost, so this is another site.
    _attack("127.0.0.1")


@check
def a_page_on_another_port_changes_nothing():
    _attack("localhost")


run()
