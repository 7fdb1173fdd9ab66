"""The clients, installed in a folder of their own so that the user's Python and Node stay unchanged."""

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path


class CannotRun(Exception):
    """A requirement other than the emulator and the clients is missing."""


@dataclass(frozen=True)
class Clients:
    """The interpreter of one language, and the folder of its packages."""

    program: Path
    packages: Path


def install(peers: Path, folder: Path, key: str) -> Clients:
    """Installs the clients of a language (`python`), or an older release of one client (`python/iothub-2.6`).

    Nothing is installed again at the same versions.
    """
    folder.mkdir(parents=True, exist_ok=True)
    language, _, older = key.partition("/")
    # The folders are named by a hash of the requirements, so a change of versions starts with an empty folder.
    if language == "python":
        requirements = peers / "older" / f"python-{older}.txt" if older else peers / "requirements.txt"
        venv = folder / f"python-{_fingerprint(requirements)}"
        if shutil.which("curl") is None:
            _apt_get("curl")
        if not (venv / "installed").exists():
            _install_python(requirements, venv)
        return Clients(venv / "bin" / "python", venv)
    package = peers / "older" / f"node-{older}.json" if older else peers / "package.json"
    node = folder / f"node-{_fingerprint(package)}"
    if not (node / "installed").exists():
        _install_node(package, node)
    return Clients(Path(shutil.which("node") or "node"), node / "node_modules")


def install_browser() -> None:
    """Installs Chromium for the scenario `browser`."""
    if shutil.which("chromium") is None:
        _apt_get("chromium")


def _fingerprint(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def _install_python(requirements: Path, venv: Path) -> None:
    if not _python_does("import ensurepip"):
        _apt_get("python3", "python3-venv")
    if not _python_does("import asyncio; asyncio.Runner"):
        raise CannotRun("Python 3.11 or later is required")
    print(f"installing the Python clients in {venv}", flush=True)
    shutil.rmtree(venv, ignore_errors=True)
    _call("python3", "-m", "venv", str(venv))
    # uamqp is hard to compile and has no wheel for the newest Python; fail instead of compiling it.
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--only-binary", "uamqp"]
    _call(*pip, "-r", str(requirements))
    (venv / "installed").touch()


def _python_does(statement: str) -> bool:
    python = shutil.which("python3")
    return (
        python is not None and subprocess.run([python, "-c", statement], capture_output=True).returncode == 0
    )


def _install_node(package: Path, folder: Path) -> None:
    wanted = [name for name in ("node", "npm") if shutil.which(name) is None]
    if wanted:
        _apt_get(*("nodejs" if name == "node" else name for name in wanted))
    print(f"installing the Node clients in {folder}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(package, folder / "package.json")
    _call("npm", "install", "--no-fund", "--no-audit", "--no-package-lock", "--loglevel=error", folder=folder)
    (folder / "installed").touch()


def _apt_get(*packages: str) -> None:
    names = " ".join(packages)
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise CannotRun(f"install {names}; this program can do so only as root and with apt-get")
    print(f"installing {names}", flush=True)
    _call("apt-get", "update", "--quiet")
    _call("apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *packages)


def _call(*command: str, folder: Path | None = None) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    except OSError as error:
        raise CannotRun(f"could not start {command[0]}: {error}") from error
    if done.returncode != 0:
        raise CannotRun(f"{' '.join(command)} failed:\n{done.stdout}")
