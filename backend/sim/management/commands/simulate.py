"""`sizhong sim`: live through seeds, and tell the story of each that breaks."""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Queue
from threading import Thread
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from backend.sim import run
from backend.sim.bugs import BUGS, SEEN, WHERE
from backend.sim.crowd import make_crowd
from backend.sim.scenes import SCENES

MANY = {"all": list(BUGS), "some": list(BUGS)[::4]}
"""What `--bug` takes for several, each planted by itself: every bug, or every fourth for a proof that is short."""

_WIDTH = 4
"""Bytes of a seed's number in the pipe."""


class Command(BaseCommand):
    """Run seeds in as many processes as there are cores."""

    help = "Simulate the life of the platform's money: a seed decides the order of everything, and replays exactly."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seeds", type=int, default=10, help="how many seeds")
        parser.add_argument("--steps", type=int, default=200, help="steps a seed")
        parser.add_argument("--seed", type=int, help="one seed, with its whole story")
        parser.add_argument("--first", type=int, default=1, help="the first seed")
        parser.add_argument(
            "--again", action="store_true", help="then the first seed once more: it must replay exactly"
        )
        parser.add_argument("--scene", choices=list(SCENES), default="funding", help="which parts live together")
        parser.add_argument("--bug", choices=[*sorted(BUGS), *MANY], help="plant a bug, each, or every fourth")
        parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
        parser.add_argument("--tail", type=int, default=run.TAIL, help="lines of the story to tell")
        parser.add_argument("--json", action="store_true", help="results alone on standard output")
        parser.add_argument("--crowd", action="store_true", help="make the people of the template (used by itself)")
        parser.add_argument("--share", action="store_true", help="run a share of the seeds (used by itself)")
        parser.add_argument("--queue", type=int, default=-1, help="where a share reads which seed is next")

    def handle(self, *args: object, **options: Any) -> None:
        logging.disable(logging.CRITICAL)
        if options["crowd"]:
            make_crowd()
        elif options["share"]:
            self._share(options)
        else:
            self._all(options)

    def _share(self, options: dict[str, Any]) -> None:
        bug = BUGS[options["bug"]] if options["bug"] else run.nothing
        gc.freeze()  # collecting between the seeds, of what a seed left, instead of all the time, saves an eighth
        gc.disable()
        first, seeds = options["first"], options["seeds"]
        for seed in range(first, first + seeds) if options["queue"] < 0 else _numbers(options["queue"]):
            found = run.run_seed(
                seed, steps=options["steps"], scene=SCENES[options["scene"]], bug=bug, tail=options["tail"]
            )
            self.stdout.write(json.dumps(found.plain(), ensure_ascii=False))
            self.stdout.flush()
            gc.collect()
            if found.broken:
                return

    def _all(self, options: dict[str, Any]) -> None:
        started = time.monotonic()
        if options["seed"] is not None:
            options |= {"first": options["seed"], "seeds": 1, "jobs": 1, "tail": 100_000}
        run.make_template()
        try:
            if options["bug"] in MANY:
                self._each_bug(MANY[options["bug"]], options, started)
                return
            found = list(self._outcomes(options))
            again = list(self._outcomes(options | {"seeds": 1, "jobs": 1})) if options["again"] else []
        finally:
            run.close()
        broken = sorted((one for one in found if one["broken"]), key=lambda one: one["seed"])
        for one in found if options["seed"] is not None else broken[:1]:
            self.stderr.write("\n".join(one["story"]))
            if one["broken"]:
                self.stderr.write(f"BROKEN in seed {one['seed']}: {one['broken']}")
                more = f" --bug {options['bug']}" if options["bug"] else ""
                self.stderr.write(
                    f"again: sizhong sim --scene {options['scene']} --seed {one['seed']} --steps {one['steps']}{more}"
                )
        summary = {
            "seeds": len(found),
            "steps": options["steps"],
            "broken": [one["seed"] for one in broken],
            "statements": sum(one["statements"] for one in found),
            "kills": sum(one["crashes"] for one in found),
            "seconds": round(time.monotonic() - started, 1),
            "bug": options["bug"] or "",
            "what": broken[0]["broken"] if broken else "",
            "digest": found[0]["digest"] if options["seed"] is not None else "",
            "replayed": [one["digest"] for one in found if one["seed"] == options["first"]]
            == [one["digest"] for one in again],
        }
        self.stdout.write(json.dumps(summary, ensure_ascii=False))
        if options["again"] and not summary["replayed"]:
            raise CommandError(f"seed {options['first']} does not replay")
        if bool(broken) != bool(options["bug"]):
            raise CommandError("the planted bug was not found" if options["bug"] else f"{len(broken)} seeds broke")

    def _each_bug(self, bugs: Sequence[str], options: dict[str, Any], started: float) -> None:
        """Plant each of some bugs by itself: at which seed it was found, and by which invariant.

        The seed that found it before is tried first; only when it no longer does, all are, from the first on.
        """

        def look(bug: str, first: int, seeds: int) -> dict[str, Any] | None:
            scene = WHERE.get(bug, options["scene"])
            share = self._start(options | {"bug": bug, "scene": scene, "first": first, "seeds": seeds})
            lines = [json.loads(line) for line in share.stdout or ()]
            if share.wait():  # a share that dies has looked for nothing
                raise CommandError((share.stderr.read() if share.stderr else "")[-3_000:])
            return next((line for line in lines if line["broken"]), None)

        def hunt(bug: str) -> tuple[str, dict[str, Any] | None]:
            first, seen = options["first"], SEEN.get(bug, 0)
            known = look(bug, seen, 1) if first <= seen < first + options["seeds"] else None
            one = known or look(bug, first, options["seeds"])
            said = f"seed {one['seed']}, {one['broken'].split()[0]}" if one else "not found"
            self.stderr.write(f"{bug}: {said} ({time.monotonic() - started:.0f} s)")
            return bug, one

        with ThreadPoolExecutor(options["jobs"]) as pool:
            found = dict(pool.map(hunt, bugs))
        told = {
            bug: {"seed": one["seed"], "by": one["broken"].split()[0]} if one else None for bug, one in found.items()
        }
        missed = sorted(bug for bug, one in found.items() if one is None)
        seconds = round(time.monotonic() - started, 1)
        self.stdout.write(json.dumps({"bugs": len(told), "found": told, "missed": missed, "seconds": seconds}))
        if missed:
            raise CommandError(f"not found: {', '.join(missed)}")

    def _outcomes(self, options: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """What the shares report, as it comes; the first seed that breaks ends them all."""
        jobs = min(options["jobs"], options["seeds"])
        queue, feed = os.pipe()  # whoever is free takes the next seed: none waits for another's long ones
        shares = [self._start(options, queue) for _ in range(jobs)]
        os.close(queue)
        Thread(target=_feed, args=(feed, options["first"], options["seeds"]), daemon=True).start()
        lines: Queue[str | None] = Queue()
        for share in shares:
            Thread(target=_read, args=(share, lines), daemon=True).start()
        done, open_shares = 0, jobs
        try:
            while open_shares:
                line = lines.get()
                if line is None:
                    open_shares -= 1
                    continue
                found, done = json.loads(line), done + 1
                if done % 10 == 0:
                    self.stderr.write(f"{done} of {options['seeds']} seeds")
                yield found
                if found["broken"]:
                    return
            for share in shares:
                if share.wait():
                    raise CommandError((share.stderr.read() if share.stderr else "")[-3_000:])
        finally:
            for share in shares:
                share.terminate()
                share.wait()

    def _start(self, options: dict[str, Any], queue: int | None = None) -> subprocess.Popen[str]:
        words = [
            *("manage", "simulate", "--share", "--first", str(options["first"]), "--seeds", str(options["seeds"])),
            *("--steps", str(options["steps"]), "--tail", str(options["tail"]), "--scene", options["scene"]),
            *(("--queue", str(queue)) if queue is not None else ()),
            *(("--bug", options["bug"]) if options["bug"] else ()),
        ]
        return subprocess.Popen(
            [sys.executable, "-m", "backend.config.inner", *words],
            env=os.environ | {"PYTHONHASHSEED": "0"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            pass_fds=() if queue is None else (queue,),
        )


def _feed(feed: int, first: int, seeds: int) -> None:
    with contextlib.suppress(BrokenPipeError), os.fdopen(feed, "wb", buffering=0) as pipe:
        for seed in range(first, first + seeds):
            pipe.write(seed.to_bytes(_WIDTH))


def _numbers(queue: int) -> Iterator[int]:
    """Seeds off the pipe that all shares read from; a read of so few bytes is never divided."""
    while read := os.read(queue, _WIDTH):
        yield int.from_bytes(read)


def _read(share: subprocess.Popen[str], lines: Queue[str | None]) -> None:
    for line in share.stdout or ():
        lines.put(line)
    lines.put(None)
