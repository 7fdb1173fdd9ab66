"""The scenarios, and the process that runs one."""

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
HTTPS_PORT, AMQP_PORT = 443, 5671
HUB_PORTS = {"--iothub-port": HTTPS_PORT, "--amqp-port": AMQP_PORT}
# These clients always use ports 443 and 5671 and ignore a port in the connection string.
WELL_KNOWN_PORTS = {
    "node/iothub/": HUB_PORTS,
    "python/iothub/registry_messages": HUB_PORTS,
    "python/iothub/http_runtime": HUB_PORTS,
    "node/provisioning/": {"--provisioning-port": HTTPS_PORT},
}
# The key of the policies other than iothubowner, whose key is in the ready line.
POLICY_KEY = "a2V5IG9mIHRoZSBwb2xpY2llcyBvZiB0aGUgdGVzdHM="
POLICIES = ("registryRead", "registryReadWrite", "service", "device")
# These scenarios compare the parsers of models and need no emulator.
PARSER = "dtdl"
# These scenarios are run with both the synchronous and the asynchronous Python client.
VARIANTS = {"python/digitaltwins": ("sync", "aio")}
# These scenarios send plain requests.
WITHOUT_CLIENT = ("browser", "cli", "keep_alive")


# Older releases of the clients send older api-versions. They run the scenarios whose operations they have.
OLDER = {
    "python/iothub": {
        "2.6": ("configurations", "registry_devices", "registry_methods", "registry_modules", "registry_twins"),
    },
    "python/digitaltwins": {
        "1.1": ("models", "query", "relationships", "twins_and_components"),
        "1.2": ("models", "query", "relationships", "twins_and_components"),
    },
    "node/iothub": {
        "1.14": ("client_methods", "registry_configurations", "registry_identities", "registry_twins"),
    },
    "node/digitaltwins": {
        "1.0": ("models", "query", "relationships", "twins_and_components"),
    },
}


@dataclass(frozen=True)
class Suite:
    file: Path
    language: str
    service: str
    variant: str | None
    # An older release of the client.
    release: str | None

    @property
    def part(self) -> str:
        return f"{self.language}/{self.service}" + (f"-{self.release}" if self.release else "")

    @property
    def client(self) -> str:
        """Returns the key of the client that the scenario needs."""
        return self.part if self.release else self.language

    @property
    def name(self) -> str:
        name = f"{self.part}/{self.file.stem}"
        return f"{name}/{self.variant}" if self.variant else name


def find(peers: Path) -> list[Suite]:
    found = []
    for language, pattern in (("python", "*.py"), ("node", "*.js")):
        for service in ("iothub", "provisioning", "digitaltwins", PARSER):
            for file in sorted((peers / language / service).glob(pattern)):
                part = f"{language}/{service}"
                older = [release for release, stems in OLDER.get(part, {}).items() if file.stem in stems]
                found += [
                    Suite(file, language, service, variant, release)
                    for release in (None, *older)
                    for variant in ((None,) if file.stem in WITHOUT_CLIENT else VARIANTS.get(part, (None,)))
                ]
    return found


def select(all_suites: list[Suite], parts: list[str]) -> list[Suite]:
    def wanted(suite: Suite) -> bool:
        return not parts or any(f"{suite.name}/".startswith(part.strip("/") + "/") for part in parts)

    return [suite for suite in all_suites if wanted(suite)]


def complete_parts(all_suites: list[Suite], chosen: list[Suite]) -> set[str]:
    """Returns the parts, such as node/iothub, of which every scenario is run. Older releases run only some scenarios."""
    left_out = {suite.part for suite in all_suites if suite not in chosen}
    return {suite.part for suite in chosen if suite.release is None} - left_out


