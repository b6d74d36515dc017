"""Starting processes that do not outlive their parent, and ending them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(with_signal: int) -> Callable[[], None]:
    """For `preexec_fn`: the kernel sends `with_signal` when the parent dies, even by kill -9."""
    parent = os.getpid()

    def prepare() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, with_signal)
        if os.getppid() != parent:
            os._exit(1)  # the parent died between fork and prctl

    return prepare


def start(
    argv: list[str],
    *,
    log: Path,
    env: dict[str, str] | None = None,
    stop_signal: int = signal.SIGTERM,
    user: dict[str, object] | None = None,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a process of its own session whose output goes to `log`, and which dies with us."""
    with log.open("ab") as output:
        return subprocess.Popen(  # type: ignore[call-overload,no-any-return]  # user= is spread from a dict
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=die_with_parent(stop_signal),
            env=env,
            cwd=cwd,
            **(user or {}),
        )


def stop(process: subprocess.Popen[bytes], *, with_signal: int = signal.SIGTERM, patience: float = 20.0) -> None:
    """Ask a process to end, and after `patience` seconds make it; its whole session goes."""
    if process.poll() is None:
        process.send_signal(with_signal)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def wait_until(ready: Callable[[], bool], *, process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Ask until `ready`, the process ends, or the time is up."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        if ready():
            return True
        time.sleep(0.05)
    return False
