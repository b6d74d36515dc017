"""Keys made at the first start: the identity key ring, the time keeper's pair, and those of demo merchant and gateway."""

import json

from backend.common.encryption import make_ring
from backend.common.timelock import make_keeper
from backend.config.runtime.home import Home, write_private_once
from backend.payments.alipay.signing import make_key_pair


def make_keys(home: Home) -> None:
    """Make what is missing; nothing here ever enters the repository."""
    folder = home.root / "keys"
    write_private_once(folder / "ring.json", json.dumps(make_ring()))
    if not (folder / "keeper_private.hex").exists() or not (folder / "keeper_public.hex").exists():
        private, public = make_keeper()
        write_private_once(folder / "keeper_public.hex", public)
        write_private_once(folder / "keeper_private.hex", private)
    for name in ("merchant", "platform"):
        if not (folder / f"{name}_private.pem").exists() or not (folder / f"{name}_public.pem").exists():
            private, public = make_key_pair()
            write_private_once(folder / f"{name}_public.pem", public)
            write_private_once(folder / f"{name}_private.pem", private)
