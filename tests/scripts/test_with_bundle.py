"""The file of all roots that a program is to trust."""

import os
import ssl
import time
from pathlib import Path
from typing import Final

import pytest

from scripts.with_bundle import UNUSED_S, merged, write_bundle
from tests.support.certificates import self_made

NONE: Final[tuple[str, ...]] = ()


@pytest.fixture
def pem(tmp_path: Path) -> dict[str, Path]:
    """Roots, by what they are for."""
    found = {}
    for name in ("proxy", "system", "own", "company", "folder"):
        place = tmp_path / name
        place.mkdir()
        found[name] = self_made(place).ca
    (tmp_path / "with").mkdir()
    return found


def roots(path: Path) -> set[bytes]:
    """As OpenSSL reads them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cafile=path)
    return set(context.get_ca_certs(binary_form=True))


def test_each_certificate_comes_once_and_nothing_else_comes(pem: dict[str, Path]) -> None:
    first, second = pem["proxy"].read_bytes(), pem["own"].read_bytes()
    windows = second.replace(b"\n", b"\r\n")
    text = merged([b"# a comment\n" + first, windows + first, second, b"-----BEGIN PRIVATE KEY-----\nx\n", b""])
    assert text == first + second


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({}, {"proxy", "system"}),
        ({"SSL_CERT_FILE": "own"}, {"proxy", "own"}),
        ({"SSL_CERT_FILE": "missing"}, {"proxy", "system"}),
        ({"SSL_CERT_DIR": "folder"}, {"proxy", "system", "folder"}),
        ({"SSL_CERT_DIR": "folder", "SSL_CERT_FILE": "own"}, {"proxy", "own"}),
        ({"NODE_EXTRA_CA_CERTS": "company"}, {"proxy", "system", "company"}),
        ({"GIT_SSL_CAINFO": "company", "SSL_CERT_FILE": "own"}, {"proxy", "own", "company"}),
        ({"REQUESTS_CA_BUNDLE": "folder"}, {"proxy", "system", "folder"}),
    ],
)
def test_what_was_trusted_stays_trusted(pem: dict[str, Path], own: dict[str, str], expected: set[str]) -> None:
    places = {**{name: str(path) for name, path in pem.items()}, "missing": "/nowhere/ca.pem"}
    places["folder"] = str(pem["folder"].parent)
    environ = {name: places[value] for name, value in own.items()}
    path = write_bundle(
        pem["proxy"].parents[1] / "with", pem["proxy"], environ, ["/nowhere/system.pem", str(pem["system"])]
    )
    read = {name for name, file in pem.items() if roots(file) <= roots(path)}
    assert read == expected


def test_without_any_roots_of_the_system_those_of_certifi_are_taken(pem: dict[str, Path]) -> None:
    assert len(roots(write_bundle(pem["proxy"].parents[1] / "with", pem["proxy"], {}, NONE))) > 100


def test_it_is_made_anew_when_a_root_changes_and_not_otherwise(pem: dict[str, Path]) -> None:
    folder = pem["proxy"].parents[1] / "with"
    system = [str(pem["system"])]
    first = write_bundle(folder, pem["proxy"], {}, system)
    number = first.stat().st_ino
    assert write_bundle(folder, pem["proxy"], {}, system) == first
    assert first.stat().st_ino == number
    assert first.stat().st_mode & 0o777 == 0o644
    second = write_bundle(folder, pem["company"], {}, system)
    assert second != first
    assert first.exists()
    first.write_text("cut")
    assert write_bundle(folder, pem["proxy"], {}, system) == first
    assert roots(first) == roots(pem["proxy"]) | roots(pem["system"])
    assert sorted(folder.iterdir()) == sorted([first, second])


def test_a_program_within_a_program_trusts_the_same_file(pem: dict[str, Path]) -> None:
    folder = pem["proxy"].parents[1] / "with"
    outer = write_bundle(folder, pem["proxy"], {"SSL_CERT_FILE": str(pem["own"])}, NONE)
    assert write_bundle(folder, pem["proxy"], {"SSL_CERT_FILE": str(outer)}, NONE) == outer


def test_what_nobody_was_started_with_for_long_is_removed(pem: dict[str, Path]) -> None:
    folder = pem["proxy"].parents[1] / "with"
    old, left = folder / "bundle-1.pem", folder / ".bundle-2.pem"
    used = write_bundle(folder, pem["proxy"], {}, NONE)
    for path in (old, left, used):
        path.touch()
        os.utime(path, (0, time.time() - UNUSED_S - 60))
    assert write_bundle(folder, pem["proxy"], {}, NONE) == used
    assert list(folder.iterdir()) == [used]
