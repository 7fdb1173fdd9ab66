"""The scenarios, and how one is run."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

from .emulator import Emulator
from .environment import CannotRun, Clients
from .report import Report

SUITE_SECONDS = 180
# These clients use 443 and 5671 whatever the connection string says.
WELL_KNOWN_PORTS = ("node/iothub/", "python/iothub/registry_messages", "python/iothub/http_runtime")
# The key of the policies other than the owner's, whose key is in the ready line.
POLICY_KEY = "a2V5IG9mIHRoZSBwb2xpY2llcyBvZiB0aGUgdGVzdHM="
POLICIES = ("registryRead", "registryReadWrite", "service", "device")
# These scenarios are run with both the synchronous and the asynchronous Python client.
VARIANTS = {"python/digitaltwins": ("sync", "aio")}


@dataclass(frozen=True)
class Suite:
    file: Path
    language: str
    service: str
    variant: str | None

    @property
    def part(self) -> str:
        return f"{self.language}/{self.service}"

    @property
    def name(self) -> str:
        name = f"{self.part}/{self.file.stem}"
        return f"{name}/{self.variant}" if self.variant else name


def find(peers: Path) -> list[Suite]:
    found = []
    for language, pattern in (("python", "*.py"), ("node", "*.js")):
        for service in ("iothub", "digitaltwins"):
            for file in sorted((peers / language / service).glob(pattern)):
                variants = VARIANTS.get(f"{language}/{service}", (None,))
                found += [Suite(file, language, service, variant) for variant in variants]
    return found


def select(all_suites: list[Suite], parts: list[str]) -> list[Suite]:
    def wanted(suite: Suite) -> bool:
        return not parts or any(f"{suite.name}/".startswith(part.strip("/") + "/") for part in parts)

    return [suite for suite in all_suites if wanted(suite)]


def complete_parts(all_suites: list[Suite], chosen: list[Suite]) -> set[str]:
    """Returns the parts, such as node/iothub, of which every scenario is run."""
    left_out = {suite.part for suite in all_suites if suite not in chosen}
    return {suite.part for suite in chosen} - left_out


def run(
    suite: Suite,
    clients: Clients,
    binary: Path,
    logs: Path | None,
    report: Report,
) -> None:
    """Runs one scenario against an emulator process of its own."""
    with contextlib.ExitStack() as stack:
        if logs:
            folder = logs / suite.name
            folder.mkdir(parents=True, exist_ok=True)
        else:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="emulator-peers-")))
        log = folder / "emulator.log"
        well_known = suite.name.startswith(WELL_KNOWN_PORTS)
        webhook_port = _free_port()
        try:
            emulator = Emulator(binary, log, well_known, _options(suite, binary, folder, webhook_port))
        except CannotRun as error:
            report.failed(suite.name, "the emulator starts", str(error))
            return
        try:
            _run_scenario(suite, clients, emulator, webhook_port, folder, report)
        finally:
            status = emulator.stop()
        if status != 0:
            tail = "\n".join(log.read_text().splitlines()[-20:])
            report.failed(suite.name, "the emulator exits with status 0", f"status {status}\n{tail}")


def _options(suite: Suite, binary: Path, folder: Path, webhook_port: int) -> list[str]:
    """Returns the options for the service of the scenario."""
    if suite.service == "iothub":
        return ["--no-digitaltwins", *(f"--policy-key={policy}={POLICY_KEY}" for policy in POLICIES)]
    if suite.file.stem == "event_routes":
        # The scenario listens on this port.
        return ["--no-iothub", f"--event-webhook=endpoint=http://127.0.0.1:{webhook_port}/events"]
    # Without the option only the import checks of the scenario fail.
    if suite.file.stem == "jobs" and "--digitaltwins-blobs" in _help(binary):
        return ["--no-iothub", f"--digitaltwins-blobs={folder / 'blobs'}"]
    return ["--no-iothub"]


def _help(binary: Path) -> str:
    return subprocess.run([binary, "--help"], capture_output=True, text=True, check=True).stdout


def _free_port() -> int:
    """Returns a port that was free a moment ago; another process may still take it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _run_scenario(
    suite: Suite, clients: Clients, emulator: Emulator, webhook_port: int, folder: Path, report: Report
) -> None:
    reading, writing = os.pipe()
    variables = {
        **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
        "PEERS_EMULATOR": json.dumps(emulator.ready),
        "PEERS_RESULTS": str(writing),
        "PEERS_POLICY_KEY": POLICY_KEY,
        "PEERS_BLOBS": str(folder.resolve() / "blobs"),
        "PEERS_WEBHOOK_PORT": str(webhook_port),
        "PYTHONPATH": str(suite.file.parent.parent),
        "REQUESTS_CA_BUNDLE": emulator.ready["caFile"],
        "NODE_PATH": f"{clients.node_modules}{os.pathsep}{suite.file.parent.parent}",
        "NODE_EXTRA_CA_CERTS": emulator.ready["caFile"],
    }
    program = clients.python if suite.language == "python" else clients.node
    command = [str(program), str(suite.file), *([suite.variant] if suite.variant else [])]
    output = folder / "output.log"
    with open(output, "w") as stream:
        process = subprocess.Popen(
            command, env=variables, pass_fds=[writing], stdout=stream, stderr=stream, start_new_session=True
        )
        os.close(writing)
        timer = threading.Timer(SUITE_SECONDS, lambda: os.killpg(process.pid, signal.SIGKILL))
        timer.start()
        finished = False
        with open(reading) as results:
            for line in results:
                finished = report.add(suite.name, json.loads(line)) or finished
        status = process.wait()
        timer.cancel()
    if not finished:
        tail = "\n".join(output.read_text(errors="replace").splitlines()[-30:])
        report.failed(suite.name, "the scenario finishes", f"status {status}\n{tail}")
