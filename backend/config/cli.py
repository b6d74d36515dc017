"""The command line: `sizhong …`.

A command that needs the embedded services starts them when they are not running, and stops only
what it started. Results go to standard output, progress to standard error.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

from backend.config.runtime import launcher
from backend.config.runtime.home import Home, HomeUnusable
from backend.config.runtime.postgres import OWNER, SUPERUSER, WEB, Postgres
from backend.config.runtime.services import DATABASE, embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")
os.environ.setdefault("TZ", "Asia/Shanghai")

DJANGO_COMMANDS = {
    ("migrate",): "platform_migrate",
    ("import", "campaigns"): "import_campaigns",
    ("import", "tasks"): "import_tasks",
    ("errands", "evaluate"): "evaluate_errands",
    ("ledger", "verify"): "ledger_verify",
    ("ledger", "statement"): "ledger_statement",
    ("sandbox", "describe"): "sandbox_describe",
    ("outbox", "replay"): "outbox_replay",
    ("outbox", "relay"): "outbox_relay",
    ("states",): "states",
    ("bench",): "bench",
    ("sim",): "simulate",
    ("demo-world",): "demo_world",
    ("openapi",): "spectacular",
    ("migrations",): "check_migrations",
    ("manage",): "",
}
"""Words of the command line, and the Django command each means."""

WITHOUT_SERVICES = frozenset({"states", "check_migrations", "spectacular", "evaluate_errands"})

USAGE = """usage: sizhong COMMAND [options]

  demo [--once] [--port N]      start everything with a demo world, play the journey, keep serving
  serve [--port N]              start everything and keep serving
  journey                       play the platform's main job in a scratch database and prove the books
  doctor [--deploy]             say what is wrong with this installation and how to mend it
  migrate                       bring database, rules and fee schedule up to date
  import campaigns FILE         live historical campaigns through the platform's rules
  import tasks FILE --members FILE
                                keep past on-site tasks and members, from which forecasts learn
  errands evaluate --train FILE --test FILE --members FILE
                                learn what makes on-site tasks get done; forecast others, suggest prices
  ledger verify                 prove that the books agree
  ledger statement ACCOUNT      the transfers of an account
  sandbox describe [--json]     what an independent client of the local gateway needs
  db url [--role web|owner]     address of the running database
  outbox relay | replay         deliver events, or send them again
  states [--write|--check]      the state machines and their documentation
  sim [--seeds N] [--seed S]     simulate the life of the money, with faults; a seed replays exactly
  bench [NAME …] [--json]       measure, each beside its baseline
  openapi --file FILE           the API's schema
  manage …                      any Django command
"""


OWN_DATABASE = ("platform_migrate", "migrate", "makemigrations", "simulate")
"""Commands that bring the database up to date themselves, or never look at it."""


def main() -> None:
    """Run one command and exit with its status."""
    words = sys.argv[1:]
    if not words or words[0] in ("-h", "--help", "help"):
        print(USAGE)
        return
    try:
        sys.exit(_run(words))
    except HomeUnusable as error:
        print(f"sizhong: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def _run(words: list[str]) -> int:
    special: dict[str, Callable[[list[str]], int]] = {
        "demo": _demo,
        "serve": _serve,
        "journey": _journey,
        "doctor": _doctor,
        "db": _db,
    }
    if words[0] in special:
        return special[words[0]](words[1:])
    for size in (2, 1):
        name = DJANGO_COMMANDS.get(tuple(words[:size]))
        if name is not None:
            return _django(name, words[size:])
    print(USAGE, file=sys.stderr)
    return 2


def _django(name: str, options: list[str]) -> int:
    """Run a Django command, with the embedded services where it needs them."""
    argv = ["sizhong", name, *options] if name else ["sizhong", *options]
    if name in WITHOUT_SERVICES:
        return _execute(argv)
    with embedded(Home.here(), database=os.environ.get("SIZHONG_DATABASE", DATABASE)):
        if "SIZHONG_OWNER_URL" in os.environ and argv[1] not in OWN_DATABASE:
            launcher.bring_up_to_date(Home.here())
        if argv[1] in ("platform_migrate", "migrate", "makemigrations"):
            os.environ["SIZHONG_AS_OWNER"] = "1"
        return _execute(argv)


def _execute(argv: list[str]) -> int:
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - settings need the environment first

    execute_from_command_line(argv)
    return 0


def _serving_options(name: str, options: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"sizhong {name}")
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))
    parser.add_argument("--once", action="store_true", help="stop after the journey, with its exit status")
    return parser.parse_args(options)


def _demo(options: list[str]) -> int:
    chosen = _serving_options("demo", options)
    return launcher.demo(port=chosen.port, once=chosen.once)


def _serve(options: list[str]) -> int:
    return launcher.serve(port=_serving_options("serve", options).port)


def _journey(options: list[str]) -> int:
    argparse.ArgumentParser(prog="sizhong journey").parse_args(options)
    return launcher.journey()


def _doctor(options: list[str]) -> int:
    import backend.config.doctor as doctor  # noqa: PLC0415

    parser = argparse.ArgumentParser(prog="sizhong doctor")
    parser.add_argument("--deploy", action="store_true", help="check production settings instead")
    return doctor.run(deploy=parser.parse_args(options).deploy)


def _db(options: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="sizhong db")
    parser.add_argument("what", choices=["url"])
    parser.add_argument("--role", choices=["superuser", "owner", "web"], default="superuser")
    parser.add_argument("--database", default=DATABASE)
    chosen = parser.parse_args(options)
    postgres = Postgres(Home.here())
    if not postgres.is_running():
        print("sizhong: the database is not running; start it with sizhong serve or make demo", file=sys.stderr)
        return 1
    role = {"superuser": SUPERUSER, "owner": OWNER, "web": WEB}[chosen.role]
    print(postgres.url(chosen.database, role))
    return 0


if __name__ == "__main__":
    main()
