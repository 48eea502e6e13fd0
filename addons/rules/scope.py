"""Which requests a rule is about: models, dialects by CLIProxyAPI's names, headers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from addons.routing.suffix import read
from addons.routing.wildcard import fits

UPSTREAM_PROTOCOLS: Final[Mapping[str, frozenset[str]]] = {
    "openai": frozenset({"openai_chat"}),
    "claude": frozenset({"anthropic"}),
    "gemini": frozenset({"gemini"}),
    "codex": frozenset({"openai_responses"}),
    "openai-response": frozenset({"openai_responses"}),
    "antigravity": frozenset(),
    "interactions": frozenset(),
}
"""CLIProxyAPI's names for what an upstream speaks -> our dialects: none for what no provider here speaks."""

CLIENT_PROTOCOLS: Final[Mapping[str, frozenset[str]]] = {
    "openai": frozenset({"openai_chat", "openai_completions"}),
    "claude": frozenset({"anthropic"}),
    "gemini": frozenset({"gemini"}),
    "responses": frozenset({"openai_responses"}),
    "ollama": frozenset({"ollama"}),
    "interactions": frozenset(),
}
"""The same for what a client speaks."""

_OTHER_NAMES: Final[Mapping[str, str]] = {
    "openai-responses": "openai-response",
    "responses": "openai-response",
    "response": "openai-response",
    "gemini-cli": "gemini",
    "vertex": "gemini",
    "xai": "codex",
    "anthropic": "claude",
}


def upstream_protocol(written: str) -> str:
    """Its common name. Raises ValueError."""
    return _known(written, UPSTREAM_PROTOCOLS)


def client_protocol(written: str) -> str:
    """Its common name. Raises ValueError."""
    name = written.strip().lower()
    return _known("responses" if _OTHER_NAMES.get(name, name) == "openai-response" else name, CLIENT_PROTOCOLS)


def _known(written: str, protocols: Mapping[str, frozenset[str]]) -> str:
    name = written.strip().lower()
    name = name if name in protocols else _OTHER_NAMES.get(name, name)
    if name and name not in protocols:
        raise ValueError(f"must be one of {', '.join(protocols)}")
    return name


@dataclass(frozen=True, slots=True)
class Scope:
    """`name`: a pattern for models. `upstream`, `client`: a protocol's common name; "": any. `headers`: the client's,
    names in lower case -> patterns that all must fit."""

    name: str
    upstream: str = ""
    client: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    def names(self, models: Iterable[str], upstream: str, client: str) -> bool:
        """Whether it is about one of these models between these dialects."""
        if self.upstream and upstream not in UPSTREAM_PROTOCOLS[self.upstream]:
            return False
        if self.client and client not in CLIENT_PROTOCOLS[self.client]:
            return False
        return any(fits(self.name, model) for model in models)

    def holds(self, headers: Mapping[str, str]) -> bool:
        """Whether the client's headers are those that it asks for."""
        return all(name in headers and fits(pattern, headers[name]) for name, pattern in self.headers)


def called(asked: str, upstream_model: str = "", routed: str = "") -> tuple[str, ...]:
    """What a request's model is called: by the upstream, by the client, and by the route that the client asked for; the
    latter two without a suffix, too."""
    names = (upstream_model, asked, read(asked).bare, routed, read(routed).bare)
    return tuple(dict.fromkeys(name for name in names if name))
