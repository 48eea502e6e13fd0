"""What a program must find in its environment to go through the HTTPS proxy. Pure: values in, values out."""

from collections.abc import Collection, Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

PROXIES: Final = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
"""Both cases: curl reads http_proxy only in lower case, others one or the other."""

PROXIES_FOR_ALL: Final = ("ALL_PROXY", "all_proxy")
"""Replaced where they are set and not set otherwise: whoever reads them reads the others first, and some Python
libraries fail on kinds that they were not installed for."""

NOT_PROXIED: Final = ("NO_PROXY", "no_proxy")
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
"""Callbacks of log-ins, MCP servers and user interfaces of the clients themselves."""

ADDING: Final = ("NODE_EXTRA_CA_CERTS", "DENO_CERT")
"""The file is trusted beside what the program trusts anyway. A small one is read at once, a whole bundle costs Node
some 25 ms at its first connection."""

REPLACING: Final = (
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "CODEX_CA_CERTIFICATE",
    "GIT_SSL_CAINFO",
    "CARGO_HTTP_CAINFO",
    "PIP_CERT",
    "AWS_CA_BUNDLE",
    "HTTPLIB2_CA_CERTS",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "NIX_SSL_CERT_FILE",
)
"""The file is trusted instead: OpenSSL, Go, rustls, Python; requests; curl; Codex; git; cargo; pip; the AWS SDKs;
httplib2; gRPC; what Nix has built. SSL_CERT_DIR is left alone: whoever reads it reads SSL_CERT_FILE too."""

BASE_URLS: Final = (
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_API_BASE",
    "OPENAI_BASE_URL",
    "OPENAI_API_BASE",
    "GOOGLE_GEMINI_BASE_URL",
    "GOOGLE_VERTEX_BASE_URL",
    "CODE_ASSIST_ENDPOINT",
    "CLOUD_CODE_URL",
    "COPILOT_PROVIDER_BASE_URL",
    "ANTHROPIC_HOST",
    "OPENAI_HOST",
)
"""What leads clients away from their vendors. The last two are Goose's."""


def environment(own: Mapping[str, str], proxy: str, ca: str, bundle: str) -> dict[str, str]:
    """The variables to set. `own`: the environment as it is; `ca`: the proxy's root; `bundle`: all that is trusted."""
    set_for_all = [name for name in PROXIES_FOR_ALL if own.get(name)]
    return {
        **dict.fromkeys((*PROXIES, *set_for_all), proxy),
        **dict.fromkeys(NOT_PROXIED, ",".join(not_proxied(own))),
        **{name: ca if own.get(name, "") in ("", ca) else bundle for name in ADDING},
        **dict.fromkeys(REPLACING, bundle),
        "NODE_USE_ENV_PROXY": "1",  # Node's own fetch, from 22.21 and 24.5 on.
    }


def not_proxied(own: Mapping[str, str]) -> list[str]:
    """The hosts that are reached directly: those that already were, and this machine."""
    named = ",".join(own.get(name, "") for name in NOT_PROXIED)
    hosts = (host.strip() for host in named.replace(" ", ",").split(","))
    return list(dict.fromkeys((*filter(None, hosts), *LOOPBACK)))


def concerns(own: Mapping[str, str], proxy: str, opened: Collection[str], *, has_egress: bool) -> Iterator[str]:
    """What the person may not have meant, a line each. No values: they may hold passwords.

    `opened`: the vendors' hosts; `has_egress`: the config says how upstreams are reached.
    """
    replaced = [name for name in (*PROXIES, *PROXIES_FOR_ALL) if own.get(name) and not _is_same(own[name], proxy)]
    if replaced and not has_egress:
        yield (
            f"{replaced[0]} is replaced for the program, and upstreams are reached directly. To go out through it, "
            "write it as `proxy-url` in the config (`proxy-url: direct` says that it is not wanted)."
        )
    for name in BASE_URLS:
        if own.get(name) and _host(own[name]) not in opened:
            yield f"{name} is set: what heeds it does not ask its vendor, so it is not intercepted. Unset it for that."
    passed_by = sorted(host for host in opened if any(_covers(entry, host) for entry in not_proxied(own)))
    if passed_by:
        yield f"NO_PROXY covers {', '.join(passed_by)}: what is asked there is not intercepted."


def _host(url: str) -> str:
    return _address(url)[0]


def _is_same(url: str, proxy: str) -> bool:
    """Whether it is this very proxy, perhaps by another name of this machine."""
    (host, port), (own_host, own_port) = _address(url), _address(proxy)
    return port == own_port and (host == own_host or host in LOOPBACK)


def _address(url: str) -> tuple[str, int | None]:
    """Host and port as they stand there."""
    try:
        parts = urlsplit(url if "//" in url else f"//{url}")
        return (parts.hostname or "").rstrip("."), parts.port
    except ValueError:  # Not an address at all.
        return "", None


def _covers(entry: str, host: str) -> bool:
    """Whether that part of NO_PROXY stands for the host."""
    name = entry.lower().partition(":")[0].removeprefix("*").removeprefix(".")
    return entry == "*" or (name != "" and (host == name or host.endswith(f".{name}")))
