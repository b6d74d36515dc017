"""The shipped nginx configuration in a real nginx, before the real site."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from backend.config.runtime import child, launcher
from tests.conftest import ROOT, SITE_PORT

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or ""


@pytest.fixture
def front(site, tmp_path: Path):
    """Nginx on loopback with a certificate of its own; where it listens with and without TLS."""
    if not NGINX:
        if os.environ.get("CI") == "true":
            pytest.fail("nginx is missing: apt-get install nginx-light")
        pytest.skip("nginx is missing: apt-get install nginx-light")
    plain = launcher._free_ports(2)
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    subprocess.run(
        [*words, "-keyout", tmp_path / "privkey.pem", "-out", tmp_path / "fullchain.pem"],
        check=True,
        capture_output=True,
    )
    shipped = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    for ours, theirs in (
        ("/etc/nginx/tls", str(tmp_path)),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl", f"listen 127.0.0.1:{plain + 1} ssl"),
        ("web:8000", f"127.0.0.1:{SITE_PORT}"),
        ("sockets:8001", f"127.0.0.1:{SITE_PORT + 1}"),
    ):
        assert ours in shipped
        shipped = shipped.replace(ours, theirs)
    (tmp_path / "site.conf").write_text(shipped, encoding="utf-8")
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}\n"
        f"http {{ access_log off; client_body_temp_path {tmp_path}/bodies; include {tmp_path}/site.conf; }}\n",
        encoding="utf-8",
    )
    process = child.start(
        [NGINX, "-c", str(tmp_path / "nginx.conf")], log=tmp_path / "out", env=dict(os.environ), cwd=ROOT
    )
    assert child.wait_until(lambda: launcher._listens(plain + 1), process=process, seconds=20)
    yield f"http://localhost:{plain}", f"https://localhost:{plain + 1}"
    child.stop(process)


def test_the_shipped_configuration_carries_the_site(front):
    plain, safe = front
    with httpx.Client(verify=False, trust_env=False, timeout=20) as http:  # noqa: S501 - the certificate is this test's own
        assert http.get(f"{plain}/fees/").headers["location"].startswith("https://localhost")
        assert http.get(f"{safe}/healthz").status_code == 200
        assert http.get(f"{safe}/metrics").status_code == 403
        assert http.post(f"{safe}/payments/alipay/notify/", data={"sign": "x"}).text == "fail"
        large = {"file": ("a.pdf", b"%PDF-1.4" + bytes(4_000_000))}
        an_id = "0192f3a8-5c1e-7b40-9d2f-3e6a8b1c4d5e"
        for path in (f"/cases/{an_id}/evidence/", f"/projects/{an_id}/document/", f"/projects/{an_id}/picture/"):
            assert http.post(f"{safe}{path}", files=large).status_code != 413, path
        assert http.post(f"{safe}/create/", files=large).status_code == 413
