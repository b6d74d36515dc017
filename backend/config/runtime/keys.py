"""Keys made at the first start: the identity key ring, and the key pairs of demo merchant and gateway."""

import json

from backend.common.encryption import make_ring
from backend.config.runtime.home import Home, write_private_once
from backend.payments.alipay.signing import make_key_pair


def make_keys(home: Home) -> None:
    """Make what is missing; nothing here ever enters the repository."""
    folder = home.root / "keys"
    write_private_once(folder / "ring.json", json.dumps(make_ring()))
    for name in ("merchant", "platform"):
        if not (folder / f"{name}_private.pem").exists() or not (folder / f"{name}_public.pem").exists():
            private, public = make_key_pair()
            write_private_once(folder / f"{name}_public.pem", public)
            write_private_once(folder / f"{name}_private.pem", private)
