"""Who may use the gateway: client keys, in every place where clients put them."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pydantic import SecretStr

from addons.settings.values import is_template
from translators import ErrorKind, GatewayError

KEY_HEADERS: Final = ("authorization", "x-goog-api-key", "x-api-key")
KEY_PARAMETERS: Final = ("key", "auth_token")
ANYONE: Final = "-"


class AccessDenied(GatewayError):
    """The client showed no key, or none that we know."""

    kind = ErrorKind.AUTHENTICATION
    status = 401
    code = "invalid_api_key"


class UnsafeExampleKey(GatewayError):
    """The config's client keys are those of a template, which everybody knows."""

    kind = ErrorKind.PERMISSION
    status = 403
    code = "unsafe_example_api_key"

    def __init__(self) -> None:
        super().__init__(
            "api-keys in config.yaml holds only the sample keys of a template, so nobody is let in:"
            " write a long random text in their place, and use that as the API key"
        )


class Access:
    """The client keys of the config. Without any, everybody is let in (the listener is on loopback then).

    A template's sample is no key: it lets nobody in, and where there is nothing else, nobody is let in at all.
    """

    def __init__(self, keys: Iterable[SecretStr]) -> None:
        written = [key.get_secret_value() for key in keys]
        self._names = {_digest(key): short_id(key) for key in written if not is_template(key)}
        self._unsafe = bool(written) and not self._names

    def client_name(self, headers: Mapping[str, str], query: Mapping[str, str]) -> str:
        """The short id of the first key that is ours. Headers in lower case. Raises AccessDenied, UnsafeExampleKey."""
        if self._unsafe:
            raise UnsafeExampleKey
        if not self._names:
            return ANYONE
        shown = False
        for key in _shown(headers, query):
            shown = True
            name = self._names.get(_digest(key))
            if name is not None:
                return name
        if shown:
            raise AccessDenied("this API key is not one of the gateway's client keys (api-keys in config.yaml)")
        raise AccessDenied(
            "no API key: send one of the gateway's client keys (api-keys in config.yaml)"
            " as `Authorization: Bearer KEY` or `x-api-key: KEY`"
        )


def short_id(key: str) -> str:
    """Eight characters that name a client key and don't tell it."""
    return _digest(key)[:8]


def _shown(headers: Mapping[str, str], query: Mapping[str, str]) -> Iterator[str]:
    """Every key that the client shows, in the order of CLIProxyAPI."""
    for header in KEY_HEADERS:
        value = headers.get(header, "").strip()
        if header == "authorization" and value[:7].lower() == "bearer ":
            value = value[7:].strip()
        if value:
            yield value
    for parameter in KEY_PARAMETERS:
        if query.get(parameter):
            yield query[parameter]


def _digest(key: str) -> str:
    """Compared instead of the key itself, so that the time it takes tells nothing of the key."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
