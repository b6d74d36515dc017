"""One scheduler for everything that runs at once: who executes the next statement, and who dies.

Each simulated process is a thread with a database connection of its own, and only one of them runs
at a time. Before every statement and around every commit a process stops and waits for its turn,
so a seed decides the order of statements of concurrent transactions, as the world does by chance.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import psycopg
from django.db import connection

from backend.common import crash

READY, PARKED, RUNNING, BLOCKED, DONE = "ready", "parked", "running", "blocked", "done"
A_MOMENT = 0.003
"""Seconds after which a statement that has not answered is looked at: it may wait for a lock."""


class Died(BaseException):
    """The simulated process is killed; nothing may catch it but the end of its transaction."""


@dataclass
class Task:
    """One thing a simulated process does: a request, a turn of the relay or of a worker."""

    name: str
    act: Callable[[], Any]
    on_end: Callable[[Task], None] = lambda task: None
    state: str = READY
    result: Any = None
    error: BaseException | None = None
    died_at: str = ""
    statements: int = 0
    doomed_after: int | None = None
    doomed_at: str = ""

    @property
    def is_dead(self) -> bool:
        return bool(self.died_at)


class Process(threading.Thread):
    """A simulated process: does one task after another, one statement a turn."""

    def __init__(self, number: int) -> None:
        super().__init__(daemon=True, name=f"process-{number}")
        self.number = number
        self.task: Task | None = None
        self.pid = 0
        self._turn = threading.Semaphore(0)
        self.stopped = threading.Event()
        self._ending = False

    def run(self) -> None:
        self._connect()
        self.stopped.set()
        while True:
            self._turn.acquire()
            if self._ending or self.task is None:
                connection.close()
                return
            self._do(self.task)
            self.stopped.set()

    def _connect(self) -> None:
        connection.ensure_connection()
        raw: Any = connection.connection
        self.pid = raw.info.backend_pid
        connection.execute_wrappers.append(self._before_statement)
        commit = connection._commit  # type: ignore[attr-defined]  # Django has no public hook around a commit

        def commit_in_turn() -> None:
            self.pause("COMMIT")
            commit()
            self.pause("committed")

        connection._commit = commit_in_turn  # type: ignore[attr-defined]

    def _do(self, task: Task) -> None:
        try:
            task.result = task.act()
        except BaseException as error:  # noqa: BLE001 - whatever comes out of an act is judged by the world
            task.error = None if task.is_dead else error
        finally:
            if connection.in_atomic_block or not connection.get_autocommit():
                self._reconnect()
            task.state = DONE

    def _reconnect(self) -> None:
        connection.in_atomic_block, connection.needs_rollback = False, False
        connection.savepoint_ids.clear()
        connection.close()
        connection.ensure_connection()
        raw: Any = connection.connection
        self.pid = raw.info.backend_pid

    def _before_statement(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        self.pause(sql)
        return execute(sql, params, many, context)

    def pause(self, before: str) -> None:
        """Wait for the next turn; die here when the scheduler has said so."""
        task = self.task
        if task is None or task.is_dead:
            return
        task.statements += 1
        task.state = PARKED
        self.stopped.set()
        self._turn.acquire()
        task.state = RUNNING
        if task.doomed_after is not None and task.statements >= task.doomed_after:
            self._die(task, before)

    def strike(self, name: str) -> None:
        """A named crash point is passed; die there when it is the one."""
        if self.task is not None and self.task.doomed_at == name:
            self._die(self.task, name)

    def _die(self, task: Task, where: str) -> None:
        """What was not committed is gone, at once and not when the server notices the lost connection."""
        task.died_at = where[:40] or "?"
        raw: Any = connection.connection
        if raw is not None:
            raw.rollback()
        raise Died

    def go(self) -> None:
        """Give the turn; `stopped` tells when it is given back."""
        self.stopped.clear()
        self._turn.release()

    def end(self) -> None:
        """Let the thread finish."""
        self._ending = True
        self.task = None
        self._turn.release()


@dataclass
class Scheduler:
    """Decides, by its random source, whose turn it is."""

    rng: Random
    monitor_url: str
    size: int = 3
    processes: list[Process] = field(default_factory=list)
    statements: int = 0

    def __post_init__(self) -> None:
        self._monitor = psycopg.connect(self.monitor_url, autocommit=True)
        for number in range(self.size):
            process = Process(number)
            self.processes.append(process)
            process.start()
            process.stopped.wait(30)
        self._by_thread = {process.name: process for process in self.processes}
        crash.strike = self._strike

    def _strike(self, name: str) -> None:
        process = self._by_thread.get(threading.current_thread().name)
        if process is not None:
            process.strike(name)

    @property
    def idle(self) -> list[Process]:
        """Processes with nothing to do."""
        return [process for process in self.processes if process.task is None]

    def start(self, task: Task) -> None:
        """Give a task to an idle process; it does nothing before its first turn."""
        process = self.idle[0]
        process.task = task
        task.state = READY

    def turn(self) -> Task | None:
        """Let one process run to its next stop; the task when that was its end."""
        able = [process for process in self.processes if process.task is not None and process.task.state != BLOCKED]
        if not able:
            self._wait_for_a_blocked_one()
            return self._collect()
        process = able[self.rng.randrange(len(able))]
        process.go()
        self.statements += 1
        self._until_it_stops(process)
        self._look_at_blocked()
        return self._collect()

    def drain(self) -> list[Task]:
        """Let everything that runs come to its end."""
        ended = []
        while any(process.task is not None for process in self.processes):
            task = self.turn()
            if task is not None:
                ended.append(task)
        return ended

    def _until_it_stops(self, process: Process) -> None:
        while not process.stopped.wait(A_MOMENT):
            if self._waits_for_a_lock(process):
                if process.task is not None:
                    process.task.state = BLOCKED
                return

    def _look_at_blocked(self) -> None:
        """Whoever waited for a lock that was let go runs on to its next stop."""
        for process in self.processes:
            if process.task is None or process.task.state != BLOCKED:
                continue
            if process.stopped.is_set() or not self._waits_for_a_lock(process):
                process.stopped.wait(30)

    def _wait_for_a_blocked_one(self) -> None:
        """All wait for one another: PostgreSQL ends the deadlock by failing one of them."""
        for process in self.processes:
            if process.task is not None and process.task.state == BLOCKED:
                while not process.stopped.wait(0.05):
                    if any(other.stopped.is_set() for other in self.processes if other.task is not None):
                        break
        self._look_at_blocked()

    def _waits_for_a_lock(self, process: Process) -> bool:
        row = self._monitor.execute("SELECT cardinality(pg_blocking_pids(%s))", [process.pid]).fetchone()
        return bool(row and row[0])

    def _collect(self) -> Task | None:
        for process in self.processes:
            if process.task is not None and process.task.state == DONE and process.stopped.is_set():
                task, process.task = process.task, None
                task.on_end(task)
                return task
        return None

    def close(self) -> None:
        """End the processes."""
        crash.strike = crash._kill_if_armed
        for process in self.processes:
            process.end()
        for process in self.processes:
            process.join(10)
        self._monitor.close()
