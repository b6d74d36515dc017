"""Where an installation keeps its data, keys and sockets, and whom its servers run as."""

from __future__ import annotations

import grp
import hashlib
import json
import os
import pwd
import secrets
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

SERVICE_USER = "sizhong"
REPOSITORY = Path(__file__).resolve().parents[3]


class HomeUnusable(RuntimeError):
    """The installation's folder cannot be used; the message says why and how to mend it."""


@dataclass(frozen=True)
class ServiceUser:
    """The unprivileged user that database and broker run as; the invoker unless that is root."""

    name: str
    uid: int
    gid: int

    @property
    def popen(self) -> dict[str, object]:
        """What `subprocess` needs to become this user; nothing when we are it already."""
        if os.getuid() == self.uid:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


@dataclass(frozen=True)
class Home:
    """One installation: `SIZHONG_HOME`, or `var/` of the checkout."""

    root: Path

    @classmethod
    def here(cls) -> Home:
        """The installation that this process belongs to."""
        return cls(Path(os.environ.get("SIZHONG_HOME") or REPOSITORY / "var").resolve())

    @cached_property
    def user(self) -> ServiceUser:
        """Whom the servers run as: never root."""
        if os.getuid() != 0:
            me = pwd.getpwuid(os.getuid())
            return ServiceUser(me.pw_name, me.pw_uid, me.pw_gid)
        found = _find_user(SERVICE_USER) or _make_user() or _find_user("nobody")
        if found is None:
            raise HomeUnusable(f"started as root, and there is no user {SERVICE_USER} to run the database as")
        return found

    @cached_property
    def data(self) -> Path:
        """Where servers keep their files: below the root if their user can reach it, else /var/lib/sizhong."""
        self.root.mkdir(parents=True, exist_ok=True)
        if self.reachable(self.root):
            return self.root
        name = hashlib.sha256(str(self.root).encode()).hexdigest()[:8]
        elsewhere = Path("/var/lib/sizhong") / name
        elsewhere.mkdir(parents=True, exist_ok=True)
        return elsewhere

    @cached_property
    def sockets(self) -> Path:
        """A short folder for sockets (their paths may have 107 bytes), ours alone."""
        name = hashlib.sha256(str(self.root).encode()).hexdigest()[:8]
        folder = Path(tempfile.gettempdir()) / f"sizhong-{name}"
        folder.mkdir(mode=0o700, exist_ok=True)
        owner = folder.stat().st_uid
        if owner not in (os.getuid(), self.user.uid) or folder.is_symlink():
            raise HomeUnusable(f"{folder} belongs to another user; remove it")
        if owner != self.user.uid:
            os.chown(folder, self.user.uid, self.user.gid)
        return folder

    def reachable(self, path: Path) -> bool:
        """Whether the servers' user can enter a folder or run a file."""
        if not self.user.popen:
            return os.access(path, os.X_OK)
        test = subprocess.run(["test", "-x", str(path)], check=False, **self.user.popen)  # type: ignore[call-overload]
        return bool(test.returncode == 0)

    @cached_property
    def can_drop(self) -> bool:
        """Whether the servers' user can run this interpreter over this checkout and home."""
        places = (Path(sys.executable).resolve(), Path(sys.executable), REPOSITORY / "backend", self.root)
        return all(self.reachable(place) for place in places)

    def hand_over(self) -> dict[str, object]:
        """Give our own files to the servers' user; what `subprocess` needs to run a program as that user.

        Empty when we are not root, or when that user could not run the programs: `sizhong doctor` says so.
        """
        if not self.user.popen or not self.can_drop:
            return {}
        servers_own = {"postgres", "valkey", "pginstall"}
        tops = [path for path in self.root.iterdir() if path.name not in servers_own]
        for path in (self.root, *tops, *(found for top in tops for found in top.rglob("*"))):
            if path.lstat().st_uid == 0:
                os.lchown(path, self.user.uid, self.user.gid)
        return self.user.popen

    def folder(self, name: str, *, mode: int = 0o700) -> Path:
        """A folder of the servers' user below `data`."""
        folder = self.data / name
        folder.mkdir(parents=True, exist_ok=True)
        os.chmod(folder, mode)
        if os.getuid() != self.user.uid:
            os.chown(folder, self.user.uid, self.user.gid)
        return folder

    @cached_property
    def logs(self) -> Path:
        logs = self.root / "log"
        logs.mkdir(parents=True, exist_ok=True)
        return logs

    @cached_property
    def secrets(self) -> dict[str, str]:
        """Passwords and keys, made at the first start and kept in a file of mode 0600."""
        path = self.root / "secrets.json"
        self.root.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            names = ("superuser", "owner", "web", "sandbox", "django")
            _write_private(path, json.dumps({name: secrets.token_urlsafe(32) for name in names}))
        kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        return kept


def _find_user(name: str) -> ServiceUser | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return ServiceUser(name, entry.pw_uid, entry.pw_gid)


def _make_user() -> ServiceUser | None:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVICE_USER]
    try:
        made = subprocess.run(command, check=False, capture_output=True)
    except FileNotFoundError:
        return None
    if made.returncode == 0:
        grp.getgrall()
        print(f"made the system user {SERVICE_USER} to run the database as", file=sys.stderr)
    return _find_user(SERVICE_USER)


def _write_private(path: Path, text: str) -> None:
    """Write a file that was 0600 before its first byte, all of it or nothing."""
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)


def write_private_once(path: Path, text: str) -> None:
    """Write a key file of mode 0600 unless it is there."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_private(path, text)
