"""Types for single values of config.yaml. Each complaint names the cure and never shows a secret."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr

from addons import regexp

_TEMPLATE: Final = re.compile(
    r"<?your[-_ ]?(?:\w+[-_ ]){0,3}(?:(?:api|secret|auth)[-_ ]?)?(?:key|token)(?:[-_ ]?(?:\d+|here))*>?"
    r"|.*(?:\.\.\.|…).*|<[^<>]+>|.*(?:x{8}|\*{4}).*",
    re.IGNORECASE | re.DOTALL,
)
"""What stands for a key in samples and guides: your-api-key-1, sk-atSM..., <key>, sk-XXXXXXXXXX."""
_VARIABLE: Final = re.compile(r"\$(?:[A-Z_][A-Z0-9_]*|\{\w+\})")
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_FRAMING: Final = frozenset(
    ("connection", "content-length", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade")
)
_CLIENT_SECRETS: Final = frozenset(("authorization", "cookie", "proxy-authorization", "x-api-key", "x-goog-api-key"))
_VERSIONS: Final = ("v1", "v1beta", "v1beta1", "v1alpha")
PORTS: Final[Mapping[str, int]] = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
"""Scheme of a proxy, or of an upstream -> its port where the URL names none."""
NO_PROXY: Final = ("direct", "none")
"""Values of `proxy-url` that go out directly, whatever else names a proxy."""
_UPSTREAM_PATHS: Final = ("/chat/completions", "/completions", "/responses", "/messages", "/models")


class WholeNumber(int):
    """A number of the file that remembers how it was written."""

    text: str = ""

    def __repr__(self) -> str:
        return self.text


class DecimalNumber(float):
    """The same with a point."""

    text: str = ""

    def __repr__(self) -> str:
        return self.text


def as_text(value: object) -> object:
    """A number where text is wanted is the text that was written, as Go reads it: `api-keys: [0123]`."""
    return value.text or value if isinstance(value, WholeNumber | DecimalNumber) else value


def is_template(value: object) -> bool:
    """Whether a key is the sample of a template or a guide, which is nobody's secret."""
    return isinstance(value, str) and _TEMPLATE.fullmatch(value.strip()) is not None


def _secret(value: SecretStr) -> SecretStr:
    """A key that can stand in a header; "" is none."""
    text = value.get_secret_value().strip()
    if _VARIABLE.fullmatch(text):
        raise ValueError("names a variable, which is not looked up: write the key itself")
    if is_template(text):
        return SecretStr(text)
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
    if parts.scheme not in PORTS:
        raise ValueError(f"must begin with {', '.join(f'{scheme}://' for scheme in PORTS)}, or be `direct`")
    if not parts.hostname or port == 0 or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("is not a URL: write it like http://127.0.0.1:3128")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("must end with the port: leave out what follows it")
    return SecretStr(url)


def _pattern(value: str) -> str:
    regexp.compiled(value)
    return value


def _headers(value: Mapping[str, SecretStr]) -> Mapping[str, SecretStr]:
    """Without empty ones, as CLIProxyAPI reads them."""
    kept: dict[str, SecretStr] = {}
    for written, secret in value.items():
        name, text = written.strip(), secret.get_secret_value().strip()
        if not name or not text:
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
    """Go's spelling (1h30m, 90s) in seconds; 0 and less pass, as in Go. A bare number counts seconds."""
    if not isinstance(value, str):
        return value
    written = _DURATION.fullmatch(value.strip())
    if written is None:
        raise ValueError("is no duration: write it like 90s, 30m or 1h30m")
    total_s = sum(float(number) * _UNITS_S[unit] for number, unit in _PIECE.findall(written["pieces"] or ""))
    return -total_s if written["sign"] == "-" else total_s


_PIECE: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|h|m|s)")
_DURATION: Final = re.compile(rf"(?P<sign>[+-]?)(?:0|(?P<pieces>(?:{_PIECE.pattern})+))")
_UNITS_S: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


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


