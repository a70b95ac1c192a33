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


@pytest.mark.parametrize(
    ("name", "renewed"),
    [
        ("issuer-east", ["issuer-east"]),
        ("anchor", ["anchor", "issuer-east", "issuer-north", "issuer-west"]),
    ],
)
def test_what_ends_within_sixty_days_is_made_anew(
    machine: Machine, name: str, renewed: list[str]
) -> None:
    machine.remove("step")
    machine.install("openssl")
    machine.run("setup-demo.sh", WAIT_SECONDS="0")
    folder = machine.certificates
    before = {path.stem: path.read_bytes() for path in folder.glob("*.crt")}
    key = folder / f"{name}.key"
    shortened = ["req", "-x509", "-new", "-days", "59", "-key", str(key), "-subj", "/CN=old"]
    openssl(*shortened, "-out", str(folder / f"{name}.crt"))
    before[name] = (folder / f"{name}.crt").read_bytes()

    machine.run("setup-demo.sh", WAIT_SECONDS="0")

    after = {path.stem: path.read_bytes() for path in folder.glob("*.crt")}
    assert sorted(stem for stem in after if after[stem] != before[stem]) == renewed
