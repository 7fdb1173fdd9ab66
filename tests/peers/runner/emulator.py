"""The emulator process of a scenario."""

import json
import selectors
import socket
import subprocess
import time
from pathlib import Path

from .environment import CannotRun

START_SECONDS = 20
STOP_SECONDS = 10


class Emulator:
    """A running emulator without any state."""

    def __init__(self, binary: Path, log: Path, ports: dict[str, int], options: list[str]):
        command = [str(binary), *options]
        for option, port in ports.items():
            _wait_until_free(port)
            command += [option, str(port)]
        self._log = open(log, "w")
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._log, text=True)
        try:
            self.ready = self._ready_line(log)
        except BaseException:
            self.stop()
            raise

    def _ready_line(self, log: Path) -> dict:
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            ready = selector.select(START_SECONDS)
        line = self._process.stdout.readline() if ready else ""
        if not line:
            raise CannotRun(f"the emulator did not start:\n{log.read_text()}")
        return json.loads(line)

    def stop(self) -> int:
        """Sends SIGTERM and returns the exit code."""
        self._process.terminate()
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
        finally:
            self._process.stdout.close()
            self._log.close()


def _wait_until_free(port: int) -> None:
    """Waits for another run of these checks to release the port."""
    until = time.monotonic() + 120
    while True:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                return probe.bind(("127.0.0.1", port))
            except PermissionError as error:
                raise CannotRun(
                    f"port {port}, which these clients require, needs root or CAP_NET_BIND_SERVICE"
                ) from error
            except OSError as error:
                if time.monotonic() > until:
                    raise CannotRun(f"port {port}, which these clients require, is taken") from error
        time.sleep(0.5)
