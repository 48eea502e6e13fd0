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


def _claude_base_url(value: str) -> str:
    url = _base_url(value) if value.strip() else ""
    if url.endswith("/v1"):
        raise ValueError("must not hold /v1: /v1/messages is added to it")
    return url


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
type ClaudeBaseUrl = Annotated[str, AfterValidator(_claude_base_url)]
type HeaderMap = Annotated[Mapping[str, SecretStr], AfterValidator(_headers)]
type Prefix = Annotated[str, AfterValidator(_prefix)]
type Host = Annotated[str, AfterValidator(_host)]
type Switch = Annotated[bool, BeforeValidator(_switch)]
type Name = Annotated[str, AfterValidator(_name)]


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
