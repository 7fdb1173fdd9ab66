"""Counts the results and compares them with the list of unsupported operations."""

from pathlib import Path


class Report:
    """Prints one line per check, and the totals at the end."""

    def __init__(self, unsupported_file: Path, peers: Path):
        self._unsupported = _read(unsupported_file)
        self._file = unsupported_file.relative_to(peers.parent.parent)
        self._seen: set[str] = set()
        self._finished: set[str] = set()
        self._methods: dict[str, tuple[set[str], set[str]]] = {}
        self._passed = self._failed = self._skipped = 0

    def add(self, suite: str, result: dict) -> bool:
        """Handles one line of a scenario's output. Returns whether it is the last line."""
        if "client" in result:
            self._note_methods(suite, result)
            return False
        if "done" in result:
            self._finished.add(suite)
            return True
        check, outcome, detail = result["check"], result["outcome"], result.get("detail", "")
        name = f"{suite}: {check}"
        self._seen.add(name)
        listed = name in self._unsupported
        if outcome == "unsupported" and listed:
            self._skipped += 1
            print(f"unsupported {name}", flush=True)
        elif outcome == "ok" and listed:
            self.failed(suite, check, f"the check passes; remove it from {self._file}")
        elif outcome == "ok":
            self._passed += 1
            print(f"ok {name}", flush=True)
        elif outcome == "unsupported":
            self.failed(suite, check, f"501, but the check is not in {self._file}: {detail}")
        else:
            self.failed(suite, check, detail)
        return False

    def failed(self, suite: str, check: str, detail: str) -> None:
        self._failed += 1
        text = "\n    ".join(detail.strip().splitlines())
        print(f"FAILED {suite}: {check}\n    {text}", flush=True)

    def _note_methods(self, suite: str, result: dict) -> None:
        language, service = suite.split("/")[:2]
        public, called = self._methods.setdefault(f"{language}/{service}: {result['client']}", (set(), set()))
        public.update(result["public"])
        called.update(result["called"])

    def finish(self, suites: list[str], complete_parts: set[str]) -> int:
        """Prints the totals and returns the exit code."""
        self._check_coverage(complete_parts)
        for name in sorted(self._unsupported - self._seen):
            suite, check = name.split(": ", 1)
            # An aborted scenario has already been counted as failed.
            if suite in self._finished or (suite not in suites and suite.rsplit("/", 1)[0] in complete_parts):
                self.failed(suite, check, f"{self._file} lists a check that does not exist")
        if self._skipped:
            print(f"{self._skipped} unsupported, as listed in {self._file}")
        print(f"{self._passed} passed, {self._failed} failed")
        return 1 if self._failed else 0

    def _check_coverage(self, complete_parts: set[str]) -> None:
        """Checks that every public method of a client was called, if all of its scenarios were run."""
        for client, (public, called) in sorted(self._methods.items()):
            part, name = client.split(": ")
            if part not in complete_parts:
                continue
            check = f"the scenarios call every public method of {name}"
            missing = public - called
            if missing:
                self.failed(part, check, f"not called: {', '.join(sorted(missing))}")
            else:
                self._passed += 1
                print(f"ok {part}: {check} ({len(public)})", flush=True)


def _read(file: Path) -> set[str]:
    lines = (line.split("#")[0].strip() for line in file.read_text().splitlines())
    return {line for line in lines if line}
