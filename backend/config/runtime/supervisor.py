"""The launcher: starts the platform's processes, watches them, brings back what falls, stops them cleanly.

Each child dies with the launcher, even after kill -9, so no process, port or lock outlives it. A
child that falls comes back after a delay that doubles up to half a minute, and starts anew at a
quarter of a second once it has stayed up for a quarter of a minute.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from backend.config.runtime import child

FIRST_DELAY, LONGEST_DELAY, STEADY_SECONDS = 0.25, 30.0, 15.0


@dataclass
class Program:
    """One process of the platform: how to start it, and how it is doing."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    stop_signal: int = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    delay: float = FIRST_DELAY
    due_at: float = 0.0
    falls: int = field(default=0)


class Supervisor:
    """Keeps programs running until it is told to stop."""

    def __init__(self, programs: Sequence[Program]) -> None:
        self.programs = list(programs)
        self.stopping = False

    def add(self, programs: Sequence[Program]) -> None:
        """Start more programs, in order, and watch them too."""
        for program in programs:
            self.programs.append(program)
            self._start(program)

    def start(self) -> None:
        """Start every program, in order."""
        for program in self.programs:
            self._start(program)

    def run(self) -> None:
        """Watch until SIGTERM or SIGINT, then stop."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self.ask_to_stop)
        while not self.stopping:
            self.tend()
            time.sleep(0.1)
        self.stop()

    def tend(self) -> None:
        """Look at every program once and bring back those that fell and whose delay is over."""
        now = time.monotonic()
        for program in self.programs:
            if program.process is not None and program.process.poll() is not None:
                self._note_fall(program, now)
            if program.process is None and now >= program.due_at:
                self._start(program)

    def stop(self) -> None:
        """Stop every program, the last one first."""
        for program in reversed(self.programs):
            if program.process is not None:
                child.stop(program.process, with_signal=program.stop_signal)
                program.process = None

    def _start(self, program: Program) -> None:
        try:
            program.process = program.start()
        except Exception as error:  # noqa: BLE001 - one program that cannot start must not end the others
            print(f"{program.name} did not start: {error}", file=sys.stderr, flush=True)
            self._note_fall(program, time.monotonic())
            return
        program.started_at = time.monotonic()

    def _note_fall(self, program: Program, now: float) -> None:
        code = program.process.returncode if program.process is not None else None
        if program.process is not None:
            child.stop(program.process)  # whatever is left of its session
            program.process = None
        steady = now - program.started_at > STEADY_SECONDS
        program.delay = FIRST_DELAY if steady else min(program.delay * 2, LONGEST_DELAY)
        program.due_at = now + program.delay
        program.falls += 1
        print(f"{program.name} ended ({code}); again in {program.delay:.1f} s", file=sys.stderr, flush=True)

    def ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        """Signal handler: stop at the next turn."""
        self.stopping = True


def python_program(
    name: str, argv: list[str], *, logs: Path, env: dict[str, str], cwd: Path, user: dict[str, object]
) -> Program:
    """A program that runs under this interpreter: `python -m …`, as the servers' user."""
    log = logs / f"{name}.log"
    return Program(name, lambda: child.start([sys.executable, *argv], log=log, env=env, cwd=cwd, user=user))
