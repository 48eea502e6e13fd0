"""Types for single values of config.yaml. Each complaint names the cure and never shows a secret."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr

_TEMPLATE: Final = re.compile(r"(?:your|my|the)[-_ ]?(?:\w+[-_ ])?(?:api[-_ ]?)?key(?:[-_ ]?\d+)?", re.IGNORECASE)
_VARIABLE: Final = re.compile(r"\$(?:[A-Z_][A-Z0-9_]*|\{\w+\})")
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_FRAMING: Final = frozenset(
    ("connection", "content-length", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade")
)
_CLIENT_SECRETS: Final = frozenset(("authorization", "cookie", "proxy-authorization", "x-api-key", "x-goog-api-key"))
_VERSIONS: Final = ("v1", "v1beta", "v1beta1", "v1alpha")
PROXY_SCHEMES: Final = ("http", "https", "socks5", "socks5h")
NO_PROXY: Final = ("direct", "none")
"""Values of `proxy-url` that go out directly, whatever else names a proxy."""
_UPSTREAM_PATHS: Final = ("/chat/completions", "/completions", "/responses", "/messages", "/models")


def _secret(value: SecretStr) -> SecretStr:
    """A key that can stand in a header; "" is none."""
    text = value.get_secret_value().strip()
    if _TEMPLATE.fullmatch(text) or "..." in text:
        raise ValueError("is the sample of a template: put your own key there, or remove the entry")
    if _VARIABLE.fullmatch(text):
        raise ValueError("names a variable, which is not looked up: write the key itself")
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise ValueError("holds a character that no key has: copy the key again, without spaces or line breaks")
    return SecretStr(text)


def _base_url(value: str) -> str:
    url = value.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises where the port is no number
    except ValueError as error:
        raise ValueError("is not a URL: write it like https://api.example.com/v1") from error
    if parts.scheme not in ("http", "https"):
        raise ValueError("must begin with https:// or http://")
    if not parts.hostname or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("is not a URL: write it like https://api.example.com/v1")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user name or a password: use api-key, or headers")
    if parts.query or parts.fragment:
        raise ValueError("must end with its path: leave out what follows `?` or `#`")
    for path in _UPSTREAM_PATHS:
        if parts.path.endswith(path):
            raise ValueError(f"must not hold the request's path: leave out {path}")
    return url


def _bare_base_url(value: str) -> str:
    url = _base_url(value) if value.strip() else ""
    version = url.rpartition("/")[2]
    if version in _VERSIONS:
        raise ValueError(f"must not hold /{version}: the version is a part of the path that is added to it")
    return url


def _optional_base_url(value: str) -> str:
    return _base_url(value) if value.strip() else ""


def _proxy_url(value: SecretStr) -> SecretStr:
    """An upstream proxy; "" where none is named. It may hold a password."""
    url = value.get_secret_value().strip()
    if url.lower() in ("", *NO_PROXY):
        return SecretStr(url.lower())
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError("is not a URL: write it like http://127.0.0.1:3128") from error
    if parts.scheme not in PROXY_SCHEMES:
        raise ValueError(f"must begin with {', '.join(f'{scheme}://' for scheme in PROXY_SCHEMES)}, or be `direct`")
    if not parts.hostname or port == 0 or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("is not a URL: write it like http://127.0.0.1:3128")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("must end with the port: leave out what follows it")
    return SecretStr(url)


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from error
    return value


def _headers(value: Mapping[str, SecretStr]) -> Mapping[str, SecretStr]:
    """Without empty ones, as CLIProxyAPI reads them."""
    kept: dict[str, SecretStr] = {}
    for name, secret in value.items():
        text = secret.get_secret_value().strip()
        if not name.strip() or not text:
            continue
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError("holds a name that is no header name")
        if name.lower() in _FRAMING:
            raise ValueError(f"must not hold {name}: it belongs to the connection")
        if not (text.isascii() and text.isprintable()):
            raise ValueError(f"{name} holds a character that can't stand in a header")
        if text[0] == "$" and text[1:].lower() in _CLIENT_SECRETS:
            raise ValueError(f"{name} would send the client's own key to the provider: copy another header")
        kept[name] = SecretStr(text)
    return kept


def _prefix(value: str) -> str:
    prefix = value.strip().strip("/")
    if "/" in prefix:
        raise ValueError("must be one word without `/` inside")
    return prefix


def _duration(value: object) -> object:
    """Go's spelling (1h30m, 90s) in seconds; 0 and less pass, as in Go, for the user to mean `never`."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    pieces = _DURATION.findall(text)
    if text == "0":
        return 0.0
    if not pieces or "".join(number + unit for number, unit in pieces) != text:
        raise ValueError("is no duration: write it like 90s, 30m or 1h30m")
    return sum(float(number) * _UNITS_S[unit] for number, unit in pieces)


_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_UNITS_S: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def _host(value: str) -> str:
    host = value.strip().removeprefix("[").removesuffix("]")
    if re.fullmatch(r"[^:]+:\d+|.*\]:\d+", host):
        raise ValueError("must not hold the port: write it as `port`")
    if not re.fullmatch(r"[0-9A-Za-z.:%_-]*", host):
        raise ValueError("is no address: write it like 127.0.0.1, or 0.0.0.0 for all interfaces")
    return host or LOOPBACK


def _name(value: str) -> str:
    name = value.strip()
    if not name:
        raise ValueError("is empty: give it a name")
    return name


def _switch(value: object) -> object:
    """Go's YAML takes the old words for a switch too."""
    return _OLD_WORDS.get(value.lower(), value) if isinstance(value, str) else value


_OLD_WORDS: Final = {"yes": True, "on": True, "y": True, "no": False, "off": False, "n": False}

LOOPBACK: Final = "127.0.0.1"

type Secret = Annotated[SecretStr, AfterValidator(_secret)]
type BaseUrl = Annotated[str, AfterValidator(_base_url)]
type OptionalBaseUrl = Annotated[str, AfterValidator(_optional_base_url)]
type BareBaseUrl = Annotated[str, AfterValidator(_bare_base_url)]
type ProxyUrl = Annotated[SecretStr, AfterValidator(_proxy_url)]
type Pattern = Annotated[str, AfterValidator(_pattern)]
type HeaderMap = Annotated[Mapping[str, SecretStr], AfterValidator(_headers)]
type Prefix = Annotated[str, AfterValidator(_prefix)]
type Host = Annotated[str, AfterValidator(_host)]
type Switch = Annotated[bool, BeforeValidator(_switch)]
type Duration = Annotated[float, BeforeValidator(_duration)]
type Name = Annotated[str, AfterValidator(_name)]


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
