"""One file with all the certificates that a program is to trust: those that it trusted already, and the proxy's."""

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from scripts.with_environment import ADDING, REPLACING

SYSTEMS: Final = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Arch
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # Fedora
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # Alpine, macOS, the BSDs
)
UNUSED_S: Final = 30 * 24 * 3600.0

_CERTIFICATE: Final = re.compile(rb"-----BEGIN CERTIFICATE-----\s(.+?)-----END CERTIFICATE-----", re.DOTALL)


def write_bundle(folder: Path, ca: Path, own: Mapping[str, str], systems: Iterable[str] = SYSTEMS) -> Path:
    """The file, made where it is not there. Its name tells its content: what runs keeps the one it was started with.

    `folder`: of ours alone; `own`: the environment as it is. Raises OSError.
    """
    content = merged((*trusted(own, systems), ca.read_bytes()))
    path = folder / f"bundle-{hashlib.sha256(content).hexdigest()[:16]}.pem"
    if path.is_file() and path.read_bytes() == content:
        os.utime(path)
    else:
        _write(path, content)
    _sweep(folder)
    return path


def merged(texts: Iterable[bytes]) -> bytes:
    """The certificates in these PEM texts, each once, in their order, without anything else."""
    found: dict[bytes, None] = {}
    for text in texts:
        found.update(dict.fromkeys(b"\n".join(body.split()) for body in _CERTIFICATE.findall(text)))
    return b"".join(b"-----BEGIN CERTIFICATE-----\n%b\n-----END CERTIFICATE-----\n" % body for body in found)


def trusted(own: Mapping[str, str], systems: Iterable[str] = SYSTEMS) -> Iterator[bytes]:
    """PEM texts: the public roots (SSL_CERT_FILE, or else the system's, or else certifi's), and what any of the
    variables names that get another value: a company's root that only one of them knew stays trusted.

    What can't be read is not trusted by the program itself either.
    """
    roots = _read(own.get("SSL_CERT_FILE", ""))
    if not _CERTIFICATE.search(roots):
        roots = next((text for text in map(_read, systems) if _CERTIFICATE.search(text)), b"") or _certifi()
        # Python's httpx no longer looks there, once SSL_CERT_FILE is set.
        yield from (_read(folder) for folder in own.get("SSL_CERT_DIR", "").split(os.pathsep))
    yield roots
    yield from map(_read, dict.fromkeys(own.get(name, "") for name in (*ADDING, *REPLACING)))


def _read(name: str) -> bytes:
    """A file, or all files of a folder; b"" where there is none that can be read."""
    path = Path(name)
    if not name:
        return b""
    try:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
    except OSError:
        return b""
    return b"\n".join(map(_read_file, files))


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes() if path.is_file() else b""
    except OSError:
        return b""


def _certifi() -> bytes:
    import certifi

    return Path(certifi.where()).read_bytes()


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all; everybody may read it, who is let into the folder."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".bundle-", suffix=".pem")
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o644)
            file.write(content)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _sweep(folder: Path) -> None:
    """Removes those of other roots that nobody has been started with for long."""
    oldest_s = time.time() - UNUSED_S
    for path in (*folder.glob("bundle-*.pem"), *folder.glob(".bundle-*.pem")):
        try:
            if path.stat().st_mtime < oldest_s:
                path.unlink()
        except FileNotFoundError:  # Another one was quicker.
            continue
