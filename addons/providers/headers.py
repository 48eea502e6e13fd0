"""Headers that go to an upstream: our own identity, or what the client in this very exchange sent."""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from addons.accounts.credential import Credential

_PROJECT: Final = Path(__file__).resolve().parents[2] / "pyproject.toml"
VERSION: Final[str] = tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["project"]["version"]
USER_AGENT: Final = f"cliproxy-mitm/{VERSION}"

BASE: Final[Mapping[str, str]] = {
    "accept": "application/json, text/event-stream",
    "accept-encoding": "identity",  # Events are read as they arrive: a compressor would hold them back.
    "content-type": "application/json",
    "user-agent": USER_AGENT,
}


def with_kept(
    names: frozenset[str], prefixes: tuple[str, ...] = (), required: Mapping[str, str] = BASE
) -> Callable[[Mapping[str, str]], Mapping[str, str]]:
    """Provider.headers: what the protocol requires, and of a client of its dialect those of these names, or that begin
    so: it keeps its identity. A foreign client's headers are not handed in."""

    def headers(client_headers: Mapping[str, str]) -> Mapping[str, str]:
        own = {name: value for name, value in client_headers.items() if name in names or name.startswith(prefixes)}
        return {**required, **own}

    return headers


def bearer(credential: Credential) -> dict[str, str]:
    """The usual header; none for a server that wants no key."""
    secret = credential.secret.get_secret_value()
    return {"authorization": f"Bearer {secret}"} if secret else {}


def extra_headers(credential: Credential, client_headers: Mapping[str, str]) -> dict[str, str]:
    """The config's own headers for a credential, in lower case; they win over all others.

    A value `$NAME` copies the client's header of that name, and nothing where it sent none. Any of them may be a
    secret. Client headers in lower case.
    """
    headers: dict[str, str] = {}
    for name, value in credential.headers:
        if value.startswith("$"):
            copied = client_headers.get(value[1:].lower())
            if copied is not None:
                headers[name.lower()] = copied
        else:
            headers[name.lower()] = value
    return headers
