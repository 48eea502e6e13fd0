"""tls: the certificate and the key are read before anybody listens."""

import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from addons.settings import SettingsError, parse


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with two pairs and what is none."""
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now)
            .not_valid_after(now + datetime.timedelta(days=1))
            .sign(key, hashes.SHA256())
        )
        (tmp_path / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (tmp_path / f"{name}.key").write_bytes(_pem(key, serialization.NoEncryption()))
    (tmp_path / "locked.key").write_bytes(_pem(key, serialization.BestAvailableEncryption(b"test-key-1")))
    (tmp_path / "text").write_text("nothing")
    return tmp_path


def _pem(key: ec.EllipticCurvePrivateKey, locked: serialization.KeySerializationEncryption) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)


def config(cert: str, key: str, enable: str = "true") -> str:
    return f"host: 0.0.0.0\napi-keys: [test-key-1]\ntls: {{enable: {enable}, cert: '{cert}', key: '{key}'}}"


def test_a_pair_loads_by_its_relative_and_its_absolute_path(folder: Path) -> None:
    assert parse(config("one.crt", "one.key")).settings.tls.enable
    assert parse(config(str(folder / "one.crt"), str(folder / "one.key"))).settings.tls.enable


@pytest.mark.parametrize(
    ("cert", "key", "said"),
    [
        ("", "one.key", "tls.cert: is missing: name a PEM file, or set tls.enable to false"),
        ("one.crt", " ", "tls.key: is missing: name a PEM file, or set tls.enable to false"),
        ("none.crt", "one.key", "tls.cert: can't be read: No such file or directory. A relative path begins at FOLDER"),
        ("one.crt", ".", "tls.key: can't be read: Is a directory. A relative path begins at FOLDER"),
        ("text", "one.key", "tls.cert: holds no certificate: name a PEM file that begins with BEGIN CERTIFICATE"),
        ("one.crt", "text", "tls.key: holds no private key: name a PEM file that begins with BEGIN PRIVATE KEY"),
        ("two.crt", "locked.key", "tls.key: is protected by a password: name a file without one"),
        (
            "one.crt",
            "two.key",
            "tls.key: does not belong to the first certificate in tls.cert: name the key it was made with",
        ),
    ],
)
def test_files_that_do_not_fit_are_named_with_the_cure(folder: Path, cert: str, key: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(config(cert, key))
    assert str(caught.value) == f"config.yaml: {said.replace('FOLDER', str(folder))}"


def test_files_are_not_looked_at_where_https_is_off(folder: Path) -> None:
    assert not parse(config("none.crt", "none.key", "false")).settings.tls.enable
