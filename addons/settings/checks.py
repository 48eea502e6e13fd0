"""What no key shows by itself: keys that don't go together, and files that the config names."""

import ipaddress
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from addons.settings.entries import CompatibleProvider, Key
from addons.settings.keys import Note, Problem
from addons.settings.model import Intercept, Settings, Tls
from addons.settings.usable import Usable
from addons.settings.values import LOOPBACK, PORTS, is_loopback, is_template

_HOST_NAME: Final = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+")
_EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound


def problems(settings: Settings, found: Usable) -> Iterator[Problem]:
    """What keeps it from starting."""
    if not is_loopback(settings.host) and all(is_template(key.get_secret_value()) for key in settings.api_keys):
        text = "others can reach this address, so api-keys must hold at least one client key of your own"
        yield Problem("host", f"{text} (or leave host empty: then only this machine can)")
    for location in circles(settings, settings):
        yield Problem(found.path(location), "is this gateway itself: requests would go round in a circle")
    if settings.tls.enable:
        yield from _certificate(settings.tls)
    yield from _interception(settings)


def advice(settings: Settings, found: Usable) -> Iterator[Note]:
    """What loads, and may not be what was meant."""
    if not str(found.tree.get("host", "")).strip():
        text = f"is empty, so only this machine is served ({LOOPBACK}): write 0.0.0.0 for all interfaces"
        yield Note("host", text)
    if "auth-dir" in found.tree:
        yield Note("auth-dir", "keeps what rests (save-cooldown-status); the account files in it are not read yet")
    for place, provider in enumerate(settings.openai_compatibility):
        path = found.path(("openai-compatibility", place))
        if not provider.models and not provider.disabled:
            yield Note(f"{path}.models", "is empty, so no request can reach this provider", warning=True)
        if provider.base_url.count("/") == 2:
            yield Note(f"{path}.base-url", "has no path: most providers want /v1 at its end")


def _interception(settings: Settings) -> Iterator[Problem]:
    """Where it may listen, and what its hosts are like."""
    own = settings.intercept
    if own.enable and not is_loopback(own.host):
        text = "others could use your credentials there, since this proxy can't ask for a password yet"
        yield Problem("intercept.host", f"{text}: leave it empty, then only this machine can reach it")
    if not own.hosts:
        return
    from addons.intercept_table import HostTable, known_hosts  # The providers read settings; and it takes its time.

    known = HostTable(known_hosts()).names()
    for host, like in own.hosts.items():
        if not _HOST_NAME.fullmatch(host):
            yield Problem("intercept.hosts", f"{host[:60]!r} is no host name: write it like llm.example.com")
        if like.lower() not in known:
            text = f"{like[:60]!r} is not a host whose paths are known: write one of {', '.join(known)}"
            yield Problem("intercept.hosts", text)


def circles(settings: Settings, listener: Settings | Intercept) -> Iterator[tuple[int | str, ...]]:
    """Where these settings name the gateway itself, or its HTTPS proxy, which listens as `listener` says."""
    for location, url in _addresses(settings):
        if _is_itself(listener.host, listener.port, url):
            yield location


def interception_problem(settings: Settings) -> str | None:
    """Why the interception can't listen where it is to, by what the config says itself: the gateway does all the same,
    as for everybody who has never heard of the other."""
    own = settings.intercept
    if own.port == settings.port:
        return f"Port {own.port} is the gateway's. Set another `intercept.port` in config.yaml."
    for location in circles(settings, own):
        said = f"Port {own.port} is that of an upstream in the config ({location[-1]} of {location[0]})"
        return f"{said}. Set another `intercept.port` in config.yaml."
    return None


def _addresses(settings: Settings) -> Iterator[tuple[tuple[int | str, ...], str]]:
    """Where requests go to, as far as the file says so."""
    yield ("proxy-url",), settings.proxy_url.get_secret_value()
    for section, place, entry in settings.entries():
        yield (section, place, "proxy-url"), entry.proxy_url.get_secret_value()
        if isinstance(entry, Key | CompatibleProvider):
            yield (section, place, "base-url"), entry.base_url
        if isinstance(entry, CompatibleProvider):
            for index, key in enumerate(entry.api_key_entries):
                location = (section, place, "api-key-entries", index, "proxy-url")
                yield location, key.proxy_url.get_secret_value()


def _is_itself(listens: str, port: int, url: str) -> bool:
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if not host or port == 0:
        return False
    if port != (parts.port or PORTS.get(parts.scheme)):
        return False
    if is_loopback(host) or host.endswith(".localhost") or host == listens.lower() or host in _EVERYWHERE:
        return True
    return listens in _EVERYWHERE and _is_this_machine(host)


def _is_this_machine(host: str) -> bool:
    """By its own name, or by an address that it has. Nobody is asked for names: that could take long."""
    if host in (name := socket.gethostname().lower(), f"{name}.local"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, 0))  # Only an address of one's own can be bound.
        except OSError:
            return False
    return True


def _certificate(tls: Tls) -> Iterator[Problem]:
    """The two files, read: each must be what it is said to be, and they must belong together."""
    from cryptography import x509  # Only with TLS: it would slow every start.
    from cryptography.hazmat.primitives import serialization

    read = {}
    for key, name in (("cert", tls.cert), ("key", tls.key)):
        path = f"tls.{key}"
        if not name:
            yield Problem(path, "is missing: name a PEM file, or set tls.enable to false")
            continue
        try:
            read[key] = Path(name).expanduser().read_bytes()
        except (OSError, RuntimeError, ValueError) as error:  # The latter two: no such home folder, no such name.
            said = getattr(error, "strerror", None) or "there can be no such file"
            yield Problem(path, f"can't be read: {said}. A relative path begins at {Path.cwd()}")
    if len(read) < 2:
        return
    try:
        chain = x509.load_pem_x509_certificates(read["cert"])
    except ValueError:
        yield Problem("tls.cert", "holds no certificate: name a PEM file that begins with BEGIN CERTIFICATE")
        return
    try:
        private = serialization.load_pem_private_key(read["key"], None)
    except TypeError:
        yield Problem("tls.key", "is protected by a password: name a file without one")
        return
    except ValueError:
        yield Problem("tls.key", "holds no private key: name a PEM file that begins with BEGIN PRIVATE KEY")
        return
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if chain[0].public_key().public_bytes(*form) != private.public_key().public_bytes(*form):
        yield Problem("tls.key", "does not belong to the first certificate in tls.cert: name the key it was made with")