def strategy(value: object) -> object:
    """In any case, and by the short names that CLIProxyAPI takes."""
    if not isinstance(value, str):
        return value
    name = value.strip().lower()
    return _SHORT_STRATEGIES.get(name, name)


_SHORT_STRATEGIES: Final = {
    "": "round-robin",
    "rr": "round-robin",
    "roundrobin": "round-robin",
    "wrr": "weighted-round-robin",
    "weightedroundrobin": "weighted-round-robin",
    "ff": "fill-first",
    "fillfirst": "fill-first",
}


def word(value: object) -> object:
    """A word of a fixed set, in any case."""
    return value.strip().lower() if isinstance(value, str) else value


def modality(value: object) -> object:
    """In any case, and by other names that vendors have for it."""
    name = word(value)
    return _OTHER_MODALITIES.get(name, name) if isinstance(name, str) else name


_OTHER_MODALITIES: Final = {"file": "document", "pdf": "document", "vision": "image"}


def _not_empty(value: tuple[str, ...]) -> tuple[str, ...]:
    """Without blank lines: an empty pattern would stand for everything."""
    return tuple(text for text in value if text.strip())


def _trimmed(value: tuple[str, ...]) -> tuple[str, ...]:
    """Each once, without blanks around it."""
    return tuple(dict.fromkeys(text.strip() for text in value if text.strip()))


def _text_map(value: Mapping[str, str]) -> Mapping[str, str]:
    """Without blanks around the texts; none of them empty."""
    found = {key.strip(): text.strip() for key, text in value.items()}
    for key, text in found.items():
        if not key or not text:
            raise ValueError("holds an empty name: write `asked: answering`, a line each")
    return found


def _not_negative(value: int) -> int:
    """Less than 0 is 0, as CLIProxyAPI reads it."""
    return max(value, 0)


def _own_or_none(value: int | None) -> int | None:
    """Less than 0 says nothing, as CLIProxyAPI reads it."""
    return None if value is not None and value < 0 else value


def _positive_or_none(value: int | None) -> int | None:
    """0 and less say nothing, as CLIProxyAPI reads it."""
    return value if value is not None and value > 0 else None


LOOPBACK: Final = "127.0.0.1"

type Text = Annotated[str, BeforeValidator(as_text)]
type SecretText = Annotated[SecretStr, BeforeValidator(as_text)]
type Texts = Annotated[tuple[Text, ...], AfterValidator(_trimmed)]
type Pieces = Annotated[tuple[Text, ...], AfterValidator(_not_empty)]
type Pattern = Annotated[Text, AfterValidator(_pattern)]
type Patterns = Annotated[tuple[Pattern, ...], AfterValidator(_not_empty)]
type Count = Annotated[int, AfterValidator(_not_negative)]
type OwnCount = Annotated[int | None, AfterValidator(_own_or_none)]
type Length = Annotated[int | None, AfterValidator(_positive_or_none)]
type Secret = Annotated[SecretText, AfterValidator(_secret)]
type BaseUrl = Annotated[str, AfterValidator(_base_url)]
type OptionalBaseUrl = Annotated[str, AfterValidator(_optional_base_url)]
type BareBaseUrl = Annotated[str, AfterValidator(_bare_base_url)]
type ProxyUrl = Annotated[SecretStr, AfterValidator(_proxy_url)]
type HeaderMap = Annotated[Mapping[Text, SecretText], AfterValidator(_headers)]
type TextMap = Annotated[Mapping[Text, Text], AfterValidator(_text_map)]
type Prefix = Annotated[Text, AfterValidator(_prefix)]
type Host = Annotated[str, AfterValidator(_host)]
type Switch = Annotated[bool, BeforeValidator(_switch)]
type Duration = Annotated[float, BeforeValidator(_duration)]
type Name = Annotated[Text, AfterValidator(_name)]


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
