"""Keeps the product's processes running: begins again what dies, ends all of them in order when asked to."""

import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.servers import start, stop

LOOK_EVERY_S = 0.2
FAST_DEATH_S = 5.0
PAUSE_AFTER_FAST_DEATH_S = 2.0
STOP_WITHIN_S = 15.0


@dataclass
class _Kept:
    name: str
    command: Sequence[str | Path]
    process: subprocess.Popen[bytes]
    began: float
    not_before: float = 0.0


class Keeper:
    """Processes with one environment, each logging to ``<logs>/<name>.log``. Use it from the main thread alone.

    A process gets SIGTERM when the launcher dies, even by kill -9, so nothing is left behind.
    """

    def __init__(self, logs: Path, environment: Mapping[str, str], folder: Path) -> None:
        self._logs, self._environment, self._folder = logs, dict(environment), folder
        self._kept: list[_Kept] = []
        logs.mkdir(parents=True, exist_ok=True)

    def keep(self, name: str, *arguments: str) -> None:
        """Start ``python -m`` *arguments* and keep it running."""
        command = [sys.executable, "-m", *arguments]
        self._kept.append(_Kept(name, command, self._start(name, command), time.monotonic()))

    def pids(self) -> dict[str, int]:
        """Give each process's id by name, for whoever wants to kill one."""
        return {kept.name: kept.process.pid for kept in self._kept}

    def look(self) -> None:
        """Begin again what has died; what dies at once waits a little before."""
        now = time.monotonic()
        for kept in self._kept:
            code = kept.process.poll()
            if code is None:
                continue
            if not kept.not_before:
                kept.not_before = now + (PAUSE_AFTER_FAST_DEATH_S if now - kept.began < FAST_DEATH_S else 0)
                print(f"{kept.name} ended ({code}); it is begun again. Its log: {self._logs / kept.name}.log")
            if now >= kept.not_before:
                kept.process, kept.began, kept.not_before = self._start(kept.name, kept.command), now, 0.0

    def end(self) -> None:
        """End all processes, those begun last first."""
        for kept in reversed(self._kept):
            if kept.process.poll() is None:
                kept.process.send_signal(signal.SIGTERM)
        for kept in reversed(self._kept):
            stop(kept.process, signal.SIGTERM, STOP_WITHIN_S)

    def _start(self, name: str, command: Sequence[str | Path]) -> subprocess.Popen[bytes]:
        log = self._logs / f"{name}.log"
        return start(command, signal.SIGTERM, log, self._environment, cwd=self._folder)
