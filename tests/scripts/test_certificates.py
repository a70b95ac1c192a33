"""The certificates that setup-demo.sh makes where there is openssl and no step."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.scripts.scripts_machine import Machine

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")


@pytest.fixture(scope="module")
def certificates(module_machine: Machine) -> Path:
    module_machine.remove("step")
    module_machine.install("openssl")
    result = module_machine.run("setup-demo.sh")
    assert result.returncode == 0, result.stdout
    return module_machine.certificates


def openssl(*arguments: str) -> str:
    return subprocess.run(
        ["openssl", *arguments], capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize("name", ["north", "east", "west"])
class TestIssuers:
    def test_the_one_anchor_signed_it(self, certificates: Path, name: str) -> None:
        anchor, issuer = certificates / "anchor.crt", certificates / f"issuer-{name}.crt"
        assert openssl("verify", "-CAfile", str(anchor), str(issuer)) == f"{issuer}: OK\n"

    def test_it_is_what_linkerd_asks_of_an_issuer(self, certificates: Path, name: str) -> None:
        text = openssl("x509", "-noout", "-text", "-in", str(certificates / f"issuer-{name}.crt"))
        assert "CA:TRUE, pathlen:0" in text
        assert "Certificate Sign, CRL Sign" in text
        assert "ASN1 OID: prime256v1" in text
        assert "Signature Algorithm: ecdsa-with-SHA256" in text
        assert "CN = identity.linkerd.cluster.local" in text.replace("CN=", "CN = ")

    def test_it_is_valid_for_longer_than_linkerd_warns_about(
        self, certificates: Path, name: str
    ) -> None:
        sixty_days = 60 * 24 * 3600
        openssl(
            "x509", "-checkend", str(sixty_days), "-in", str(certificates / f"issuer-{name}.crt")
        )

    def test_the_key_is_its_own_and_in_a_form_linkerd_reads(
        self, certificates: Path, name: str
    ) -> None:
        key = certificates / f"issuer-{name}.key"
        assert key.read_text().startswith("-----BEGIN EC PRIVATE KEY-----")
        assert openssl("pkey", "-pubout", "-in", str(key)) == openssl(
            "x509", "-noout", "-pubkey", "-in", str(certificates / f"issuer-{name}.crt")
        )


def test_the_anchor_signed_itself(certificates: Path) -> None:
    text = openssl("x509", "-noout", "-text", "-in", str(certificates / "anchor.crt"))
    assert "CA:TRUE, pathlen:1" in text
    assert text.replace("CN=", "CN = ").count("CN = root.linkerd.cluster.local") == 2