def run(
    suite: Suite,
    clients: dict[str, Clients],
    binary: Path,
    verdicts: Path,
    logs: Path | None,
    report: Report,
) -> None:
    """Runs one scenario, against an emulator process of its own if it needs one."""
    with contextlib.ExitStack() as stack:
        if logs:
            folder = logs / suite.name
            folder.mkdir(parents=True, exist_ok=True)
        else:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="emulator-peers-")))
        if suite.service == PARSER:
            _run_scenario(suite, clients[suite.client], {"PEERS_VERDICTS": str(verdicts)}, folder, report)
            return
        log = folder / "emulator.log"
        scenario = f"{suite.language}/{suite.service}/{suite.file.stem}"
        ports = next((ports for start, ports in WELL_KNOWN_PORTS.items() if scenario.startswith(start)), {})
        webhook_port = _free_port()
        try:
            emulator = Emulator(binary, log, ports, _options(suite, binary, folder, webhook_port))
        except CannotRun as error:
            report.failed(suite.name, "the emulator starts", str(error))
            return
        try:
            variables = _variables(suite, emulator, webhook_port, folder)
            _run_scenario(suite, clients[suite.client], variables, folder, report)
        finally:
            status = emulator.stop()
        if status != 0:
            tail = "\n".join(log.read_text().splitlines()[-20:])
            report.failed(suite.name, "the emulator exits with status 0", f"status {status}\n{tail}")


def _options(suite: Suite, binary: Path, folder: Path, webhook_port: int) -> list[str]:
    """Returns the options for the service of the scenario."""
    if suite.file.stem == "keep_alive":
        # It sends requests to both services.
        return []
    if suite.service == "iothub":
        return ["--no-digitaltwins", *(f"--policy-key={policy}={POLICY_KEY}" for policy in POLICIES)]
    if suite.service == "provisioning":
        return ["--no-digitaltwins", "--retry-after=0"]
    options = ["--no-iothub"]
    if suite.file.stem in ("event_routes", "cli"):
        # The event_routes scenario listens on this port; the cli scenario causes no events.
        options.append(f"--event-webhook=endpoint=http://127.0.0.1:{webhook_port}/events")
    # Without the option only the import checks of the scenario fail.
    if suite.file.stem in ("jobs", "cli") and "--digitaltwins-blobs" in _help(binary):
        options.append(f"--digitaltwins-blobs={folder / 'blobs'}")
    return options


def _help(binary: Path) -> str:
    return subprocess.run([binary, "--help"], capture_output=True, text=True, check=True).stdout


def _free_port() -> int:
    """Returns a port that was free a moment ago; another process may still take it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _variables(suite: Suite, emulator: Emulator, webhook_port: int, folder: Path) -> dict[str, str]:
    """Returns the environment variables with the emulator's addresses and credentials."""
    ca_file = emulator.ready["caFile"]
    return {
        "PEERS_EMULATOR": json.dumps(emulator.ready),
        "PEERS_POLICY_KEY": POLICY_KEY,
        "PEERS_BLOBS": str(folder.resolve() / "blobs"),
        "PEERS_WEBHOOK_PORT": str(webhook_port),
        **({"REQUESTS_CA_BUNDLE": ca_file} if suite.language == "python" else {"NODE_EXTRA_CA_CERTS": ca_file}),
    }


def _of_language(suite: Suite, clients: Clients) -> dict[str, str]:
    """Returns the variables by which a language finds the helpers and the packages."""
    helpers = suite.file.parent.parent
    if suite.language == "python":
        return {"PYTHONPATH": str(helpers)}
    return {"NODE_PATH": f"{clients.packages}{os.pathsep}{helpers}"}


def _run_scenario(
    suite: Suite, clients: Clients, own_variables: dict[str, str], folder: Path, report: Report
) -> None:
    reading, writing = os.pipe()
    variables = {
        **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
        **own_variables,
        "PEERS_RESULTS": str(writing),
        "PEERS_RELEASE": suite.release or "",
        **_of_language(suite, clients),
    }
    command = [str(clients.program), str(suite.file), *([suite.variant] if suite.variant else [])]
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
